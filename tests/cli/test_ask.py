"""`tracedoc ask` from every kind of input."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import run
from typing import Any

import pytest

from tests.cli.conftest import Done, Tracedoc

OOM = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"
MANY = f"{OOM}\n" + "step 1 loss 2.0\n" * 10
TYPES: dict[str, type | tuple[type, ...]] = {
    "id": (str, int, type(None)),
    "lang": str,
    "kind": str,
    "topic": (str, type(None)),
    "confidence": float,
    "abstained": bool,
    "answer": str,
    "basis": str,
    "citations": list,
    "facts": dict,
    "preset": str,
    "ms": float,
    "lm": type(None),
}
CITATION: dict[str, type] = {
    "n": int,
    "passage": str,
    "text": str,
    "section": str,
    "title": str,
    "source": str,
}


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def contract(text: str) -> dict[str, Any]:
    """The one JSON object in a text, checked against the contract of the design page."""
    item: dict[str, Any] = json.loads(text, parse_constant=refuse)
    assert text.count("\n") == 1
    assert list(item) == list(TYPES)
    assert [name for name, kind in TYPES.items() if not isinstance(item[name], kind)] == []
    assert item["lang"] in ("en", "zh")
    assert item["kind"] in ("traceback", "log", "config", "report", "question")
    assert item["basis"] in ("signature", "retrieval", "source", "none")
    assert item["preset"] in ("factual", "balanced", "creative")
    assert 0 <= item["confidence"] <= 1
    assert isinstance(item["facts"]["versions"], dict)
    assert item["abstained"] == (item["topic"] is None)
    for number, citation in enumerate(item["citations"], 1):
        assert {name: type(value) for name, value in citation.items()} == CITATION
        assert citation["n"] == number
        assert f"[{number}]" in item["answer"]
        assert citation["source"].startswith("https://")
    return item


def test_the_json_is_the_contract(tracedoc: Tracedoc) -> None:
    done = tracedoc("ask", "--json", f"batch_size=4 on an A100, transformers==4.40.0: {OOM}")
    item = contract(done.out)
    assert (done.code, done.err) == (0, "")
    assert (item["id"], item["lang"], item["topic"], item["basis"]) == (None, "en", "A.1", "signature")
    assert item["facts"]["gpu"] == "A100"
    assert item["facts"]["versions"] == {"transformers": "4.40.0"}
    assert item["citations"][0]["section"] == "A.1"


INPUTS: dict[str, Callable[[Tracedoc, Path], Done]] = {
    "argument": lambda tracedoc, _: tracedoc("ask", "--json", OOM),
    "several arguments": lambda tracedoc, _: tracedoc("ask", *OOM.split(), "--json"),
    "pipe": lambda tracedoc, _: tracedoc("ask", "--json", stdin=OOM),
    "dash": lambda tracedoc, _: tracedoc("ask", "--json", "-", stdin=OOM),
    "after --": lambda tracedoc, _: tracedoc("ask", "--json", "--", "-x --y", OOM),
    "pipe of CRLF lines": lambda tracedoc, _: tracedoc("ask", "--json", stdin=f"\r\n{OOM}\r\n"),
    "pipe with a byte order mark": lambda tracedoc, _: tracedoc(
        "ask", "--json", stdin=b"\xef\xbb\xbf" + OOM.encode()
    ),
    "pipe that is not all text": lambda tracedoc, _: tracedoc(
        "ask", "--json", stdin=b"\xff\xfe\x00\x80\n" + OOM.encode() + b"\n\xc3\x28"
    ),
    "pipe of 5 MB": lambda tracedoc, _: tracedoc("ask", "--json", stdin="step 1 loss 2.0\n" * 300_000 + OOM),
}


@pytest.mark.parametrize("ask", INPUTS.values(), ids=INPUTS)
def test_every_way_in(tracedoc: Tracedoc, tmp_path: Path, ask: Callable[[Tracedoc, Path], Done]) -> None:
    done = ask(tracedoc, tmp_path)
    assert done.code == 0, done.err
    assert contract(done.out)["topic"] == "A.1"


def test_people_get_markdown(tracedoc: Tracedoc) -> None:
    done = tracedoc("ask", OOM)
    assert (done.code, done.err) == (0, "")
    assert "**Do this first**" in done.out
    assert not done.out.startswith("{")


def test_chinese_comes_out_whatever_the_locale(tracedoc: Tracedoc) -> None:
    plain = Tracedoc(
        tracedoc.code,
        tracedoc.cache,
        tracedoc.data,
        {
            "LC_ALL": "C",
            "LANG": "C",
            "PYTHONUTF8": "0",
            "PYTHONIOENCODING": "ascii",
            "PYTHONCOERCECLOCALE": "0",
        },
    )
    done = plain("ask", "--json", "--lang", "zh", stdin=OOM)
    assert (done.code, done.err) == (0, "")
    assert "原因" in contract(done.out)["answer"]


def test_a_short_answer_is_shorter(tracedoc: Tracedoc) -> None:
    assert len(tracedoc("ask", "--length", "short", OOM).out) < len(tracedoc("ask", OOM).out)


def test_the_machines_report_is_read_from_a_file(tracedoc: Tracedoc, tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    report.write_text(
        "Driver Version: 535.104.05  CUDA Version: 12.2\n| 0 Tesla V100-SXM2-16GB |\ntorch==2.4.0\n"
    )
    facts = contract(tracedoc("ask", "--json", "--machine", str(report), OOM).out)["facts"]
    assert facts["gpu"] == "V100"
    assert contract(tracedoc("ask", "--json", "--machine", "this", OOM).out)["topic"] == "A.1"


UNUSABLE: dict[str, tuple[list[str], bytes, str]] = {
    "nothing in the pipe": (["ask"], b"", "standard input is empty"),
    "white space in the pipe": (["ask", "-"], b" \n\t\n", "standard input is empty"),
    "empty argument": (["ask", ""], b"", "the text is empty"),
    "white space": (["ask", "  \n "], b"", "the text is empty"),
    "too much": (["ask"], b"x" * (25 << 20), "larger than 20 MB"),
    "unknown flag": (["ask", "--loud", "x"], b"", "unrecognized arguments: --loud"),
    "bad language": (["ask", "--lang", "fr", "x"], b"", "invalid choice: 'fr'"),
    "bad length": (["ask", "--length", "long", "x"], b"", "invalid choice: 'long'"),
    "bad preset": (["ask", "--preset", "wild", "x"], b"", "invalid choice: 'wild'"),
    "no model": (["ask", "--model", "no such model", "x"], b"", "is no model"),
    "no such machine report": (
        ["ask", "--machine", "/no/such/file", "x"],
        b"",
        "cannot read the machine report",
    ),
    "a folder as a machine report": (
        ["ask", "--machine", "/tmp", "x"],
        b"",
        "cannot read the machine report",
    ),
    "no such batch": (["ask", "--batch", "/no/such/file"], b"", "cannot read /no/such/file"),
    "a folder as a batch": (["ask", "--batch", "/tmp"], b"", "cannot read /tmp"),
    "no command": ([], b"", "COMMAND"),
    "unknown command": (["aks", "x"], b"", "invalid choice: 'aks'"),
    "no query": (["search", " "], b"", "the query is empty"),
    "no passages": (["search", "-k", "0", "x"], b"", "`-k` must be"),
    "no number": (["search", "-k", "many", "x"], b"", "invalid int value: 'many'"),
    "nothing to add": (["index", "add"], b"", "needs the path"),
    "no such note": (["index", "add", "/no/such/note.md"], b"", "/no/such/note.md"),
    "no such cases": (["eval", "/no/such/cases.jsonl"], b"", "cannot read /no/such/cases.jsonl"),
    "port that is none": (["serve", "--port", "http"], b"", "invalid int value: 'http'"),
}


@pytest.mark.parametrize(("arguments", "stdin", "what"), UNUSABLE.values(), ids=UNUSABLE)
def test_input_that_cannot_be_used_is_refused_in_one_sentence(
    tracedoc: Tracedoc, arguments: list[str], stdin: bytes, what: str
) -> None:
    done = tracedoc(*arguments, stdin=stdin)
    assert (done.code, done.out) == (2, "")
    assert what in done.err
    assert done.err.startswith("tracedoc: ")
    assert done.err.count("\n") == 1


def test_a_wrong_setting_of_one_command_does_not_stop_the_others(tracedoc: Tracedoc) -> None:
    spoiled = Tracedoc(tracedoc.code, tracedoc.cache, tracedoc.data, {"GRADIO_SERVER_PORT": "abc"})
    assert spoiled("ask", OOM).code == 0
    assert spoiled("serve").code == 2


@pytest.mark.parametrize("command", ["", "ask", "serve", "search", "index", "eval"])
def test_help_of_every_command(tracedoc: Tracedoc, command: str) -> None:
    done = tracedoc(*filter(None, [command]), "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"usage: tracedoc {command}".strip())


def test_the_version_is_printed(tracedoc: Tracedoc) -> None:
    done = tracedoc("--version")
    assert (done.code, done.out.split()[0]) == (0, "tracedoc")


HEAVY = ("torch", "transformers", "sentence_transformers", "gradio", "faiss", "onnxruntime", "yaml")


def loaded_after(tracedoc: Tracedoc, *arguments: str) -> set[str]:
    """The heavy libraries that a command loads."""
    program = (
        "import sys, json\nfrom assistant.cli import main\ncode = main(sys.argv[1:])\n"
        f"print('LOADED', json.dumps([name for name in {HEAVY} if name in sys.modules]))\nsys.exit(code)"
    )
    done = run(
        [sys.executable, "-c", program, *arguments],
        cwd=tracedoc.code,
        env=tracedoc.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return set(json.loads(done.stdout.rpartition("LOADED ")[2]))


def test_a_signature_is_answered_without_heavy_libraries(tracedoc: Tracedoc) -> None:
    tracedoc("ask", OOM)  # keeps the parsed corpus
    assert loaded_after(tracedoc, "ask", OOM) == set()


def test_a_search_loads_no_torch(small: Tracedoc) -> None:
    loaded = loaded_after(small, "ask", "What does num_beams do in beam search of transformers generate?")
    assert loaded & {"torch", "transformers", "sentence_transformers", "gradio"} == set()
    assert "faiss" in loaded
