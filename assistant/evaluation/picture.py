"""The picture of a calibration: risk against coverage, and what was said against what was so. Plain SVG."""

from collections.abc import Iterator, Sequence
from html import escape

from assistant.evaluation.risk import Judged, calibration_error, cut, cuts, reliability

_SIDE, _LEFT, _TOP, _APART = 260.0, 56.0, 44.0, 100.0
_WIDTH, _HEIGHT = 2 * _SIDE + _LEFT + _APART + 20, _SIDE + _TOP + 62
_LINE, _DOT = "#4477aa", "#ee6677"
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_DENSEST = 15.0


def picture(judged: Sequence[Judged], threshold: float, title: str) -> str:
    """An SVG file of both curves; the threshold in use is marked on the first."""
    right = _LEFT + _SIDE + _APART
    top = _highest(judged)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" '
        f'width="{_WIDTH:.0f}" font-size="12" font-family="sans-serif">'
        f'<title>{escape(title)}</title><rect width="100%" height="100%" fill="#ffffff"/>'
        + "".join(
            _axes(_LEFT, "Risk against coverage", "answered (share of all)", "wrong (share of answers)", top)
        )
        + "".join(_risk(judged, threshold, top))
        + "".join(_axes(right, "Calibration", "confidence", "in scope (share)", 1.0))
        + "".join(_bins(judged, right))
        + "</svg>\n"
    )


def _highest(judged: Sequence[Judged]) -> float:
    """The top of the risk's scale: a round number above the highest risk."""
    highest = max((each.risk for each in cuts(judged)), default=0.0)
    return next((step for step in (0.05, 0.1, 0.25, 0.5) if highest <= step), 1.0)


def _axes(left: float, title: str, across: str, up: str, top: float) -> Iterator[str]:
    bottom = _TOP + _SIDE
    yield f'<text x="{left}" y="{_TOP - 16}" font-weight="bold">{escape(title)}</text>'
    yield f'<path d="M{left} {_TOP}V{bottom}H{left + _SIDE}" stroke="#333333" fill="none"/>'
    for tick in _TICKS:
        x, y = left + tick * _SIDE, bottom - tick * _SIDE
        yield f'<path d="M{x:.1f} {bottom}v4M{left} {y:.1f}h-4" stroke="#333333"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>'
        yield f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{round(tick * top, 4):g}</text>'
    yield f'<text x="{left + _SIDE / 2}" y="{bottom + 40}" text-anchor="middle">{escape(across)}</text>'
    x, y = left - 42, _TOP + _SIDE / 2
    yield f'<text x="{x}" y="{y}" text-anchor="middle" transform="rotate(-90 {x} {y})">{escape(up)}</text>'


def _risk(judged: Sequence[Judged], threshold: float, top: float) -> Iterator[str]:
    def place(coverage: float, risk: float) -> tuple[float, float]:
        return _LEFT + coverage * _SIDE, _TOP + _SIDE - risk / top * _SIDE

    drawn = [place(each.coverage, each.risk) for each in cuts(judged) if each.coverage]
    if not drawn:
        return
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in drawn)
    yield f'<path d="M{line}" stroke="{_LINE}" stroke-width="2" fill="none"/>'
    here = cut(judged, threshold)
    x, y = place(here.coverage, here.risk)
    said = f"threshold {threshold:g}: {here.coverage:.0%} answered, {here.risk:.1%} of them wrong"
    yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{_DOT}"><title>{escape(said)}</title></circle>'
    yield f'<text x="{_LEFT}" y="{_TOP + _SIDE + 58}" fill="{_DOT}">{escape(said)}</text>'


def _bins(judged: Sequence[Judged], left: float) -> Iterator[str]:
    bottom, bins = _TOP + _SIDE, reliability(judged)
    yield (
        f'<path d="M{left} {bottom}L{left + _SIDE} {_TOP}" stroke="#999999" stroke-dasharray="4 4" fill="none"/>'
    )
    most = max((each.count for each in bins), default=1)
    for each in bins:
        x, y = left + each.said * _SIDE, bottom - each.covered * _SIDE
        radius = 3 + (_DENSEST - 3) * (each.count / most) ** 0.5
        said = f"{each.low:g} to {each.high:g}: {each.count} cases, said {each.said:.2f}, in scope {each.covered:.2f}"
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{_LINE}" fill-opacity="0.55">'
            f"<title>{escape(said)}</title></circle>"
        )
    error = calibration_error(bins)
    if error is not None:
        yield f'<text x="{left}" y="{bottom + 58}">mean distance from the diagonal {error:.3f}</text>'
