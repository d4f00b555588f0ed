"""What a data set holds, in figures, and a page of samples that people can read."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from finetune.sample import Sample

_SHOWN = 24


def statistics(
    samples: Sequence[Sample], left_out: Mapping[str, int], count: Callable[[str], int]
) -> dict[str, Any]:
    """Figures of a data set; `count` counts the tokens of a text."""
    tokens = sorted(sum(count(each.content) for each in sample.messages) for sample in samples)
    replies = sorted(count(sample.reply) for sample in samples)
    return {
        "samples": len(samples),
        "languages": dict(Counter(sample.lang for sample in samples).most_common()),
        "kinds": dict(Counter(sample.kind for sample in samples).most_common()),
        "topics": dict(Counter(sample.topic for sample in samples).most_common()),
        "entries": len({entry for sample in samples for entry in sample.entries}),
        "passages": dict(sorted(Counter(len(sample.evidence) for sample in samples).items())),
        "turns": dict(sorted(Counter(len(sample.messages) // 2 for sample in samples).items())),
        "tokens": _spread(tokens),
        "reply_tokens": _spread(replies),
        "different_replies": len({sample.reply for sample in samples}),
        "different_openings": len({sample.reply[:12] for sample in samples}),
        "left_out": dict(left_out),
    }


def page(samples: Sequence[Sample], figures: Mapping[str, Any], seed: int) -> str:
    """A Markdown page: the figures, and some samples of each kind in full."""
    random = Random(seed)
    kinds = list(dict.fromkeys(sample.kind for sample in samples))
    each = max(1, _SHOWN // max(1, len(kinds)))
    lines = ["# The data set", "", _table(figures), ""]
    for kind in kinds:
        of_kind = [sample for sample in samples if sample.kind == kind]
        lines += [f"## {kind}: {len(of_kind)}", ""]
        for sample in random.sample(of_kind, min(each, len(of_kind))):
            lines += [f"### `{sample.id}` · {sample.topic} · {sample.lang}", ""]
            for message in sample.messages:
                lines += [
                    f"**{message.role}**",
                    "",
                    "~~~text",
                    message.content.replace("~~~", "~ ~ ~"),
                    "~~~",
                    "",
                ]
    return "\n".join(lines)


def _table(figures: Mapping[str, Any]) -> str:
    rows = ["| | |", "| --- | --- |"]
    for name, value in figures.items():
        text = (
            ", ".join(f"{key} {number}" for key, number in value.items())
            if isinstance(value, dict)
            else value
        )
        rows.append(f"| {name.replace('_', ' ')} | {text} |")
    return "\n".join(rows)


def _spread(values: Sequence[int]) -> dict[str, float]:
    if not values:
        return {}
    return {
        "mean": round(sum(values) / len(values), 1),
        "median": values[len(values) // 2],
        "p95": values[int(len(values) * 0.95)],
        "most": values[-1],
    }
