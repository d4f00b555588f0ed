"""Which statements say something to the user: raising, warning, logging and checking calls."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.messages.model import Hole, Kind
from assistant.messages.templates import Environment, Texts, chained, forms, is_text, percent, templates

_LOG_METHODS = frozenset(
    {
        "warning",
        "warn",
        "error",
        "exception",
        "critical",
        "fatal",
        "warning_once",
        "error_once",
        "warning_advice",
    }
)
_LOG_OWNER = re.compile(r"log|warning|parser|console|artifact|dist\.|_WARN", re.IGNORECASE)
_WARN_FUNCTION = re.compile(
    r"_?(?:rank_zero_|raise_)?(?:warn|warning|deprecat|show_deprecat)\w*|\w+_(?:warn|warning)|warn_once"
)
_CHECK_FUNCTION = re.compile(r"_?(?:torch_)?(?:check|assert|verify|require|unimplemented)\w*")
_CHECK_ERRORS = {
    "_check": "RuntimeError",
    "_check_value": "ValueError",
    "_check_index": "IndexError",
    "_check_type": "TypeError",
    "_check_not_implemented": "NotImplementedError",
    "_check_tensor_all": "RuntimeError",
}
_CATEGORY = re.compile(r"\w*Warning$")
_TEXT_KEYWORDS = ("message", "msg", "detail", "text", "gb_type", "explanation", "reason")
_CLASSES = ("Error", "Exception", "Warning")
_NOT_THROWING = frozenset(
    {"assertRaisesRegex", "assertRaises", "raises", "isinstance", "register", "add_argument"}
)
_LONGEST = 4
OWN = "(own class)"
"""In place of an exception's class: that of the class whose `__init__` makes the text."""


@dataclass(frozen=True, slots=True)
class Saying:
    """What a statement says: its kind, the exception's or warning's class, the texts that it can have,
    and the condition of a check (which has to hold)."""

    kind: Kind
    exception: str
    texts: Texts
    check: ast.expr | None = None


def raised(node: ast.Raise, known: Environment) -> Saying | None:
    """What `raise …` says; None where it hands on an exception. Without texts: those that the class's own
    `__init__` makes, if it does."""
    made = node.exc
    if isinstance(made, ast.Call) and _last(made.func) in ("with_traceback", "with_name", "with_context"):
        made = made.func.value if isinstance(made.func, ast.Attribute) else made
    if isinstance(made, ast.Name):
        held = known.get(f"{made.id}!", ())
        return Saying("raise", _class_of(held), _without_class(held)) if held else None
    if not isinstance(made, ast.Call):
        return None
    texts = exception_texts(made, known)
    name = exception_class(made)
    if is_text(texts):
        return Saying("raise", name, texts)
    return Saying("raise", name, ()) if name.endswith(_CLASSES) else None


def exception_class(made: ast.Call) -> str:
    """The class that an expression makes: the called name, or one that it is given (`_format(XError, …)`)."""
    called = _last(made.func)
    if called[:1].isupper():
        return called
    given = [_last(part) for part in made.args]
    return next((name for name in given if name[:1].isupper() and not name.isupper()), "")


def exception_texts(made: ast.Call, known: Environment) -> Texts:
    """The texts among what an exception is made with."""
    out: list[Texts] = []
    for part in [*made.args, *(k.value for k in _text_keywords(made))][:_LONGEST]:
        part = part.body if isinstance(part, ast.Lambda) else part
        texts = forms(part, known)
        if isinstance(part, ast.Starred) or not is_text(texts) or texts == ((),):
            continue
        out.append(texts)
    if not out:
        called = forms(made, known)
        return called if is_text(called) else ()
    if len(out) > 1 and not isinstance(made.args[0] if made.args else None, ast.Constant):
        return tuple(form for texts in out for form in texts)
    return out[0]


def said(call: ast.Call, known: Environment) -> Saying | None:
    """What a call that stands as a statement says; None where it is none that warns, logs or checks."""
    name = _last(call.func)
    if isinstance(call.func, ast.Attribute):
        if name == "__init__" and isinstance(call.func.value, ast.Call):
            return _initialised(call, known)
        owner = _dotted(call.func.value)
        if name in ("warn", "warn_explicit") and owner.endswith("warnings"):
            return _warned(call, known)
        if name in _LOG_METHODS and (_LOG_OWNER.search(owner) or isinstance(call.func.value, ast.Call)):
            return _logged(call, known)
        if name == "log" and _LOG_OWNER.search(owner) and len(call.args) > 1:
            return _logged(ast.Call(call.func, call.args[1:], call.keywords), known)
    if _WARN_FUNCTION.fullmatch(name):
        return _warned(call, known)
    if _CHECK_FUNCTION.fullmatch(name):
        return _checked(call, name, known)
    return _thrown(call, known)


def asserted(node: ast.Assert, known: Environment) -> Saying | None:
    texts = templates(node.msg, known) if node.msg is not None else ()
    return Saying("assert", "AssertionError", texts, node.test) if is_text(texts) else None


def _initialised(call: ast.Call, known: Environment) -> Saying | None:
    """`super().__init__(text)` of an exception's class."""
    sentences = any(_is_sentence(templates(argument, known)) for argument in call.args[:2])
    return Saying("raise", OWN, exception_texts(call, known)) if sentences else None


def _thrown(call: ast.Call, known: Environment) -> Saying | None:
    """A helper that is given a class and a text to raise: `self._throw(ValueError, text)`."""
    name = next((_last(part) for part in call.args if _last(part).endswith(_CLASSES)), "")
    texts = exception_texts(call, known) if name and _last(call.func) not in _NOT_THROWING else ()
    return Saying("check", name, texts) if _is_sentence(texts) else None


def _is_sentence(texts: Texts) -> bool:
    return any(isinstance(part, str) and " " in part for form in texts for part in form)


def _warned(call: ast.Call, known: Environment) -> Saying | None:
    category = "UserWarning"
    for part in [*call.args[1:], *(keyword.value for keyword in call.keywords)]:
        if _CATEGORY.match(_last(part)):
            category = _last(part)
    parts = [*call.args, *(k.value for k in _text_keywords(call))]
    if parts and isinstance(parts[0], ast.Call) and _CATEGORY.match(_last(parts[0].func)):
        category = _last(parts[0].func)
        parts = parts[0].args
    found = [texts for part in parts[:3] if is_text(texts := forms(part, known))]
    chosen = next((texts for texts in found if _is_sentence(texts)), found[0] if found else ())
    return Saying("warning", category, chosen) if chosen else None


def _logged(call: ast.Call, known: Environment) -> Saying | None:
    if not call.args:
        return None
    texts = templates(call.args[0], known)
    if not is_text(texts):
        return None
    return Saying("log", "", percent(texts, call.args[1:], {}, known) if call.args[1:] else texts)


def _checked(call: ast.Call, name: str, known: Environment) -> Saying | None:
    """Checks such as `torch._check(condition, lambda: text)`."""
    parts: Sequence[ast.expr] = [*call.args[1:], *(k.value for k in _text_keywords(call))]
    for part in parts:
        texts = forms(part.body if isinstance(part, ast.Lambda) else part, known)
        if _is_sentence(texts):
            return Saying("check", _CHECK_ERRORS.get(name, ""), texts, call.args[0] if call.args else None)
    return None


def held_exception(made: ast.Call, known: Environment) -> Texts:
    """The texts of an exception that is made now and raised later, its class put before them."""
    name = exception_class(made)
    if not name.endswith(_CLASSES):
        return ()
    texts = exception_texts(made, known)
    return chained([((Hole(f"!{name}"),),), texts]) if is_text(texts) else ()


def _class_of(held: Texts) -> str:
    first = held[0][0]
    return first.name.removeprefix("!") if isinstance(first, Hole) else ""


def _without_class(held: Texts) -> Texts:
    return tuple(template[1:] for template in held)


def _text_keywords(call: ast.Call) -> list[ast.keyword]:
    return [keyword for keyword in call.keywords if keyword.arg in _TEXT_KEYWORDS]


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
