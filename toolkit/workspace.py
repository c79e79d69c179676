"""A campaign file and where each file of the campaign lies."""

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from toolkit.codebook import (
    Codebook,
    TargetRegistry,
    codebook_findings,
    read_codebook,
    read_targets,
    targets_findings,
)
from toolkit.configuration import Finding, finding, nearest, raise_findings, toml_findings
from toolkit.errors import ConfigError, MissingFileError
from toolkit.records import ASKED_ROLES, Role

_Share = Annotated[float, Meta(ge=0, le=1)]
_Pseudonym = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$")]
ShownPart = Literal["headline", "outlet", "date", "byline", "neighbours", "note"]  # what stands around the item


class _Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class ParagraphOptions(_Table, frozen=True, kw_only=True):
    """How long paragraphs may be, and whether labels follow them when they change; lengths are in characters."""

    readable: bool = False  # the usual limits of each article's language, where none is named
    longest: Annotated[int, Meta(ge=1)] | None = None  # longer ones are divided between their sentences
    shortest: Annotated[int, Meta(ge=0)] | None = None  # shorter ones are put to the one below
    follow_changed: Annotated[float, Meta(gt=0, le=1)] | None = None  # share of words kept from which labels follow


class SampleOptions(_Table, frozen=True, kw_only=True):
    """Which paragraphs are put to annotators."""

    items: Annotated[int, Meta(ge=1)] | None = None  # None: all
    roles: tuple[Role, ...] = ASKED_ROLES
    stratify: tuple[str, ...] = ("outlet",)  # fields of the article


class PlanOptions(_Table, frozen=True, kw_only=True):
    """Who is asked what."""

    votes: Annotated[int, Meta(ge=1, le=50)] = 3
    overlap_votes: Annotated[int, Meta(ge=1, le=50)] | None = None  # of a share of the items; None: `votes` of all
    overlap_share: _Share = 0.0
    test_share: _Share = 0.3  # of the items, by whole groups
    validation_share: _Share = 0.2  # of the pool


class StudioOptions(_Table, frozen=True, kw_only=True):
    """How the campaign stands on Label Studio."""

    title: str | None = None  # of the project; None: the campaign's title
    layout: Literal["shared", "blind"] = "shared"  # one queue for all, or a project for each annotator
    annotators: tuple[_Pseudonym, ...] = ()  # blind: who has a project
    tiebreak: bool = False  # disputed items go to a further project
    show: tuple[ShownPart, ...] = ("headline", "neighbours", "note")
    mask: tuple[Literal["outlet", "byline"], ...] = ()  # names that are blotted out of the texts, length kept
    batch: Annotated[int, Meta(ge=1)] = 200  # items a request of push, ledger lines a write of pull


class SimulatedAnnotator(_Table, frozen=True, kw_only=True):
    """A simulated annotator and the errors that it makes."""

    pseudonym: _Pseudonym
    accuracy: _Share = 0.8  # the chance of giving the intended label where neither leaning nor speeding interferes
    leaning: Annotated[float, Meta(ge=-1, le=1)] = 0.0  # which end of the scale its errors go to
    speeding: _Share = 0.05  # the chance of answering without reading


class SimulateOptions(_Table, frozen=True, kw_only=True):
    """Simulated annotators for a dry run."""

    intended: tuple[str, ...] = ()  # files of intended labels; without them latent labels are drawn
    skip_rate: _Share = 0.01
    annotators: tuple[SimulatedAnnotator, ...] = (
        SimulatedAnnotator(pseudonym="sim-1", accuracy=0.9),
        SimulatedAnnotator(pseudonym="sim-2", accuracy=0.85, leaning=0.3),
        SimulatedAnnotator(pseudonym="sim-3", accuracy=0.85, leaning=-0.3),
    )


class AggregateOptions(_Table, frozen=True, kw_only=True):
    """How votes become gold; None is the default of the method."""

    method: Literal["majority", "dawid-skene", "mace", "glad"] = "majority"
    threshold: _Share | None = None  # the chance that a model's label needs; None: .8
    min_votes: Annotated[int, Meta(ge=1)] | None = None  # None: 2, or 1 of one asked; of a model 3
    min_shared: Annotated[int, Meta(ge=0)] | None = None  # items shared with others before one is believed; None: 30
    pooling: Literal["partial", "none"] = "partial"  # of the annotators' confusions
    restarts: Annotated[int, Meta(ge=0, le=1000)] | None = None  # besides the start from the votes


class TrainOptions(_Table, frozen=True, kw_only=True):
    """What the baseline learns."""

    question: str | None = None  # None: the first question with labels


class CampaignFile(_Table, frozen=True, kw_only=True):
    """A campaign file as a person writes it; paths are relative to it."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=40)]
    title: str
    description: str = ""
    licence: str = "unknown"  # of the dataset: a licence id as the Hub knows it
    articles: tuple[str, ...]
    codebook: str
    targets_file: str = "targets.toml"
    targets: tuple[str, ...] = ()
    target_from: str | None = None  # an article field that names the target: "meta.target"
    language: str = "en"  # of the screen
    seed: int = 0
    paragraphs: ParagraphOptions = ParagraphOptions()
    sample: SampleOptions = SampleOptions()
    plan: PlanOptions = PlanOptions()
    studio: StudioOptions = StudioOptions()
    simulate: SimulateOptions = SimulateOptions()
    aggregate: AggregateOptions = AggregateOptions()
    train: TrainOptions = TrainOptions()


@dataclass(frozen=True)
class CampaignConfig:
    """A campaign: what its file says, and the places of its files."""

    path: Path
    file: CampaignFile

    @property
    def name(self) -> str:
        """The name of the campaign and of its directory."""
        return self.file.name

    @property
    def root(self) -> Path:
        """The workspace: the directory above ``schemas/``, or the campaign file's own."""
        parent = self.path.resolve().parent
        return parent.parent if parent.name == "schemas" else parent

    @property
    def directory(self) -> Path:
        """Where the toolkit writes what belongs to the campaign."""
        return self.root / "data" / "labeled" / self.name

    def beside(self, name: str) -> Path:
        """A path that the campaign file names."""
        return Path(os.path.normpath(self.path.resolve().parent / name))

    def at(self, name: str) -> Path:
        """A file of the campaign, by its name in the layout: ``items.jsonl``."""
        return self.directory / name

    @cached_property
    def codebook(self) -> Codebook:
        """What annotators are asked."""
        return read_codebook(self.beside(self.file.codebook))

    @cached_property
    def targets(self) -> TargetRegistry:
        """The targets that the workspace knows; none where there is no such file."""
        path = self.beside(self.file.targets_file)
        return read_targets(path) if path.exists() else TargetRegistry(targets=())

    @property
    def article_files(self) -> list[Path]:
        """The files of articles, in the order given."""
        return [self.beside(name) for name in self.file.articles]

    @property
    def intended_files(self) -> list[Path]:
        """The files of intended labels, for simulated annotators only."""
        return [self.beside(name) for name in self.file.simulate.intended]


def read_campaign(path: Path) -> CampaignConfig:
    """The campaign in a TOML file.

    Raises:
        ConfigError: the file breaks a rule, or names neither targets nor a field that has them.
        MissingFileError: there is no such file.
    """
    if not path.exists():
        raise MissingFileError(f"{path}: no such campaign; `stance init DIR` writes a workspace with one")
    file, findings = _file_findings(path)
    raise_findings(findings)
    if file is None:
        raise ConfigError(f"{path}: no campaign")
    return CampaignConfig(path=path, file=file)


def campaign_findings(path: Path) -> tuple[CampaignConfig | None, list[Finding]]:
    """The campaign in a file, and all that is wrong with it, its codebook, its targets and the files it names.

    The campaign is None where its own file cannot be used.
    """
    file, findings = _file_findings(path) if path.exists() else (None, [_absent("campaign", path)])
    if file is None:
        return None, findings
    campaign = CampaignConfig(path=path, file=file)
    book_path, targets_path = campaign.beside(file.codebook), campaign.beside(file.targets_file)
    book, more = codebook_findings(book_path) if book_path.exists() else (None, [_absent("codebook", book_path)])
    findings += more
    if book is not None:
        findings += [finding("campaign", path, problem) for problem in _question_problems(file, book)]
    registry, more = targets_findings(targets_path) if targets_path.exists() else (TargetRegistry(targets=()), [])
    findings += more
    if registry is not None:
        findings += [finding("campaign", path, problem) for problem in _target_problems(file, registry, targets_path)]
    for file_path in (*campaign.article_files, *campaign.intended_files):
        if not file_path.exists():  # a warning: much can be done without them, and the verb that needs them says so
            findings.append(msgspec.structs.replace(_absent("articles", file_path), level="warning"))
    return campaign, findings


def _absent(rule: str, path: Path) -> Finding:
    remedy = "`stance init DIR` writes a workspace with one" if rule == "campaign" else "name another path, or add it"
    return Finding(rule=rule, where=str(path), message="no such file", remedy=remedy)


def _file_findings(path: Path) -> tuple[CampaignFile | None, list[Finding]]:
    """What a campaign file says and what is wrong with it; None where it cannot be used."""
    file, findings = toml_findings(path, CampaignFile)
    if file is not None:
        findings += [finding("campaign", path, problem) for problem in _file_problems(file)]
    return (None if findings else file), findings


def _file_problems(file: CampaignFile) -> Iterator[str]:
    if bool(file.targets) == bool(file.target_from):
        yield f"give either `targets` (ids from {file.targets_file}) or `target_from`, not both; delete or add one"
    shortest, longest = file.paragraphs.shortest, file.paragraphs.longest
    if shortest is not None and longest is not None and shortest > longest:
        yield f"[paragraphs]: shortest ({shortest}) is more than longest ({longest}); swap them"
    pseudonyms = [annotator.pseudonym for annotator in file.simulate.annotators]
    if len(set(pseudonyms)) < len(pseudonyms):
        yield "[simulate]: two simulated annotators share a pseudonym; give each its own"
    if len(set(file.studio.annotators)) < len(file.studio.annotators):
        yield "[studio]: an annotator is named twice; name each once"


def _question_problems(file: CampaignFile, book: Codebook) -> Iterator[str]:
    names = [question.name for question in book.questions if question.labels]
    if file.train.question is not None and file.train.question not in names:
        yield f"[train]: no question {file.train.question!r} with labels; {nearest(file.train.question, names)}"


def _target_problems(file: CampaignFile, registry: TargetRegistry, path: Path) -> Iterator[str]:
    ids = [target.id for target in registry.targets]
    for target_id in file.targets:
        if target_id not in ids:
            yield f"unknown target {target_id!r}; {nearest(target_id, ids)} (in {path})"


def campaigns_with_data(root: Path) -> list[Path]:
    """The campaign files of a workspace whose directory under ``data/labeled`` exists, by name."""
    labeled = root / "data" / "labeled"
    names = {path.name for path in labeled.iterdir() if path.is_dir()} if labeled.is_dir() else set()
    paths = [*sorted(root.glob("*.toml")), *sorted((root / "schemas").glob("*.toml"))] if names else []
    return [path for path in paths if _campaign_name(path) in names]


def _campaign_name(path: Path) -> str | None:
    """The name in a file that looks like a campaign, or None; what else is wrong with it is said when it is read."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return str(values.get("name")) if "codebook" in values else None


def packaged_workspace() -> Path:
    """The directory with the schemas and the sample that the package carries: in the wheel, or in the checkout."""
    package = Path(__file__).parent
    inside = package / "_workspace"
    return inside if inside.is_dir() else package.parent
