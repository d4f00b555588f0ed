"""What the installed libraries say of their names, and what became of names: answers to questions such as
"what is `warmup_ratio` called now", for the versions that the user states, else for those installed.

`answer_api()` answers a case, `prepare()` makes the reference of the installed versions in the background,
`changes()` is the table of renamed and removed names.
"""

from assistant.reference.answer import answer_api
from assistant.reference.changes import Change, changes
from assistant.reference.model import ApiAnswer, Parameter, Record
from assistant.reference.store import Reference, prepare, reference

__all__ = [
    "ApiAnswer",
    "Change",
    "Parameter",
    "Record",
    "Reference",
    "answer_api",
    "changes",
    "prepare",
    "reference",
]
