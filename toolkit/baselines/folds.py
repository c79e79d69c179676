"""Folds for cross-validation that never divide a group, and what each rung predicts across them."""

import warnings
from collections import Counter
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from toolkit.baselines.models import Learner, Model
from toolkit.baselines.rows import Row
from toolkit.records import Prediction

MOST_FOLDS = 5


class Folds(Struct, frozen=True, kw_only=True):
    """In which fold each row is predicted."""

    n: int  # 0 where no folds can be made
    of_row: dict[str, int]  # id of the row -> its fold, from 0
    why: str = ""  # why there are none, or fewer than five


def grouped_folds(rows: Sequence[Row], seed: int) -> Folds:
    """Divide labelled rows into five folds of like labels, a group in one fold; into fewer where there must be.

    Args:
        rows: all labelled, in the order of id.
        seed: of the order in which groups are dealt out.
    """
    n, why = _number_of_folds(rows)
    if not n:
        return Folds(n=0, of_row={}, why=why)
    from sklearn.model_selection import StratifiedGroupKFold

    with warnings.catch_warnings():
        # A label with fewer rows than folds is missing from some of them: that costs balance, not correctness.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        dealt = StratifiedGroupKFold(n, shuffle=True, random_state=seed).split(
            [row.id for row in rows], [row.label for row in rows], [row.group for row in rows]
        )
        of_row = {rows[number].id: fold for fold, (_, held_out) in enumerate(dealt) for number in held_out}
    return Folds(n=n, of_row=of_row, why=why)


def _number_of_folds(rows: Sequence[Row]) -> tuple[int, str]:
    """How many folds, and why not five."""
    groups = len({row.group for row in rows})
    commonest = max(Counter(row.label for row in rows).values())
    if groups < 2:
        return 0, f"folds need two groups or more; the {len(rows)} labelled rows are of {groups}"
    if commonest < 2:
        return 0, f"folds need a label with two rows or more; each label of the {len(rows)} rows has one"
    n = min(MOST_FOLDS, groups, commonest)
    if n == MOST_FOLDS:
        return n, ""
    limit = f"the labelled rows are of {groups} groups" if n == groups else f"no label has more than {commonest} rows"
    return n, f"fewer than {MOST_FOLDS} folds: {limit}"


def cross_predict(
    learner: Learner[Model], rows: Sequence[Row], labels: Sequence[str], folds: Folds
) -> list[Prediction]:
    """Predict each row by a model that was fitted on the other folds, in the order of the rows.

    Raises:
        DataError: the learner cannot learn from the rest of a fold, as where that has one label.
    """
    by_id: dict[str, Prediction] = {}
    for fold in range(folds.n):
        model = learner.learn([row for row in rows if folds.of_row[row.id] != fold], labels)
        held_out = model.predict([row for row in rows if folds.of_row[row.id] == fold])
        by_id |= {found.id: msgspec.structs.replace(found, fold=fold) for found in held_out}
    return [by_id[row.id] for row in rows]
