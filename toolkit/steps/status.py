"""`stance status`: how far the annotation of a campaign is, by the ledger as it was last pulled."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from toolkit.campaigns.progress import Pace, pace_lines, pace_of_votes, pace_tables
from toolkit.campaigns.state import CampaignState
from toolkit.labels.agreement.headline import QuestionAgreement
from toolkit.labels.agreement.questions import agreement_by_question, alpha_line
from toolkit.labels.ledger import latest, settle, stale_counts, votes_of
from toolkit.records import Vote
from toolkit.runs import ResultTable
from toolkit.store import Store
from toolkit.studio.server.connection import LeftTask, left_tasks
from toolkit.studio.state import campaign_state
from toolkit.times import now
from toolkit.words import plural
from toolkit.workspace import CampaignConfig

_NAMED = 5  # how many tasks the text names; the facts have all
Agreement = dict[str, QuestionAgreement]  # by question


class StatusResult(CampaignState, frozen=True, kw_only=True):
    """How far the annotation is, who has done how much, and how far annotators agree."""

    stale: dict[str, int]  # annotations by the earlier codebook that they were given to
    withdrawn: int  # items
    pace: Pace
    opened_and_left: tuple[LeftTask, ...] | None  # None: only the database of another machine has them
    agreement: Agreement
    agreement_by_round: dict[str, Agreement]  # empty where there is one round
    place: str  # where people annotate

    def line(self) -> str:
        """The state, and a line for each part."""
        lines = [f"{super().line()}. {self.place}", *pace_lines(self.pace)]
        if self.opened_and_left:
            rows = self.opened_and_left[:_NAMED]
            named = ", ".join(f"{row.annotator} on {row.item_id} until {row.until[11:16]}" for row in rows)
            tasks = plural(len(self.opened_and_left), "task was", "tasks were")
            lines.append(f"{tasks} opened and left, and hidden from others until the lock ends: {named}")
        lines += [alpha_line(*pair) for pair in self.agreement.items()]
        for name, agreement in self.agreement_by_round.items():
            lines += [f"{name}: {alpha_line(*pair)}" for pair in agreement.items()]
        for ref, count in self.stale.items():
            lines.append(f"{plural(count, 'annotation was', 'annotations were')} given to an earlier codebook, {ref}")
        return "\n".join(lines)

    def tables(self) -> tuple[ResultTable, ...]:
        """Progress by annotator, by day and by round."""
        return pace_tables(self.pace)

    def facts(self) -> dict[str, Any]:
        """The fields, of agreement the alphas alone."""
        facts = super().facts()
        del facts["place"]
        return facts | {
            "agreement": _alphas(self.agreement),
            "agreement_by_round": {name: _alphas(agreement) for name, agreement in self.agreement_by_round.items()},
        }


def status_campaign(campaign: CampaignConfig) -> StatusResult:
    """How far the annotation is; reads the ledger once, and asks no server but the local one's database."""
    store = Store(campaign)
    items, withdrawn, states = store.items, store.withdrawn, latest(store.ledger)
    ledger = settle(states, items, campaign.codebook, withdrawn)
    state = campaign_state(store, states)
    pace = pace_of_votes(items, states, ledger.counted, now(), withdrawn)
    clusters = store.clusters if ledger.counted else {}
    votes = {question.name: votes_of(ledger, question, items, clusters) for question in campaign.codebook.choices}
    left = left_tasks(store)
    return StatusResult(
        **{name: getattr(state, name) for name in state.__struct_fields__},
        stale=stale_counts(states, campaign.codebook.ref),
        withdrawn=len(withdrawn),
        pace=pace,
        opened_and_left=None if left is None else tuple(left),
        agreement=agreement_by_question(votes, campaign.codebook, campaign.file.seed) if ledger.counted else {},
        agreement_by_round=_agreement_by_round(store, pace, votes),
        place=annotation_place(store),
    )


def annotation_place(store: Store) -> str:
    """Where people annotate."""
    campaign = store.campaign
    if store.pushed is not None:
        return f"People annotate at {', '.join(project.url for project in store.pushed.projects)}"
    if store.is_without_server:
        return f"Answers come from files: `stance pull {campaign.path} --from FILE` reads them"
    return f"Not pushed yet: `stance push {campaign.path}`, or without a server `stance push {campaign.path} --to DIR`"


def waiting_line(store: Store, state: CampaignState) -> str:
    """What is missing, where people annotate, and the command that goes on."""
    command = f"stance run {store.campaign.path}"
    line = f"{state.line()}. {annotation_place(store)}. Then: {command}"
    return f"{line}; with the votes that there are: {command} --partial" if state.votes else line


def _agreement_by_round(store: Store, pace: Pace, votes: Mapping[str, Sequence[Vote]]) -> dict[str, Agreement]:
    """Agreement in each round that has votes; nothing where there is one round alone."""
    if len(pace.rounds) < 2:
        return {}
    rounds = {item.id: item.round for item in store.items.values()}
    agreements = {}
    for name in (row.round for row in pace.rounds):
        members = {question: [v for v in votes[question] if rounds.get(v.item_id) == name] for question in votes}
        if any(members.values()):
            agreements[name] = agreement_by_question(members, store.campaign.codebook, store.campaign.file.seed)
    return agreements


def _alphas(agreement: Agreement) -> dict[str, Any]:
    return {name: msgspec.to_builtins(question.alpha) for name, question in agreement.items()}
