"""Forms in which libraries write their messages, and the conditions that lead to them."""

import ast
import textwrap

import pytest

from assistant.messages.flow import sites
from assistant.messages.model import Guard, Hole, Site, Template


def said(source: str) -> list[tuple[Site, tuple[Template, ...]]]:
    return sites("lib/module.py", ast.parse(textwrap.dedent(source)))


def written(source: str) -> list[str]:
    return [
        "".join(part if isinstance(part, str) else f"<{part.name}>" for part in template)
        for _, texts in said(source)
        for template in texts
    ]


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("raise ValueError('plain text')", ["plain text"]),
        ("raise ValueError(f'got {x.shape[0]} of {len(rows)}')", ["got <x.shape[0]> of <len(rows)>"]),
        ("raise ValueError('got {} and {name!r}'.format(x, name=y))", ["got <x> and <y>"]),
        ("raise ValueError('got %s, 100%% of %d' % (x, y))", ["got <x>, 100% of <y>"]),
        ("raise ValueError('got %(a)s' % {'a': x})", ["got <x>"]),
        ("raise ValueError('a ' 'b ' + str(x) + ' c')", ["a b <x> c"]),
        ("raise ValueError('a' if x else 'b')", ["a", "b"]),
        ("LIMIT = 'ten'\nraise ValueError(f'at most {LIMIT}')", ["at most ten"]),
        ("msg = f'no {x}'\nraise ValueError(msg)", ["no <x>"]),
        ("msg = 'no'\nif y:\n    msg += ' way'\nraise ValueError(msg)", ["no way", "no"]),
        ("if y:\n    msg = 'one'\nelse:\n    msg = 'two'\nraise ValueError(msg)", ["one", "two"]),
        ("e = ValueError('made before')\nraise e", ["made before"]),
        ("def _text(x):\n    return f'bad {x} here'\nraise ValueError(_text(1))", ["bad <x> here"]),
        ("raise ValueError('\\n'.join(['one', 'two']))", ["one\ntwo"]),
        ("warnings.warn('old', FutureWarning)", ["old"]),
        ("logger.warning_once('seen %s times', count)", ["seen <count> times"]),
        ("torch._check(x > 0, lambda: f'{x} is not positive')", ["<x> is not positive"]),
        ("assert x, f'x is missing: {x}'", ["x is missing: <x>"]),
        (
            "class Lost(Exception):\n    def __init__(self, x):\n        super().__init__(f'lost {x}')",
            ["lost <x>"],
        ),
    ],
)
def test_each_form_of_a_text_becomes_a_pattern(source: str, texts: list[str]) -> None:
    assert written(source) == texts


@pytest.mark.parametrize(
    "source", ["raise ValueError(text)", "raise", "print('text')", "raise error from other"]
)
def test_what_has_no_text_of_its_own_is_left_out(source: str) -> None:
    assert written(source) == []


def test_a_site_knows_its_place_class_and_conditions() -> None:
    ((site, _),) = said(
        """
        class Loader:
            def load(self, path, mode="r"):
                if path is None:
                    return
                if mode not in MODES:
                    if mode == "x":
                        pass
                    else:
                        raise ValueError(
                            f"bad mode {mode}"
                        )
        """
    )
    assert (site.owner, site.function, site.arguments) == ("Loader", "load", ("path", "mode"))
    assert (site.kind, site.exception, site.line, site.end, site.first) == ("raise", "ValueError", 10, 12, 7)
    assert site.guards == (
        Guard("path is None", True),
        Guard("mode not in MODES", False),
        Guard("mode == 'x'", True),
    )


def test_branches_that_leave_count_as_conditions_of_what_follows() -> None:
    ((site, _),) = said(
        "def f(a):\n    if a == 1:\n        return 1\n    elif a == 2:\n        return 2\n    raise ValueError('neither')"
    )
    assert site.guards == (Guard("a == 1", True), Guard("a == 2", True))


def test_many_forms_stay_few() -> None:
    choices = " + ".join(f"('a{n}' if x{n} else 'b{n}')" for n in range(12))
    assert 1 <= len(written(f"raise ValueError({choices})")) <= 12


def test_a_name_that_changes_its_value_becomes_a_hole() -> None:
    ((_, texts),) = said("name = 'a text'\nname = compute()\nraise ValueError(f'bad {name}')")
    assert texts == (("bad ", Hole("name")),)
