"""Agreement on parts of the votes: by outlet, month, round, or any column of a table."""

from collections.abc import Mapping, Sequence

import numpy as np

from toolkit.labels.agreement.canonical import canonical
from toolkit.labels.agreement.headline import SliceAgreement, Slices, alpha_at, simple_alpha
from toolkit.labels.agreement.intervals import Scale, as_coefficient
from toolkit.labels.votes import Coded, Ints, Votes

_MOST = 50  # values that are listed


def sliced(votes: Votes, values: Coded, scale: Scale, seed: int) -> Slices:
    """Alpha and raw agreement for each value of a column, those with the most votes, in the order of their names.

    Args:
        votes: that are answers, their labels in the order of the scale.
        values: of each vote, [votes].
        scale: how labels are compared.
        seed: of the bootstraps; each slice is resampled by itself.
    """
    often = np.bincount(values.codes, minlength=len(values.names))
    chosen = np.sort(np.argsort(-often, kind="stable")[:_MOST])
    listed = tuple(_slice(votes.of(values.codes == number), values.names[number], scale, seed) for number in chosen)
    return Slices(listed=listed, not_listed=len(values.names) - len(listed))


def _slice(votes: Votes, value: str, scale: Scale, seed: int) -> SliceAgreement:
    coded = canonical(votes, scale.place())
    alpha, raw = simple_alpha(coded, alpha_at(scale, coded.labels), seed)
    return SliceAgreement(value=value, n_votes=len(votes.item), alpha=as_coefficient(alpha, scale.level), raw=raw)


def item_values(votes: Votes, values: Mapping[str, str]) -> Coded:
    """The value of each vote's item, [votes]; an item that has none is "(none)"."""
    names: Sequence[str] = [values.get(item) or "(none)" for item in votes.items]
    column = Coded.of(names)
    return Coded(codes=_of(column.codes, votes.item), names=column.names)


def majority_values(votes: Votes) -> dict[str, str]:
    """What most votes on each item say, for slices by another question; where none leads, "(tied)"."""
    counts = votes.counts
    most = counts.max(axis=1, initial=0)
    tied = (counts == most[:, np.newaxis]).sum(axis=1) > 1
    leading = counts.argmax(axis=1) if counts.size else np.zeros(0, dtype=np.int64)
    return {
        item: "(tied)" if tie else votes.labels[label]
        for item, tie, label in zip(votes.items, tied, leading, strict=True)
    }


def _of(codes: Ints, item: Ints) -> Ints:
    return codes[item] if len(codes) else codes
