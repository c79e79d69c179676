"""Votes as steps have them: those of a campaign that count, or those in a table of a user's own."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from toolkit.errors import DataError
from toolkit.files import column, read_table
from toolkit.labels.ledger import Ledger, settle, votes_of
from toolkit.records import Vote
from toolkit.steps.common import annotations_of, clusters_of, items_of
from toolkit.workspace import Campaign


def counted_votes(campaign: Campaign) -> tuple[Ledger, dict[str, list[Vote]]]:
    """The annotations of a campaign that count, and the votes on each question."""
    items = items_of(campaign)
    clusters = {row.article_id: row.cluster for row in clusters_of(campaign)}
    ledger = settle(annotations_of(campaign), items)
    questions = campaign.codebook.choices
    return ledger, {question.name: votes_of(ledger, question, items, clusters) for question in questions}


# --- tables of a user's own -----------------------------------------------------------------------------------------


class TableVotes(Struct, frozen=True, kw_only=True):
    """The votes in a table, and how many of its rows are none, by reason."""

    votes: list[Vote]
    left_out: dict[str, int]


class Columns(Struct, frozen=True, kw_only=True):
    """The columns of a table of votes."""

    item: str = "item"
    annotator: str = "annotator"
    label: str = "label"
    cluster: str | None = None  # None: each item is its own


_STATES = {"submitted", "skipped", "draft", "repeat", "deleted"}  # as `stance pull -o` writes them


def table_votes(path: Path, columns: Columns) -> TableVotes:
    """The votes in a table; an empty label is no vote, and what a column `state` calls anything but submitted neither.

    Raises:
        DataError: a column is missing, or one annotator has two votes on an item.
    """
    rows = read_table(path)
    cells = [column(rows, name, path) for name in (columns.item, columns.annotator, columns.label)]
    clusters = column(rows, columns.cluster, path) if columns.cluster else cells[0]
    votes: dict[tuple[str, str], Vote] = {}
    left_out: Counter[str] = Counter()
    for number, (state, item, annotator, label, cluster) in enumerate(
        zip(_states(rows), *cells, clusters, strict=True), 1
    ):
        empty = label is None or not str(label).strip()
        if state != "submitted" or empty:
            left_out["no label" if state == "submitted" else state] += 1
            continue
        key = str(item), str(annotator)
        if key in votes:
            raise DataError(
                f"{path}, row {number}: a second vote of annotator {annotator} on item {item}; "
                "keep one vote for each person and item"
            )
        votes[key] = Vote(
            question=columns.label, item_id=key[0], annotator=key[1], label=str(label), cluster=str(cluster)
        )
    return TableVotes(votes=list(votes.values()), left_out=dict(sorted(left_out.items())))


def _states(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The state of each row; all are submitted where a column of that name means something else, or there is none."""
    found = [str(row.get("state") or "submitted") for row in rows]
    return found if _STATES.issuperset(found) else ["submitted"] * len(rows)


def left_out_line(left_out: Mapping[str, int]) -> str:
    """What was left out, for the end of a line."""
    rows = ", ".join(f"{number} {reason}" for reason, number in left_out.items())
    return f"; rows left out: {rows}" if rows else ""
