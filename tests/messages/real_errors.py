"""Makes real messages: calls the libraries wrongly, one parameter at a time, and keeps what they raise, warn
and log, with the place that said it (from the exception's own traceback, or the call stack).

python -m tests.messages.real_errors FILE    # writes them, as JSON
"""

import ast
import contextlib
import dis
import importlib
import inspect
import io
import json
import linecache
import logging
import os
import signal
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from assistant.messages.scan import LIBRARIES

BAD: tuple[Any, ...] = (-1, "nonsense", 0, 1.5, None, [], {"a": 1}, 3, True, ["x", "y"], 17, (1, 2), -0.5, "")
"""Tried for each parameter of each call."""
_CHECKS = frozenset(
    {"_check", "_check_with", "_check_value", "_check_index", "_check_type", "_check_not_implemented"}
)
_SECONDS = 4
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "CUDA_VISIBLE_DEVICES": "",
}


Places = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Said:
    """A message: what a terminal shows of it, and the place that said it (file below the folder of
    packages, line); where that place only hands a text on, also the places on the `through` way."""

    shown: str
    file: str
    line: int
    kind: str
    through: Places = ()


def real_messages() -> list[Said]:
    """All messages, one for each place that says any. They are made in a process of its own: called wrongly
    enough, a library takes a number for an open file and closes it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "messages.json"
        subprocess.run(
            [sys.executable, "-m", "tests.messages.real_errors", str(file)],
            env={**os.environ, **_OFFLINE, "HF_HOME": folder},
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return [Said(**row) for row in json.loads(file.read_text(encoding="utf-8"))]


def main(file: Path) -> None:
    from tests.messages.wrong_calls import CALLS

    found: dict[tuple[str, int], Said] = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for number, (name, given) in enumerate(CALLS):
            for said in _tried(name, given):
                found.setdefault((said.file, said.line), said)
            if number % 50 == 0:
                print(f"{number} of {len(CALLS)} calls, {len(found)} messages", file=sys.stderr, flush=True)
    file.write_text(json.dumps([asdict(said) for said in found.values()]), encoding="utf-8")
    os._exit(0)  # what was broken on purpose cannot be closed in good order


def _tried(name: str, given: Callable[[], Mapping[str, Any]]) -> Iterator[Said]:
    called = _resolved(name)
    if called is None:
        return
    yield from _call(called, given)
    try:
        parameters = inspect.signature(called).parameters
    except (TypeError, ValueError):
        parameters = {}
    names = [
        each.name
        for each in parameters.values()
        if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY) and each.name not in ("self", "cls")
    ]
    for parameter in names:
        for bad in BAD:
            yield from _call(called, lambda p=parameter, b=bad: {**given(), p: b})  # type: ignore[misc]


@cache
def _resolved(name: str) -> Callable[..., Any] | None:
    module, _, rest = name.partition(":")
    try:
        value: Any = importlib.import_module(module)
        for part in rest.split("."):
            value = getattr(value, part)
    except (ImportError, AttributeError):
        return None
    return value  # type: ignore[no-any-return]


def _call(called: Callable[..., Any], given: Callable[[], Mapping[str, Any]]) -> Iterator[Said]:
    heard: list[Said] = []
    handler = _Listener(heard)
    original = warnings.warn

    def listening(message: Any, category: Any = None, *rest: Any, **more: Any) -> None:
        frame = sys._getframe(1)
        kind = type(message) if isinstance(message, Warning) else category or UserWarning
        line = warnings.formatwarning(str(message), kind, frame.f_code.co_filename, frame.f_lineno, "")
        _keep(heard, line, frame.f_code.co_filename, frame.f_lineno, "warning")

    warnings.warn = listening  # type: ignore[assignment]
    for library in LIBRARIES:
        logging.getLogger(library).addHandler(handler)
    previous = signal.signal(signal.SIGALRM, _late)
    signal.alarm(_SECONDS)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            called(**given())
    except Exception as error:
        place = _raised_at(error)
        if place and str(error).strip():
            through = _through(error, *place)
            _keep(heard, "".join(traceback.format_exception(error)), *place, "raise", through)
    except BaseException:  # what is not an error (SystemExit of a command line, the alarm) says nothing
        pass
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
        warnings.warn = original
        for library in LIBRARIES:
            logging.getLogger(library).removeHandler(handler)
    yield from heard


class _Late(BaseException):
    pass


def _late(number: int, frame: Any) -> None:
    raise _Late


class _Listener(logging.Handler):
    """Hears what the libraries log, and from where."""

    def __init__(self, heard: list[Said]) -> None:
        super().__init__(logging.WARNING)
        self.heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        frame = sys._getframe(1)
        while frame and (
            frame.f_code.co_filename.endswith(("logging.py", "logging/__init__.py", "functools.py"))
        ):
            frame = frame.f_back  # type: ignore[assignment]
        if frame:
            shown = f"WARNING:{record.name}:{record.getMessage()}"
            _keep(self.heard, shown, frame.f_code.co_filename, frame.f_lineno, "log")


def _keep(heard: list[Said], shown: str, file: str, line: int, kind: str, through: Places = ()) -> None:
    below = _below_packages(file)
    if below and below.partition("/")[0] in LIBRARIES:
        heard.append(Said(shown, below, _statement(file, line) or line, kind, through))


def _below_packages(file: str) -> str:
    return Path(file).as_posix().rpartition("/site-packages/")[2] if "site-packages" in file else ""


def _raised_at(error: BaseException) -> tuple[str, int] | None:
    """Where a library's own `raise` or `assert` made this error; None where the interpreter, an extension or
    other software did."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    if trace is None or trace.tb_frame.f_code.co_code[trace.tb_lasti] != dis.opmap["RAISE_VARARGS"]:
        return None
    frames = traceback.extract_tb(error.__traceback__)
    while frames[-1].name in _CHECKS and len(frames) > 1:
        frames.pop()
    return frames[-1].filename, frames[-1].lineno or 0


def _through(error: BaseException, file: str, line: int) -> tuple[tuple[str, int], ...]:
    """The places that a traceback shows, where the statement at the last of them has no text of its own but
    hands on one that another place made; else none."""
    node = _statements(file).get(_statement(file, line) or 0)
    if node is None or any(
        isinstance(part, ast.Constant) and isinstance(part.value, str) and " " in part.value
        for part in ast.walk(node)
    ):
        return ()
    places: list[tuple[str, int]] = []
    each: BaseException | None = error
    while each is not None:
        for frame in traceback.extract_tb(each.__traceback__):
            below = _below_packages(frame.filename)
            if below:
                places.append((below, _statement(frame.filename, frame.lineno or 0) or 0))
        each = each.__cause__ or each.__context__
    return tuple(places)


def _statement(file: str, line: int) -> int | None:
    """The first line of the innermost statement at a line."""
    rows = _statements(file)
    return next(
        (start for start in sorted(rows, reverse=True) if start <= line <= (rows[start].end_lineno or start)),
        None,
    )


@cache
def _statements(file: str) -> dict[int, ast.stmt]:
    try:
        module = ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return {}
    return {node.lineno: node for node in ast.walk(module) if isinstance(node, ast.stmt)}


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
