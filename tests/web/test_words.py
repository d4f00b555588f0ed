"""Both languages say everything."""

import re

import pytest

from assistant.web.events import REASONS
from assistant.web.words import examples, lang_of_browser, words

FIELD = re.compile(r"\{\w+\}")


def test_both_languages_have_the_same_words_with_the_same_fields() -> None:
    english, chinese = words()["en"], words()["zh"]
    assert english.keys() == chinese.keys()
    for key in english:
        assert set(FIELD.findall(english[key])) == set(FIELD.findall(chinese[key])), key
        assert re.search(r"[\u4e00-\u9fff]", chinese[key]), key
        assert not re.search(r"[\u4e00-\u9fff]", english[key]), key


def test_each_reason_has_words() -> None:
    assert set(REASONS) <= words()["en"].keys()


def test_examples_have_a_label_and_a_text_in_both_languages() -> None:
    assert len(examples()) >= 6
    for each in examples():
        assert all(each.labels.values())
        assert all(each.texts.values())


@pytest.mark.parametrize(
    ("header", "lang"),
    [("zh-CN,zh;q=0.9", "zh"), ("zh", "zh"), ("en-US,en", "en"), ("de,zh;q=0.5", "en"), ("", "en")],
)
def test_the_browsers_first_language_counts(header: str, lang: str) -> None:
    class Request:
        headers = {"accept-language": header}

    assert lang_of_browser(Request()) == lang  # type: ignore[arg-type]
