"""Whatever the text, reading it ends, soon and without an error."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.machine import as_json, as_markdown, as_text, findings, read_report
from tests.machine.test_findings import SOUND
from tests.machine.test_pasted import REPORTS

PIECES = [line for report in REPORTS for line in report["text"].splitlines() if line.strip()]
NASTY = [
    "|" * 50,
    "{" * 50,
    '{"tracedoc_report": 1,',
    "\x00",
    "\ud800",
    "9" * 400,
    "GPU 0: ",
    "> " * 30,
    "é" * 40,
    "…",
    "\\n",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(sorted(SOUND)) | st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


def complete(text: str) -> None:
    report = read_report(text)
    found = findings(report, report.lang)
    json.dumps(as_json(report, found, every=True), allow_nan=False)
    as_text(report, found, "zh").encode()
    as_markdown(report, found).encode()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(PIECES) | st.sampled_from(NASTY) | st.text(max_size=30), max_size=25),
    st.sampled_from(["\n", " ", "\r\n", "\\n"]),
)
def test_lines_in_any_order(lines: list[str], joint: str):
    complete(joint.join(lines))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(SOUND)), JSON, max_size=6))
def test_any_json_that_says_it_is_ours(changes: dict[str, object]):
    complete(json.dumps({"tracedoc_report": 1, **SOUND, **changes}))


def test_a_long_text_is_narrowed_to_what_tells():
    report = next(each for each in REPORTS if each["name"].startswith("nvidia-smi of 2019"))
    text = "step 1 loss 2.0\n" * 60_000 + report["text"] + "step 2 loss 1.9\n" * 60_000
    assert len(read_report(text).gpus) == 2
