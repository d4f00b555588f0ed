"""What is read from the sources, compared with what the libraries themselves say when they are imported."""

import ast
import dataclasses
import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.reference import Record, Reference
from assistant.reference.docstrings import first_sentence, parameter_docs, summary
from assistant.reference.exports import offered
from assistant.reference.scan import records, scan
from assistant.reference.store import installed

CONFIGURATIONS = [
    "transformers.TrainingArguments", "transformers.Seq2SeqTrainingArguments", "trl.SFTConfig", "trl.DPOConfig", "trl.GRPOConfig",
    "peft.LoraConfig", "peft.PrefixTuningConfig", "peft.IA3Config", "transformers.DataCollatorWithPadding", "transformers.DataCollatorForSeq2Seq",
]  # fmt: skip
CALLS = [
    "transformers.BitsAndBytesConfig", "transformers.Trainer", "trl.SFTTrainer", "accelerate.Accelerator", "torch.optim.AdamW", "torch.utils.data.DataLoader",
    "torch.load", "peft.get_peft_model", "peft.prepare_model_for_kbit_training", "datasets.load_dataset", "huggingface_hub.hf_hub_download",
    "huggingface_hub.snapshot_download", "bitsandbytes.nn.Linear4bit", "torch.nn.utils.clip_grad_norm_", "torch.cuda.empty_cache",
]  # fmt: skip


def _live(path: str) -> object:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _record(path: str, known: Reference) -> Record:
    record = known.record(path)
    assert record is not None, path
    return record


@pytest.mark.parametrize("path", CONFIGURATIONS)
def test_fields_and_defaults_are_those_of_the_class(path: str, known: Reference) -> None:
    record = _record(path, known)
    fields = {each.name: each for each in dataclasses.fields(_live(path)) if each.init}  # type: ignore[arg-type]
    assert {each.name for each in record.parameters} == {name for name in fields if not name.startswith("_")}
    compared = 0
    for parameter in record.parameters:
        default = fields[parameter.name].default
        try:
            written = ast.literal_eval(parameter.default)
        except (ValueError, SyntaxError):
            continue
        if default is not dataclasses.MISSING:
            assert getattr(default, "value", default) == written, parameter.name
            compared += 1
    assert compared >= len(fields) // 2


@pytest.mark.parametrize("path", CALLS)
def test_arguments_are_those_of_the_signature(path: str, known: Reference) -> None:
    record = _record(path, known)
    live = _live(path)
    signature = inspect.signature(live.__init__ if inspect.isclass(live) else live)  # type: ignore[misc, arg-type]
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    wanted = [
        each
        for each in signature.parameters.values()
        if each.kind not in kinds and each.name != "self" and not each.name.startswith("_")
    ]
    assert [each.name for each in record.parameters][: len(wanted)] == [each.name for each in wanted]
    for parameter, argument in zip(record.parameters, wanted, strict=False):
        assert bool(parameter.default) == (argument.default is not inspect.Parameter.empty)


def test_defaults_that_are_kept_apart_are_found(known: Reference) -> None:
    generation = _record("transformers.GenerationConfig", known)
    assert {each.name: each.default for each in generation.parameters}["top_k"] == "50"
    training = _record("transformers.TrainingArguments", known)
    assert "adamw_torch" in {each.name: each.default for each in training.parameters}["optim"]


def test_auto_classes_have_the_tables_of_the_library(known: Reference) -> None:
    from transformers.models.auto import modeling_auto

    for name, table in (("AutoModelForCausalLM", "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES"), ("AutoModelForTokenClassification", "MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES")):  # fmt: skip
        record = _record(f"transformers.{name}", known)
        assert dict(record.models).keys() == getattr(modeling_auto, table).keys()
        assert (
            dict(record.models).items()
            >= {k: v for k, v in getattr(modeling_auto, table).items() if isinstance(v, str)}.items()
        )


@pytest.mark.parametrize(
    "path", [*CONFIGURATIONS, *CALLS, "transformers.Trainer.train", "peft.PeftModel.save_pretrained"]
)
def test_the_line_is_where_it_stands(path: str, known: Reference) -> None:
    record = _record(path, known)
    package = importlib.util.find_spec(record.package)
    assert package is not None
    assert package.origin is not None
    lines = (Path(package.origin).parent.parent / record.file).read_text(encoding="utf-8").splitlines()
    assert record.name in " ".join(lines[record.line - 1 : record.line + 6])
    for parameter in record.parameters[:30]:
        owner = known.record(parameter.owner)
        if owner is not None and owner.file == record.file and parameter.line:
            assert parameter.name in lines[parameter.line - 1]


@pytest.mark.parametrize("path", CONFIGURATIONS[:6])
def test_most_arguments_are_described(path: str, known: Reference) -> None:
    record = _record(path, known)
    described = [known.parameter(record, each.name) for each in record.parameters]
    assert sum(bool(each and each.doc) for each in described) >= 0.9 * len(described)


def test_every_record_can_be_imported_as_it_says(known: Reference) -> None:
    named = [
        "LoraConfig",
        "SFTTrainer",
        "Linear4bit",
        "AdamW",
        "load_dataset",
        "DataLoader",
        "empty_cache",
        "LlamaConfig",
        "AutoProcessor",
        "login",
        "checkpoint",
        "Accelerator",
    ]
    paths = [record.path for name in named for record in known.named(name)[:1]]
    assert len(paths) == len(named)
    for path in paths:
        assert _live(path) is not None


def test_every_library_is_read(known: Reference) -> None:
    for package, name in (("transformers", "Trainer"), ("peft", "LoraConfig"), ("bitsandbytes.nn", "Linear8bitLt"), ("accelerate", "Accelerator"), ("trl", "SFTConfig"), ("torch", "load"), ("datasets", "load_dataset"), ("huggingface_hub", "login")):  # fmt: skip
        record = _record(f"{package}.{name}", known)
        assert record.version == installed()[record.package]


SOURCE = '''
from enum import Enum
from dataclasses import dataclass, field

class Strategy(str, Enum):
    """How."""
    NO = "no"
    YES = "yes"

@dataclass
class Base:
    """A base.

    Args:
        one (`int`, *optional*, defaults to 1):
            The first. It has
            two lines.

        two (`str`):
            The second.
    """
    one: int = 1
    two: str = field(default="2", metadata={"help": "not this"})

@dataclass
class Child(Base):
    """A child."""
    two: str = "3"
    three: list = field(default_factory=list, metadata={"help": "A " "list."})
    four: bool | None = None

    def __post_init__(self):
        if self.four is None:
            self.four = False

    def run(self, times: int = 1, *, fast=False, **more):
        """Runs."""

class Open(Base):
    def __init__(self, five, **kwargs):
        self.six = kwargs.pop("six", 6)

def broken(
'''


def test_reading_a_file_of_ours(tmp_path: Path) -> None:
    package = tmp_path / "made"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from .things import Base, Child, Open, Strategy\n", encoding="utf-8"
    )
    (package / "things.py").write_text(SOURCE.replace("def broken(", ""), encoding="utf-8")
    (package / "broken.py").write_text(SOURCE, encoding="utf-8")
    assert offered(package) >= {"Base", "Child"}
    found = {each.path: each for each in records(list(scan("made", "1.0", package, ["*.py"])))}
    assert set(found) == {"made.Base", "made.Child", "made.Child.run", "made.Open", "made.Strategy"}
    child = {each.name: each for each in found["made.Child"].parameters}
    assert [(each.name, each.default, each.owner) for each in child.values()] == [
        ("one", "1", "made.Base"), ("two", "'3'", "made.Child"), ("three", "[]", "made.Child"), ("four", "None", "made.Child"),
    ]  # fmt: skip
    assert child["one"].doc == "The first. It has two lines."
    assert child["three"].doc == "A list."
    assert child["four"].settled == "False"
    assert found["made.Strategy"].members == (("NO", "no"), ("YES", "yes"))
    assert [each.name for each in found["made.Child.run"].parameters] == ["times", "fast"]
    assert found["made.Child.run"].open
    assert [(each.name, each.default) for each in found["made.Open"].parameters] == [
        ("five", ""),
        ("six", "6"),
    ]


def test_docstrings() -> None:
    doc = "Does it. And more.\n\nArgs:\n    x (int): The x\n        of it (default: ``3``).\n    y: see :class:`~torch.Tensor`\n\nReturns:\n    z: nothing\n"
    assert summary(doc) == "Does it. And more."
    found = parameter_docs(doc, frozenset({"x", "y"}))
    assert found["x"][0] == "The x of it (default: ``3``)."
    assert found["y"][0] == "see `torch.Tensor`"
    assert first_sentence("One e.g. this. Two.") != ""
    assert parameter_docs("", frozenset({"x"})) == {}


def test_answering_imports_none_of_the_libraries(made: Path) -> None:
    code = (
        "import json, sys; from pathlib import Path; from assistant.case import build_case; from assistant.reading import read; "
        "from assistant.reference import answer_api; answer = answer_api(build_case([read('LoraConfig parameters')]), cache=Path(sys.argv[1])); "
        "print(json.dumps([answer.names, sorted({'torch', 'transformers', 'peft', 'trl'} & set(sys.modules))]))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, str(made)], text=True, capture_output=True, check=True
    )
    assert json.loads(shown.stdout) == [["peft.LoraConfig"], []]
