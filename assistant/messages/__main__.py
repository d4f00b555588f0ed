"""python -m assistant.messages CACHE: makes the index of messages."""

import sys
from pathlib import Path

from assistant.messages.background import main
from assistant.settings import cache_folder

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else cache_folder()))
