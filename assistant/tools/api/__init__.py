"""What the installed libraries say of an API: signature and docstring, by dotted or bare name.

Nearly all that people ask for is in a catalogue, made once for the installed versions by a process of
its own (`prepare`, some 10 s of work). What is not there is looked up by such a process in seconds. This
process imports none of the libraries.
"""

from assistant.tools.api.catalogue import from_catalogue, prepare
from assistant.tools.api.lookup import look_up
from assistant.tools.api.process import versions
from assistant.tools.api.record import Answer, Record, as_text, is_name, looks_like_code, tidy

__all__ = [
    "Answer",
    "Record",
    "as_text",
    "from_catalogue",
    "is_name",
    "look_up",
    "looks_like_code",
    "prepare",
    "tidy",
    "versions",
]
