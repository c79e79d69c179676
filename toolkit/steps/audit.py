"""Audits annotators, stance against sentiment, and labels that look wrong; no data of a campaign is changed."""

from pathlib import Path

import msgspec

from toolkit.campaigns.simulation import simulation_note
from toolkit.labels.audits import labels as rules
from toolkit.labels.audits.annotators import AnnotatorAudit, audit_answers, audit_lines
from toolkit.labels.audits.answers import AnnotatorAuditOptions, answers_of_campaign, answers_of_table
from toolkit.labels.audits.labels import ReviewCount, SentimentColumns, SentimentPairs, StanceSentiment
from toolkit.labels.audits.leaning import leanings_in_table
from toolkit.runs import Result
from toolkit.statistics import Estimate
from toolkit.steps.build import read_records
from toolkit.store import Store
from toolkit.tables import read_table, write_new_sheet
from toolkit.words import format_figure
from toolkit.workspace import CampaignConfig


class AnnotatorAuditResult(Result, AnnotatorAudit, frozen=True, kw_only=True):
    """The figures and flags of each annotator on one question."""

    simulated: str  # the note on simulated answers; "" where people answered

    def line(self) -> str:
        """A line an annotator, and one for each further figure."""
        return "\n".join([*audit_lines(self), *(["SIMULATED answers"] if self.simulated else [])])


def audit_annotators_campaign(campaign: CampaignConfig, options: AnnotatorAuditOptions) -> AnnotatorAuditResult:
    """Audit each annotator of a campaign on one question."""
    store = Store(campaign)
    audit = audit_answers(answers_of_campaign(store, options.question), _leanings(options.leaning), campaign.file.seed)
    note = simulation_note(store.annotations, store.annotators)
    return AnnotatorAuditResult(**msgspec.structs.asdict(audit), simulated=note)


def audit_annotators_table(path: Path, options: AnnotatorAuditOptions) -> AnnotatorAuditResult:
    """Audit each annotator in a table of votes."""
    answers = answers_of_table(read_table(path), options, path)
    audit = audit_answers(answers, _leanings(options.leaning), options.seed)
    return AnnotatorAuditResult(**msgspec.structs.asdict(audit), simulated="")


def _leanings(path: Path | None) -> dict[str, str] | None:
    return leanings_in_table(read_table(path), path) if path else None


class SentimentAuditResult(Result, StanceSentiment, frozen=True, kw_only=True):
    """The association of stance and sentiment."""

    halo: Estimate | None = None  # of sentiment from a separate pass
    file: str | None = None  # the rows on which the rule of sentiment is wrong

    def line(self) -> str:
        """The association and the rule, a figure a line."""
        lines = rules.stance_sentiment_lines(self)
        if self.halo:
            difference = format_figure(self.halo, "+.3f")
            lines.append(f"halo: association on one screen minus that of separate passes {difference}")
        if self.file:
            lines.append(f"{self.file}: the {len(self.off_diagonal)} rows on which a rule of sentiment alone is wrong")
        return "\n".join(lines)


def audit_sentiment_campaign(
    campaign: CampaignConfig, columns: SentimentColumns, output: Path | None
) -> SentimentAuditResult:
    """Compare stance with sentiment in the annotations of a campaign."""
    store = Store(campaign)
    pairs = rules.pairs_in_campaign(store, columns, read_records(store).examples)
    result = _sentiment(pairs, campaign.file.seed, output)
    return store.record("audit sentiment", [], [output], result) if output else result


def audit_sentiment_table(
    path: Path, columns: SentimentColumns, output: Path | None, seed: int
) -> SentimentAuditResult:
    """Compare stance with sentiment in a table."""
    return _sentiment(rules.pairs_in_table(read_table(path), columns, path), seed, output)


def _sentiment(pairs: SentimentPairs, seed: int, output: Path | None) -> SentimentAuditResult:
    comparison = rules.stance_sentiment(pairs.pairs, pairs.stances, pairs.sentiments, seed)
    halo = rules.halo(pairs.pairs, pairs.separate, pairs.stances, pairs.sentiments, seed) if pairs.separate else None
    if output is not None:
        write_new_sheet(output, rules.off_diagonal_rows(pairs, comparison.off_diagonal))
    return SentimentAuditResult(**msgspec.structs.asdict(comparison), halo=halo, file=str(output) if output else None)


class LabelSheetResult(Result, frozen=True, kw_only=True):
    """A sheet of labels to review."""

    rows: int
    of: int  # rows of the training data with a cross-fitted prediction
    file: str
    key: str  # the file that holds which rows are random
    campaign: str

    def line(self) -> str:
        """The sheet, and how to review it."""
        return (
            f"{self.file}: {self.rows} labels of {self.of} in train, half of them random; write yes or no in column "
            f"'wrong' without opening {self.key}, then `stance audit labels {self.campaign} --review {self.file}`"
        )


class LabelReviewResult(Result, frozen=True, kw_only=True):
    """The wrong labels in a reviewed sheet."""

    ranked: ReviewCount
    random: ReviewCount

    def line(self) -> str:
        """The share of wrong labels among ranked and among random rows."""
        counts = f"{rules.format_review('ranked', self.ranked)}, {rules.format_review('random', self.random)}"
        return f"labels: {counts}; the random rows estimate the share of wrong labels"


def audit_labels_campaign(
    campaign: CampaignConfig, predictions: Path | None, output: Path, number: int
) -> LabelSheetResult:
    """Write a sheet of labels to review: those that a model doubts, mixed with as many random ones, of train only."""
    path = predictions or campaign.at("baseline") / "predictions.parquet"
    question = campaign.file.train.question or campaign.codebook.choices[0].name
    store = Store(campaign)
    examples = {example.id: example for example in read_records(store).examples if example.split == "train"}
    labels = ((ident, example.answers[question].label) for ident, example in examples.items())
    scored = rules.scored_rows(labels, read_table(path), path)
    rows = rules.doubtful_labels(scored, number, campaign.file.seed)
    write_new_sheet(
        output, [{"id": row.id, "text": examples[row.id].text, "label": row.label, "wrong": ""} for row in rows]
    )
    write_new_sheet(_key_of(output), [msgspec.to_builtins(row) for row in rows])
    result = LabelSheetResult(
        rows=len(rows), of=len(scored), file=str(output), key=str(_key_of(output)), campaign=str(campaign.path)
    )
    return store.record("audit labels", [path], [output], result)


def _key_of(sheet: Path) -> Path:
    """The file that holds which rows of a sheet are random."""
    return sheet.with_name(f"{sheet.stem}.key.csv")


def review_labels(path: Path) -> LabelReviewResult:
    """Count the wrong labels in a reviewed sheet."""
    return LabelReviewResult(**rules.reviewed_labels(read_table(path), read_table(_key_of(path)), path))
