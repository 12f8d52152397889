"""Where the marks of a chart go, in SVG units. Drawing is the template's work; no text becomes markup here."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH = 640
BAR, GAP, LABELS, VALUES, AXIS = 18, 9, 190, 60, 24
LINES_HEIGHT, MARGIN, NAMES = 260, 44, 110


@dataclass(frozen=True)
class Bar:
    """One method: its role decides its look; the whisker is the x of both ends of its interval."""

    label: str
    role: str
    value: float
    y: float
    width: float
    whisker: tuple[float, float] | None


@dataclass(frozen=True)
class Tick:
    """A place on an axis and what is written there."""

    at: float
    text: str


@dataclass(frozen=True)
class BarChart:
    """Bars from the top, the longest value at the right edge of the plot."""

    height: float
    left: float
    bars: list[Bar]
    ticks: list[Tick]


@dataclass(frozen=True)
class Line:
    """One series; ``name_y`` keeps the names at the line ends apart."""

    name: str
    points: list[tuple[float, float]]
    name_y: float


@dataclass(frozen=True)
class LineChart:
    """Lines over a numeric x axis; y starts at 0."""

    height: float
    left: float
    right: float
    bottom: float
    lines: list[Line]
    x_ticks: list[Tick]
    y_ticks: list[Tick]


def bar_chart(rows: Sequence[tuple[str, str, float, tuple[float, float] | None]]) -> BarChart:
    """Rows label, role, value >= 0 and, if known, interval; the largest value first, equal ones by label."""
    ordered = sorted(rows, key=lambda row: (-row[2], row[0]))
    step, top = _scale(max((max(value, interval[1] if interval else 0) for _, _, value, interval in rows), default=0))
    across = (WIDTH - LABELS - VALUES) / top
    bars = [
        Bar(
            label=label,
            role=role,
            value=value,
            y=number * (BAR + GAP),
            width=value * across,
            whisker=(LABELS + interval[0] * across, LABELS + interval[1] * across) if interval else None,
        )
        for number, (label, role, value, interval) in enumerate(ordered)
    ]
    ticks = [Tick(LABELS + at * across, text) for at, text in _ticks(step, top)]
    return BarChart(len(bars) * (BAR + GAP) + AXIS, LABELS, bars, ticks)


def line_chart(series: Mapping[str, Mapping[float, float]]) -> LineChart:
    """By name, y over x. Names stand at the right end, at least a line of text apart."""
    xs = sorted({x for points in series.values() for x in points})
    step, top = _scale(max((y for points in series.values() for y in points.values()), default=0))
    right, bottom = WIDTH - NAMES, LINES_HEIGHT - MARGIN
    across = (right - MARGIN) / ((xs[-1] - xs[0]) or 1) if xs else 0

    def place(x: float, y: float) -> tuple[float, float]:
        return MARGIN + (x - xs[0]) * across, bottom - y / top * (bottom - 10)

    placed = {name: [place(x, points[x]) for x in sorted(points)] for name, points in series.items() if points}
    lines, above = [], -math.inf
    for name, points in sorted(placed.items(), key=lambda entry: entry[1][-1][1]):
        above = max(points[-1][1] + 4, above + 16)
        lines.append(Line(name, points, above))
    return LineChart(
        height=LINES_HEIGHT,
        left=MARGIN,
        right=right,
        bottom=bottom,
        lines=lines,
        x_ticks=[Tick(place(x, 0)[0], f"{x:g}") for x in xs],
        y_ticks=[Tick(place(xs[0] if xs else 0, at)[1], text) for at, text in _ticks(step, top)] if xs else [],
    )


def _scale(largest: float) -> tuple[float, float]:
    """A round step and the first multiple of it that is not below ``largest``: four to eight steps."""
    if largest <= 0:
        return 1.0, 1.0
    power = 10.0 ** math.floor(math.log10(largest / 4))
    step = next(size * power for size in (1, 2, 5, 10) if largest / (size * power) <= 6)
    return step, step * math.ceil(round(largest / step, 9))


def _ticks(step: float, top: float) -> list[tuple[float, str]]:
    digits = max(0, -math.floor(math.log10(step)))
    return [(number * step, f"{number * step:.{digits}f}") for number in range(round(top / step) + 1)]
