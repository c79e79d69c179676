"""Agreement, aggregation, audits and certificates, from Python."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import msgspec

from toolkit.api.frames import (
    Printable,
    as_result,
    column_table,
    concatenated,
    frame_of,
    path_of,
    text_table,
    with_given_ids,
)
from toolkit.baselines.rows import TrainColumns, table_rows
from toolkit.baselines.training import train_baseline
from toolkit.codebook import Level
from toolkit.errors import DataError, MissingFileError, UsageError
from toolkit.labels.agreement.headline import QuestionAgreement
from toolkit.labels.audits.annotators import AnnotatorAudit, audit_answers, audit_lines
from toolkit.labels.audits.answers import AnnotatorAuditOptions, answers_of_table
from toolkit.labels.audits.labels import (
    Scored,
    SentimentColumns,
    StanceSentiment,
    doubtful_labels,
    pairs_in_table,
    stance_sentiment,
    stance_sentiment_lines,
)
from toolkit.labels.vote_tables import Columns, VoteRules
from toolkit.records import Answered, Example
from toolkit.splitting.certificate import Certificate
from toolkit.splitting.certificate import certify as certify_examples
from toolkit.words import coefficient, plural, scored, tally
from toolkit.workspace import AggregateOptions

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.api.frames import Table


class Agreement(Printable, QuestionAgreement, frozen=True, kw_only=True):
    """Agreement on one question; ``alpha`` is Krippendorff's, ``alpha.new_annotators`` its other interval."""

    def __str__(self) -> str:
        """Alpha with both of its intervals."""
        alpha = self.alpha
        head = f"alpha {scored(alpha)} ({alpha.level}; {plural(self.n_items, 'item')}, "
        head += f"{plural(self.n_annotators, 'annotator')}, {plural(self.n_votes, 'vote')})"
        other = alpha.new_annotators
        if other is not None and other.low is not None and other.high is not None:
            head += f"; new annotators [{coefficient(other.low)}, {coefficient(other.high)}]"
        return "\n".join([head, *(f"caution: {caution}" for caution in self.cautions)])


def agreement(
    votes: "Table",
    item: str = "item",
    annotator: str = "annotator",
    label: str = "label",
    level: Level = "nominal",
    cluster: str | None = None,
    order: Sequence[str] = (),
    seed: int = 0,
) -> Agreement:
    """How far annotators agree beyond chance, with intervals.

    Args:
        votes: a row a vote; an empty label is no vote.
        item: the column of the item.
        annotator: the column of the annotator.
        label: the column of the label.
        level: how labels compare.
        cluster: the column of what intervals resample; by default the item.
        order: the labels from low to high, for level ordinal.
        seed: of the bootstraps.

    Raises:
        DataError: a column is missing, or one annotator has two votes on an item of which neither is the later.
        UsageError: there is no such level.
    """
    from toolkit.labels.agreement.questions import AgreementOptions, agreement_of_columns

    if level not in get_args(Level):
        raise UsageError(f"level {level!r}: allowed: {', '.join(get_args(Level))}")
    columns = Columns(item=item, annotator=annotator, label=label, cluster=cluster)
    options = AgreementOptions(level=level, order=tuple(order))
    measured = agreement_of_columns(column_table(votes, columns), columns, VoteRules(), options, seed)
    return as_result(Agreement, measured.agreement)


def aggregate(
    votes: "Table",
    item: str = "item",
    annotator: str = "annotator",
    label: str = "label",
    method: str = "majority",
    seed: int = 0,
) -> "pd.DataFrame":
    """The gold label of each item: ``item label status method n_votes confidence reason soft_LABEL...``, a row each.

    Args:
        votes: a row a vote; an empty label is no vote.
        item: the column of the item.
        annotator: the column of the annotator.
        label: the column of the label.
        method: majority, dawid-skene, mace or glad.
        seed: of the method's random starts.

    Raises:
        DataError: a column is missing, there are no votes, or an annotator has two votes on an item.
        UsageError: there is no such method.
    """
    from toolkit.labels.aggregation.methods import TableOptions, gold_of_columns, gold_rows

    try:
        chosen = msgspec.convert({"method": method}, AggregateOptions)
    except msgspec.ValidationError as error:
        raise UsageError(f"method {method!r}: allowed: majority, dawid-skene, mace, glad") from error
    columns = Columns(item=item, annotator=annotator, label=label)
    gold = gold_of_columns(column_table(votes, columns), columns, VoteRules(), TableOptions(method=chosen, seed=seed))
    return with_given_ids(frame_of(gold_rows(gold)), "item", votes, item)


class AuditOfAnnotators(Printable, AnnotatorAudit, frozen=True, kw_only=True):
    """The figures and flags of each annotator."""

    def __str__(self) -> str:
        """The annotators, a line each."""
        return "\n".join(audit_lines(self))


def audit_annotators(
    votes: "Table",
    item: str = "item",
    annotator: str = "annotator",
    label: str = "label",
    order: Sequence[str] = (),
    seconds: str | None = None,
    time: str | None = None,
    seed: int = 0,
) -> AuditOfAnnotators:
    """Each annotator against the others: accuracy, agreement, bias, drift, speed; nothing is removed.

    Args:
        votes: a row a vote; an empty label is no vote.
        item: the column of the item.
        annotator: the column of the annotator.
        label: the column of the label.
        order: the labels on a scale, from low to high.
        seconds: the column of the seconds that an answer took.
        time: the column of the time of an answer.
        seed: of the bootstraps.

    Raises:
        DataError: a column is missing or there are no votes.
    """
    table = text_table(votes)
    options = AnnotatorAuditOptions(
        columns=Columns(item=item, annotator=annotator, label=label), order=tuple(order), seconds=seconds, time=time
    )
    answers = answers_of_table([dict(row) for row in table.rows], options, Path(table.source))
    return as_result(AuditOfAnnotators, audit_answers(answers, None, seed))


class AuditOfSentiment(Printable, StanceSentiment, frozen=True, kw_only=True):
    """How far stance is only sentiment."""

    def __str__(self) -> str:
        """The association, and the score of a rule that only sees sentiment."""
        return "\n".join(stance_sentiment_lines(self))


def audit_sentiment(
    rows: "Table",
    stance: str = "stance",
    sentiment: str = "sentiment",
    id: str | None = None,
    cluster: str | None = None,
    seed: int = 0,
) -> AuditOfSentiment:
    """How far stance is only sentiment: their association, and how well a rule of sentiment alone does.

    Args:
        rows: a table with both labels.
        stance: the column of the stance.
        sentiment: the column of the sentiment.
        id: the column of the id; by default the number of the row.
        cluster: the column of what intervals resample; by default the row.
        seed: of the bootstraps.

    Raises:
        DataError: a column is missing, or no row has both labels.
    """
    table = text_table(rows)
    columns = SentimentColumns(stance=stance, sentiment=sentiment, id=id, cluster=cluster)
    pairs = pairs_in_table([dict(row) for row in table.rows], columns, Path(table.source))
    return as_result(AuditOfSentiment, stance_sentiment(pairs.pairs, pairs.stances, pairs.sentiments, seed))


def audit_labels(
    rows: "Table",
    text: str = "text",
    label: str = "label",
    group: str | None = None,
    number: int = 50,
    seed: int = 0,
) -> "pd.DataFrame":
    """Rows whose label to look at again: ``id label instead margin drawn text``, with as many drawn at random.

    The text model is trained across folds, so that it judges rows that it has not seen.

    Args:
        rows: labelled texts.
        text: the column of the text.
        label: the column of the label.
        group: the column of rows that stay together in folds.
        number: how many doubtful rows, and as many at random.
        seed: of folds and drawing.

    Raises:
        DataError: a column is missing, or there is too little to learn from.
    """
    table = text_table(rows)
    columns = TrainColumns(text=text, label=label, group=group)
    texts = table_rows(table, columns)
    labels = tuple(sorted({row.label for row in texts if row.label is not None}))
    trained = train_baseline(texts, labels, None, seed)
    by_id = {row.id: row for row in texts}
    judged = [
        Scored(id=row.id, label=by_id[row.id].label or "", scores=row.scores)
        for row in trained.predictions
        if row.fold is not None and by_id[row.id].label is not None
    ]
    doubtful = [dict(msgspec.to_builtins(row)) for row in doubtful_labels(judged, number, seed)]
    return frame_of([{**row, "text": by_id[row["id"]].text} for row in doubtful])


class SplitCertificate(Printable, Certificate, frozen=True, kw_only=True):
    """What proves a split: what its parts share, and how alike their labels are."""

    def __str__(self) -> str:
        """The sizes, and what stands in more than one split."""
        return f"rows: {tally(self.sizes)}; in more than one split: {tally(self.shared)}"


def certify(
    rows: "Table",
    split: str = "split",
    text: str = "text",
    label: str = "label",
    group: str | None = None,
) -> SplitCertificate:
    """What proves a split of a table: values that stand in more than one split, and the drift of the labels.

    Args:
        rows: a table with a split; columns that it lacks are not judged.
        split: the column with train, validation or test; an empty cell is in no split.
        text: the column of the text.
        label: the column of the label.
        group: the column of rows that must stay together; by default each row is its own group.

    Raises:
        DataError: a column is missing, or a split is none of train, validation, test.
    """
    table = text_table(rows)
    numbers = [str(number) for number in range(1, len(table.rows) + 1)]
    groups = table.column(group) if group else numbers
    texts = table.column(text) if table.has(text) else numbers
    labels = table.column(label) if table.has(label) else [""] * len(numbers)
    splits = table.column(split)
    examples = [
        _example(number, row_text, row_split, row_group, {label: row_label} if row_label else {})
        for number, row_text, row_split, row_group, row_label in zip(
            numbers, texts, splits, groups, labels, strict=True
        )
    ]
    return as_result(SplitCertificate, certify_examples(examples))


def _example(number: str, text: str, split: str, group: str, labels: Mapping[str, str]) -> Example:
    answers = {name: Answered(label=label, status=None, votes={}, soft={}) for name, label in labels.items()}
    values = {
        "id": number, "article_id": group, "article_version": "", "unit": "paragraph", "start": 0, "end": len(text),
        "target": "", "outlet": None, "origin": None, "published": None, "language": None, "country": None,
        "role": "body", "text": text, "headline": "", "previous": "", "next": "", "stratum": "", "propensity": 1.0,
        "split": split or None, "cluster": group, "answers": answers,
    }  # fmt: skip
    try:
        return msgspec.convert(values, Example)
    except msgspec.ValidationError as error:
        raise DataError(f"row {number}: split {split!r}; allowed: train, validation, test or nothing") from error


def load_gold(path: str | Path) -> "pd.DataFrame":
    """The gold of a dataset, all splits, with label names and a column ``split``.

    Args:
        path: a dataset directory that `stance build` wrote, or a campaign file.

    Raises:
        MissingFileError: there is no dataset.
    """
    directory = path_of(path)
    if directory.suffix == ".toml":
        from toolkit.workspace import read_campaign

        directory = read_campaign(directory).at("dataset")
    files = sorted((directory / "data" / "gold").glob("*.parquet"))
    if not files:
        raise MissingFileError(f"{directory}: no dataset; run `stance build` first")
    return concatenated([_named_labels(file) for file in files])


def _named_labels(file: Path) -> "pd.DataFrame":
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(file)
    frame: pd.DataFrame = table.to_pandas()
    described = (table.schema.metadata or {}).get(b"huggingface", b"{}")
    features = msgspec.json.decode(described).get("info", {}).get("features", {})
    for name, feature in features.items():
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and name in frame:
            names = dict(enumerate(feature["names"]))
            frame[name] = frame[name].map(lambda code, names=names: names.get(code)).astype(object)
    if "split" not in frame:
        frame.insert(0, "split", file.stem.split("-")[0])
    return frame
