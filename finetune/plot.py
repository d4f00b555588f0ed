"""The course of a run as a picture: loss, held-out loss and learning rate over the steps."""

import json
from pathlib import Path
from typing import Any


def read_metrics(file: Path) -> list[dict[str, Any]]:
    """The rows of a metrics file; a half-written last line is passed over."""
    rows = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows


def draw(metrics: Path, picture: Path) -> None:
    """Draws the metrics to a PNG, atomically; nothing where there are none."""
    from matplotlib.figure import Figure

    rows = read_metrics(metrics)
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    left = figure.subplots()
    right = left.twinx()
    curves: tuple[tuple[Any, str, str, dict[str, Any]], ...] = (
        (left, "loss", "loss", {"color": "#1f5fa8", "linewidth": 1.2}),
        (left, "eval_loss", "held-out loss", {"color": "#b3541e", "marker": "o", "markersize": 3}),
        (right, "learning_rate", "learning rate", {"color": "#8a8a8a", "linewidth": 0.8, "linestyle": "--"}),
    )
    drawn = False
    for axis, name, label, style in curves:
        points = [(row["step"], row[name]) for row in rows if name in row]
        if points:
            axis.plot(*zip(*points, strict=True), label=label, **style)
            drawn = True
    if not drawn:
        return
    left.set_xlabel("step")
    left.set_ylabel("loss")
    right.set_ylabel("learning rate")
    left.grid(alpha=0.25)
    figure.legend(loc="upper right", frameon=False)
    beside = picture.with_name(f".{picture.name}")
    figure.savefig(beside, format="png", dpi=110)
    beside.replace(picture)
