"""`python -m index build|info|search QUERY|fit CASES.jsonl …`: the index while developing.

The product's command line calls the same functions. The folder is `$TRACEDOC_CACHE/index`, or the
platform's cache folder.
"""

import os
import sys
from pathlib import Path

import corpus
import index
from index.fit import Quality, fit, read_cases, write_weights

_USAGE = "usage: python -m index build | info | search QUERY | fit CASES.jsonl …"


def main(arguments: list[str]) -> int:
    """Runs one command; returns 0, 2 for wrong usage, 3 for what could not be done."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command not in ("build", "info", "search", "fit") or (command in ("search", "fit")) != bool(rest):
        print(_USAGE, file=sys.stderr)
        return 2
    try:
        cache = _cache()
        loaded = corpus.load(cache=cache)
        folder = cache / "index"
        if command == "info":
            found = index.state(folder, loaded)
            print(f"{found.status}: {found.reason}")
            return 0
        index.build(loaded, folder, progress=_progress)
        ready = index.load(folder)
        if command == "search":
            _search(ready, " ".join(rest))
        elif command == "fit":
            _fit(ready, [Path(name) for name in rest])
    except (index.IndexFault, corpus.CorpusError) as error:
        print(error, file=sys.stderr)
        return 3
    return 0


def _cache() -> Path:
    if chosen := os.environ.get("TRACEDOC_CACHE"):
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("tracedoc", appauthor=False)


def _progress(stage: str, done: int, total: int) -> None:
    print(f"\r{stage} {done}/{total}", end="\n" if done == total else "", file=sys.stderr, flush=True)


def _search(ready: index.Index, query: str) -> None:
    for hit in ready.search(query):
        print(f"{hit.score:.3f}  {hit.dense:.3f}  {hit.lexical:.3f}  {hit.passage.id}  {hit.passage.heading}")


def _fit(ready: index.Index, files: list[Path]) -> None:
    fits = fit(ready, read_cases(files))
    for each in fits:
        for name, quality in (("lexical", each.lexical), ("dense", each.dense), ("fused", each.fused)):
            print(f"{each.lang} {name:8}{_line(quality)}")
    write_weights(fits)


def _line(quality: Quality) -> str:
    return (
        f"weight of dense {quality.dense:.2f}: {quality.cases} cases, first {quality.first:.3f}, "
        f"among five {quality.five:.3f}, mrr {quality.mrr:.3f}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
