"""Tracebacks as today's Python, torch, transformers and rich print them: small wrong programs, run here."""

import subprocess
import sys

import pytest

from assistant.reading import Reading, read

TINY = """
import torch
from transformers import LlamaConfig, LlamaForCausalLM, BertConfig, BertForSequenceClassification, Trainer, TrainingArguments
config = LlamaConfig(vocab_size=32, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2)
model = LlamaForCausalLM(config)
"""
PROGRAMS: dict[str, tuple[str, str, str, str]] = {
    # name: (program, exception, part of its message, library of the last frame)
    "index": (TINY + "model(torch.tensor([[99]]))", "IndexError", "index out of range in self", "torch"),
    "shapes": (
        "import torch\ntorch.nn.Linear(3, 4)(torch.zeros(2, 5))",
        "RuntimeError",
        "shapes cannot be multiplied",
        "torch",
    ),
    "dtype": (
        TINY + "model.half()\nmodel.lm_head.float()\nmodel(torch.tensor([[1]]))",
        "RuntimeError",
        "dtype",
        "torch",
    ),
    "argument": (
        "from transformers import TrainingArguments\nTrainingArguments(no_such=1)",
        "TypeError",
        "no_such",
        "",
    ),
    "pointer": (
        "import tempfile, torch\nfile = tempfile.NamedTemporaryFile()\nfile.write(b'version https://git-lfs')\n"
        "file.flush()\ntorch.load(file.name)",
        "UnpicklingError",
        "Unsupported operand 118",
        "torch",
    ),
    "import": ("from transformers import NoSuchModel", "ImportError", "NoSuchModel", ""),
    "attribute": (TINY + "model.no_such", "AttributeError", "no_such", "torch"),
    "state": (
        TINY + "model.load_state_dict({'lm_head.weight': torch.zeros(3, 3)}, strict=True)",
        "RuntimeError",
        "Error(s) in loading state_dict",
        "torch",
    ),
    "generate": (TINY + "model.generate(torch.tensor([[1]]), num_beams=-1)", "", "", ""),
    "local": (
        "from transformers import AutoModel\nAutoModel.from_pretrained('/no/such/folder')",
        "",
        "/no/such/folder",
        "",
    ),
    "chained": (
        "def inner():\n    raise KeyError('a')\ntry:\n    inner()\nexcept KeyError as e:\n    raise ValueError('b') from e",
        "ValueError",
        "b",
        "",
    ),
    "group": ("raise ExceptionGroup('many', [ValueError('one'), TypeError('two')])", "", "", ""),
    "syntax": ("model = (1,\nprint('x'", "SyntaxError", "was never closed", ""),
    "empty": ("assert 1 == 2", "AssertionError", "", ""),
    "worker": (
        "import torch\nclass D(torch.utils.data.Dataset):\n    def __len__(self): return 4\n    def __getitem__(self, i): return {}['labels']\n"
        "if __name__ == '__main__':\n    for _ in torch.utils.data.DataLoader(D(), num_workers=1): pass",
        "KeyError",
        "'labels'",
        "",
    ),
    "recursion": ("def f(): return f()\nf()", "RecursionError", "maximum recursion depth", ""),
    "exit": (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', '1/0'], check=True)",
        "ZeroDivisionError",
        "division by zero",
        "",
    ),
}
DRIVER = """
import os, sys
from importlib.util import find_spec
import torch, transformers
folder = sys.argv[1]
for style in ["plain", "rich"] if find_spec("rich") else ["plain"]:
    if style == "rich":
        import rich.traceback
        rich.traceback.install(width=100, show_locals=True)
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name, "wrong.py")
        os.dup2(os.open(os.path.join(folder, name, style), os.O_WRONLY | os.O_CREAT), 2)
        try:
            exec(compile(open(path).read(), path, "exec"), {"__name__": "__main__"})
        except BaseException as error:
            sys.excepthook(type(error), error, error.__traceback__.tb_next)
        sys.stderr.flush()
"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """What each program prints, by style and name; one process for all, since importing takes long."""
    folder = tmp_path_factory.mktemp("programs")
    for name, (program, *_) in PROGRAMS.items():
        (folder / name).mkdir()
        (folder / name / "wrong.py").write_text(program, encoding="utf-8")
    driver = tmp_path_factory.mktemp("driver") / "driver.py"
    driver.write_text(DRIVER, encoding="utf-8")
    environment = {
        "HF_HUB_OFFLINE": "1",
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder.parent),
        "PYTHONIOENCODING": "utf-8",
    }
    subprocess.run(
        [sys.executable, str(driver), str(folder)],
        check=True,
        timeout=300,
        stdout=subprocess.DEVNULL,
        env=environment,
    )
    return {
        (path.name, path.parent.name): path.read_text(encoding="utf-8")
        for path in folder.glob("*/*")
        if path.suffix == ""
    }


def check(reading: Reading, name: str, output: str, offset: int = 0) -> None:
    _, exception, message, library = PROGRAMS[name]
    assert reading.kind == "traceback", output
    assert reading.main, output
    assert reading.main.type, output
    if exception:
        assert reading.main.name == exception, output
    assert message in reading.main.message, output
    assert reading.main.user_frame or name in ("exit", "group"), output
    if reading.main.user_frame and name != "exit":
        assert reading.main.user_frame.file.endswith("wrong.py"), output
        assert reading.main.user_frame.line
    if library:
        assert reading.main.frames[-1].library == library, output
    assert reading.prose == "", output


@pytest.mark.parametrize("name", PROGRAMS)
def test_plain(name: str, outputs: dict[tuple[str, str], str]) -> None:
    output = outputs["plain", name]
    check(read(output), name, output)


@pytest.mark.parametrize(
    "name", ["index", "shapes", "dtype", "state", "argument", "chained", "empty", "local"]
)
def test_rich(name: str, outputs: dict[tuple[str, str], str]) -> None:
    pytest.importorskip("rich")
    output = outputs["rich", name]
    assert "╭" in output
    check(read(output), name, output)


@pytest.mark.parametrize("name", ["index", "state", "chained", "worker"])
def test_with_ranks(name: str, outputs: dict[tuple[str, str], str]) -> None:
    lines = outputs["plain", name].split("\n")
    output = "\n".join(f"[rank{rank}]: {line}" for line in lines for rank in (0, 1))
    reading = read(output)
    check(reading, name, output)
    assert {each.rank for each in reading.exceptions} == {0, 1}
