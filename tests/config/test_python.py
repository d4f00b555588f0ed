"""What is known of a script without running it, and what is rightly not known."""

import pytest

from assistant.config.python.code import read
from assistant.config.python.collect import python_settings
from assistant.config.settings import UNKNOWN, Settings
from assistant.config.source.code import read_code


def settings(text: str, kind: str = "TrainingArguments") -> Settings:
    tree, _ = read_code(text)
    found = [one for one in python_settings(read(text, tree)) if one.kind.endswith(kind)]
    assert len(found) == 1
    return found[0]


KNOWN = {
    "literal": ("TrainingArguments('o', learning_rate=1e-4)", True),
    "alias": ("from transformers import TrainingArguments as TA\nTA('o', learning_rate=1e-4)", True),
    "module": ("import transformers as t\nt.TrainingArguments('o', learning_rate=1e-4)", True),
    "submodule": ("from transformers.training_args import TrainingArguments\nTrainingArguments('o', learning_rate=1e-4)", True),
    "name": ("lr = 1e-4\nTrainingArguments('o', learning_rate=lr)", True),
    "arithmetic": ("base = 10\nTrainingArguments('o', learning_rate=base ** -4)", True),
    "kwargs": ("kw = dict(learning_rate=1e-4)\nTrainingArguments('o', **kw)", True),
    "dict": ("kw = {'learning_rate': 1e-4, 'fp16': True}\nTrainingArguments(output_dir='o', **kw)", True),
    "dict item": ("kw = {}\nkw['learning_rate'] = 1e-4\nTrainingArguments('o', **kw)", True),
    "update": ("kw = {'learning_rate': 1}\nkw.update(learning_rate=1e-4)\nTrainingArguments('o', **kw)", True),
    "merged": ("a = {'learning_rate': 1}\nTrainingArguments('o', **{**a, 'learning_rate': 1e-4})", True),
    "later": ("args = TrainingArguments('o')\nargs.learning_rate = 1e-4", True),
    "last": ("lr = 1\nlr = 1e-4\nTrainingArguments('o', learning_rate=lr)\nlr = 2", True),
    "main": ("if __name__ == '__main__':\n    lr = 1e-4\n    TrainingArguments('o', learning_rate=lr)", True),
    "function": ("lr = 1e-4\ndef f():\n    return TrainingArguments('o', learning_rate=lr)", True),
    "class": ("class C:\n    lr = 1e-4\nTrainingArguments('o', learning_rate=C.lr)", True),
    "tuple": ("lr, n = 1e-4, 3\nTrainingArguments('o', learning_rate=lr)", True),
    "conditional": ("small = True\nTrainingArguments('o', learning_rate=1e-4 if small else 1)", True),
    "parameter": ("def f(lr=1e-4):\n    return TrainingArguments('o', learning_rate=lr)", False),
    "argparse": ("p.add_argument('--lr', type=float, default=1e-4)\nargs = p.parse_args()\nTrainingArguments('o', learning_rate=args.lr)", False),
    "argparse in a function": ("def f(args):\n    return TrainingArguments('o', learning_rate=args.lr)\np.add_argument('--lr', default=1e-4)", False),
    "dataclass": ("class A:\n    lr: float = field(default=1e-4)\n(a,) = parser.parse_args_into_dataclasses()\nTrainingArguments('o', learning_rate=a.lr)", False),
    "environment": ("import os\nTrainingArguments('o', learning_rate=float(os.environ.get('LR', '1e-4')))", False),
}  # fmt: skip
"""Each gives 1e-4, surely or as a default that a caller can change."""

UNKNOWABLE = {
    "branch": "lr = 1e-4\nif x:\n    lr = 2\nTrainingArguments('o', learning_rate=lr)",
    "only in a branch": "if x:\n    lr = 1e-4\nTrainingArguments('o', learning_rate=lr)",
    "loop": "for lr in (1, 2):\n    TrainingArguments('o', learning_rate=lr)",
    "changed in a loop": "lr = 1e-4\nfor n in y:\n    TrainingArguments('o', learning_rate=lr)\n    lr = lr / 2",
    "twice, used in a function": "lr = 1\nlr = 1e-4\ndef f():\n    return TrainingArguments('o', learning_rate=lr)",
    "global": "lr = 1e-4\ndef g():\n    global lr\n    lr = 2\ndef f():\n    return TrainingArguments('o', learning_rate=lr)",
    "augmented": "lr = 1e-4\nlr *= 2\nTrainingArguments('o', learning_rate=lr)",
    "called with another value": "def f(lr=1e-4):\n    return TrainingArguments('o', learning_rate=lr)\nf(lr=3)",
    "comprehension": "lr = 1e-4\n[TrainingArguments('o', learning_rate=lr) for lr in y]",
    "changed attribute": "class C:\n    lr = 1e-4\nC.lr = 2\nTrainingArguments('o', learning_rate=C.lr)",
    "changed perhaps": "args = TrainingArguments('o', learning_rate=1e-4)\nif x:\n    args.learning_rate = 2",
    "dict changed perhaps": "kw = {'learning_rate': 1e-4}\nif x:\n    kw['learning_rate'] = 1\nTrainingArguments('o', **kw)",
    "unknown kwargs": "TrainingArguments('o', **load())",
    "call": "TrainingArguments('o', learning_rate=f(1))",
}


@pytest.mark.parametrize(("text", "sure"), KNOWN.values(), ids=KNOWN)
def test_known(text: str, sure: bool) -> None:
    found = settings(text)
    assert found.data("learning_rate") == pytest.approx(1e-4)
    assert found.sure("learning_rate") is sure


@pytest.mark.parametrize("text", UNKNOWABLE.values(), ids=UNKNOWABLE)
def test_not_known(text: str) -> None:
    assert settings(text).data("learning_rate") is UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "from mine import TrainingArguments\nTrainingArguments('o', x=1)",
        "class TrainingArguments: pass\nTrainingArguments('o', x=1)",
        "def TrainingArguments(*a): pass\nTrainingArguments('o', x=1)",
        "x.TrainingArguments('o', x=1)",
        "for TrainingArguments in y:\n    TrainingArguments('o', x=1)",
    ],
)
def test_of_the_same_name_but_not_it(text: str) -> None:
    tree, _ = read_code(text)
    assert not python_settings(read(text, tree))


def test_guarded_by_a_version_test() -> None:
    text = "if version.parse(transformers.__version__) < v:\n    a = TrainingArguments('o', evaluation_strategy='no')"
    assert not settings(text).checked


def test_subclass_with_fields_of_its_own() -> None:
    found = settings("class Mine(TrainingArguments):\n    cache: str = 'c'\nMine('o', cache='d')")
    assert found.own == {"cache"}
    assert found.local


def test_interactive_session_and_indented_paste() -> None:
    assert settings(
        ">>> args = TrainingArguments('o',\n...     fp16=True)\n>>> args\nTrainingArguments(...)\n"
    ).flag("fp16")
    assert settings("    args = TrainingArguments('o',\n        fp16=True)\n    use(args)\n").flag("fp16")
