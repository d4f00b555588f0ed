"""What the installed libraries say of a name, and what is not to be reached by any name."""

import importlib.util
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from assistant.tools.api import from_catalogue, is_name, look_up, prepare, tidy, versions
from assistant.tools.api.process import WORKER, ask, names


@pytest.mark.parametrize(
    ("name", "path", "kind", "says"),
    [
        ("BitsAndBytesConfig", "transformers.BitsAndBytesConfig", "class", "load_in_4bit"),
        ("TrainingArguments.warmup_steps", "transformers.TrainingArguments.warmup_steps", "argument", "warmup"),
        ("warmup_steps", "transformers.TrainingArguments.warmup_steps", "argument", "warmup"),
        ("bnb_4bit_quant_type", "transformers.BitsAndBytesConfig.bnb_4bit_quant_type", "argument", "nf4"),
        ("peft.LoraConfig", "peft.LoraConfig", "class", "lora_alpha"),
        ("LoraConfig.r", "peft.LoraConfig.r", "argument", "r"),
        ("GenerationConfig.top_p", "transformers.GenerationConfig.top_p", "argument", "probab"),
        ("transformers.PreTrainedModel.from_pretrained", "transformers.PreTrainedModel.from_pretrained", "function", "pretrained"),
        ("torch.cuda.empty_cache", "torch.cuda.empty_cache", "function", "cached memory"),
        ("SFTConfig.packing", "trl.SFTConfig.packing", "argument", "sequences"),
        ("prepare_model_for_kbit_training", "peft.prepare_model_for_kbit_training", "function", "model"),
        ("DataCollatorWithPadding", "transformers.DataCollatorWithPadding", "class", "pad"),
        ("F.softmax", "torch.nn.functional.softmax", "function", "dim"),
    ],
)  # fmt: skip
def test_a_name_is_found_at_once(name: str, path: str, kind: str, says: str, catalogue: Path) -> None:
    answer = from_catalogue(name, catalogue)
    assert answer is not None
    record = answer.record
    assert record is not None
    assert (record.path, record.kind) == (path, kind)
    assert record.version == versions()[record.package]
    assert says in f"{record.signature} {record.doc}"
    assert len(record.signature) <= 700
    assert len(record.doc) <= 910


def test_a_signature_says_the_default_of_the_installed_version(catalogue: Path) -> None:
    spec = importlib.util.find_spec("peft")
    assert spec is not None
    assert spec.origin is not None
    source = (Path(spec.origin).parent / "tuners/lora/config.py").read_text(encoding="utf-8")
    default = re.search(r"    lora_alpha: int = field\(\s*default=(\d+)", source)
    answer = from_catalogue("LoraConfig.lora_alpha", catalogue)
    assert answer is not None
    assert answer.record is not None
    assert default is not None
    assert answer.record.signature == f"lora_alpha: int = {default[1]}"


def test_a_name_that_is_gone_brings_names_like_it(catalogue: Path) -> None:
    answer = from_catalogue("TrainingArguments.evaluation_strategy", catalogue)
    assert answer is not None
    assert answer.record is None
    assert answer.owner == "transformers.TrainingArguments"
    assert "transformers.TrainingArguments.eval_strategy" in answer.near
    nothing_like_it = from_catalogue("LoraConfig.zzz", catalogue)
    assert nothing_like_it is not None
    assert (nothing_like_it.owner, nothing_like_it.near) == ("peft.LoraConfig", ())


def test_what_the_catalogue_lacks_is_asked_of_the_libraries(tmp_path: Path) -> None:
    found = ask(
        {"names": ["nn.Linear", "torch.cuda.emptycache", "torch.no.such"], "members": False}, 120, None
    )
    assert found is not None
    assert found["found"]["nn.Linear"]["path"] == "torch.nn.Linear"
    assert found["found"]["nn.Linear"]["signature"].startswith("Linear(in_features: int, out_features: int")
    assert found["missed"]["torch.cuda.emptycache"] == ["torch.cuda", ["torch.cuda.empty_cache"]]
    assert "torch.no.such" not in found["found"]
    assert look_up("nn.Linear", tmp_path, seconds=0.0).asked is False, "one that takes too long is ended"


OUTSIDE = ["os.system", "torch.os.system", "builtins.eval", "subprocess.run", "transformers.__class__", "torch.nn.Module.__init__", "torch._C", "transformers.Path.home", "transformers.cli.serve", "a b", "x" * 300, "", "torch..nn", "1torch"]  # fmt: skip


def test_nothing_else_is_reached(catalogue: Path) -> None:
    known = [from_catalogue(name, catalogue) for name in OUTSIDE]
    assert all(each is None or each.record is None for each in known)
    found = ask({"names": OUTSIDE, "members": False}, 120, None)
    assert found is not None
    assert not found["found"]


def test_looking_up_runs_nothing_of_the_folder_it_is_asked_in(tmp_path: Path) -> None:
    for name in ("transformers", "torch", "json", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w').close()\n")
    asked = f'{{"packages": ["torch"], "aliases": {{}}, "homes": [], "names": ["torch.Tensor"], "members": false}}'  # noqa: F541
    subprocess.run(
        [sys.executable, "-P", str(WORKER)],
        input=asked,
        text=True,
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert not (tmp_path / "ran").exists()


def test_the_process_gets_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, str] = {}
    real = subprocess.Popen

    def watched(*arguments: object, **options: object) -> object:
        given.update(options["env"])  # type: ignore[call-overload]
        return real([sys.executable, "-c", ""], stdin=-1, stdout=-1, text=True)

    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("TRACEDOC_API_KEY", "sk-secret")
    monkeypatch.setattr(subprocess, "Popen", watched)
    assert ask({"names": []}, 5, None) is None, "what says nothing is no answer"
    assert "PATH" in given
    assert "secret" not in str(given)


def test_a_lookup_is_given_up_when_it_is_cancelled() -> None:
    cancelled = threading.Event()
    threading.Timer(0.2, cancelled.set).start()
    assert ask({"names": ["transformers.Trainer"], "members": True}, 600, cancelled) is None


def test_this_process_imports_no_library_for_it() -> None:
    code = "import assistant.tools, sys; print({'torch', 'transformers', 'peft', 'gradio', 'httpx'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    assert shown.stdout.strip() == "set()"


def test_a_damaged_catalogue_is_as_none(tmp_path: Path, catalogue: Path) -> None:
    [file] = [each for each in (catalogue / "api").glob("*.json") if from_catalogue("LoraConfig", catalogue)][
        -1:
    ]
    (tmp_path / "api").mkdir()
    for content in (b"", b"{", b"[1]", file.read_bytes()[:1_000]):
        (tmp_path / "api" / file.name).write_bytes(content)
        assert from_catalogue("LoraConfig", tmp_path) is None


def test_a_catalogue_is_not_made_twice(catalogue: Path) -> None:
    before = {each: each.stat().st_mtime_ns for each in (catalogue / "api").iterdir()}
    assert prepare(catalogue)
    assert {each: each.stat().st_mtime_ns for each in (catalogue / "api").iterdir()} == before


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("`LoraConfig`", "LoraConfig"),
        ("model.generate(max_new_tokens=5)", "model.generate"),
        ("from transformers import Trainer", "transformers.Trainer"),
        ("import torch.nn", "torch.nn"),
        (" 'Trainer.train()' ", "Trainer.train"),
        ("@torch.no_grad", "torch.no_grad"),
    ],
)
def test_names_are_read_as_people_write_them(written: str, name: str) -> None:
    assert tidy(written) == name
    assert is_name(name)


def test_every_home_is_installed(catalogue: Path) -> None:
    missing = [home for home in names()["homes"] if not (from_catalogue(home, catalogue) or names()).record]  # type: ignore[union-attr]
    assert not missing, "the table names what the pinned versions do not have"
    assert os.path.exists(WORKER)
