"""The panel shows facts and sources, and no text of anyone becomes markup."""

from assistant.answering import Answer, Citation, Part
from assistant.web.panel import panel_html
from assistant.web.words import words

HOSTILE = '<img src=x onerror="alert(1)">'


def answer(**changes: object) -> Answer:
    return Answer(
        **{  # type: ignore[arg-type]
            "lang": "en",
            "kind": "traceback",
            "topic": "A.1",
            "confidence": 0.9,
            "abstained": False,
            "parts": (Part("why", "why"),),
            "basis": "signature",
            **changes,
        }
    )


def test_hostile_text_is_escaped_everywhere() -> None:
    citation = Citation(1, "p", HOSTILE, HOSTILE, HOSTILE, f"https://example.org/{HOSTILE}")
    facts = {"model": HOSTILE, "failed_at": HOSTILE, "versions": {HOSTILE: HOSTILE}}
    page = panel_html(answer(citations=(citation,), facts=facts), words()["en"])
    assert "<img" not in page
    assert page.count("&lt;img") >= 6


def test_only_web_addresses_are_linked() -> None:
    citation = Citation(1, "p", "text", "A.1", "title", "javascript:alert(1)")
    assert "<a " not in panel_html(answer(citations=(citation,)), words()["en"])


def test_sources_are_numbered_and_addressable() -> None:
    citations = tuple(Citation(n, "p", "text", "A.1", "title", "https://example.org") for n in (1, 2))
    page = panel_html(answer(citations=citations), words()["zh"], 3)
    assert 'id="source-3-1"' in page
    assert 'id="source-3-2"' in page
    assert words()["zh"]["sources"] in page
    assert 'rel="noopener noreferrer"' in page


def test_facts_are_labelled_in_the_answers_language() -> None:
    facts = {"gpu": "RTX 4090", "vram_gib": 24.0, "versions": {"torch": "2.8"}}
    assert "显存" in panel_html(answer(lang="zh", facts=facts), words()["zh"])
    english = panel_html(answer(facts=facts), words()["en"])
    assert "<dd>24</dd>" in english
    assert "<dt>torch</dt><dd>2.8</dd>" in english


def test_code_in_a_passage_is_shown_as_code() -> None:
    text = "Set `a<b`:\n```python\nx = '<b>'\n```\nDone. ```"
    page = panel_html(answer(citations=(Citation(1, "p", text, "", "t", ""),)), words()["en"])
    assert "Set <code>a&lt;b</code>:<pre>x = &#x27;&lt;b&gt;&#x27;</pre>Done. ```" in page


def test_an_empty_panel_says_what_it_is_for() -> None:
    for lang in ("en", "zh"):
        assert words()[lang]["sources_empty"] in panel_html(None, words()[lang])
        assert words()[lang]["sources_empty"] in panel_html(answer(abstained=True), words()[lang])
