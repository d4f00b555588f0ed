"""A plan as a picture: one stacked bar against the line of the GPU's free memory. Plain SVG."""

from html import escape

from assistant.memory.plan import PARTS, Plan
from assistant.memory.words import Lang, word

# colours that stay apart for people who see red and green alike, on light and dark ground
_COLOURS = {
    "weights": "#4477aa",
    "gradients": "#66ccee",
    "optimizer": "#228833",
    "activations": "#ccbb44",
    "logits": "#ee6677",
    "kv_cache": "#aa3377",
    "runtime": "#888888",
    "cached": "#bbbbbb",
}
_WIDTH, _LEFT, _BAR, _ROW = 640.0, 10.0, 34.0, 18.0


def picture(plan: Plan, lang: Lang = "en") -> str:
    """An SVG element that needs nothing else; its text takes the page's colour and font."""
    parts = {name: plan.parts[name] for name in PARTS if plan.parts[name] > 0.005}
    parts["cached"] = max(0.0, plan.reserved - plan.allocated)
    top = max(plan.device, plan.interval[1] + plan.parts["runtime"], plan.gpu or 0.0) * 1.06 or 1.0
    scale = (_WIDTH - 2 * _LEFT) / top
    at, bars, rows = _LEFT, [], []
    for number, (name, size) in enumerate(parts.items()):
        if size < 0.005:
            continue
        label = f"{word(name, lang)}: {size:.2f} GiB"
        bars.append(
            f'<rect x="{at:.1f}" y="24" width="{max(size * scale, 0.5):.1f}" height="{_BAR:.0f}" '
            f'fill="{_COLOURS[name]}"><title>{escape(label)}</title></rect>'
        )
        at += size * scale
        x, y = _LEFT + (number % 2) * _WIDTH / 2, 92 + (number // 2) * _ROW
        rows.append(
            f'<rect x="{x:.0f}" y="{y - 9:.0f}" width="10" height="10" fill="{_COLOURS[name]}"/>'
            f'<text x="{x + 16:.0f}" y="{y:.0f}">{escape(label)}</text>'
        )
    low, high = (_LEFT + (bound + plan.parts["runtime"]) * scale for bound in plan.interval)
    marks = [
        f'<path d="M{low:.1f} 64v8M{low:.1f} 68H{high:.1f}M{high:.1f} 64v8" stroke="currentColor" fill="none"/>'
    ]
    if plan.gpu is not None:
        line = _LEFT + plan.gpu * scale
        anchor = "end" if line > _WIDTH * 0.7 else "start"
        said = f"{plan.gpu_name or word('line', lang)}: {plan.gpu:g} GiB"
        marks.append(
            f'<path d="M{line:.1f} 16V72" stroke="currentColor" stroke-width="2" stroke-dasharray="5 3"/>'
            f'<text x="{line:.1f}" y="12" text-anchor="{anchor}">{escape(said)}</text>'
        )
    height = 92 + (len(parts) + 1) // 2 * _ROW
    title = word(
        "title",
        lang,
        model=plan.model.id,
        params=short_count(plan.model.shape.params),
        method=plan.settings.method,
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" role="img" '
        f'width="100%" font-size="13" fill="currentColor"><title>{escape(title)}: {plan.device:.1f} GiB</title>'
        + "".join(bars + marks + rows)
        + "</svg>"
    )


def short_count(params: int) -> str:
    """A number of weights as people say it."""
    return f"{params / 1e9:.2f}B" if params >= 1e9 else f"{params / 1e6:.0f}M"
