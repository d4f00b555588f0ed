"""How the commands of this package end: what went wrong in one sentence on stderr, and an exit code."""

import sys
from collections.abc import Callable

from assistant.errors import UserError

INTERRUPTED = 130


def run(work: Callable[[], object]) -> int:
    """Runs a command's work; returns 0, or the code of what stopped it."""
    try:
        work()
    except UserError as error:
        print(f"tracedoc: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        print("tracedoc: stopped.", file=sys.stderr)
        return INTERRUPTED
    return 0
