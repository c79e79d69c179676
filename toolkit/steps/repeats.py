"""A table of votes in which each vote of a person counts, however often the person voted on an item."""

from collections import Counter
from pathlib import Path

from toolkit.files import column, read_table
from toolkit.records import Vote
from toolkit.steps.votes import Columns, TableVotes


def repeated_votes(path: Path, columns: Columns) -> TableVotes:
    """All votes in a table; rows without a label are counted.

    Raises:
        DataError: a column is missing.
    """
    rows = read_table(path)
    names = (columns.item, columns.annotator, columns.label, columns.cluster or columns.item)
    cells = [column(rows, name, path) for name in names]
    states = [str(row.get("state") or "submitted") for row in rows]
    left_out: Counter[str] = Counter()
    votes = []
    for state, item, annotator, label, cluster in zip(states, *cells, strict=True):
        if label is None or not str(label).strip() or state in ("skipped", "draft", "deleted"):
            left_out["no label" if state in ("submitted", "repeat") else state] += 1
            continue
        votes.append(
            Vote(
                question=columns.label,
                item_id=str(item),
                annotator=str(annotator),
                label=str(label),
                cluster=str(cluster),
            )
        )
    return TableVotes(votes=votes, left_out=dict(sorted(left_out.items())))
