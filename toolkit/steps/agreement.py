"""Measures agreement, in a campaign or in a table of votes."""

from itertools import chain
from pathlib import Path
from typing import Any

from toolkit.articles.reading.reader import read_articles
from toolkit.labels.agreement.headline import QuestionAgreement
from toolkit.labels.agreement.questions import (
    AgreementOptions,
    agreement_by_question,
    agreement_lines,
    agreement_of_columns,
    check_slices,
    facts_of_items,
    needs_item_facts,
    with_selected_votes,
)
from toolkit.labels.vote_tables import Columns, VoteRules
from toolkit.labels.votes import OF_ALL, OF_DESIGN, campaign_votes, selected_annotations
from toolkit.runs import Result
from toolkit.store import Store
from toolkit.tables.columns import read_columns
from toolkit.words import format_alpha_meaning, format_left_out
from toolkit.workspace import CampaignConfig


class AgreementResult(Result, frozen=True, kw_only=True):
    """Agreement on each question."""

    questions: dict[str, QuestionAgreement]
    left_out: dict[str, int]  # annotations or rows that do not count, by reason
    votes_of_disputed_items: int = 0  # that count, though somebody asked for them because others disagreed

    def facts(self) -> dict[str, Any]:
        """The fields, and the meaning of each alpha in a sentence."""
        facts = super().facts()
        for name, agreement in self.questions.items():
            facts["questions"][name]["meaning"] = format_alpha_meaning(agreement.alpha)
        return facts

    def line(self) -> str:
        """Agreement on each question; the first line ends with the rows of a table that are left out."""
        texts = (agreement_lines(name, agreement) for name, agreement in self.questions.items())
        return "\n".join(chain.from_iterable(texts))


class TableAgreementResult(AgreementResult, frozen=True, kw_only=True):
    """Agreement in a table of votes."""

    def line(self) -> str:
        """Agreement; the first line ends with the rows that are left out."""
        first, *others = super().line().split("\n")
        return "\n".join([first + format_left_out(self.left_out), *others])


def agreement_campaign(campaign: CampaignConfig, options: AgreementOptions) -> AgreementResult:
    """Measure agreement on each question of a campaign; nothing is written."""
    store, codebook = Store(campaign), campaign.codebook
    check_slices(options.by, codebook)
    votes = campaign_votes(store, OF_ALL if options.all_votes else OF_DESIGN)
    selected = selected_annotations(store) if options.all_votes else 0
    facts = _item_facts(store) if needs_item_facts(options.by) else {}
    agreement = agreement_by_question(votes.by_question, codebook, campaign.file.seed, options, facts)
    return AgreementResult(
        questions=with_selected_votes(agreement, selected),
        left_out=votes.ledger.left_out,
        votes_of_disputed_items=selected,
    )


def _item_facts(store: Store) -> dict[str, dict[str, str]]:
    articles = {article.id: article for article in read_articles(store.campaign.article_files)}
    return facts_of_items(store.items, articles, store.paragraphs)


def agreement_table(
    path: Path, columns: Columns, rules: VoteRules, options: AgreementOptions, seed: int
) -> TableAgreementResult:
    """Measure agreement in a table of votes.

    Raises:
        DataError: the table does not hold such votes, or the labels do not go with the level.
    """
    table = read_columns(path, columns.required, columns.optional)
    measured = agreement_of_columns(table, columns, rules, options, seed)
    return TableAgreementResult(questions={measured.question: measured.agreement}, left_out=measured.left_out)
