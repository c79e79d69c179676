"""Votes as steps have them: those of a campaign that count, or those in a table of a user's own."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, structs

from toolkit.labels.ledger import Ledger, settle, votes_of
from toolkit.records import Annotation, Item, Vote
from toolkit.steps.common import annotations_of, clusters_of, items_of
from toolkit.steps.vote_tables import Columns, Rules, read_votes
from toolkit.workspace import Campaign

__all__ = ["Columns", "Rules", "TableVotes", "all_votes", "counted_votes", "left_out_line", "table_votes"]


def counted_votes(campaign: Campaign) -> tuple[Ledger, dict[str, list[Vote]]]:
    """The annotations of a campaign that count, and the votes on each question."""
    return _votes(campaign, annotations_of(campaign), items_of(campaign))


def all_votes(campaign: Campaign) -> tuple[int, dict[str, list[Vote]]]:
    """The votes on each question with those that were asked for where others disagreed, and how many those are.

    They bias agreement, which is why `counted_votes` leaves them out.
    """
    annotations, items = annotations_of(campaign), items_of(campaign)
    counted, _ = _votes(campaign, annotations, items)
    asked = [
        structs.replace(one, assigned_by=_AS_DESIGNED.get(one.assigned_by, one.assigned_by)) for one in annotations
    ]
    ledger, votes = _votes(campaign, asked, items)
    return len(ledger.counted) - len(counted.counted), votes


_AS_DESIGNED = {"tiebreak": "design", "selection": "design"}  # adjudicators have seen votes: theirs never count


def _votes(
    campaign: Campaign, annotations: list[Annotation], items: Mapping[str, Item]
) -> tuple[Ledger, dict[str, list[Vote]]]:
    clusters = {row.article_id: row.cluster for row in clusters_of(campaign)}
    ledger = settle(annotations, items)
    questions = campaign.codebook.choices
    return ledger, {question.name: votes_of(ledger, question, items, clusters) for question in questions}


# --- tables of a user's own -----------------------------------------------------------------------------------------


class TableVotes(Struct, frozen=True, kw_only=True):
    """The votes in a table, and how many of its rows are none, by reason."""

    votes: list[Vote]
    left_out: dict[str, int]
    notes: tuple[str, ...] = ()  # what a reader should look at


def table_votes(path: Path, columns: Columns, rules: Rules | None = None) -> TableVotes:
    """The votes in a table, one record each, as `read_votes` reads them.

    Raises:
        DataError: a column is missing or empty, a label is not allowed, or one annotator has two votes on an item of
            which neither is the later.
    """
    table = read_votes(path, columns, rules or Rules())
    cells = [[column.names[code] for code in column.codes] for column in (table.item, table.annotator, table.label)]
    clusters = [table.cluster.names[code] for code in table.cluster.codes]
    weights = [1.0] * len(clusters) if table.weight is None else table.weight.tolist()
    votes = [
        Vote(question=table.name, item_id=item, annotator=annotator, label=label, cluster=cluster, weight=weight)
        for item, annotator, label, cluster, weight in zip(*cells, clusters, weights, strict=True)
    ]
    return TableVotes(votes=votes, left_out=table.left_out, notes=table.notes)


def left_out_line(left_out: Mapping[str, int]) -> str:
    """What was left out, for the end of a line."""
    rows = ", ".join(f"{number} {reason}" for reason, number in left_out.items())
    return f"; rows left out: {rows}" if rows else ""
