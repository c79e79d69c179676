"""Folds for cross-validation that never divide a group, and predictions across them."""

import warnings
from collections import Counter
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from toolkit.baselines.models import FittedModel, Learner
from toolkit.baselines.rows import TextRow
from toolkit.records import Prediction
from toolkit.words import plural

MOST_FOLDS = 5


class Folds(Struct, frozen=True, kw_only=True):
    """The fold in which each row is predicted."""

    n: int  # 0 where no folds can be made
    of_row: dict[str, int]  # id of the row -> its fold, from 0
    reason: str = ""  # of no folds, or fewer than five


def grouped_folds(rows: Sequence[TextRow], seed: int) -> Folds:
    """Five folds with similar shares of labels, each group within one fold; fewer folds where five are not possible.

    Args:
        rows: all labelled, in the order of id.
        seed: of the order in which groups are assigned.
    """
    n, reason = _number_of_folds(rows)
    if not n:
        return Folds(n=0, of_row={}, reason=reason)
    from sklearn.model_selection import StratifiedGroupKFold

    with warnings.catch_warnings():
        # A label with fewer rows than folds is missing from some folds: less balanced, but correct.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        splits = StratifiedGroupKFold(n, shuffle=True, random_state=seed).split(
            [row.id for row in rows], [row.label for row in rows], [row.group for row in rows]
        )
        of_row = {rows[number].id: fold for fold, (_, held_out) in enumerate(splits) for number in held_out}
    return Folds(n=n, of_row=of_row, reason=reason)


def _number_of_folds(rows: Sequence[TextRow]) -> tuple[int, str]:
    """The number of folds, and the reason where it is not five."""
    groups = len({row.group for row in rows})
    largest = max(Counter(row.label for row in rows).values())
    if groups < 2:
        return (
            0,
            f"folds need two groups or more; the {plural(len(rows), 'labelled row')} are of {plural(groups, 'group')}",
        )
    if largest < 2:
        return 0, f"folds need a label with two rows or more; each label of the {plural(len(rows), 'row')} has one"
    n = min(MOST_FOLDS, groups, largest)
    if n == MOST_FOLDS:
        return n, ""
    if n == groups:
        return n, f"fewer than {MOST_FOLDS} folds: the labelled rows are of {plural(groups, 'group')}"
    return n, f"fewer than {MOST_FOLDS} folds: no label has more than {plural(largest, 'row')}"


def cross_predict(
    learner: Learner[FittedModel], rows: Sequence[TextRow], labels: Sequence[str], folds: Folds
) -> list[Prediction]:
    """The prediction of each row by a model fitted on the other folds, in the order of the rows.

    Raises:
        DataError: the learner cannot be fitted on the other folds, as where these have one label.
    """
    by_id: dict[str, Prediction] = {}
    for fold in range(folds.n):
        model = learner.learn([row for row in rows if folds.of_row[row.id] != fold], labels)
        held_out = model.predict([row for row in rows if folds.of_row[row.id] == fold])
        by_id |= {row.id: msgspec.structs.replace(row, fold=fold) for row in held_out}
    return [by_id[row.id] for row in rows]
