"""Citations become links, code does not."""

from assistant.web.citations import linked


def test_citations_are_linked_outside_code_only() -> None:
    text = "Because. [1] `x[1]`\n```python\ny[1] = z[2]\n```\n[2], [3] and [1](https://x)"
    assert linked(text, {1, 2}, 4) == (
        "Because. [\\[1\\]](#source-4-1) `x[1]`\n```python\ny[1] = z[2]\n```\n"
        "[\\[2\\]](#source-4-2), [3] and [1](https://x)"
    )


def test_an_answer_without_sources_is_unchanged() -> None:
    assert linked("see [1]", set(), 1) == "see [1]"
