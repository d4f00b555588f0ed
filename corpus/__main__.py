"""`python -m corpus check [FILE …]`: what is wrong with the entries, one line each."""

import sys
from pathlib import Path

from corpus.checks import Fault, faults
from corpus.model import Corpus
from corpus.parse import ENTRIES, CorpusError, parse_entry


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] != "check":
        print("usage: python -m corpus check [FILE …]", file=sys.stderr)
        return 2
    names = {Path(name).name for name in arguments[1:]}
    entries, broken = [], []
    for file in sorted(ENTRIES.glob("*.md")):
        try:
            entries.append(parse_entry(file.read_text(encoding="utf-8"), file.name))
        except (CorpusError, UnicodeDecodeError) as error:
            broken.append(Fault(file.name, str(error).removeprefix(f"{file.name}: ")))
    corpus = Corpus(tuple(entries), "")
    found = [fault for fault in (*broken, *faults(corpus, only=names)) if not names or fault.file in names]
    for fault in found:
        print(fault)
    print(f"{len(names) or len(entries)} entries, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
