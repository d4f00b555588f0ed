"""Sentences: the same in both languages, all used, none missing."""

import re

from assistant.memory.changes import CHANGES
from assistant.memory.plan import PARTS
from assistant.memory.words import texts

PLACEHOLDER = re.compile(r"(?<!\{)\{(\w+)\}")


def test_both_languages_have_the_same_sentences_with_the_same_blanks() -> None:
    english, chinese = texts()["en"], texts()["zh"]
    for section in english:
        assert english[section].keys() == chinese[section].keys()
        for key, value in english[section].items():
            other = chinese[section][key]
            if isinstance(value, dict):
                assert value.keys() == other.keys()
                for part, text in value.items():
                    assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(other[part])), key
            else:
                assert set(PLACEHOLDER.findall(value)) >= set(PLACEHOLDER.findall(other)), key


def test_every_change_has_words_and_code() -> None:
    names = {identifier for identifier, _, _ in CHANGES}
    assert names == set(texts()["en"]["levers"]) == set(texts()["code"])
    assert set(PARTS) <= set(texts()["en"]["words"])


def test_the_code_to_paste_is_python_or_a_command() -> None:
    for name, code in texts()["code"].items():
        filled = code.format(**dict.fromkeys(PLACEHOLDER.findall(code), "1"))
        if filled.startswith(("pip ", "accelerate ")):
            continue
        compile(filled, name, "exec")
