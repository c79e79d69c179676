"""What a reader must know of a coefficient before leaning on it, in words."""

import math
from collections.abc import Iterable

from toolkit.labels.agreement.intervals import Coefficient

_FEW_ANNOTATORS, _FEW_CLUSTERS = 8, 30  # below these an interval is itself uncertain
_PRECISE = 0.05  # half the width of an interval that tells something


def cautions(alpha: Coefficient, n_annotators: int) -> Iterable[str]:
    """What limits an alpha: few annotators, few articles, an interval too wide to say much."""
    if alpha.value is None:
        return
    if n_annotators < _FEW_ANNOTATORS:
        yield f"{n_annotators} annotators: what others would agree on is known roughly at best"
    if alpha.clusters < _FEW_CLUSTERS:
        yield f"{alpha.clusters} articles: the interval itself is uncertain"
    if alpha.low is None or alpha.high is None:
        return
    more = _more(alpha.n, alpha.low, alpha.high)
    if more:
        yield f"cannot say yet: about {more} more items would bring the interval to ± {_PRECISE}"
    others = alpha.new_annotators
    if others and others.low is not None and others.high is not None:
        people = _more(n_annotators, others.low, others.high)
        if people:
            yield f"about {people} more annotators would bring the interval of new annotators to ± {_PRECISE}"


def _more(n: int, low: float, high: float) -> int:
    """How many more make an interval narrow enough, if its width falls with the root of their number."""
    return max(math.ceil(n * ((high - low) / 2 / _PRECISE) ** 2) - n, 0)
