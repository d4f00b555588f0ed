"""What would satisfy a check is the check turned round."""

import pytest

from assistant.messages.conditions import Wish, failed, satisfied
from assistant.messages.model import Guard


@pytest.mark.parametrize(
    ("guard", "wish"),
    [
        (Guard("x not in NAMES"), Wish(("x in NAMES",), "all")),
        (Guard("x <= 0"), Wish(("x > 0",), "all")),
        (Guard("not isinstance(x, str)"), Wish(("isinstance(x, str)",), "all")),
        (Guard("a is None and b"), Wish(("a is not None", "not b"), "any")),
        (Guard("a or not b"), Wish(("not a", "b"), "all")),
        (Guard("0 < x < 1", True), Wish(("0 < x < 1",), "all")),
        (Guard("0 < x < 1"), Wish(("not (0 < x < 1)",), "all")),
        (Guard("a and b", True), Wish(("a", "b"), "all")),
    ],
)
def test_satisfied(guard: Guard, wish: Wish) -> None:
    assert satisfied(guard) == wish


def test_what_is_no_expression_cannot_be_turned() -> None:
    assert satisfied(Guard("except ImportError")) is None
    assert failed(Guard("except ImportError")) == "except ImportError"
    assert failed(Guard("x > 0", True)) == "x <= 0"
