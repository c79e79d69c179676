"""Figures as inline SVG: no scripts, no external fonts, no external images.

The figures are 420 units wide, so that their text can be read on a phone without zooming; the same values give
the same bytes. Where colour distinguishes two things, shape does too.
"""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from toolkit.baselines.evaluation import Confusion

_WIDTH = 420.0  # points, as are all lengths here
_ROW = 28.0
_FOOT = 52.0  # axis, its numbers and its title
_HEAD = 24.0  # the text above the rows
_RIGHT = 16.0
_LETTER = 7.6  # average width of a letter at the size of the figures
_LONGEST = 24  # letters of a row's name

_INK = "#1d2733"
_MUTED = "#5f6b78"
_RULE = "#d9dee4"
_MAIN = "#22577a"
_PALE = "#b7cedb"

_STYLE = {
    "svg.fonttype": "none",  # text stays text: searchable, and in the page's own font
    "svg.hashsalt": "report",
    "font.family": ["DejaVu Sans"],  # bundled with matplotlib: the layout is the same everywhere
    "font.size": 13,
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
    "axes.edgecolor": _RULE,
    "axes.labelcolor": _MUTED,
    "xtick.color": _MUTED,
    "ytick.color": _INK,
}
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


class FigureRow(Struct, frozen=True, kw_only=True):
    """A row of a figure: a value and its interval; None where undefined."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    main: bool = True  # drawn filled; other rows are drawn hollow


class ReferenceLine(Struct, frozen=True, kw_only=True):
    """A vertical line for comparison."""

    at: float
    name: str


def bars(key: str, rows: Sequence[FigureRow], axis: str) -> str:
    """Shares as bars from 0, intervals as whiskers.

    Args:
        key: the prefix of each id in the SVG, so that figures of one page share none.
        rows: from the top.
        axis: the title of the axis.
    """
    with _style():
        figure, axes = _rows([row.name for row in rows])
        for place, row in enumerate(rows):
            if row.value is None:
                _undefined(axes, place, 0.0)
                continue
            axes.barh(place, row.value, height=0.62, color=_PALE if row.main else "white", edgecolor=_MAIN, lw=0.8)
            _whisker(axes, place, row, _INK)
        top = max((row.high or row.value or 0.0 for row in rows), default=0.0)
        axes.set_xlim(0, min(1.0, max(top * 1.08, 0.1)))
        _percent_axis(axes)
        axes.set_xlabel(axis)
        return _inline(figure, key)


def forest(key: str, rows: Sequence[FigureRow], lines: Sequence[ReferenceLine], axis: str) -> str:
    """Values as points, intervals as lines through them, and vertical lines for comparison.

    Args:
        key: the prefix of each id in the SVG, so that figures of one page share none.
        rows: from the top.
        lines: for comparison.
        axis: the title of the axis.
    """
    with _style():
        figure, axes = _rows([row.name for row in rows])
        low, high = _span(rows, lines)
        for place, row in enumerate(rows):
            if row.value is None:
                _undefined(axes, place, low)
                continue
            _whisker(axes, place, row, _MAIN)
            face = _MAIN if row.main else "white"
            axes.plot(row.value, place, "D" if row.main else "o", ms=7, mfc=face, mec=_MAIN, mew=1.4, zorder=4)
        for line in lines:
            axes.axvline(line.at, color=_MUTED, lw=0.9, ls=(0, (4, 3)), zorder=1)
            axes.annotate(
                line.name, (line.at, 1), xycoords=("data", "axes fraction"), xytext=(0, 5),
                textcoords="offset points", ha="center", color=_MUTED, fontsize=11.5,
            )  # fmt: skip
        axes.set_xlim(low, high)
        axes.set_xlabel(axis)
        return _inline(figure, key)


def confusion(key: str, matrix: Confusion) -> str:
    """Gold labels in rows, predicted ones in columns; the shade is the share of the row, the number the count.

    Args:
        key: the prefix of each id in the SVG, so that figures of one page share none.
        matrix: the counts; `other` among the columns is any other label.
    """
    with _style():
        figure, axes = _cells(matrix)
        for place, row in enumerate(matrix.counts):
            total = sum(row)
            for column, count in enumerate(row):
                share = count / total if total else 0.0
                _cell(axes, (column, place), count, share)
        return _inline(figure, key)


# --- parts ---------------------------------------------------------------------------------------------------------


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        # Only the layout uses the bundled font; the browser has the missing glyphs.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        matplotlib.rcdefaults()  # the bytes do not depend on the user's settings
        matplotlib.rcParams.update(_STYLE)
        yield


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"


def _canvas(left: float, top: float, width: float, height: float) -> tuple[Any, Any]:
    """A figure with axes of that size, ``left`` from its left edge and ``top`` from its upper one."""
    from matplotlib.figure import Figure

    total = top + height + _FOOT
    figure = Figure(figsize=(_WIDTH / 72, total / 72))  # without a window system: nothing to close
    axes = figure.add_axes((left / _WIDTH, _FOOT / total, width / _WIDTH, height / total))
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _rows(names: Sequence[str]) -> tuple[Any, Any]:
    shown = [_shortened(name) for name in names]
    left = 14 + _LETTER * max(map(len, shown), default=0)
    figure, axes = _canvas(left, _HEAD, _WIDTH - left - _RIGHT, _ROW * max(len(names), 1))
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), shown)
    axes.tick_params(axis="y", length=0, pad=6)
    axes.grid(axis="x", color=_RULE, lw=0.7)
    axes.set_axisbelow(True)
    return figure, axes


def _cells(matrix: Confusion) -> tuple[Any, Any]:
    rows, columns = [[_shortened(name) for name in names] for names in (matrix.gold, matrix.predicted)]
    left = 36 + _LETTER * max(map(len, rows), default=0)
    slanted = 12 + 0.6 * _LETTER * max(map(len, columns), default=0)
    overhang = 0.8 * _LETTER * max(map(len, columns), default=0)
    side = min(58.0, (_WIDTH - left - overhang / 2) / max(len(columns), 1))
    figure, axes = _canvas(left, slanted + 16, side * max(len(columns), 1), 0.75 * side * max(len(rows), 1))
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("bottom")
    axes.set_xticks(range(len(columns)), columns, rotation=38, ha="left", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.tick_params(axis="x", labelcolor=_INK)
    axes.set_ylabel("gold", labelpad=6)
    axes.set_xlabel("predicted", labelpad=8)
    axes.spines["bottom"].set_visible(False)
    return figure, axes


def _cell(axes: Any, place: tuple[int, int], count: int, share: float) -> None:  # noqa: ANN401
    from matplotlib.patches import Rectangle

    column, row = place
    colour = _blend(share)
    axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=colour, edgecolor="white", lw=2))
    ink = "white" if share > 0.55 else _INK
    axes.text(column, row, f"{count}", ha="center", va="center_baseline", color=ink)


def _blend(share: float) -> str:
    """The colour between white and the main one."""
    strong = [int(_MAIN[place : place + 2], 16) for place in (1, 3, 5)]
    mixed = [round(244 + (part - 244) * share) for part in strong]
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _whisker(axes: Any, place: int, row: FigureRow, colour: str) -> None:  # noqa: ANN401
    if row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [place, place], color=colour, lw=1.6, solid_capstyle="butt", zorder=3)
        for end in (row.low, row.high):
            axes.plot([end, end], [place - 0.14, place + 0.14], color=colour, lw=1.2, zorder=3)


def _undefined(axes: Any, place: int, at: float) -> None:  # noqa: ANN401
    axes.annotate(
        "undefined", (at, place), xytext=(6, 0), textcoords="offset points",
        va="center_baseline", color=_MUTED, style="italic", fontsize=12,
    )  # fmt: skip


def _span(rows: Sequence[FigureRow], lines: Sequence[ReferenceLine]) -> tuple[float, float]:
    """From 0, or below where a value is, to 1."""
    ends = [end for row in rows for end in (row.value, row.low) if end is not None]
    lowest = min([0.0, *ends, *(line.at for line in lines)])
    return (lowest - 0.05 if lowest < 0 else 0.0), 1.02


def _percent_axis(axes: Any) -> None:  # noqa: ANN401
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0, symbol=" %"))


def _inline(figure: Any, key: str) -> str:  # noqa: ANN401
    """The figure as an ``svg`` element whose ids begin with the key and which grows with the page."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata=_NO_METADATA, transparent=True)
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]  # HTML allows neither XML declaration nor document type
    svg = re.sub(r"<style\b.*?</style>", "", svg, flags=re.DOTALL)  # it would apply to the whole page
    svg = re.sub(r" font-family: [^;\"]*;", "", svg)  # the page's own
    head, rest = svg.split(">", 1)
    box = re.search(r'viewBox="[^"]*"', head)
    prefix = re.sub(r"[^a-z0-9_-]", "-", key.lower())
    rest = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", rest)
    return f'<svg {box[0] if box else ""} aria-hidden="true">{rest.strip()}'
