"""The appendix's tables as data, and as they stand in the entries that carry them."""

import re

import pytest

from corpus import Corpus, Entry, load
from corpus.checks import appendix_facts
from corpus.model import LANGS
from corpus.tables import Row, Table, tables

_NUMBER = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s?([MB])?(?![\w.])")


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load()


def numbers(line: str) -> list[float]:
    """The figures of a table's line; parameters in millions."""
    return [float(number) * (1000 if unit == "B" else 1) for number, unit in _NUMBER.findall(line)]


def lines_of(entry: Entry, lang: str) -> list[list[float]]:
    steps = [step for point in entry.points for step in (*point.why[lang], *point.fix[lang])]
    for section in (entry.overview, entry.more, entry.versions, entry.check):
        steps += section.steps[lang]
    return [numbers(line) for step in steps for line in step.text.splitlines() if line.startswith("|")]


def stands_in(row: Row, line: list[float]) -> bool:
    """Whether the row's figures stand in a line, in order; a corrected one may follow each."""
    rest = iter(line)
    return all(figure in rest for figure in row.figures.values())


def test_each_numbered_row_of_the_appendix_is_there() -> None:
    facts = [row.fact for table in tables().values() for row in table.rows]
    wanted = [("B1", 9), ("B2", 6), ("B3", 8), ("B4", 7)]
    assert facts == [f"{part}-{number:02}" for part, count in wanted for number in range(1, count + 1)]
    assert set(facts) <= set(appendix_facts())


@pytest.mark.parametrize("table", tables().values(), ids=tables())
def test_each_column_has_a_unit_and_each_figure_is_positive(table: Table) -> None:
    assert table.setting
    assert all(table.units.values())
    assert all(figure > 0 for row in table.rows for figure in row.figures.values())


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("table", tables().values(), ids=tables())
def test_each_row_stands_in_its_entry(corpus: Corpus, table: Table, lang: str) -> None:
    entry = corpus.by_id[table.entry]
    lines = iter(lines_of(entry, lang))
    missing = [row.fact for row in table.rows if not any(stands_in(row, line) for line in lines)]
    assert missing == [], f"not in {entry.file} ({lang}), or not in this order"


@pytest.mark.parametrize("table", tables().values(), ids=tables())
def test_the_entry_says_that_it_carries_the_rows(corpus: Corpus, table: Table) -> None:
    assert {row.fact for row in table.rows} <= set(corpus.by_id[table.entry].facts)
    assert corpus.by_id[table.entry].section == table.section


def test_throughput_and_latency_of_the_first_table_fit_together() -> None:
    for row in tables()["B.1"].rows:
        product = row.figures["throughput"] * row.figures["latency"]
        assert product == pytest.approx(1000, rel=0.05), row.name
