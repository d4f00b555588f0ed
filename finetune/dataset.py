"""`python -m finetune.dataset --out FOLDER`: conversations to learn from.

From the corpus, from files of cases and from what users judged; each prompt is the chat's own, each reply
is composed from its evidence and checked. Held-out topics go to a file of their own. The same seed, corpus
and index give the same files.
"""

import argparse
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from random import Random

from assistant.errors import UserError
from assistant.reading.secrets import without_secrets
from assistant.settings import cache_folder, data_folder
from finetune.building import Builder, unique
from finetune.cases import our_files, read_cases
from finetune.chat_path import PromptReader, engine, estimated
from finetune.commands import run
from finetune.describing import page, statistics
from finetune.feedback import judged
from finetune.files import replace_text, write_json
from finetune.hiding import hidden
from finetune.progress import Line
from finetune.sample import Sample, write_samples

_HELD = 400


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(
        "python -m finetune.dataset", description=(__doc__ or "").split("\n\n")[1]
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for train.jsonl, held.jsonl, stats.json, sample.md"
    )
    parser.add_argument("--rounds", type=int, default=2, help="how many times around the corpus (2)")
    parser.add_argument(
        "--points", type=int, default=0, help="points of the corpus, a random choice (0: all)"
    )
    parser.add_argument(
        "--most", type=int, default=0, help="samples at most, a random choice of all (0: all)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--cases",
        type=Path,
        action="append",
        metavar="FILE",
        help="files of cases (our own, if none is named)",
    )
    parser.add_argument(
        "--held-out",
        type=Path,
        metavar="FILE",
        help="topics that are kept out of train.jsonl (finetune/heldout.toml)",
    )
    parser.add_argument("--feedback", action="store_true", help="also what users judged, from TRACEDOC_DATA")
    parser.add_argument(
        "--tokenizer",
        metavar="BASE",
        help="counts tokens as this base does: embedded, or a folder (else they are estimated)",
    )
    options = parser.parse_args(arguments)
    return run(lambda: _build(options))


def held_out(file: Path | None = None) -> frozenset[str]:
    """The topics that are never trained on. Raises UserError."""
    try:
        text = file.read_text() if file else (files("finetune") / "heldout.toml").read_text()
        return frozenset(tomllib.loads(text)["topics"])
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise UserError(f'{file} is no list of held-out topics: it needs topics = ["…"] in TOML.') from error


def _build(options: argparse.Namespace) -> None:
    kept_out = held_out(options.held_out)
    core = engine(cache_folder())
    if core.find_index() is None:
        print(
            "Without an index: run `tracedoc index build` first for the prompts that the chat makes.",
            file=sys.stderr,
        )
    count = _counter(options.tokenizer)
    reader = PromptReader(count)
    left_out: Counter[str] = Counter()
    random = Random(options.seed)
    made = Builder(core, reader, lambda topic: topic not in kept_out, random, left_out=left_out)
    with Line("building") as line:
        found = [
            *_from_cases(made, options.cases or ([] if options.points else our_files())),
            *_from_users(made, options.feedback),
        ]
        found += made.from_corpus(options.rounds, line.step, options.points)
    train = _finished(found, random, options.most)
    held = Builder(core, reader, lambda topic: topic in kept_out, Random(options.seed + 1), strict=False)
    with Line("held out") as line:
        measured = _finished(held.from_corpus(1, line.step, options.points), random, _HELD)
    if not train:
        raise UserError("The data set is empty: no case gave a reply that the evidence supports.")
    figures = statistics(train, left_out, count)
    write_samples(options.out / "train.jsonl", train)
    write_samples(options.out / "held.jsonl", measured)
    write_json(
        options.out / "stats.json",
        {**figures, "seed": options.seed, "held_out": sorted(kept_out), "corpus": core.corpus.hash},
    )
    replace_text(options.out / "sample.md", page(train, figures, options.seed))
    print(
        f"{len(train)} samples and {len(measured)} of held-out topics in {options.out}; {figures['tokens']['mean']} tokens on average."
    )


def _from_cases(made: Builder, sources: Iterable[Path]) -> Iterator[Sample]:
    for file in sources:
        for case in read_cases(file):
            if not case.topic or made.topics(case.topic):
                yield from made.from_turns(case.turns, f"{file.stem}/{case.id}")


def _from_users(made: Builder, wanted: bool) -> Iterator[Sample]:
    if not wanted:
        return
    for number, each in enumerate(judged(data_folder())):
        if each.liked:
            yield from made.from_turns(each.turns, f"liked-{number}")
        elif each.comment:
            yield from made.corrected(each.turns, each.comment, f"corrected-{number}")


def _finished(samples: Iterable[Sample], random: Random, most: int) -> list[Sample]:
    kept = [hidden(sample, without_secrets) for sample in unique(samples)]
    random.shuffle(kept)
    return kept[:most] if most else kept


def _counter(base: str | None) -> Callable[[str], int]:
    if not base:
        return estimated
    from transformers import AutoTokenizer

    from finetune.base import find_base

    tokenizer = AutoTokenizer.from_pretrained(find_base(base, four_bits=True).folder, local_files_only=True)
    return lambda text: len(tokenizer(text, add_special_tokens=False)["input_ids"])


if __name__ == "__main__":
    sys.exit(main())
