"""The index of messages as one SQLite file for each set of library versions: written once beside and
renamed, then only read."""

import hashlib
import json
import math
import os
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.messages.model import Guard, Hole, Site, Template
from assistant.messages.scan import folder_of, scan, versions
from assistant.messages.templates import Texts
from assistant.messages.words import fixed_words, literals, plain, words

FORMAT = 1
_BETWEEN = "\x1f"
_LONG = 90
"""Characters from which on a text may be pasted in part."""
_COMMONEST = 6.5
"""Weight of a word (natural logarithm of how rare it is) above which rarity tells no more."""
_SCHEMA = """
create table libraries (name text primary key, version text, folder text);
create table texts (id integer primary key, template text, plain text, weight real);
create table keys (word text, text integer, primary key (word, text)) without rowid;
create table sites (text integer, file text, line integer, end integer, first integer, function text,
    owner text, kind text, exception text, guards text, arguments text);
"""
_INDEXES = "create index by_text on sites (text); analyze;"


@dataclass(frozen=True, slots=True)
class Index:
    """A finished index: its file, and version and folder of each library in it."""

    file: Path
    versions: Mapping[str, str]
    folders: Mapping[str, Path]


def place(cache: Path, installed: Mapping[str, str]) -> Path:
    """The file for these versions."""
    said = json.dumps(
        [FORMAT, sorted(installed.items()), [str(folder_of(name)) for name in sorted(installed)]]
    )
    return cache / "messages" / f"{hashlib.sha256(said.encode()).hexdigest()[:16]}.sqlite"


def build(
    file: Path, libraries: Mapping[str, str], report: Callable[[str], None] = lambda library: None
) -> None:
    """Scans these libraries (name → version) and writes the index. Raises OSError, sqlite3.Error."""
    rows: list[tuple[Site, Texts]] = []
    folders: dict[str, Path] = {}
    for library in libraries:
        folder = folder_of(library)
        if folder is None:
            continue
        report(library)
        folders[library] = folder
        rows += scan(library, folder)
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
    os.close(handle)
    try:
        _write(name, rows, libraries, folders)
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def opened(file: Path) -> Index:
    """Raises sqlite3.Error where the file is no index."""
    connection = connect(file)
    try:
        rows = connection.execute("select name, version, folder from libraries").fetchall()
    finally:
        connection.close()
    return Index(file, {row[0]: row[1] for row in rows}, {row[0]: Path(row[2]) for row in rows})


def connect(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def template_of(stored: str) -> Template:
    return tuple(part if isinstance(part, str) else Hole(part[0]) for part in json.loads(stored))


def stored_literals(stored: str) -> list[str | None]:
    return [part or None for part in stored.split(_BETWEEN)]


def site_of(row: tuple[str, int, int, int, str, str, str, str, str, str]) -> Site:
    file, line, end, first, function, owner, kind, exception, guards, arguments = row
    return Site(
        file,
        line,
        end,
        first,
        function,
        owner,
        kind,  # type: ignore[arg-type]
        exception,
        tuple(Guard(test, negated) for test, negated in json.loads(guards)),
        tuple(arguments.split()),
    )


def _write(
    name: str, rows: Iterable[tuple[Site, Texts]], libraries: Mapping[str, str], folders: Mapping[str, Path]
) -> None:
    places: dict[Template, list[Site]] = defaultdict(list)
    for site, texts in rows:
        for template in texts:
            places[template].append(site)
    fixed = {template: frozenset(fixed_words(template)) for template in places}
    often = Counter(word for found in fixed.values() for word in found)
    total = len(fixed) + 1
    connection = sqlite3.connect(name)
    try:
        connection.executescript(_SCHEMA)
        connection.executemany(
            "insert into libraries values (?, ?, ?)",
            ((library, libraries[library], str(folder)) for library, folder in folders.items()),
        )
        for number, (template, found) in enumerate(fixed.items()):
            if not found or not any(literals(template)):
                continue
            weight = sum(min(_COMMONEST, math.log(total / often[word])) for word in found if len(word) > 1)
            whole = json.dumps([part if isinstance(part, str) else [part.name] for part in template])
            connection.execute(
                "insert into texts values (?, ?, ?, ?)",
                (number, whole, _BETWEEN.join(part or "" for part in literals(template)), weight),
            )
            connection.executemany(
                "insert into keys values (?, ?)", ((word, number) for word in _keys(template, found, often))
            )
            connection.executemany(
                "insert into sites values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                ((number, *_row(site)) for site in dict.fromkeys(places[template])),
            )
        connection.executescript(_INDEXES)
        connection.commit()
    finally:
        connection.close()


def _keys(template: Template, found: frozenset[str], often: Mapping[str, int]) -> set[str]:
    """The rarest word, by which a text is looked up; and that of a long text's beginning, which people
    often paste alone."""

    def rarity(word: str) -> tuple[int, int, str]:
        return often[word], -len(word), word

    keys = {min(found, key=rarity)}
    first = template[0]
    if isinstance(first, str) and sum(len(part) for part in template if isinstance(part, str)) > _LONG:
        head = frozenset(words(plain(first)[:_LONG])[:-1]) & found
        keys |= {min(head, key=rarity)} if head else set()
    return keys


def _row(site: Site) -> tuple[str, int, int, int, str, str, str, str, str, str]:
    guards = json.dumps([(guard.test, guard.negated) for guard in site.guards])
    arguments = " ".join(site.arguments)
    return (
        *(site.file, site.line, site.end, site.first, site.function, site.owner, site.kind, site.exception),
        *(guards, arguments),
    )


def current(cache: Path) -> Path:
    """The file for what is installed now, whether it is there or not."""
    return place(cache, versions())
