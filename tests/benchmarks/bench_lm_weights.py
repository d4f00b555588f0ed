"""The embedded model's weights: `python -m tests.benchmarks.bench_lm_weights [TEXT FILE…]`.

Prints what a fresh conversion takes by stage, and its peak of memory; sizes on disk and in memory; the share
of held-out tokens (and of the given files') that the trimmed vocabulary leaves as they were; on how many
prompts the greedy reply is the untrimmed model's; and the speed of a bare `generate` of both. Needs 2 GB in
the temporary folder.
"""

import pydoc_data.topics
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from assistant.generation import convert, embedded, stored, vocabulary  # noqa: E402
from assistant.generation.choose_vocabulary import HELD_OUT  # noqa: E402
from assistant.generation.embedded import Source  # noqa: E402
from assistant.generation.gguf_file import open_gguf  # noqa: E402
from assistant.generation.vocabulary import Kept  # noqa: E402
from tests.benchmarks.lm_heldout import CHINESE, PROMPTS  # noqa: E402

NEW = 48
LONG = 700


def main(arguments: list[str]) -> None:
    source = embedded.source()
    whole = Source(
        source.name, source.parts, source.sha256, Kept(tuple(range(source.kept.size)), source.kept.size)
    )
    with tempfile.TemporaryDirectory() as scratch:
        small, large = Path(scratch, "small"), Path(scratch, "large")
        _conversion(small)
        convert.make(large, "nf4", whole, lambda stage, done, total: None)
        _text(source, [Path(name) for name in arguments])
        homes = {"trimmed": stored.home(small, source), "untrimmed": stored.home(large, whole)}
        _replies(homes, source)
        _speed(homes)


def _conversion(cache: Path) -> None:
    begun: dict[str, float] = {}
    started = time.perf_counter()
    folder = stored.ensure(
        cache, lambda stage, *_: begun.setdefault(stage, time.perf_counter() - started) and None
    )
    total = time.perf_counter() - started
    ends = [*list(begun.values())[1:], total]
    print(
        f"fresh conversion: {total:.1f} s, of which {next(iter(begun.values())):.1f} s before the first report"
    )
    for (stage, at), end in zip(begun.items(), ends, strict=True):
        print(f"  from {stage:9} {end - at:5.1f} s")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    print(f"  peak of memory, in a process of its own: {peak:.0f} MB")
    for each in sorted(folder.parent.iterdir()):
        print(f"  {each.name}: {sum(file.stat().st_size for file in each.iterdir()) / 1e6:.0f} MB on disk")
    started = time.perf_counter()
    stored.ensure(cache)
    print(f"found again, every byte checked: {1000 * (time.perf_counter() - started):.0f} ms")


def _text(source: Source, files: list[Path]) -> None:
    tokens = vocabulary.tokens_of(open_gguf(source.parts).metadata)
    everything = Kept(tuple(range(source.kept.size)), source.kept.size)
    before = vocabulary.tokenizer(tokens, everything).backend_tokenizer
    after = vocabulary.tokenizer(tokens, source.kept).backend_tokenizer
    print(f"{len(source.kept.ids)} of {source.kept.size} tokens; held-out tokens that are cut as before:")
    texts: dict[str, Iterator[str]] = {
        "Python's language reference (English)": iter(pydoc_data.topics.topics.values()),
        "code of held-out packages": _code(),
        "Chinese about training": iter(CHINESE),
        **{file.name: iter([file.read_text(encoding="utf-8")]) for file in files},
    }
    kept = set(source.kept.ids)
    for name, pieces in texts.items():
        count = same = wrong = 0
        for piece in pieces:
            old = before.encode(piece, add_special_tokens=False).ids
            new = after.encode(piece, add_special_tokens=False).ids
            count += len(old)
            same += sum(number in kept for number in old)
            wrong += after.decode(new) != before.decode(old)
            if set(old) <= kept:
                wrong += [source.kept.ids[number] for number in new] != old
        share = 100 * same / count if count else 0
        print(f"  {name:40} {share:6.2f} % of {count}, {wrong} texts that come back otherwise")


def _code() -> Iterator[str]:
    for package in sorted(HELD_OUT):
        spec = find_spec(package)
        for place in (spec.submodule_search_locations or []) if spec else []:
            for file in sorted(Path(place).rglob("*.py"))[::5]:
                yield from file.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)


def _load(folder: Path, **options: Any) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, **options).eval()


def _replies(homes: dict[str, Path], source: Source) -> None:
    """Whether the untrimmed model, given the reply so far, would go on as the trimmed one did: in fp32, where
    nothing hangs on how products are rounded."""
    import torch
    from transformers import AutoTokenizer

    kept = torch.tensor(source.kept.ids)
    trimmed, untrimmed = (_load(home / "full", dtype=torch.float32) for home in homes.values())
    tokenizer = AutoTokenizer.from_pretrained(homes["trimmed"] / "full")
    same = 0
    with torch.inference_mode():
        for prompt in PROMPTS:
            given = tokenizer(prompt, return_tensors="pt")
            length = given.input_ids.shape[1]
            said = kept[trimmed.generate(**given, max_new_tokens=NEW, do_sample=False)]
            best = untrimmed(said).logits[0, length - 1 : -1].argmax(-1)
            same += torch.equal(best, said[0, length:])
    print(f"greedy replies of {NEW} tokens that are the untrimmed model's: {same} of {len(PROMPTS)}")


def _speed(homes: dict[str, Path]) -> None:
    """Turn and turn about, so that what else runs on the machine weighs on both alike."""
    import torch

    models = {name: _load(home / "nf4") for name, home in homes.items()}
    for name, model in models.items():
        weights = sum(each.numel() * each.element_size() for each in model.parameters())
        print(f"{name}: {weights / 1e6:.0f} MB of weights in memory")
    prompt = torch.arange(300, 300 + LONG)[None]
    taken: dict[tuple[str, str], list[float]] = {}
    with torch.inference_mode():
        for _ in range(5):
            for name, model in models.items():
                for what, length, new in (("prefill", LONG, 1), ("decode", 40, NEW)):
                    started = time.perf_counter()
                    model.generate(
                        prompt[:, :length], max_new_tokens=new, min_new_tokens=new, do_sample=False
                    )
                    taken.setdefault((name, what), []).append(time.perf_counter() - started)
    for (name, what), seconds in taken.items():
        best, middle = (
            tokens / s
            for tokens in [LONG if what == "prefill" else NEW]
            for s in (min(seconds), statistics.median(seconds))
        )
        print(f"{name:10} {what:8} {middle:6.1f} tokens/s, at best {best:6.1f}")
    ratio = min(taken["untrimmed", "decode"]) / min(taken["trimmed", "decode"])
    print(f"decoding: {ratio:.2f} times the untrimmed model's")


if __name__ == "__main__":
    main(sys.argv[1:])
