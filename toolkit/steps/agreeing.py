"""The step that measures agreement, in a campaign or in a table of votes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from toolkit.codebook import Codebook
from toolkit.labels.agreement import QuestionAgreement, agreement
from toolkit.records import Vote
from toolkit.steps.common import Outcome
from toolkit.steps.votes import Columns, counted_votes, left_out_line, table_votes
from toolkit.workspace import Campaign


class AgreementFile(Struct, frozen=True, kw_only=True):
    """``agreement.json``."""

    schema: int = 1
    seed: int
    draws: int
    codebook: str
    left_out: dict[str, int]  # annotations that do not count, by reason
    questions: dict[str, QuestionAgreement]
    simulated: str = ""  # what a reader must know where answers were simulated


def agreement_campaign(campaign: Campaign) -> Outcome:
    """Agreement in a campaign, question by question; nothing is written."""
    _, votes = counted_votes(campaign)
    found = agreement_of(votes, campaign.codebook, campaign.file.seed)
    return _agreement_outcome(found)


def agreement_table(path: Path, columns: Columns, seed: int) -> Outcome:
    """Agreement in a table of votes."""
    table = table_votes(path, columns)
    labels = sorted({vote.label for vote in table.votes})
    outcome = _agreement_outcome({columns.label: agreement(table.votes, labels, (), seed)})
    line = outcome.line + left_out_line(table.left_out)
    return Outcome(line=line, facts={**outcome.facts, "left_out": table.left_out})


def _agreement_outcome(found: Mapping[str, QuestionAgreement]) -> Outcome:
    facts = {"schema": 1, "questions": msgspec.to_builtins(dict(found))}
    return Outcome(line="\n".join(alpha_line(name, one) for name, one in found.items()), facts=facts)


def agreement_of(votes: Mapping[str, Sequence[Vote]], codebook: Codebook, seed: int) -> dict[str, QuestionAgreement]:
    """Agreement on each question that is answered with one label."""
    return {
        question.name: agreement(votes[question.name], question.gold_labels, question.no_answers, seed)
        for question in codebook.choices
    }


def alpha_line(name: str, found: QuestionAgreement) -> str:
    """Agreement on a question in words: the coefficient, its interval and its n, or why there is none."""
    alpha = found.alpha
    if alpha.value is None:
        return f"{name}: alpha undefined: {alpha.why}"
    known = alpha.low is not None and alpha.high is not None
    interval = f" [{alpha.low:.3f}, {alpha.high:.3f}]" if known else f" ({alpha.why})"
    rests_on = f"{alpha.n} items, {alpha.clusters} clusters, {found.n_annotators} annotators"
    return f"{name}: alpha {alpha.value:.3f}{interval} (nominal, {rests_on})"
