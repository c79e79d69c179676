"""What both ways to an adjudicator share, the file and the server: what is wanted, and what is said when it is back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.errors import UsageError
from toolkit.exchange.submissions import is_plain_name
from toolkit.labels.adjudication import Adjudication, adjudication_facts, standing
from toolkit.records import Gold
from toolkit.steps.adjudicated import adjudications_of
from toolkit.steps.build import gold_of
from toolkit.steps.common import Outcome, counted_of, finish, items_of
from toolkit.steps.showing import shown_now
from toolkit.tables import write_table
from toolkit.workspace import CampaignConfig


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be adjudicated, by whom."""

    adjudicator: str
    questions: tuple[str, ...] = ()  # none: all that have gold
    below: float | None = None  # labels of a lower confidence too
    show_votes: bool = False


def check_adjudicator(name: str) -> None:
    """Refuse a name that is no pseudonym.

    Raises:
        UsageError: it is not written like one.
    """
    if not is_plain_name(name):
        raise UsageError(f"--by {name}: a pseudonym of small letters, digits and hyphens is needed")


def questions_in_doubt(campaign: CampaignConfig, wanted: Sequence[str]) -> list[str]:
    """The questions that may be adjudicated: those that are named, or all that have gold.

    Raises:
        UsageError: one that is named has no gold.
    """
    known = [question.name for question in campaign.codebook.choices]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise UsageError(f"--question {unknown[0]}: the questions with gold are {', '.join(known)}")
    return list(wanted) or known


@dataclass(frozen=True)
class Before:
    """The labels that there were before anybody adjudicated, by item and question."""

    gold: Mapping[tuple[str, str], Gold]
    standing: Mapping[tuple[str, str], Adjudication]

    @property
    def items(self) -> set[str]:
        """The items that have gold, resolved or not."""
        return {item for item, _ in self.gold}

    def label(self, item: str, question: str) -> str | None:
        """The label of an item by its votes: gold may have the one that an earlier adjudication gave it."""
        earlier, gold = self.standing.get((item, question)), self.gold.get((item, question))
        if earlier is not None:
            return earlier.before
        return gold.label if gold else None


class Back(Struct, frozen=True, kw_only=True):
    """What came back."""

    new: int  # decisions
    known: int
    said: tuple[str, ...] = ()  # what else is to be said, for a person
    facts: dict[str, Any] = {}  # and for a program


def came_back(campaign: CampaignConfig, step: str, inputs: Sequence[Path], back: Back) -> Outcome:
    """List the gaps in the guidelines, and say what all decisions amount to."""
    everything = adjudications_of(campaign)
    facts = adjudication_facts(everything, counted_of(campaign).counted)
    gaps = [row for row in standing(everything) if row.reason == "guideline_gap"]
    table = campaign.at("guideline_gaps.csv")
    write_table(table, _gap_rows(campaign, gaps))
    said = [f"{back.new} decisions", f"{back.known} known before", *back.said]
    said.append(f"{len(gaps)} guideline gaps ({table})")
    if facts:
        said.append(f"in all {facts.settled} settled, {facts.changed} changed, {facts.left_open} left open")
        if facts.own:
            said.append(f"{facts.own} on items on which the adjudicator had voted")
    line = "; ".join([*said, f"gold has them after `stance aggregate {campaign.path}`"])
    found = {"schema": 1, "new": back.new, "known": back.known, **back.facts}
    found |= {"gaps": str(table), "all": msgspec.to_builtins(facts)}
    outputs = [campaign.at("adjudications.jsonl"), table]
    return finish(campaign, step, inputs, outputs, Outcome(line=line, facts=found))


def _gap_rows(campaign: CampaignConfig, gaps: Sequence[Adjudication]) -> list[dict[str, Any]]:
    texts = {each.item.id: each.shown.text for each in shown_now(campaign, list(items_of(campaign).values()))}
    votes = {(row.item_id, row.question): row.votes for row in gold_of(campaign)}
    columns = ("item_id", "question", "votes", "label", "comment", "text")
    rows = [
        (
            row.item_id,
            row.question,
            ", ".join(f"{label} {n}" for label, n in votes.get((row.item_id, row.question), {}).items()),
            row.label or "",
            row.comment,
            texts.get(row.item_id, ""),
        )
        for row in gaps
    ]
    return [dict(zip(columns, row, strict=True)) for row in rows]
