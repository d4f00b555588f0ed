"""Whether a run fits its GPU, asked of the memory planner."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from assistant.errors import UserError


@dataclass(frozen=True, slots=True)
class Need:
    """A planner's answer: GiB that must be free (low and high), GiB that are, its verdict, and the least
    change that makes it fit, in both languages ("" where none does)."""

    low: float
    high: float
    free: float
    fits: bool | None
    change: Mapping[str, str]


Memory = Callable[[Mapping[str, Any]], Need | None]
"""Takes the planner's settings by their names on its command line (`model`, `method`, …); None where it
cannot tell."""


def by_planner(settings: Mapping[str, Any]) -> Need | None:
    """The planner of this package, for models whose shapes it carries: nothing is fetched."""
    from assistant.memory import find_model, levers, read_request
    from assistant.memory.planner import plan_for
    from assistant.memory.words import lever_words

    try:
        request = read_request(settings)
        plan = plan_for(find_model(request.model, files=False, hub=False), request)
    except UserError:
        return None
    free, verdict = plan.gpu, plan.verdict
    if free is None or verdict is None or plan.model.assumed:
        return None
    found = levers(plan) if verdict == "does not fit" else ()
    enough = [n for n, lever in enumerate(found) if lever.fits_after]
    chosen = found[: enough[0] + 1] if enough else ()
    change = {
        "en": " ".join(lever_words(lever, "en")[0] for lever in chosen),
        "zh": "".join(lever_words(lever, "zh")[0] for lever in chosen),
    }
    low, high = plan.needed
    return Need(low, high, free, None if verdict == "borderline" else verdict == "fits", change)
