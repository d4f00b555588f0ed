"""Every message that the installed libraries can raise, warn or log, and the check behind it.

`start_scan()` makes the index apart, once for each set of library versions; `ready()` opens it without
waiting; `find()` leads from a pasted message to the places that say it; `explain()` puts one in words.
"""

from assistant.messages.background import ready, start_scan
from assistant.messages.explain import Explanation, concerned, explain
from assistant.messages.find import find
from assistant.messages.model import Guard, Hole, Match, Site
from assistant.messages.store import Index

__all__ = [
    "Explanation",
    "Guard",
    "Hole",
    "Index",
    "Match",
    "Site",
    "concerned",
    "explain",
    "find",
    "ready",
    "start_scan",
]
