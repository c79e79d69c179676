"""Tasks to a project in batches, each batch once, though its answer may be lost."""

from collections.abc import Iterator, Sequence

from toolkit.errors import UnansweredError
from toolkit.studio.http.client import Studio
from toolkit.studio.http.retrying import attempts

Rows = Sequence[dict[str, str]]  # the data of tasks, with their item ids

_ASKED = 100  # item ids a question: they travel in the address


def import_batches(studio: Studio, project: int, rows: Rows, size: int) -> Iterator[int]:
    """Bring tasks to a project in their order; how many are there after each batch."""
    for start in range(0, len(rows), size):
        batch = rows[start : start + size]
        _import(studio, project, batch)
        yield start + len(batch)


def _import(studio: Studio, project: int, batch: Rows) -> None:
    """Bring a batch, all or none; where no answer comes, look what is there before it is sent again.

    The server may still be at work on a request that was given up, and so bring a batch twice: what finds such twins
    comes after all batches.
    """
    lost: UnansweredError | None = None
    for more in attempts():
        missing = batch if lost is None else _missing(studio, project, batch)
        if not missing:
            return
        try:
            studio.import_tasks(project, list(missing))
        except UnansweredError as error:
            if not more:
                raise
            lost = error
        else:
            return


def _missing(studio: Studio, project: int, batch: Rows) -> Rows:
    there: set[str] = set()
    for start in range(0, len(batch), _ASKED):
        there |= studio.items_there(project, [row["item_id"] for row in batch[start : start + _ASKED]])
    return [row for row in batch if row["item_id"] not in there]
