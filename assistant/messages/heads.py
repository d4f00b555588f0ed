"""What stands before a message on a line of a log: the place of a warning, the logger's module."""

import re
from dataclasses import dataclass

from assistant.reading import Frame
from assistant.reading.frames import library_of

_LONGEST, _FARTHEST = 600, 160
_WARNING = re.compile(r"\.py:(?P<line>\d{1,7}): (?P<name>\w{0,60}Warning): ")
_BARE_WARNING = re.compile(r"(?P<name>[A-Z]\w{0,60}Warning): ")
_LEVELS = r"(?:WARN(?:ING)?|ERROR|CRITICAL|INFO)"
_HUGGING_FACE = re.compile(rf"\[{_LEVELS}\|(?P<file>[\w/.-]{{1,80}}\.py):\d{{1,7}}\].{{0,40}}?>> ")
_LOGGER = re.compile(
    rf"(?<![\w./])(?P<module>[a-z_]\w{{1,40}}(?:\.[A-Za-z_]\w{{0,60}}){{0,8}})(?::\w{{1,40}})?(?::\d{{1,6}})?\]?\s?(?:-|:|\||(?<=\]))\s{{0,3}}(?:{_LEVELS}\s?[-:|]\s?)?"
)
_LEVEL = re.compile(_LEVELS, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Head:
    """A line's message without its head; the warning's class, and the place or the module's file that
    the head names ("" or None where it names none)."""

    message: str
    exception: str = ""
    frame: Frame | None = None
    module: str = ""


def split_head(text: str) -> Head:
    """Parts a line of a log into head and message; without a head that is known, all is message."""
    first = text[:_LONGEST]
    place = _WARNING.search(first)
    if place:
        file = first[: place.start() + 3].split()[-1].lstrip("('\"[")
        return Head(
            text[place.end() :], place["name"], Frame(file, int(place["line"]), "", "", library_of(file))
        )
    bare = _BARE_WARNING.match(first)
    if bare:
        return Head(text[bare.end() :], bare["name"])
    first = first[:_FARTHEST]
    logged = _HUGGING_FACE.search(first)
    if logged:
        return Head(text[logged.end() :], module=logged["file"])
    level = _LEVEL.search(first)
    for logger in _LOGGER.finditer(first) if level else ():
        if level and level.start() < logger.end():
            return Head(text[logger.end() :], module=logger["module"].replace(".", "/") + ".py")
    return Head(text)


def is_module(file: str, module: str) -> bool:
    """Whether a site's file is the module that a head names ("a/b.py" for `a.b`, or a file's name alone)."""
    package = module.removesuffix(".py") + "/__init__.py"
    return bool(module) and (file in (module, package) or file.endswith(f"/{module}"))
