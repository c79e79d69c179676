"""A coefficient with its intervals, and the scale on which labels are compared."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from toolkit.codebook import Level, Question
from toolkit.errors import DataError
from toolkit.labels.agreement.coefficients import Distance, interval, nominal, ordinal, ratio
from toolkit.statistics import Estimate


class Interval(Struct, frozen=True, kw_only=True):
    """An interval of 95 %, or why there is none."""

    low: float | None
    high: float | None
    why: str = ""


class Coefficient(Struct, frozen=True, kw_only=True):
    """A coefficient with the interval of *same annotators, new articles*."""

    name: str = "alpha"
    value: float | None
    low: float | None
    high: float | None
    level: str
    n: int  # items with two votes or more
    clusters: int  # resampled articles or clusters
    why: str = ""  # why value, low or high is None
    new_annotators: Interval | None = None  # of *new annotators, new articles*
    lost: int = 0  # items that would count, had all their votes had a place on the scale


class Scale(Struct, frozen=True, kw_only=True):
    """How labels are compared."""

    level: Level = "nominal"
    values: dict[str, float] = {}  # of the labels; needed for all levels but nominal

    def distance(self, labels: Sequence[str]) -> Distance:
        """The squared difference of labels, which must be in the order of `ordered`.

        Raises:
            DataError: a label has no value, or a ratio has a negative one.
        """
        if self.level == "nominal":
            return nominal
        missing = [label for label in labels if label not in self.values]
        if missing:
            raise DataError(
                f"label {missing[0]!r} has no place on the scale that level {self.level} needs; name the labels from "
                "low to high (`--order`), or measure at level nominal"
            )
        values = [self.values[label] for label in labels]
        if self.level == "ordinal":
            return ordinal
        if self.level == "ratio" and min(values, default=0) < 0:
            raise DataError("level ratio needs values from 0 up; measure at level interval")
        return interval(values) if self.level == "interval" else ratio(values)

    def place(self) -> Callable[[str], float] | None:
        """Where each label lies; None where labels have no order, so that their names say nothing."""
        return None if self.level == "nominal" else lambda label: self.values.get(label, 0.0)

    def ordered(self, labels: Sequence[str]) -> list[str]:
        """The labels from low to high, or as they come where they have no values."""
        return sorted(labels, key=lambda label: self.values.get(label, 0.0)) if self.values else list(labels)


def scale_of(question: Question) -> Scale:
    """The scale of a question's labels at the question's level."""
    values = {label.name: label.scale for label in question.labels if label.scale is not None}
    return Scale(level=question.level, values=values)


def as_coefficient(found: Estimate, level: str, name: str = "alpha") -> Coefficient:
    """An estimate as a coefficient at a level."""
    return Coefficient(name=name, level=level, **msgspec.structs.asdict(found))
