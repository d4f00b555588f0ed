"""Tools that a language model may use while it writes: passages of the corpus, and what the installed
libraries say of an API.

`with_tools` drives a model that calls tools itself, `call_before` calls them for one that cannot,
`run_call` runs one call; the table of tools is in `table.py`. What tools return is data, never an
instruction.
"""

from assistant.tools.before import call_before
from assistant.tools.driver import with_tools
from assistant.tools.model import Context, Step, ToolResult
from assistant.tools.parse import parse_calls
from assistant.tools.run import run_call
from assistant.tools.table import TOOLS, schemas

__all__ = [
    "TOOLS",
    "Context",
    "Step",
    "ToolResult",
    "call_before",
    "parse_calls",
    "run_call",
    "schemas",
    "with_tools",
]
