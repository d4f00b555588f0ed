"""The small expressions of entries: what they mean, and that nothing can break them."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.conditions import ConditionError, check, gib, holds

MEANINGS = [
    ("", {}, True),
    ("a", {}, False),
    ("a", {"a": "x"}, True),
    ("a", {"a": 0.0}, False),
    ("a", {"a": "0"}, False),
    ("a", {"a": "False"}, False),
    ("a", {"a": "no"}, False),
    ("a", {"a": "None"}, False),
    ("not a", {}, True),
    ("not a", {"a": "off"}, True),
    ("a == true", {"a": "True"}, True),
    ("a == false", {"a": "False"}, True),
    ("a == false", {"a": False}, True),
    ("a == false", {}, False),
    ("a != 1", {}, False),
    ("a == 1", {"a": "1"}, True),
    ("a == 1", {"a": 1.0}, True),
    ("a == 'LoRA'", {"a": "lora"}, True),
    ("a == 'no'", {"a": "no"}, True),
    ("a < '4.41'", {"a": "4.9"}, True),
    ("a < '4.41'", {"a": "4.41.0"}, False),
    ("a == '5.0'", {"a": "5.0.0"}, True),
    ("a >= '2.5'", {"a": "2.5.0+cu124"}, True),
    ("a < '5'", {"a": "5.0.0.dev0"}, True),
    ("a < b", {"a": "512 MiB", "b": "2 GiB"}, True),
    ("a < b", {"a": "2 GiB", "b": "512 MiB"}, False),
    ("a < 1", {"a": "512 MiB"}, True),
    ("a + b > 2.4", {"a": "2.00 GiB", "b": "512 MiB"}, True),
    ("a / b > 1", {"a": 1.0, "b": 0.0}, False),
    ("a * 2 == 8", {"a": "4"}, True),
    ("-a == -4", {"a": 4.0}, True),
    ("1 < a <= 3", {"a": 3.0}, True),
    ("1 < a <= 3", {"a": 4.0}, False),
    ("known(a)", {"a": False}, True),
    ("known(a)", {}, False),
    ("known(a) and a < 8", {"a": 7.5}, True),
    ("a == 1 or b == 'x'", {"b": "X"}, True),
    ("(a or b) and not c", {"a": True}, True),
    ("a < 3", {"a": "many"}, False),
    ("a >= 3", {"a": "many"}, False),
    ("a + 1 > 0", {"a": "many"}, False),
]


@pytest.mark.parametrize(("expression", "facts", "wanted"), MEANINGS)
def test_meaning(expression: str, facts: dict[str, str | float | bool], wanted: bool) -> None:
    assert holds(expression, facts) is wanted


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512 MiB", 0.5),
        ("2.00 GiB", 2.0),
        ("2GB", 2.0),
        ("1 TiB", 1024.0),
        ("1,024 MiB", 1.0),
        ("2147483648", 2.0),
        ("1 gb", 1.0),
        ("many", None),
        ("", None),
        ("GiB", None),
        ("1.2.3 GiB", None),
        ("-1 GiB", None),
    ],
)
def test_sizes_in_gib(text: str, size: float | None) -> None:
    assert gib(text) == size


def test_check_gives_the_names_that_are_used() -> None:
    assert check("known(a) and b == 'c' or not set_x == false") == {"a", "b", "set_x"}


REFUSED = [
    *("a >", "a b", "a = 1", "if a", "", "(", "a\nb", "\x00"),
    *("f(a)", "known()", "known(a, b)", "known('a')", "known(a=b)", "known(*a)", "a.known(b)", "exit(1)"),
    *("__import__('os').system('x')", "(lambda: 1)()", "a.b", "a[0]", "[a]", "{a}", "f'{a}'", "*a", "a := 1"),
    *("a ** b", "a % b", "a // b", "a | b", "a << b", "~a", "a in b", "a is b", "a if b else c", "await a"),
    *("None == a", "b'x' == a", "1j == a", "... == a", f"a == {'9' * 400}", "[x for x in a]", "yield a"),
    *("not " * 200 + "a", "-" * 500 + "1", "(" * 300 + "a" + ")" * 300, "1+" * 400 + "1", "a" * 5_000),
    *("(" * 90 + "a", "a == " * 100_000 + "a", "not " * 100_000 + "a", "[" * 100_000),
]


@pytest.mark.parametrize("expression", REFUSED, ids=lambda text: repr(text[:24]))
def test_what_is_no_condition_is_refused_in_one_short_line(expression: str) -> None:
    with pytest.raises(ConditionError) as caught:
        check(expression)
    assert len(str(caught.value)) < 600


NAMES = ["a", "b", "batch_size", "torch", "set_fp16"]
FACTS = st.dictionaries(
    st.sampled_from(NAMES),
    st.one_of(
        st.booleans(),
        st.floats(),
        st.text(max_size=30),
        st.text(string.digits + ".-+eE_, ", max_size=12),
        st.sampled_from(
            ["9" * 6_000, "4.41.0", "1e400", "nan", "inf", "2 GiB", "1_000", "٣", "1" * 400 + " TiB"]
        ),
    ),
)
LEAVES = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from([f"known({name})" for name in NAMES]),
    st.integers(0, 10**9).map(str),
    st.floats(0, 1e12).map(lambda number: f"{number:.3f}"),
    st.text(string.ascii_letters + string.digits + ". ", max_size=8).map(repr),
)
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(
            inner, st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "and", "or"]), inner
        ).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        inner.map(lambda part: f"(not {part})"),
        inner.map(lambda part: f"(-{part})"),
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(EXPRESSIONS, FACTS)
def test_a_checked_condition_never_raises(expression: str, facts: dict[str, str | float | bool]) -> None:
    check(expression)
    assert holds(expression, facts) in (True, False)


@settings(deadline=None, max_examples=300)
@given(st.text(string.printable, max_size=60), FACTS)
def test_any_text_is_refused_or_holds_without_raising(
    text: str, facts: dict[str, str | float | bool]
) -> None:
    try:
        check(text)
    except ConditionError:
        return
    assert holds(text, facts) in (True, False)


@given(EXPRESSIONS)
@settings(deadline=None, max_examples=100)
def test_without_facts_no_comparison_holds_by_itself(expression: str) -> None:
    assert holds(f"unheard_of < ({expression})", {}) is False
    assert holds(f"unheard_of != ({expression})", {}) is False
