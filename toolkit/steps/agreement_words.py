"""Agreement in words: every figure with its interval, what the interval is of, and what to be careful about."""

from collections.abc import Iterator, Mapping

from toolkit.labels.agreement.headline import QuestionAgreement, Slices
from toolkit.labels.agreement.intervals import Coefficient, Interval
from toolkit.statistics import Estimate

_SAME, _NEW = "same annotators, new articles", "new annotators, new articles"
_SHOWN = 10  # annotators, pairs and values on a terminal; --json has more


def alpha_line(name: str, found: QuestionAgreement) -> str:
    """Agreement on a question in one line: the coefficient, its interval and its n, or why there is none."""
    alpha = found.alpha
    if alpha.value is None:
        return f"{name}: alpha undefined: {alpha.reason}"
    rests_on = f"{alpha.n} items, {alpha.clusters} clusters, {found.n_annotators} annotators"
    return f"{name}: alpha {_figure(alpha)} ({alpha.level}, {rests_on})"


def meaning(found: QuestionAgreement) -> str:
    """What an alpha says, in one sentence."""
    alpha = found.alpha
    if alpha.value is None:
        return f"Agreement beyond chance cannot be told: {alpha.reason}."
    says = (
        f"Of the disagreement that chance alone would bring, {1 - alpha.value:.0%} is left "
        "(alpha 0: all of it, 1: none)"
        if alpha.value >= 0
        else "Annotators differ more often than chance alone would make them"
    )
    ends = [
        f"between {interval.low:.3f} and {interval.high:.3f} with {people} annotators on new articles"
        for people, interval in (("the same", alpha), ("new", alpha.new_annotators))
        if interval is not None and interval.low is not None and interval.high is not None
    ]
    return f"{says}; alpha would lie {', and '.join(ends)} (95 %)." if ends else f"{says}; no interval: {alpha.reason}."


def agreement_lines(name: str, found: QuestionAgreement) -> Iterator[str]:
    """All that is said of agreement on a question."""
    yield alpha_line(name, found)
    if found.alpha.value is not None:
        yield f"  {_SAME}: {_ends(found.alpha)}"
        if found.alpha.new_annotators is not None:
            yield f"  {_NEW}: {_ends(found.alpha.new_annotators)}"
    yield f"  {meaning(found)}"
    if found.n_votes:
        shares = ", ".join(f"{label} {share:.2f}" for label, share in list(found.shares.items())[:_SHOWN])
        none = f", {found.no_answers} without an answer" if found.no_answers else ""
        yield f"  percent agreement {_figure(found.percent_agreement)}; {found.n_votes} votes{none}: {shares}"
    yield from (f"  {_coefficient(one)}" for one in found.coefficients)
    yield from _details(found)
    yield from (f"  caution: {caution}" for caution in found.cautions)


def _details(found: QuestionAgreement) -> Iterator[str]:
    if found.per_annotator or found.per_pair or found.slices:
        yield from _group("label against the rest", {n: _figure(one) for n, one in found.per_label.items()}, 0)
    annotators = {one.annotator: f"{_figure(one.alpha)}, n {one.n_votes}" for one in found.per_annotator}
    yield from _group("annotator against the others", annotators, found.not_listed.get("annotators", 0))
    pairs = {" - ".join(one.annotators): f"{_figure(one.kappa)}, n {one.n_items}" for one in found.per_pair}
    yield from _group("pair, Cohen's kappa", pairs, found.not_listed.get("pairs", 0))
    for what, slices in found.slices.items():
        yield from _group(what, _slice_figures(slices), slices.not_listed)


def _slice_figures(slices: Slices) -> dict[str, str]:
    return {one.value: f"{_figure(one.alpha)}, n {one.alpha.n}" for one in slices.listed}


def _group(title: str, figures: Mapping[str, str], not_listed: int) -> Iterator[str]:
    if not figures:
        return
    yield f"  by {title}:"
    yield from (f"    {name}: {figure}" for name, figure in list(figures.items())[:_SHOWN])
    more = max(len(figures) - _SHOWN, 0)
    if more or not_listed:
        yield f"    and {more + not_listed} more" + (" (--json lists them)" if not not_listed else "")


def _coefficient(one: Coefficient) -> str:
    lost = f"; {one.n} items kept, {one.lost} lost" if one.name == "alpha_direction" else ""
    return f"{one.name} {_figure(one)} ({one.level}{lost})"


def _figure(one: Coefficient | Estimate) -> str:
    if one.value is None:
        return f"undefined: {one.reason}"
    return f"{one.value:.3f} {_ends(one)}"


def _ends(one: Coefficient | Estimate | Interval) -> str:
    known = one.low is not None and one.high is not None
    return f"[{one.low:.3f}, {one.high:.3f}]" if known else f"({one.reason})"
