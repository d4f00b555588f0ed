"""What the rules say of the libraries, against the libraries that are installed."""

import inspect
import json
import subprocess
import sys
import tomllib
from importlib import import_module, metadata
from pathlib import Path
from string import Formatter

import pytest

from assistant.config import words
from assistant.config.python.names import objects
from assistant.config.rules.names import table
from assistant.config.signatures import history, installed
from assistant.config.signatures.history import number
from assistant.config.signatures.lookup import came, ever, taken, values, went
from assistant.config.signatures.models import family, known
from assistant.config.signatures.scan import FILES, scan

HERE = {package: metadata.version(package) for package in FILES}


def test_every_source_that_names_a_line_has_it() -> None:
    missing = []
    for name, row in words.catalogue().items():
        source = row["source"]
        if isinstance(source, str):
            assert source.startswith("https://"), name
            continue
        package, path = source["file"].split("/", 1)
        folder = installed.package_folder(package)
        assert folder is not None
        if words.line_of(folder / path, source["has"]) is None:
            missing.append((name, source))
    assert missing == []


def placeholders(texts: list[str]) -> set[str]:
    return {field for text in texts for _, field, _, _ in Formatter().parse(text) if field}


def test_both_languages_everywhere() -> None:
    for name, row in words.catalogue().items():
        assert len(row["en"]) == len(row["zh"]) == 2, name
        assert placeholders(row["zh"]) <= placeholders(row["en"]), name


def test_shared_phrases_in_both_languages() -> None:
    for file in (Path(words.__file__).parent / "rules").glob("*.toml"):
        for group in tomllib.loads(file.read_text(encoding="utf-8")).get("words", {}).values():
            for name, phrase in group.items():
                assert set(phrase) == {"en", "zh"}, (file.name, name)
                assert placeholders([phrase["zh"]]) == placeholders([phrase["en"]]), (file.name, name)


def test_gone_names_are_gone_from_what_is_installed() -> None:
    script = (
        "import importlib, json, sys\n"
        "rows = json.load(sys.stdin)\n"
        "print(json.dumps([[p, n] for p, n in rows if hasattr(importlib.import_module(p), n)]))\n"
    )
    rows = [
        (row["package"], name)
        for row in table()["gone"]
        for name in row["names"]
        if number(metadata.version(row["package"])) >= number(row["since"])
    ]
    run = subprocess.run(
        [sys.executable, "-c", script], input=json.dumps(rows), text=True, capture_output=True, check=True
    )
    assert json.loads(run.stdout.splitlines()[-1]) == []


def test_history_says_the_same_as_the_scan() -> None:
    """Of the installed version, where the history has it."""
    for package, version in HERE.items():
        folder = installed.package_folder(package)
        assert folder is not None
        if (
            number(version) != number((history.known_versions(package) or ("", "0"))[1])
            and package != "transformers"
        ):
            continue
        for call, signature in scan(package, folder).signatures.items():
            lives = history.lives(call)
            assert {name for name, life in lives.items() if life.at(number(version))} == signature.names, call


@pytest.mark.slow
def test_scan_says_the_same_as_the_libraries() -> None:
    """Imports them all."""
    for call in objects():
        package, name = call.split(".", 1)
        if package not in FILES or name in ("generate", "from_pretrained", "tokenizer", "AdamW"):
            continue
        known_names = taken(call, HERE)
        found = getattr(import_module(package), name, None)
        if found is None or known_names is None:
            continue
        parameters = inspect.signature(found).parameters
        named = {n for n, p in parameters.items() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
        assert named <= known_names.names, call
        if not known_names.open:
            assert (
                named == known_names.names - {"tokenizer", "feature_extractor"} & named
                or named == known_names.names
            ), call


@pytest.mark.slow
def test_enumerations() -> None:
    from transformers.trainer_utils import HubStrategy, IntervalStrategy, SaveStrategy, SchedulerType
    from transformers.training_args import OptimizerNames

    for enum in (OptimizerNames, SchedulerType, IntervalStrategy, SaveStrategy, HubStrategy):
        assert values(enum.__name__, HERE) == {member.value for member in enum}


def test_new_names_of_the_table_exist_somewhere() -> None:
    all_names = ever("transformers.TrainingArguments") | ever("transformers.Seq2SeqTrainingArguments")
    for call in objects():
        all_names |= ever(call)
    for of in ("training", "trainer", "lora"):
        for row in table()[of]:
            assert row.get("new", "fp16") in all_names or row["new"] == "log_unique_prompts", row
            assert "new" in row or "en" in row or row["old"] in all_names or row.get("owner"), row


def test_history() -> None:
    assert went("transformers.TrainingArguments", "no_cuda") == "5.0"
    assert came("transformers.TrainingArguments", "eval_strategy") == "4.41"
    assert went("trl.SFTConfig", "warmup_ratio") == went("transformers.TrainingArguments", "warmup_ratio")
    old = taken("trl.SFTConfig", {"trl": "0.12.0", "transformers": "4.46.0"})
    assert old is not None
    assert {"max_seq_length", "evaluation_strategy", "eval_strategy"} <= old.names
    assert "max_length" not in old.names
    assert taken("trl.SFTConfig", {"trl": "0.7.0", "transformers": "4.46.0"}) is None
    assert taken("transformers.TrainingArguments", {"transformers": "3.0.2"}) is None


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("meta-llama/Llama-2-7b-hf", "llama"),
        ("meta-llama/Meta-Llama-3-8B-Instruct", "llama"),
        ("Qwen/Qwen2.5-0.5B-Instruct", "qwen2"),
        ("Qwen/Qwen3-30B-A3B", "qwen3_moe"),
        ("mistralai/Mixtral-8x7B-v0.1", "mixtral"),
        ("google/gemma-2-9b-it", "gemma2"),
        ("tiiuae/falcon-7b", "falcon"),
        ("openai-community/gpt2-xl", "gpt2"),
        ("google/flan-t5-xl", "t5"),
        ("bert-base-uncased", "bert"),
        ("FacebookAI/roberta-base", "roberta"),
        ("./models/my-model", None),
        ("Qwen/Qwen2-VL-7B-Instruct", None),
        ("meta-llama/Llama-3.2-11B-Vision-Instruct", None),
    ],
)
def test_family_of_a_model(model: str, name: str | None) -> None:
    row = known(model)
    assert (row.family if row else None) == name


def test_targets_of_the_families_exist() -> None:
    from assistant.config.signatures.models import _known

    for row in _known():
        modules = family(row.family)
        assert modules is not None, row.family
        assert set(row.targets) <= modules.attributes, row.family


def test_broken_cache_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEDOC_CACHE", str(tmp_path))
    installed.installed.cache_clear()
    first = installed.installed("peft")
    file = next((tmp_path / "signatures").iterdir())
    for damage in ("", "{", "[]", '{"folder": 1}'):
        file.write_text(damage, encoding="utf-8")
        installed.installed.cache_clear()
        assert installed.installed("peft") == first
    installed.installed.cache_clear()
