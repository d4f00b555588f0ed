"""Runs a proof's function and keeps what a terminal would have shown of it."""

import contextlib
import inspect
import io
import logging
import re
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

_LIBRARIES = (
    "accelerate",
    "bitsandbytes",
    "datasets",
    "huggingface_hub",
    "peft",
    "tokenizers",
    "torch",
    "transformers",
    "trl",
)
_OURS = str(Path(__file__).parent)
_FRAME = re.compile(rf'File "{re.escape(_OURS)}/[\w/]+\.py", line (\d+), in \w+')


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run showed: its traceback ("" if it went through) and, in order, its warnings, log lines and
    printed lines."""

    traceback: str
    shown: str


def outcome_of(run: Callable[..., None], *, fixed: bool, folder: Path) -> Outcome:
    """Runs a function of a proof in this process, from a clean state of the libraries."""
    given: dict[str, Any] = {"fixed": fixed}
    if "folder" in inspect.signature(run).parameters:
        given["folder"] = folder
    _forget()
    raised = ""
    with _heard() as heard:
        try:
            run(**given)
        except Exception as error:
            raised = _as_a_users(error)
    _forget()
    return Outcome(raised, "\n".join(heard))


def _as_a_users(error: BaseException) -> str:
    """The traceback from the user's own code on. Files and functions of ours get neutral names, because
    theirs say what is expected."""
    frames = error.__traceback__
    while frames and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    text = "".join(traceback.format_exception(type(error), error, frames))
    return _FRAME.sub(r'File "/home/user/train.py", line \1, in <module>', text)


@contextlib.contextmanager
def _at_their_usual_levels() -> Iterator[None]:
    """The libraries' loggers as a user's program has them, whatever ran in this process before."""
    named = [
        each
        for name, each in logging.root.manager.loggerDict.items()
        if isinstance(each, logging.Logger) and name.split(".")[0] in _LIBRARIES
    ]
    before = [(each, each.level, each.disabled) for each in named]
    for each in named:
        each.setLevel(logging.WARNING if "." not in each.name else logging.NOTSET)
        each.disabled = False
    try:
        yield
    finally:
        for each, level, disabled in before:
            each.setLevel(level)
            each.disabled = disabled


@contextlib.contextmanager
def _heard() -> Iterator[list[str]]:
    """All that is warned, logged and printed meanwhile."""
    heard: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: heard.append(_line(record))  # type: ignore[method-assign]
    loggers = [logging.getLogger(name) for name in _LIBRARIES]
    printed = io.StringIO()
    always = torch.is_warn_always_enabled()
    torch.set_warn_always(True)  # what C++ warns once in a process may have been warned before
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.showwarning = lambda message, category, file, line, *_: heard.append(  # type: ignore[assignment]
            _FRAME.sub("/home/user/train.py", warnings.formatwarning(message, category, file, line, ""))
        )
        stack.enter_context(contextlib.redirect_stdout(printed))
        stack.enter_context(contextlib.redirect_stderr(printed))
        stack.enter_context(_at_their_usual_levels())
        for logger in loggers:
            logger.addHandler(listener)
        try:
            yield heard
        finally:
            torch.set_warn_always(always)
            for logger in loggers:
                logger.removeHandler(listener)
            heard.append(printed.getvalue())


def _line(record: logging.LogRecord) -> str:
    """As the library's own handler shows it."""
    prefix = "[transformers] " if record.name.startswith("transformers") else ""
    return prefix + record.getMessage()


def _forget() -> None:
    """Undoes what the libraries keep in a process: the states of accelerate, a process group, and which
    warnings were given already."""
    from accelerate.state import AcceleratorState, GradientState, PartialState
    from transformers.utils import logging as transformers_logging

    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
    AcceleratorState._reset_state(reset_partial_state=True)
    PartialState._reset_state()
    GradientState._reset_state()
    transformers_logging.warning_once.cache_clear()
    transformers_logging.info_once.cache_clear()
