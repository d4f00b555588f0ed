"""The appendix's tables B.1 to B.4 as data (`data/benchmarks.toml`): what was printed there, right or
wrong. The entries that carry the tables say what is true.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "data" / "benchmarks.toml"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: the number of its fact, what it is about, and its figures by column."""

    fact: str
    name: str
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its test setting, the unit of each column, and the entry that carries it."""

    section: str
    entry: str
    setting: str
    units: Mapping[str, str]
    rows: tuple[Row, ...]


@cache
def tables() -> Mapping[str, Table]:
    """The tables by section. Raises ValueError where a row lacks a column or has one too many."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {section: _table(section, item) for section, item in data["tables"].items()}


def _table(section: str, item: Mapping[str, object]) -> Table:
    units, rows = item["units"], item["rows"]
    if not isinstance(units, dict) or not isinstance(rows, list):
        raise ValueError(f"{section}: `units` must be a table and `rows` a list")
    return Table(
        section=section,
        entry=str(item["entry"]),
        setting=str(item["setting"]),
        units={str(column): str(unit) for column, unit in units.items()},
        rows=tuple(_row(row, frozenset(units)) for row in rows),
    )


def _row(row: Mapping[str, object], columns: frozenset[str]) -> Row:
    figures = {name: value for name, value in row.items() if name not in ("fact", "name")}
    if set(figures) != columns:
        raise ValueError(f"{row.get('fact')}: the columns are {sorted(columns)}, not {sorted(figures)}")
    return Row(
        str(row["fact"]), str(row["name"]), {name: float(str(value)) for name, value in figures.items()}
    )
