"""Numbers in words: each with its interval, or with the reason why there is none."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from markupsafe import Markup, escape

__all__ = [
    "coded", "coefficient", "counted", "format_alpha", "format_alpha_meaning", "format_figure", "format_interval",
    "format_left_out", "format_ranking", "listed", "percent", "percent_span", "plural", "points", "scored", "shared",
    "span", "tally", "undefined",
]  # fmt: skip


class HasInterval(Protocol):
    """A number that rests on rows of clusters: an estimate, a coefficient, a score."""

    @property
    def value(self) -> float | None:
        """The number, or None where it is undefined."""

    @property
    def low(self) -> float | None:
        """The lower end of the interval, or None."""

    @property
    def high(self) -> float | None:
        """The upper end of the interval, or None."""

    @property
    def n(self) -> int:
        """The rows that it rests on."""

    @property
    def reason(self) -> str:
        """Why something is None."""


def coefficient(value: float) -> str:
    """A coefficient or score.

    >>> coefficient(-0.0514)
    '−0.051'
    """
    rounded = round(value, 3) + 0.0  # nobody wants to read of minus nought
    return f"{rounded:.3f}".replace("-", "−")


def percent(value: float) -> str:
    """A share.

    >>> percent(0.4125)
    '41.2 %'
    """
    return f"{100 * value:.1f} %"


def counted(n: int) -> str:
    """A number of things, thousands apart.

    >>> counted(12034)
    '12,034'
    """
    return f"{n:,}"


def plural(n: int, noun: str, nouns: str = "") -> str:
    """A number of things with their name.

    Args:
        n: how many.
        noun: the singular.
        nouns: the plural; by default the singular with an "s".

    >>> plural(1, "article"), plural(2, "article")
    ('1 article', '2 articles')
    >>> plural(1, "item has", "items have")
    '1 item has'
    """
    return f"{counted(n)} {noun if n == 1 else nouns or noun + 's'}"


def listed(names: Sequence[str], joint: str = "and") -> str:
    """Names as a list in a sentence.

    >>> listed(["train"]), listed(["train", "test"]), listed(["a", "b", "c"], "or")
    ('train', 'train and test', 'a, b or c')
    """
    return f" {joint} ".join([*([", ".join(names[:-1])] if names[:-1] else []), *names[-1:]])


def tally(counts: Mapping[str, int]) -> str:
    """Counts with their names, in the order given.

    >>> tally({"body": 12, "quote": 3}), tally({})
    ('12 body, 3 quote', 'none')
    """
    return ", ".join(f"{counted(n)} {name}" for name, n in counts.items()) or "none"


def scored(figure: HasInterval) -> str:
    """A coefficient or score with its interval, or the reason why there is none."""
    if figure.value is None:
        return undefined(figure)
    return f"{coefficient(figure.value)} {span(figure)}"


def shared(figure: HasInterval) -> str:
    """A share with its interval, or the reason why there is none."""
    if figure.value is None:
        return undefined(figure)
    return f"{percent(figure.value)} {percent_span(figure)}"


def span(figure: HasInterval) -> str:
    """The interval of a coefficient or score alone, or the reason why there is none."""
    if figure.low is None or figure.high is None:
        return _no_interval(figure)
    return f"[{coefficient(figure.low)}, {coefficient(figure.high)}]"


def percent_span(figure: HasInterval) -> str:
    """The interval of a share alone, in per cent, or the reason why there is none."""
    if figure.low is None or figure.high is None:
        return _no_interval(figure)
    return f"[{100 * figure.low:.1f}, {100 * figure.high:.1f}]"


def _no_interval(figure: HasInterval) -> str:
    return f"(no interval: {figure.reason})" if figure.reason else "(no interval)"


def points(difference: float) -> str:
    """A difference of two shares.

    >>> points(0.052)
    '5.2 percentage points'
    """
    return f"{100 * difference:.1f} percentage points"


def undefined(figure: HasInterval) -> str:
    """That a number is undefined, and why."""
    return f"undefined: {figure.reason}" if figure.reason else "undefined"


def coded(text: str) -> Markup:
    """A text of our own or of others, escaped, with what stands between backticks as code.

    >>> str(coded("run `stance train` <now>"))
    'run <code>stance train</code> &lt;now&gt;'
    """
    parts = text.split("`")
    if len(parts) % 2 == 0:  # an odd backtick is just a backtick
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


# --- figures on a terminal -------------------------------------------------------------------------------------------


class HasEnds(Protocol):
    """An interval, or the reason why there is none."""

    @property
    def low(self) -> float | None:
        """The lower end, or None."""

    @property
    def high(self) -> float | None:
        """The upper end, or None."""

    @property
    def reason(self) -> str:
        """Why there is no interval."""


class HasAlpha(HasInterval, Protocol):
    """Krippendorff's alpha with both intervals."""

    @property
    def level(self) -> str:
        """The level of measurement."""

    @property
    def clusters(self) -> int:
        """The resampled units."""

    @property
    def new_annotators(self) -> HasEnds | None:
        """The interval over annotators and articles, or None where alpha is undefined."""


def format_figure(figure: HasInterval, form: str = ".3f") -> str:
    """A figure with its interval in plain characters, or the reason why it is undefined."""
    if figure.value is None:
        return f"undefined: {figure.reason}"
    return f"{figure.value:{form}} {format_interval(figure, form)}"


def format_interval(interval: HasEnds, form: str = ".3f") -> str:
    """The ends of an interval in plain characters, or the reason why there is none."""
    if interval.low is None or interval.high is None:
        return f"({interval.reason})" if interval.reason else "(no interval)"
    return f"[{interval.low:{form}}, {interval.high:{form}}]"


def format_alpha(name: str, alpha: HasAlpha, n_annotators: int) -> str:
    """The alpha of a question with its interval and what it rests on, or the reason why it is undefined."""
    if alpha.value is None:
        return f"{name}: alpha undefined: {alpha.reason}"
    basis = f"{plural(alpha.n, 'item')}, {plural(alpha.clusters, 'cluster')}, {plural(n_annotators, 'annotator')}"
    return f"{name}: alpha {format_figure(alpha)} ({alpha.level}, {basis})"


def format_alpha_meaning(alpha: HasAlpha) -> str:
    """What an alpha means, in one sentence."""
    if alpha.value is None:
        return f"Agreement beyond chance is undefined: {alpha.reason}."
    meaning = (
        f"{1 - alpha.value:.0%} of the disagreement that is expected by chance remains (alpha 0: all of it, 1: none)"
        if alpha.value >= 0
        else "Annotators disagree more often than is expected by chance"
    )
    ranges = [
        f"{interval.low:.3f} to {interval.high:.3f} with {annotators} annotators on new articles"
        for annotators, interval in (("the same", alpha), ("new", alpha.new_annotators))
        if interval is not None and interval.low is not None and interval.high is not None
    ]
    return (
        f"{meaning}; 95 % interval of alpha: {', '.join(ranges)}."
        if ranges
        else f"{meaning}; no interval: {alpha.reason}."
    )


def format_ranking(title: str, figures: Mapping[str, str], not_listed: int, shown: int) -> Iterator[str]:
    """Figures by name, a line each under a title; no lines where there are none.

    Args:
        title: what the names are.
        figures: by name, in their order.
        not_listed: how many more there are that the facts do not have either.
        shown: how many lines at most.
    """
    if not figures:
        return
    yield f"  by {title}:"
    yield from (f"    {name}: {figure}" for name, figure in list(figures.items())[:shown])
    hidden = max(len(figures) - shown, 0)
    if hidden or not_listed:
        yield f"    and {hidden + not_listed} more" + (" (--json lists them)" if not not_listed else "")


def format_left_out(left_out: Mapping[str, int]) -> str:
    """The rows of a table that are no votes, by reason, for the end of a line; "" where there are none."""
    rows = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
    return f"; rows left out: {rows}" if rows else ""
