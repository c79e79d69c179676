"""The verb `build`: gold and votes into the dataset directory of a campaign, with its certificate and its card."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from toolkit.articles.reading.reader import read_articles
from toolkit.baselines.training import ScoresFile, card_scores
from toolkit.campaigns.label_transfer import CarriedItems, TransferCounts, carried_items
from toolkit.campaigns.sampling import Frame
from toolkit.dataset.build import Sources, annotation_rows, build_dataset, by_split, gold_rows
from toolkit.dataset.card import CardFacts, CardSources, card_facts, render_card
from toolkit.dataset.parquet import SPLITS, build_digest, config_sizes, write_data
from toolkit.files import read_text
from toolkit.labels.agreement.questions import AgreementFile
from toolkit.labels.ledger import latest, settle
from toolkit.records import Article, Dropped, Example
from toolkit.runs import Result
from toolkit.splitting.certificate import Certificate, certify
from toolkit.store import Store
from toolkit.studio.state import votes_state
from toolkit.words import plural, tally
from toolkit.workspace import CampaignConfig

_SOURCES = (
    "paragraphs.jsonl", "versions.jsonl", "clusters.jsonl", "items.jsonl", "splits.jsonl", "annotations.jsonl",
    "gold.jsonl", "annotators.jsonl", "withdrawn.jsonl",
)  # fmt: skip
_BUILT = (
    "dataset/data", "dataset/gold.csv", "dataset/certificate.json", "dataset/codebook.toml", "outdated.jsonl",
)  # fmt: skip


class SplitChecks(Struct, frozen=True, kw_only=True):
    """The checks of a certificate that the facts of a build show."""

    shared: dict[str, int]  # column -> values in more than one split
    label_drift: dict[str, float]  # question -> largest difference of a label's share between two splits


class BuildResult(Result, frozen=True, kw_only=True):
    """The dataset that was built."""

    directory: str
    rows: int
    annotations: int
    sizes: dict[str, int]  # split -> rows
    certificate: SplitChecks
    without_split: int
    items: TransferCounts  # by the present state of their paragraph: kept, followed, changed, gone

    def line(self) -> str:
        """The directory, the rows by split, and the items whose paragraph was edited."""
        sizes = tally({split: self.sizes[split] for split in SPLITS if split in self.sizes})
        line = f"{self.directory}: {plural(self.rows, 'row')} ({sizes}), {plural(self.annotations, 'annotation')}"
        return f"{line}; {outdated}; each is in outdated.jsonl" if (outdated := self.items.line()) else line


def build_campaign(campaign: CampaignConfig) -> BuildResult:
    """Write the dataset of a campaign: data files, certificate, codebook and card."""
    store = Store(campaign)
    with store.lock():
        records = read_records(store)
        examples = records.examples
        ledger = settle(store.annotations, store.items, campaign.codebook, store.withdrawn)
        ids = {example.id for example in examples}
        states = [annotation for annotation in latest(store.annotations) if annotation.item_id in ids]
        gold = gold_rows(examples, campaign.codebook)
        votes = annotation_rows(states, ledger, store.annotators, campaign.codebook)
        certificate = certify(examples)
        by_config = by_split(gold, "id", examples), by_split(votes, "item_id", examples)
        write_data(store.path("dataset"), *by_config, campaign.codebook)
        store.write_rows("outdated.jsonl", records.placed.outdated)
        store.write_fact("dataset/certificate.json", certificate)
        store.write_text("dataset/codebook.toml", read_text(campaign.beside(campaign.file.codebook)))
        write_card(store, records)
        result = BuildResult(
            directory=str(store.path("dataset")),
            rows=len(gold),
            annotations=len(votes),
            sizes=certificate.sizes,
            certificate=SplitChecks(shared=certificate.shared, label_drift=certificate.label_drift),
            without_split=sum(example.split is None for example in examples),
            items=records.placed.counts,
        )
        return store.record("build", build_inputs(campaign), build_outputs(campaign), result)


def build_inputs(campaign: CampaignConfig) -> list[Path]:
    """The files that the dataset depends on."""
    return [*campaign.article_files, campaign.beside(campaign.file.codebook), *map(campaign.at, _SOURCES)]


def build_outputs(campaign: CampaignConfig) -> list[Path]:
    """The files that `build` writes, without the card."""
    return [*map(campaign.at, _BUILT)]


class DatasetRecords(Struct, frozen=True, kw_only=True):
    """The rows of a dataset, and the records that they are made from."""

    articles: Mapping[str, Article]
    placed: CarriedItems
    examples: list[Example]


def read_records(store: Store) -> DatasetRecords:
    """The rows of a campaign's dataset, made from the records that they are derived from."""
    articles = {article.id: article for article in read_articles(store.campaign.article_files)}
    items, placed = list(store.items.values()), carried_items(store)
    sources = Sources(
        articles=articles,
        paragraphs=store.paragraphs,
        items=placed.items,
        planned=items,
        splits=store.splits,
        gold=store.gold,
        clusters=store.clusters,
    )
    return DatasetRecords(articles=articles, placed=placed, examples=build_dataset(store.campaign, sources))


def write_card(store: Store, records: DatasetRecords) -> CardFacts:
    """Write the card of a dataset and return its facts."""
    agreement, directory = store.fact("agreement.json", AgreementFile, "aggregate"), store.path("dataset")
    facts = card_facts(
        CardSources(
            campaign=store.campaign,
            articles=records.articles,
            examples=records.examples,
            frame=store.fact("frame.json", Frame, "plan"),
            dropped=store.rows("dropped.jsonl", Dropped, "segment"),
            annotations=store.annotations,
            annotators=store.annotators,
            agreement=agreement.questions,
            left_out=agreement.left_out,
            state=votes_state(store),
            outdated=msgspec.to_builtins(records.placed.counts),
            gold=store.gold,
            adjudications=store.adjudications,
            certificate=store.fact("dataset/certificate.json", Certificate, "build"),
            sizes=config_sizes(directory),
            digest=build_digest(directory),
            baselines=card_scores(store.optional_fact("baseline/scores.json", ScoresFile, "train")),
        )
    )
    store.write_text("dataset/README.md", render_card(facts, store.campaign.codebook))
    return facts
