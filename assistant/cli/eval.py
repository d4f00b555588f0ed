"""`tracedoc eval`: scores answers on a file of labelled cases."""

import argparse
import json
from pathlib import Path
from typing import Any

from assistant.cli.engine import command_engine
from assistant.cli.lines import json_lines
from assistant.errors import UserError
from assistant.evaluation import by_group, confusions, fault_of, retrieval_figures, score

_COLUMNS = ("cases", "topic", "points", "complete", "never", "wrongly_abstained", "outside", "abstained")


def add(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "file", nargs="+", help="JSONL files of cases (`id`, `input` or `turns`, `topic`, `must`, `never`)"
    )
    command.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    command.add_argument("--show", action="store_true", help="list what went wrong, case by case")


def run(arguments: argparse.Namespace) -> int:
    cases = [case for file in arguments.file for case in read_cases(Path(file))]
    if not cases:
        raise UserError("there are no cases in what was given.")
    engine = command_engine()
    scored = score(engine, cases)
    groups = by_group(scored)
    retrieval = retrieval_figures(engine, cases)
    if arguments.json:
        print(
            json.dumps(
                {"groups": groups, "retrieval": retrieval, "confusions": confusions(scored)},
                ensure_ascii=False,
            )
        )
        return 0
    print(f"{'':32}" + "".join(f"{name[:10]:>11}" for name in _COLUMNS))
    for name, figures in groups.items():
        print(f"{name[:32]:32}" + "".join(f"{_shown(figures[column]):>11}" for column in _COLUMNS))
    every = groups["all"]
    print(
        f"\nmedian length {every['median_length']}, median {every['median_ms']} ms; retrieval: {_line(retrieval)}"
    )
    for wanted, given, count in confusions(scored):
        print(f"  {count} x {wanted} taken for {given}")
    if arguments.show:
        for each in scored:
            missing = [
                group for group, hit in zip(each.case.get("must", ()), each.points, strict=True) if not hit
            ]
            wrong = each.outside != each.answer.abstained if each.outside else not each.topic
            if wrong or missing or each.never:
                print(
                    f"- {each.case['id']} [{each.case['topic']}] → {each.answer.topic} {each.answer.entry}#{each.answer.point}"
                    f" {each.answer.confidence}{' NEVER' if each.never else ''} missing {missing}"
                )
    return 0


def read_cases(file: Path) -> list[dict[str, Any]]:
    """The cases of a JSONL file. Raises UserError that names the line that is none."""
    cases = []
    for number, case in json_lines(file):
        fault = case if isinstance(case, str) else fault_of(case)
        if fault or isinstance(case, str):
            raise UserError(f"line {number} of {file} is {fault}.")
        cases.append(case)
    return cases


def _shown(figure: float | int | None) -> str:
    if figure is None:
        return "–"
    return str(figure) if isinstance(figure, int) else f"{figure:.3f}"


def _line(figures: dict[str, float | None]) -> str:
    return ", ".join(f"{name} {_shown(value)}" for name, value in figures.items())
