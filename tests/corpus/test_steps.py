"""How text is cut into the steps that are shown or left out by themselves."""

import pytest

from corpus.parse import parse_entry
from tests.corpus.sample_text import with_fix


def steps(text: str) -> list[tuple[str, str, str]]:
    entry = parse_entry(with_fix(text), "sample.md")
    return [(step.text, step.when, step.unless) for step in entry.points[0].fix["en"]]


CODE = "```python\nx = 1\n\ny = 2\n```"
CASES = {
    "paragraphs": ("One\nstill one.\n\nTwo.", [("One\nstill one.", "", ""), ("Two.", "", "")]),
    "list items": (
        "1. One.\n2. Two.\n- Three.",
        [("1. One.", "", ""), ("2. Two.", "", ""), ("- Three.", "", "")],
    ),
    "what is indented belongs to its item": (
        "- One.\n  More.\n\n  And more.\n- Two.",
        [("- One.\n  More.\n\n  And more.", "", ""), ("- Two.", "", "")],
    ),
    "a code block is a step": (f"One.\n\n{CODE}\nTwo.", [("One.", "", ""), (CODE, "", ""), ("Two.", "", "")]),
    "a code block right below a sentence": (f"One.\n{CODE}", [("One.", "", ""), (CODE, "", "")]),
    "code that a colon announces": (
        f"Do this:\n{CODE}\nThen.",
        [(f"Do this:\n{CODE}", "", ""), ("Then.", "", "")],
    ),
    "a Chinese colon too": (f"这样做：\n{CODE}", [(f"这样做：\n{CODE}", "", "")]),
    "announced over a gap": (f"Do this:\n\n{CODE}", [(f"Do this:\n\n{CODE}", "", "")]),
    "code in an item": (
        "- Do:\n  ```bash\n  run\n\n  more\n  ```\n  Then.\n- Two.",
        [("- Do:\n  ```bash\n  run\n\n  more\n  ```\n  Then.", "", ""), ("- Two.", "", "")],
    ),
    "a condition on its own line": (
        "<!-- when: a > 1 -->\nOne.\n\nTwo.",
        [("One.", "a > 1", ""), ("Two.", "", "")],
    ),
    "both conditions": (
        "<!-- when: a -->\n<!-- unless: b -->\nOne.",
        [("One.", "a", "b")],
    ),
    "both on one line": ("<!-- when: a --> <!-- unless: b -->\nOne.", [("One.", "a", "b")]),
    "at the start of an item": (
        "1. <!-- unless: a == 1 --> One.\n2. Two.",
        [("1. One.", "", "a == 1"), ("2. Two.", "", "")],
    ),
    "before code": (f"One.\n\n<!-- when: a -->\n{CODE}", [("One.", "", ""), (CODE, "a", "")]),
    "a condition parts code from what announces it": (
        f"Do this:\n<!-- when: a -->\n{CODE}",
        [("Do this:", "", ""), (CODE, "a", "")],
    ),
    "comments in code are code": (
        "```html\n<!-- when: a -->\n```",
        [("```html\n<!-- when: a -->\n```", "", "")],
    ),
    "nested fences": (
        "````markdown\n```python\nx = 1\n```\n````\nAfter.",
        [("````markdown\n```python\nx = 1\n```\n````", "", ""), ("After.", "", "")],
    ),
    "other fences": ("~~~\n```\n~~~\nAfter.", [("~~~\n```\n~~~", "", ""), ("After.", "", "")]),
    "code in a sentence is no fence": ("```x``` is code.\nMore.", [("```x``` is code.\nMore.", "", "")]),
    "a table is one step": ("| a | b |\n| - | - |\n| 1 | 2 |", [("| a | b |\n| - | - |\n| 1 | 2 |", "", "")]),
}


@pytest.mark.parametrize(("text", "wanted"), CASES.values(), ids=CASES)
def test_steps(text: str, wanted: list[tuple[str, str, str]]) -> None:
    assert steps(text) == wanted
