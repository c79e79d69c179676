"""MACE and GLAD through crowd-kit, which the extra `crowd` installs."""

import warnings
from typing import Any

import numpy as np

from toolkit.errors import ConfigError
from toolkit.labels.aggregation.dawid_skene import Guess
from toolkit.labels.votes import Votes

_MACE_STARTS = 10
_ABSENT = (
    "the methods mace and glad are those of crowd-kit, which is not installed; "
    "`pip install 'stance-toolkit[crowd]'`, or take dawid-skene or majority"
)


def mace(votes: Votes, seed: int = 0) -> Guess:
    """Chances by MACE: an annotator either knows, or answers by a habit of their own.

    Source:
        Hovy, Berg-Kirkpatrick, Vaswani and Hovy, Learning whom to trust with MACE (2013), sections 2 and 3; crowd-kit's
        variational estimate with its own defaults.

    Raises:
        ConfigError: crowd-kit is not installed.
    """
    library = _library()
    chances = _run(library.MACE(n_restarts=_MACE_STARTS, random_state=seed), votes)
    return Guess(chances, log_likelihood=None, rounds=50, converged=None, agreeing_starts=None, starts=_MACE_STARTS)


def glad(votes: Votes) -> Guess:
    """Chances by GLAD: annotators have skill and items have difficulty.

    Source:
        Whitehill, Ruvolo, Wu, Bergsma and Movellan, Whose vote should count more (2009), sections 2 and 3; crowd-kit's
        estimate with its own defaults.

    Raises:
        ConfigError: crowd-kit is not installed.
    """
    library = _library()
    model = library.GLAD()
    chances = _run(model, votes)
    losses = model.loss_history_
    settled = len(losses) > 1 and abs(losses[-1] - losses[-2]) < model.tol
    return Guess(chances, None, rounds=len(losses), converged=bool(settled), agreeing_starts=None, starts=1)


def _library() -> Any:  # noqa: ANN401 - crowd-kit has no types that hold
    try:
        from crowdkit import aggregation
    except ImportError as error:
        raise ConfigError(_ABSENT) from error
    return aggregation


def _run(model: Any, votes: Votes) -> Any:  # noqa: ANN401 - crowd-kit has no types that hold
    """The chances of all labels; those that nobody gave have none."""
    import pandas as pd

    order = np.lexsort((votes.label, votes.annotator, votes.item))
    columns = {"task": votes.item[order], "worker": votes.annotator[order], "label": votes.label[order]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # crowd-kit's own, about pandas
        found = model.fit_predict_proba(pd.DataFrame(columns))
    table = found.reindex(index=range(len(votes.items)), columns=range(len(votes.labels)), fill_value=0.0)
    chances = np.nan_to_num(table.to_numpy(dtype=np.float64))
    return chances / chances.sum(axis=1, keepdims=True)
