"""Changes and their diffs, in every way of writing that people use."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config import check_text
from assistant.config.diffs import unified_diff
from assistant.config.edits import Edit, applied
from assistant.config.source.text import Span
from tests.config.test_rules import patched

REMOVALS = {
    "f('o', no_cuda=None, fp16=True, save_safetensors=True)": "f('o', no_cuda=None, fp16=True)",
    "f('o', save_safetensors=True, fp16=True)": "f('o', fp16=True)",
    "f(save_safetensors=True)": "f()",
    "f('o', save_safetensors=True,)": "f('o', )",
    "f(\n    'o',\n    save_safetensors=True,  # note\n    fp16=True)": "f(\n    'o',\n    fp16=True)",
    "f(\n    'o',\n    fp16=True,\n    save_safetensors=True)": "f(\n    'o',\n    fp16=True)",
    "f(\n    'o',\n    fp16=True,\n    save_safetensors=True\n)": "f(\n    'o',\n    fp16=True,\n)",
    "d = {'fp16': True, 'save_safetensors': True}\nf('o', **d)": "d = {'fp16': True}\nf('o', **d)",
    "a = f('o')\na.save_safetensors = True\n": "a = f('o')\n",
    "d = {}\nd['save_safetensors'] = True\nf('o', **d)": "d = {}\nf('o', **d)",
    "f('中文', save_safetensors=True, fp16=True)": "f('中文', fp16=True)",
}


@pytest.mark.parametrize(("before", "after"), REMOVALS.items())
def test_setting_taken_out(before: str, after: str, tmp_path: Path) -> None:
    before, after = (text.replace("f(", "TrainingArguments(") for text in (before, after))
    finding = next(f for f in check_text(before, "a.py").findings if "safetensors" in f.message)
    assert patched(tmp_path, before, "a.py", finding.diff) == after


ADDITIONS = {
    "f('o', eval_steps=5)": "f('o', eval_strategy=\"steps\", eval_steps=5)",
    "f(\n    'o',\n    eval_steps=5,\n)": "f(\n    'o',\n    eval_strategy=\"steps\",\n    eval_steps=5,\n)",
    "f(\n\t'o',\n\teval_steps=5)": "f(\n\t'o',\n\teval_strategy=\"steps\",\n\teval_steps=5)",
    "k = {'eval_steps': 5}\nf('o', **k)": "k = {\"eval_strategy\": \"steps\", 'eval_steps': 5}\nf('o', **k)",
    "k = dict(eval_steps=5)\nf('o', **k)": "k = dict(eval_strategy=\"steps\", eval_steps=5)\nf('o', **k)",
}


@pytest.mark.parametrize(("before", "after"), ADDITIONS.items())
def test_setting_added(before: str, after: str, tmp_path: Path) -> None:
    before, after = (text.replace("f(", "TrainingArguments(") for text in (before, after))
    finding = next(f for f in check_text(before, "a.py").findings if f.rule == "C07")
    assert patched(tmp_path, before, "a.py", finding.diff) == after


def test_key_of_a_dict_is_renamed(tmp_path: Path) -> None:
    text = "d = {}\nd['evaluation_strategy'] = 'no'\nargs = TrainingArguments('o', **d)\n"
    (finding,) = check_text(text, "a.py").findings
    assert (finding.rule, finding.severity) == ("C01", "error")
    changed = patched(tmp_path, text, "a.py", finding.diff)
    assert changed == text.replace("'evaluation_strategy'", '"eval_strategy"')


def test_value_is_changed_where_it_is_written(tmp_path: Path) -> None:
    text = "OPTIM = 'adamw_hf'\nargs = TrainingArguments('o', optim=OPTIM)\n"
    finding = next(f for f in check_text(text, "a.py").findings if f.rule == "C20")
    assert finding.line == 2
    assert patched(tmp_path, text, "a.py", finding.diff).startswith('OPTIM = "adamw_')


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\n"])
def test_line_breaks_stay(ending: str, last: str, tmp_path: Path) -> None:
    text = f"args = TrainingArguments(\n    'o',\n    evaluation_strategy='no',\n){last}".replace(
        "\n", ending
    )
    report = check_text(text, "a.py")
    assert patched(tmp_path, text, "a.py", report.patch) == text.replace("evaluation_", "eval_")


def test_yaml_keeps_comments(tmp_path: Path) -> None:
    text = "# top\nbase_model: m\ndatasets:\n  - path: d\nsave_steps: 5  # x\nsaves_per_epoch: 1 # y\n# end\n"
    report = check_text(text, "a.yml")
    assert patched(tmp_path, text, "a.yml", report.patch) == text.replace("save_steps: 5  # x\n", "")


def test_json_stays_json(tmp_path: Path) -> None:
    text = '{\n  "zero_optimization": {\n    "stage": 2,\n    "offload_param": {"device": "cpu"}\n  }\n}\n'
    finding = next(f for f in check_text(text, "ds.json").findings if f.rule == "D08")
    assert (
        patched(tmp_path, text, "ds.json", finding.diff)
        == '{\n  "zero_optimization": {\n    "stage": 2\n  }\n}\n'
    )


def test_all_at_once(tmp_path: Path) -> None:
    text = (
        "from transformers import Trainer, TrainingArguments\n\n"
        "args = TrainingArguments(\n    'o',\n    evaluation_strategy='epoch',\n    no_cuda=False,\n"
        "    load_best_model_at_end=True,\n)\n"
        + "x = 1\n" * 30
        + "Trainer(model=m, args=args, tokenizer=t, eval_dataset=d)\n"
    )
    changed = patched(tmp_path, text, "a.py", check_text(text, "a.py").patch)
    assert [f for f in check_text(changed, "a.py").findings if f.severity != "advice"] == []


LINES = st.lists(st.text("ab \t", max_size=4), max_size=12).map("\n".join)


@given(
    LINES, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9), st.text("xy\n", max_size=5)), max_size=4)
)
def test_any_change_can_be_applied(text: str, changes: list[tuple[int, int, str]]) -> None:
    edits = [Edit(Span(min(a, len(text)), min(a + n, len(text))), new) for a, n, new in sorted(changes)]
    kept: list[Edit] = []
    for edit in edits:
        if not kept or edit.span.start > kept[-1].span.end:
            kept.append(edit)
    assert apply_unified(text, unified_diff("a", text, kept)) == applied(text, kept)


def apply_unified(text: str, diff: str) -> str:
    """A plain reading of the format, independent of how the diff was made."""
    lines, out, at = text.splitlines(keepends=True), [], 0
    rows = diff.splitlines(keepends=True)[2:]
    while rows:
        head = rows.pop(0)
        assert head.startswith("@@ -")
        start, _, size = head[4:].split(" ")[0].partition(",")
        begin = int(start) - (1 if int(size) else 0)
        out += lines[at:begin]
        at = begin
        while rows and not rows[0].startswith("@@"):
            row = rows.pop(0)
            body = row[1:]
            if rows and rows[0].startswith("\\"):
                rows.pop(0)
                body = body.removesuffix("\n")
            if row[0] in " -":
                assert lines[at] == body
                at += 1
            if row[0] in " +":
                out.append(body)
    return "".join([*out, *lines[at:]])
