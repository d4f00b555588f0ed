"""The command line: `tracedoc ask | serve | search | index | eval`.

Each command stands in a module of its own with `add(subcommands)` and `run(arguments)`; what it
needs is imported when it runs. Results go to stdout, progress and warnings to stderr.
"""

from assistant.cli.main import main, parser

__all__ = ["main", "parser"]
