"""Steps from gold to a dataset directory and its card."""

import shutil
from collections import Counter
from collections.abc import Sequence, Set
from pathlib import Path

import msgspec

from toolkit.campaigns.display import contexts
from toolkit.campaigns.label_transfer import Placed
from toolkit.campaigns.sampling import Frame
from toolkit.dataset.build import (
    DataRow,
    Sources,
    annotation_rows,
    assign_splits,
    build_examples,
    gold_rows,
)
from toolkit.dataset.card import CardFacts, QuestionSummary, BaselineScore, render_card
from toolkit.dataset.parquet import SPLITS, annotation_features, build_digest, gold_features, write_config
from toolkit.errors import DataError
from toolkit.files import read_json, read_jsonl, write_json, write_jsonl, write_text
from toolkit.labels.adjudication import adjudication_facts
from toolkit.labels.ledger import latest
from toolkit.records import Article, Dropped, Example, Gold, Split, SplitRow
from toolkit.splitting.certificate import Certificate, certify
from toolkit.steps.agreement import AgreementFile
from toolkit.steps.common import (
    Outcome,
    annotations_of,
    annotators_of,
    articles_of,
    clusters_of,
    counted_of,
    finish,
    items_of,
    paragraphs_of,
    simulation_note,
)
from toolkit.steps.plan import frame_of
from toolkit.steps.scores import ScoresFile, scores_of
from toolkit.steps.segment import counts_of, placed_items, told_outdated
from toolkit.store import Store
from toolkit.workspace import CampaignConfig


def gold_of(campaign: CampaignConfig) -> list[Gold]:
    """The gold of a campaign."""
    return read_jsonl(campaign.at("gold.jsonl"), Gold, f"stance aggregate {campaign.path}")


def agreement_file_of(campaign: CampaignConfig) -> AgreementFile:
    """The agreement that was measured with the gold."""
    path = campaign.at("agreement.json")
    return msgspec.convert(read_json(path, f"stance aggregate {campaign.path}"), AgreementFile)


def examples_of(campaign: CampaignConfig) -> list[Example]:
    """The rows of the dataset, made anew from what they are derived from."""
    return _examples(campaign, _placed(campaign))


def _placed(campaign: CampaignConfig) -> Placed:
    items = list(items_of(campaign).values())
    placed = placed_items(campaign, items, paragraphs_of(campaign))
    if items and not placed.items:
        raise DataError(
            f"{campaign.at('items.jsonl')}: none of its {len(items)} paragraphs is there any more; the articles have "
            "changed since `stance plan`: restore them"
        )
    return placed


def _examples(campaign: CampaignConfig, placed: Placed) -> list[Example]:
    articles, paragraphs = articles_of(campaign), paragraphs_of(campaign)
    titles = {article.id: article.title for article in articles.values()}
    sources = Sources(
        articles=articles,
        paragraphs={paragraph.id: paragraph for paragraph in paragraphs},
        contexts=contexts(paragraphs, titles, campaign.file.sample.roles),
        items=placed.items,
        gold=gold_of(campaign),
        clusters={row.article_id: row.cluster for row in clusters_of(campaign)},
    )
    splits = read_jsonl(campaign.at("splits.jsonl"), SplitRow, f"stance plan {campaign.path}")
    asked = list(items_of(campaign).values())  # all, so that an edit moves no article into another split
    split_of = assign_splits(asked, splits, campaign.file.plan.validation_share, campaign.file.seed)
    return build_examples(sources, campaign.codebook, split_of)


def build_step(campaign: CampaignConfig) -> Outcome:
    """Gold and votes into a dataset directory with its certificate, its codebook and its card."""
    placed = _placed(campaign)
    examples = _examples(campaign, placed)
    split_of = {example.id: example.split for example in examples}
    gold = gold_rows(examples, campaign.codebook)
    ledger = counted_of(campaign)
    states = [a for a in latest(annotations_of(campaign)) if a.item_id in split_of]
    votes = annotation_rows(states, ledger, annotators_of(campaign), campaign.codebook)
    certificate = certify(examples)
    directory = campaign.at("dataset")
    _write_data(campaign, directory, _by_split(gold, "id", split_of), _by_split(votes, "item_id", split_of))
    write_jsonl(campaign.at("outdated.jsonl"), placed.outdated)
    write_json(directory / "certificate.json", certificate)
    write_text(directory / "codebook.toml", campaign.beside(campaign.file.codebook).read_text(encoding="utf-8"))
    write_text(directory / "README.md", render_card(card_facts(campaign), campaign.codebook))
    unassigned = sum(example.split is None for example in examples)
    facts = {
        "schema": 1,
        "directory": str(directory),
        "rows": len(gold),
        "annotations": len(votes),
        "sizes": certificate.sizes,
        "certificate": {"shared": certificate.shared, "label_drift": certificate.label_drift},
        "without_split": unassigned,
        "items": counts_of(placed),
    }
    told = ", ".join(f"{split} {certificate.sizes[split]}" for split in SPLITS if split in certificate.sizes)
    line = f"{directory}: {len(gold)} rows ({told}), {len(votes)} annotations"
    if outdated := told_outdated(counts_of(placed)):
        line += f"; {outdated}; each is in {campaign.at('outdated.jsonl').name}"
    outcome = Outcome(line=line, facts=facts)
    return finish(campaign, "build", build_inputs(campaign), build_outputs(campaign), outcome)


def build_inputs(campaign: CampaignConfig) -> list[Path]:
    """What the dataset depends on."""
    names = (
        "paragraphs.jsonl", "versions.jsonl", "clusters.jsonl", "items.jsonl", "splits.jsonl", "annotations.jsonl",
        "gold.jsonl",
    )  # fmt: skip
    return [
        *campaign.article_files,
        campaign.beside(campaign.file.codebook),
        *(campaign.at(name) for name in (*names, "annotators.jsonl")),
    ]


def build_outputs(campaign: CampaignConfig) -> list[Path]:
    """What building writes, the card aside."""
    names = ("data", "certificate.json", "codebook.toml")
    return [*(campaign.at("dataset") / name for name in names), campaign.at("outdated.jsonl")]


def _by_split(rows: Sequence[DataRow], key: str, split_of: dict[str, Split | None]) -> dict[str, list[DataRow]]:
    return {split: [row for row in rows if split_of[row[key]] == split] for split in SPLITS}


def _write_data(
    campaign: CampaignConfig, directory: Path, gold: dict[str, list[DataRow]], votes: dict[str, list[DataRow]]
) -> None:
    """Write all data files beside the old ones, then put them in their place: never half a dataset."""
    beside = directory / ".data.part"
    shutil.rmtree(beside, ignore_errors=True)
    write_config(beside / "gold", gold, gold_features(campaign.codebook))
    write_config(beside / "annotations", votes, annotation_features(campaign.codebook))
    shutil.rmtree(directory / "data", ignore_errors=True)
    beside.rename(directory / "data")


def card_step(campaign: CampaignConfig) -> Outcome:
    """Write the card anew, with the scores of the baseline where it has been trained."""
    facts = card_facts(campaign)
    path = campaign.at("dataset") / "README.md"
    write_text(path, render_card(facts, campaign.codebook))
    line = f"{path}: {'with' if facts.scores else 'without'} baseline scores"
    outcome = Outcome(line=line, facts={"schema": 1, "card": str(path), "scores": len(facts.scores)})
    return finish(campaign, "card", card_inputs(campaign), [path], outcome)


def card_outputs(campaign: CampaignConfig) -> list[Path]:
    """What the card is."""
    return [campaign.at("dataset") / "README.md"]


def card_inputs(campaign: CampaignConfig) -> list[Path]:
    """What the card depends on."""
    names = ("agreement.json", "adjudications.jsonl", "frame.json", "dropped.jsonl", "baseline/scores.json")
    return [*build_inputs(campaign), *build_outputs(campaign), *(campaign.at(name) for name in names)]


def card_facts(campaign: CampaignConfig) -> CardFacts:
    """Everything that the card says, read from the files of the campaign."""
    placed = _placed(campaign)
    examples, articles, frame = _examples(campaign, placed), articles_of(campaign), frame_of(campaign)
    annotations, annotators = annotations_of(campaign), annotators_of(campaign)
    agreement = agreement_file_of(campaign)
    used = {annotation.annotator for annotation in annotations}
    kinds = Counter(annotators[name].kind if name in annotators else "human" for name in sorted(used))
    used_articles = [articles[name] for name in sorted({example.article_id for example in examples})]
    dropped = read_jsonl(campaign.at("dropped.jsonl"), Dropped, f"stance segment {campaign.path}")
    directory, scores = campaign.at("dataset"), scores_of(campaign)
    return CardFacts(
        name=campaign.name,
        title=campaign.file.title,
        description=campaign.file.description,
        licence=campaign.file.licence,
        languages=tuple(sorted({article.language or "und" for article in used_articles})),
        digest=build_digest(directory),
        sizes=_sizes(directory),
        articles=len(used_articles),
        paragraphs=frame.paragraphs,
        selected=len({example.id for example in examples}),
        selection=_selection(frame),
        period=_period(used_articles),
        outlets=dict(sorted(Counter(example.outlet or "unknown" for example in examples).items())),
        targets=tuple(sorted({example.target for example in examples})),
        annotators=dict(sorted(kinds.items())),
        simulated=simulation_note(annotations, annotators),
        annotations=len(latest(annotations)),
        left_out=agreement.left_out,
        dropped=dict(sorted(Counter(row.reason for row in dropped).items())),
        outdated={name: n for name, n in counts_of(placed).items() if name != "kept" and n},
        follow_from=campaign.file.paragraphs.follow_changed,
        codebook_ref=campaign.codebook.ref,
        questions=_question_facts(campaign, agreement, {example.id for example in examples}),
        certificate=msgspec.convert(read_json(directory / "certificate.json"), Certificate),
        scores=_scores(scores),
        adjudication=adjudication_facts(Store(campaign).adjudications, annotations),
        scored_question=scores.question if scores else "",
        scored_labels=scores.labels if scores else (),
    )


def _sizes(directory: Path) -> dict[str, dict[str, int]]:
    import pyarrow.parquet

    found: dict[str, dict[str, int]] = {}
    for config in ("gold", "annotations"):
        paths = ((split, directory / "data" / config / f"{split}.parquet") for split in SPLITS)
        found[config] = {split: pyarrow.parquet.read_metadata(path).num_rows for split, path in paths if path.exists()}
    return {config: splits for config, splits in found.items() if splits}


def _selection(frame: Frame) -> str:
    return (
        "all of them"
        if frame.selection == "all"
        else "a random sample stratified by the fields that the campaign names"
    )


def _period(articles: Sequence[Article]) -> tuple[str, str] | None:
    dates = sorted(article.published[:10] for article in articles if article.published)
    return (dates[0], dates[-1]) if dates else None


def _scores(scores: ScoresFile | None) -> tuple[BaselineScore, ...]:
    rungs = scores.rungs if scores else ()
    return tuple(
        BaselineScore(
            name=rung.name,
            reads_text=rung.reads_text,
            test=rung.test.macro_f1,
            cross_validated=rung.cross_validated.macro_f1,
        )
        for rung in rungs
    )


def _question_facts(
    campaign: CampaignConfig, agreement: AgreementFile, rows_there: Set[str]
) -> tuple[QuestionSummary, ...]:
    gold = [row for row in gold_of(campaign) if row.item_id in rows_there]
    found = []
    for question in campaign.codebook.choices:
        rows = [row for row in gold if row.question == question.name]
        found.append(
            QuestionSummary(
                name=question.name,
                labels=dict(Counter(row.label for row in rows if row.label is not None)),
                statuses=dict(sorted(Counter(row.status for row in rows).items())),
                agreement=agreement.questions[question.name],
            )
        )
    return tuple(found)
