"""What is measured of replies."""

from dataclasses import replace

import pytest

from assistant.generation.evidence import Evidence
from assistant.generation.model import Finished
from assistant.generation.reply import Reply
from assistant.generation.silence import says_silent
from assistant.grounding import check
from finetune.comparing import draw, examples, figures, table, verdict
from finetune.contest import Answered
from finetune.passages import Passage
from finetune.scoring import Score, has_fix, has_reason, language_is, score

PASSAGE = Passage(
    1,
    "The batch is too large",
    ("Activations grow with the batch size",),
    "",
    "",
    ("Lower `batch_size` to 1",),
    True,
)
TEXT = "The batch is too large. Activations grow with the batch size. Fix: Lower `batch_size` to 1."
GOOD = "The batch is too large [1]. First: lower `batch_size` to 1 [1]."


def _score(raw: str, stopped: str = "end", lang: str = "en") -> Score:
    reply = Reply("m", None, "nf4", lang, (Evidence(1, TEXT),), raw, raw, raw, finished=Finished(stopped))  # type: ignore[arg-type]
    checked = check(raw, [TEXT])
    return score(reply, checked, checked, PASSAGE)


def test_a_good_reply_is_usable() -> None:
    assert _score(GOOD).usable


@pytest.mark.parametrize(
    "raw",
    [
        "The batch is too large [1].",
        "First: lower `batch_size` to 1 [1].",
        "The batch is too large [2]. First: lower `batch_size` to 1 [1].",
        "The batch is too large. First: lower `batch_size` to 1.",
        "The batch is too large [1]. First: lower `batch_sizes` to 8 [1].",
        "批次太大 [1]。先把 `batch_size` 降到 1 [1]。",
        "",
    ],
)
def test_bad_replies_are_not(raw: str) -> None:
    assert not _score(raw).usable


def test_a_reply_that_was_cut_is_not_usable() -> None:
    assert not _score(GOOD, "length").usable


def test_languages() -> None:
    assert language_is("批次太大，先降低 `batch_size` [1]。", "zh")
    assert not language_is("The batch is too large [1].", "zh")
    assert language_is("Lower `批次` first.", "en")
    assert not language_is("批次太大。", "en")


def test_fix_and_reason() -> None:
    assert has_fix("Set `batch_size` lower: to 1.", PASSAGE)
    assert not has_fix("Restart it.", PASSAGE)
    assert has_reason("It fails because activations grow with batch size.", PASSAGE)
    assert not has_reason("It fails.", PASSAGE)
    code = replace(PASSAGE, fix=("`pip install -U trl`, `pip check`",))
    assert has_fix("Run `pip install -U trl` [1].", code)
    assert not has_fix("Run `pip check` [1].", code)


def test_silence() -> None:
    assert says_silent("The sources do not answer this.")
    assert says_silent("资料里没有这个问题的答案。")
    assert not says_silent(GOOD)


def _answered(name: str, raw: str) -> Answered:
    return Answered(name, ("q",), "en", "T", (TEXT,), raw, raw, "", _score(raw))


def test_a_verdict_needs_more_than_chance() -> None:
    bad = [_answered(str(n), "The batch is too large [1].") for n in range(12)]
    good = [_answered(str(n), GOOD) for n in range(12)]
    assert "is better than base: 12" in verdict(bad, good, ("base", "ours"))
    assert "is worse than" in verdict(good, bad, ("ours", "base"))
    assert "is no better than" in verdict(bad, bad, ("a", "b"))
    assert "is no better than" in verdict(bad, [*good[:2], *bad[2:]], ("a", "b"))


def test_tables_pictures_and_examples(tmp_path: object) -> None:
    from pathlib import Path

    answers = {"base": [_answered("x", "Lower it.")], "ours": [_answered("x", GOOD)]}
    results = {
        name: figures(found, {"says that the evidence is silent": None}) for name, found in answers.items()
    }
    assert results["ours"]["usable as it is"] == 1.0
    assert results["base"]["usable as it is"] == 0.0
    assert "| usable as it is | 0.0% | 100.0% |" in table(results)
    assert GOOD in examples(answers)
    picture = Path(str(tmp_path)) / "new" / "p.png"
    draw(results, picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
