"""The web app, for `python app.py` and for Hugging Face Spaces."""

import sys

from assistant.cli import main

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))
