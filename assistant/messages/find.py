"""A pasted message → the places of the installed libraries that say it, best first."""

import math
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.messages.elsewhere import is_mirror, said_by_python
from assistant.messages.fitting import Fit, fit, values
from assistant.messages.heads import Head, is_module, split_head
from assistant.messages.model import Match, Site, Template
from assistant.messages.store import Index, connect, site_of, stored_literals, template_of
from assistant.messages.words import plain, words
from assistant.reading import Frame

_LONGEST, _MOST_WORDS, _MOST_EQUAL = 4_000, 300, 400
_SAME = {"EnvironmentError": "OSError", "IOError": "OSError"}
# how the traceback speaks of a place: its line, its function, one of them, nothing, other places
LINE, FUNCTION, NEAR, SILENT, ELSEWHERE = 4, 3, 2, 1, 0
_NEEDED = {LINE: 2.0, FUNCTION: 4.0, NEAR: 10.0, SILENT: 11.0, ELSEWHERE: 30.0}
"""How much the words of a text have to weigh (sum of their rarity) for a match, by what the frames say."""
_BONUS = {LINE: 0.6, FUNCTION: 0.45, NEAR: 0.15, SILENT: 0.0, ELSEWHERE: -0.3}
_EXTENT = {"whole": 1.0, "start": 0.9, "cut": 0.85, "inside": 0.8, "amid": 0.7}


@dataclass(frozen=True, slots=True)
class Seen:
    """What was pasted around a message; whether Python says it too."""

    exception: str
    frames: tuple[Frame, ...]
    head: Head
    ambiguous: bool


def find(
    index: Index, message: str, exception: str | None, frames: Sequence[Frame] = (), most: int = 3
) -> tuple[Match, ...]:
    """The sites that say `message`, best first; none where it is not the libraries' own text.

    `exception` is the class as printed, None for a line of a log; `frames` are those of its traceback,
    outermost first. Where the index cannot be read (deleted meanwhile), nothing is found.
    """
    head = Head(message) if exception or frames else split_head(message)
    text = plain(head.message[: _LONGEST * 2])[:_LONGEST]
    name = (exception or head.exception).rpartition(".")[2]
    seen = Seen(name, tuple(frames), head, said_by_python(text))
    if name == "KeyError" and len(text) > 2 and text[0] == text[-1] and text[0] in "'\"":
        text = plain(text[1:-1].replace("\\n", " ").replace("\\'", "'"))
    keys = list(dict.fromkeys(words(text)))[:_MOST_WORDS]
    if not keys or _foreign(index, frames):
        return ()
    try:
        connection = connect(index.file)
    except sqlite3.Error:
        return ()
    try:
        return _found(index, connection, text, keys, seen)[:most]
    except sqlite3.Error:
        return ()
    finally:
        connection.close()


def _found(
    index: Index,
    connection: sqlite3.Connection,
    text: str,
    keys: Sequence[str],
    seen: Seen,
) -> tuple[Match, ...]:
    marks = ",".join("?" * len(keys))
    rows = connection.execute(
        f"select distinct id, plain, weight from keys join texts on id = text where word in ({marks})", keys
    )
    found: list[tuple[float, str, Match]] = []
    equals: Counter[str] = Counter()
    for number, parts, weight in rows.fetchall():
        fitted = fit(stored_literals(parts), text)
        if fitted is None or weight * fitted.share < _NEEDED[LINE]:
            continue
        places = connection.execute(
            "select file, line, end, first, function, owner, kind, exception, guards, arguments from sites"
            " where text = ? limit ?",
            (number, _MOST_EQUAL),
        ).fetchall()
        rated = [
            (rank, level, site)
            for site in map(site_of, places)
            for rank, level in [_rank(site, fitted, weight, seen, index)]
            if rank > 0
        ]
        equals[parts] += len(places)
        if rated:
            (stored,) = connection.execute("select template from texts where id = ?", (number,)).fetchone()
            template = template_of(stored)
            best = min(rated, key=lambda each: (-each[0], *_depth(each[2])))
            found.append((best[0], parts, _match(index, template, fitted, best)))
    found.sort(key=lambda each: (-each[0], *_depth(each[2].site)))
    return tuple(replace(match, equals=equals[parts]) for _, parts, match in found)


def _match(index: Index, template: Template, fitted: Fit, best: tuple[float, int, Site]) -> Match:
    rank, level, site = best
    return Match(
        site=site,
        template=template,
        values=values(template, fitted.holes),
        score=round(min(1.0, rank), 3),
        exact=fitted.extent == "whole",
        by_frame=level >= FUNCTION,
        equals=1,
        version=index.versions.get(site.package, ""),
        folder=index.folders[site.package],
    )


def _depth(site: Site) -> tuple[int, int]:
    """What decides between equals: the place in the more general module, which more people come by."""
    return site.file.count("/"), len(site.file)


def _rank(site: Site, fitted: Fit, weight: float, seen: Seen, index: Index) -> tuple[float, int]:
    """How good a site is (0: no match), and what the frames say of it."""
    level = _level(site, seen, index)
    strength = weight * fitted.share
    if level < FUNCTION and (seen.ambiguous or is_mirror(site.file)):
        return 0.0, level
    agrees = _agrees(site, seen.exception)
    if not agrees and level < FUNCTION:
        strength *= 0.5
    if fitted.extent in ("inside", "cut") and level < FUNCTION:
        strength *= 0.7
    if strength < _NEEDED[level] or (fitted.extent == "amid" and level < LINE):
        return 0.0, level
    rank = 1 - math.exp(-strength / 18)
    rank *= _EXTENT[fitted.extent] * (0.8 + 0.2 * min(1.0, fitted.cover))
    return max(0.01, rank + _BONUS[level] - (0 if agrees else 0.2)), level


def _agrees(site: Site, exception: str) -> bool:
    """Whether a site can print this class's name before its message."""
    if not exception:
        return True
    warning = exception.endswith("Warning")
    if site.kind == "log" or (site.kind == "warning") != warning:
        return site.kind == "raise" and site.exception == exception
    return not site.exception or _SAME.get(site.exception, site.exception) == _SAME.get(exception, exception)


def _foreign(index: Index, frames: Sequence[Frame]) -> bool:
    """Whether the traceback ends in a package that is not among the scanned ones."""
    last = frames[-1].library if frames else ""
    return bool(last) and last not in index.versions and last not in ("python", "remote code")


def _level(site: Site, seen: Seen, index: Index) -> int:
    if seen.head.frame or site.kind in ("warning", "log"):
        # a warning often names the line that led to it, another one than it was made at
        frame = seen.head.frame
        if frame and _is_file(frame.file, site.file) and site.line <= (frame.line or 0) <= site.end:
            return LINE
        return NEAR if is_module(site.file, seen.head.module) else SILENT
    last = seen.frames[-1].library if seen.frames else ""
    if last in ("", "remote code"):
        return SILENT
    inner = [frame for frame in seen.frames[-6:] if frame.library in index.versions]
    best = ELSEWHERE
    # a check that a helper makes is raised some frames further in
    for distance, frame in enumerate(reversed(inner[-4:])):
        same_file = _is_file(frame.file, site.file)
        same_function = frame.function.rpartition(".")[2] == site.function
        if same_file and frame.line is not None and site.line <= frame.line <= site.end:
            return LINE if distance == 0 or site.kind == "check" else max(best, FUNCTION)
        if same_file and same_function and distance == 0:
            best = max(best, FUNCTION)
        elif (same_file or same_function) and frame.library == site.package and distance < 2:
            best = max(best, NEAR)
    return best


def _is_file(shown: str, file: str) -> bool:
    shown = shown.replace("\\", "/")
    return shown.endswith(f"/{file}") or shown == file or file.endswith(f"/{shown}")
