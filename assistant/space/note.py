"""What the page of a Space says of itself: that it cannot see the visitor's machine, what it runs on, and what
it keeps; and the script for the visitor's machine.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from assistant.settings import value
from assistant.space.place import Hardware

SCRIPT = "/tracedoc_report.py"


def page_words(place: Hardware) -> Mapping[str, Mapping[str, str]]:
    """The page's words that are others on a Space, by language."""
    kept = (
        "database"
        if value("TRACEDOC_DATABASE", "")
        else "batches"
        if value("TRACEDOC_FEEDBACK", "")
        else "space"
    )
    return {
        lang: {
            "subtitle": said["subtitle"],
            "space_note": said["note"].format(hardware=hardware_line(place, lang), kept=said[f"kept_{kept}"]),
        }
        for lang, said in _texts().items()
    }


def hardware_line(place: Hardware, lang: str) -> str:
    """The hardware in a few words."""
    said = _texts()[lang]
    memory = said["memory"].format(gib=place.memory_gib) if place.memory_gib else ""
    line = said[place.kind].format(cores=place.cores, memory=memory, gpu=place.gpu or "GPU")
    return line + (said["unused"].format(gpu=place.unused) if place.unused else "")


def add_script(app: FastAPI) -> None:
    """Serves the script that reports a machine."""

    @app.get(SCRIPT)
    def report_script() -> PlainTextResponse:
        from assistant.machine.script import script

        named = {"Content-Disposition": 'attachment; filename="tracedoc_report.py"'}
        return PlainTextResponse(script(), headers=named)


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((files("assistant.space") / "texts.toml").read_text(encoding="utf-8"))
