"""`python -m finetune.evaluate --adapter FOLDER`: base against adapter on topics that it never saw.

Conversations go through the chat's own way: the core chooses the evidence, the model writes, the checks
check. A table, a picture, replies side by side, and whether it is better.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

from assistant.errors import UserError
from assistant.pipeline import Engine, Options
from assistant.settings import cache_folder
from finetune.cases import our_files, read_cases
from finetune.chat_path import engine
from finetune.commands import run
from finetune.comparing import as_json, draw, examples, figures, table, verdict
from finetune.contest import Answered, Contestant, answer, ready, silence
from finetune.dataset import held_out
from finetune.files import replace_text, write_json
from finetune.progress import Line
from finetune.sample import Sample, read_samples

Conversation = tuple[str, tuple[str, ...]]
_PLAIN = {"repetition_penalty": 1.0}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(
        "python -m finetune.evaluate", description=(__doc__ or "").split("\n\n")[1]
    )
    parser.add_argument(
        "--adapter",
        action="append",
        default=[],
        metavar="FOLDER|none",
        help="repeatable; the first is compared with the others (none and the shipped one, if none is named)",
    )
    parser.add_argument("--model", default="embedded", help="embedded, a folder or a hub id")
    parser.add_argument(
        "--held", type=Path, help="held.jsonl of finetune.dataset, for more conversations and silent evidence"
    )
    parser.add_argument(
        "--cases",
        type=Path,
        action="append",
        metavar="FILE",
        help="files of cases; those of held-out topics are taken (our own, if none is named)",
    )
    parser.add_argument(
        "--held-out", type=Path, metavar="FILE", help="topics that were kept out (finetune/heldout.toml)"
    )
    parser.add_argument("--most", type=int, default=120, help="conversations at most (120)")
    parser.add_argument("--preset", default="auto", choices=("auto", "factual", "balanced", "creative"))
    parser.add_argument(
        "--plain", action="store_true", help="without a repetition penalty, which harms names that are copied"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("out/evaluation"))
    parser.add_argument(
        "--card", action="store_true", help="writes the table into the last adapter's card and results.json"
    )
    options = parser.parse_args(arguments)
    return run(lambda: _evaluate(options))


def conversations(core: Engine, options: argparse.Namespace) -> tuple[list[Conversation], list[Sample]]:
    """Conversations about held-out topics, a random choice that is the same for a seed, in both languages by
    turns, and the samples of the held-out file."""
    kept_out = held_out(options.held_out)
    found: list[Conversation] = []
    for file in options.cases or our_files():
        found += [
            (f"{file.stem}/{case.id}", case.turns) for case in read_cases(file) if case.topic in kept_out
        ]
    samples = read_samples(options.held) if options.held else []
    made = [
        (sample.id, sample.turns)
        for sample in samples
        if sample.turns and "renamed" not in sample.kind and sample.kind != "silent"
    ]
    random = Random(options.seed)
    random.shuffle(found)
    random.shuffle(made)
    chosen = found[: options.most]
    chosen += made[: options.most - len(chosen)]
    if not chosen:
        raise UserError("There is no conversation about a held-out topic: name --held or --cases.")
    return chosen, samples


def _evaluate(options: argparse.Namespace) -> None:
    core = engine(cache_folder())
    chosen, samples = conversations(core, options)
    contestants = [
        Contestant(_name(each), options.model, each) for each in options.adapter or ("none", "auto")
    ]
    silent = [sample for sample in samples if sample.kind == "silent"][:20]
    answers: dict[str, list[Answered]] = {}
    results: dict[str, dict[str, float]] = {}
    for contestant in contestants:
        with ready(contestant, cache_folder()) as host:
            answers[contestant.name] = list(_answers(host, core, chosen, contestant, options))
            with Line(f"{contestant.name}, silent evidence") as line:
                said = silence(host, silent, line.step)
        results[contestant.name] = figures(
            answers[contestant.name], {"says that the evidence is silent": said}
        )
    said_of = [
        verdict(answers[first.name], answers[second.name], (first.name, second.name))
        for first, second in pairwise(contestants)
    ]
    text = "\n".join([table(results), "", *said_of])
    print(text)
    write_json(
        options.out / "results.json",
        {"results": results, "verdicts": said_of, "model": options.model, "seed": options.seed},
    )
    replace_text(options.out / "table.md", text + "\n")
    replace_text(options.out / "examples.md", examples(answers))
    rows = [{"contestant": name, **as_json(each)} for name, found in answers.items() for each in found]
    replace_text(
        options.out / "replies.jsonl", "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    )
    draw(results, options.out / "results.png")
    if options.card:
        _into_card(contestants[-1], text, results)


def _answers(
    host: object,
    core: Engine,
    chosen: Sequence[Conversation],
    contestant: Contestant,
    options: argparse.Namespace,
) -> Iterator[Answered]:
    asked = Options(
        preset=options.preset,
        length="full",
        adapter="none" if contestant.adapter == "none" else "auto",
        sampling=_PLAIN if options.plain else None,
    )
    with Line(contestant.name) as line:
        for place, (name, turns) in enumerate(chosen, 1):
            found = answer(host, core, name, turns, asked)  # type: ignore[arg-type]
            if found:
                yield found
            line.step(place, len(chosen))


def _into_card(contestant: Contestant, text: str, results: dict[str, dict[str, float]]) -> None:
    from assistant.generation.adapters import OURS

    folder = OURS if contestant.adapter == "auto" else Path(contestant.adapter)
    card = folder / "README.md"
    if not card.is_file():
        raise UserError(f"{folder} has no card to write the results to.")
    before, mark, after = card.read_text(encoding="utf-8").partition("## Results\n")
    _, licence, rest = after.partition("## Licence")
    replace_text(card, f"{before}{mark}\n{text}\n\n{licence}{rest}")
    write_json(folder / "results.json", results)


def _name(adapter: str) -> str:
    if adapter == "none":
        return "base"
    return "shipped adapter" if adapter == "auto" else Path(adapter).name


if __name__ == "__main__":
    sys.exit(main())
