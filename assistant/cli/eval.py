"""`tracedoc eval`: scores answers on files of labelled cases, compares runs, and lists gaps."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.cli.engine import command_engine, progress
from assistant.cli.lines import json_lines
from assistant.errors import UserError
from assistant.evaluation import Scored, by_group, confusions, fault_of, saved, score
from assistant.evaluation.printing import comparison, gap_list, misses, table


def add(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "file", nargs="*", help="JSONL files of cases (`id`, `input` or `turns`, `topic`, `must`, `never`)"
    )
    command.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    command.add_argument("--show", action="store_true", help="list what went wrong, case by case")
    command.add_argument(
        "-k", type=int, default=5, help="recall counts passages among the first K of search (5)"
    )
    command.add_argument(
        "--save", metavar="FILE.json", type=Path, help="keep this run, to compare with later"
    )
    command.add_argument(
        "--compare", metavar="SAVED.json", type=Path, help="say what got better and worse since that run"
    )
    command.add_argument(
        "--picture", metavar="FILE.svg", type=Path, help="draw risk against coverage, and the calibration"
    )
    command.add_argument(
        "--gaps",
        action="store_true",
        help="list stored questions that were abstained from or disliked instead",
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.gaps:
        return _gaps(arguments)
    if not arguments.file:
        raise UserError("nothing to score: name a JSONL file of cases, or give --gaps.")
    if not 1 <= arguments.k <= 20:
        raise UserError("-k is a number from 1 to 20.")
    before = saved.read(arguments.compare) if arguments.compare else None
    cases = [case for file in arguments.file for case in read_cases(Path(file))]
    if not cases:
        raise UserError("there are no cases in what was given.")
    shown = progress()
    scored = score(command_engine(), cases, lambda done: shown("cases", done, len(cases)))
    compared = saved.compare(before, saved.run_of(scored, arguments.k)) if before else None
    if arguments.save:
        saved.save(arguments.save, saved.run_of(scored, arguments.k))
    if arguments.picture:
        _draw(arguments.picture, scored)
    if arguments.json:
        print(json.dumps(_as_json(scored, arguments.k, compared), ensure_ascii=False))
    else:
        print(table(scored, arguments.k))
        if arguments.show:
            print(misses(scored, arguments.k))
        if compared:
            print(comparison(compared))
    return 0


def read_cases(file: Path) -> list[dict[str, Any]]:
    """The cases of a JSONL file; one without `id` is called by its line. Raises UserError that names the
    line that is none."""
    cases = []
    for number, case in json_lines(file):
        fault = case if isinstance(case, str) else fault_of(case)
        if fault or isinstance(case, str):
            raise UserError(f"line {number} of {file} is {fault}.")
        cases.append({"id": f"{file.name}:{number}", **case})
    return cases


def _as_json(scored: Sequence[Scored], k: int, compared: "saved.Compared | None") -> dict[str, Any]:
    from assistant.calibration import threshold
    from assistant.evaluation.risk import calibration_error, cuts, judged, reliability

    groups, judgements = by_group(scored, k), judged(scored)
    bins = reliability(judgements)
    found = {
        "groups": groups,
        "retrieval": {name: groups["all"][name] for name in ("recall_at_1", f"recall_at_{k}", "mrr")},
        "confusions": confusions(scored),
        "threshold": threshold(searched=True),
        "risk_coverage": [asdict(each) for each in cuts(judgements)],
        "calibration": [asdict(each) for each in bins],
        "calibration_error": calibration_error(bins),
    }
    return {**found, "compared": asdict(compared)} if compared else found


def _draw(file: Path, scored: Sequence[Scored]) -> None:
    from assistant.calibration import threshold
    from assistant.evaluation.picture import picture
    from assistant.evaluation.risk import judged

    drawn = picture(judged(scored), threshold(searched=True), f"Calibration on {len(scored)} cases")
    beside = file.with_name(f"{file.name}.part")
    beside.write_text(drawn, encoding="utf-8")
    beside.replace(file)


def _gaps(arguments: argparse.Namespace) -> int:
    from assistant.evaluation.gaps import gaps
    from assistant.settings import data_folder

    if arguments.file:
        raise UserError("--gaps reads the stored questions, no files of cases.")
    found = gaps(data_folder())
    if arguments.json:
        print(json.dumps({"gaps": [asdict(each) for each in found]}, ensure_ascii=False, default=str))
    else:
        print(gap_list(found))
    return 0
