"""The least invasive changes that make a run fit, in order."""

from collections.abc import Sequence
from dataclasses import replace

from assistant.errors import UserError
from assistant.memory.catalog import find_model
from assistant.memory.changes import CHANGES, FREE
from assistant.memory.plan import Lever, Plan
from assistant.memory.planner import plan_for
from assistant.memory.request import PlanRequest

_WORTH = 0.02
"""GiB: a change that saves less is not worth a line."""


def levers(plan: Plan) -> tuple[Lever, ...]:
    """Changes in order, least invasive first, each on top of those before. Where the plan does not fit,
    they go on until it does, and what turns out not to be needed is left out again; where no GPU is
    known, they are those that leave the method alone."""
    if plan.verdict == "fits":
        return ()
    current = _steady(plan, plan.request)
    found: list[Lever] = []
    for identifier, change, mild in CHANGES:
        if plan.gpu is None and not mild:
            continue
        changed = change(current)
        if changed is None:
            continue
        try:
            after = _steady(current, changed[0])
        except UserError:
            continue
        saved = current.reserved - after.reserved
        if saved < _WORTH:
            continue
        fits = None if after.gpu is None else after.verdict == "fits"
        found.append(Lever(identifier, changed[1], saved, fits, after.request))
        current = after
        if fits:
            return _needed_only(plan, found)
    return tuple(found)


def _needed_only(plan: Plan, found: Sequence[Lever]) -> tuple[Lever, ...]:
    """Drops costly changes without which the last one makes it fit too, the most invasive first."""
    kept = list(found)
    for lever in reversed(found[:-1]):
        if lever.id in FREE:
            continue
        fewer = [other for other in kept if other is not lever]
        again = _apply(plan, fewer)
        if again and again[-1].fits_after:
            kept = list(again)
            found = kept
    return tuple(kept)


def _apply(plan: Plan, chosen: Sequence[Lever]) -> list[Lever]:
    """The same changes anew, in order; empty where one of them no longer changes anything."""
    current = _steady(plan, plan.request)
    again = []
    table = {identifier: change for identifier, change, _ in CHANGES}
    for lever in chosen:
        changed = table[lever.id](current)
        if changed is None:
            return []
        try:
            after = _steady(current, changed[0])
        except UserError:
            return []
        fits = None if after.gpu is None else after.verdict == "fits"
        again.append(Lever(lever.id, changed[1], current.reserved - after.reserved, fits, after.request))
        current = after
    return again


def _steady(plan: Plan, request: PlanRequest) -> Plan:
    """The plan of a request at constant length: quick, and without what could be given back."""
    model = plan.model if request.model == plan.request.model else find_model(request.model)
    return plan_for(model, replace(request, lengths="fixed"))
