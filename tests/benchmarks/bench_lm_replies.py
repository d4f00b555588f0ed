"""What the embedded language model writes to a file of cases, before and after the checks: names that
nothing given has, citations, share of supported sentences, folded replies.

python -m tests.benchmarks.bench_lm_replies [CASES.jsonl …] [--limit N] [--show]
"""

import argparse
import json
import re
import sys
import threading
from collections import Counter
from pathlib import Path

from assistant.cli.talker import command_talker
from assistant.explain import explain
from assistant.generation.talk import Memory
from assistant.pipeline import Options, answer_turns, load_engine
from assistant.settings import cache_folder
from index import load

CASES = Path(__file__).parents[1] / "cases"
NAME = re.compile(r"[A-Za-z_][\w.]*_\w+|\b[a-z]+[A-Z]\w+|--[a-z][\w-]+|\b[A-Z][a-z]+[A-Z]\w+", re.ASCII)


def main() -> int:
    """Prints the counts; exit code 1 if a shown reply names what was not given."""
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*", type=Path, default=[CASES / "blind.jsonl"])
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--adapter", default="auto")
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    index = load(cache_folder() / "index")
    engine = load_engine(cache_folder(), lambda: index)
    cases = [
        json.loads(line) for file in given.files for line in file.read_text(encoding="utf-8").splitlines()
    ]
    counts: Counter[str] = Counter()
    with command_talker("embedded", given.adapter, engine, cache_folder()) as talker:
        assert talker._host is not None
        for case in cases[: given.limit]:
            turns = case.get("turns") or [case["input"]]
            answer = answer_turns(engine, turns, Options())
            replies = explain(
                talker._host,
                engine,
                turns,
                answer,
                Options(length="short"),
                "bench",
                threading.Event(),
                Memory(),
            )
            *_, last = [None, *replies]
            if last is None or last.finished is None:
                counts["no reply (the answer abstains)"] += 1
                continue
            facts = (f"{name} {fact}" for name, fact in answer.facts.items())  # as the prompt states the case
            texts = " ".join([*(each.text for each in last.evidence), answer.markdown, *facts, *turns])
            invented = {name for name in NAME.findall(last.markdown) if name not in texts}
            counts["replies"] += 1
            counts["ended by itself"] += last.finished.stopped == "end"
            counts["folded"] += last.folded is not None
            counts["sentences left out or marked"] += len(last.flagged)
            counts["citations taken out"] += last.removed_citations
            counts["shown replies that name what was not given"] += bool(invented) and not last.folded
            if invented and not last.folded:
                print(f"{case.get('id', '')} names {', '.join(sorted(invented))}: {last.markdown}")
            if given.show:
                print(
                    f"--- {case.get('id', '')} {last.finished.stopped} folded={last.folded} grounded={last.grounded}"
                )
                print(last.markdown or "(nothing)")
                for flag in last.flagged:
                    print(f"   x {flag.text[:160]} | {flag.why}")
    for name, count in counts.items():
        print(f"{count:5} {name}")
    return 1 if counts["shown replies that name what was not given"] else 0


if __name__ == "__main__":
    sys.exit(main())
