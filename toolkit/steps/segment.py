"""A campaign's articles into paragraphs, and what became of those that people were asked about."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.articles.duplicates.clusters import cluster_articles
from toolkit.articles.reading.journal import dropped_beside
from toolkit.campaigns.label_transfer import Placed, place_items
from toolkit.errors import ConfigError, DataError
from toolkit.files import append_jsonl, mend_jsonl, read_jsonl, write_jsonl, written_whole
from toolkit.records import Article, Dropped, Item, Paragraph, Revision
from toolkit.runs import last_run
from toolkit.segmentation.lengths import Limits
from toolkit.segmentation.revisions import revisions
from toolkit.segmentation.segmenter import segment_article
from toolkit.steps.common import Outcome, Progress, articles_of, finish, items_of, paragraphs_of
from toolkit.steps.segmenting import KINDS, options_for, told_changes
from toolkit.times import now
from toolkit.workspace import CampaignConfig

_BATCH = 1000  # lines of the history that are written at once
_EVERY = 200  # articles between two words about the progress


def segment_step(campaign: CampaignConfig, progress: Progress) -> Outcome:
    """Articles into paragraphs, near-duplicate clusters and a list of what was left out.

    Where paragraphs of an earlier time are there, it is said what became of them, and kept in ``versions.jsonl``.
    """
    _refuse_other_limits(campaign)
    articles = list(articles_of(campaign).values())
    dropped = [row for path in campaign.article_files for row in _dropped_before(path)]
    dropped += [Dropped(id=one.id, reason="empty", detail="no text") for one in articles if not one.text.strip()]
    kept = [article for article in articles if article.text.strip()]
    if not kept:
        raise DataError(f"{campaign.path}: no article with a text; add some with `stance ingest`")
    cut = _write_paragraphs(campaign, kept, progress)
    progress(f"comparing {len(kept)} articles", 0, 0)
    clusters = cluster_articles(kept)
    write_jsonl(campaign.at("clusters.jsonl"), clusters)
    write_jsonl(campaign.at("dropped.jsonl"), dropped)
    facts = {
        "schema": 1,
        "articles": len(kept),
        "paragraphs": cut.roles.total(),
        "roles": dict(sorted(cut.roles.items())),
        "clustered": len(clusters),
        "dropped": dict(Counter(row.reason for row in dropped)),
        "limits": msgspec.to_builtins(limits_of(campaign)),
        **_change_facts(campaign, cut),
    }
    line = (
        f"{len(kept)} articles, {cut.roles.total()} paragraphs ({cut.roles['body']} body), "
        f"{len(dropped)} articles left out{_told_versions(facts)}"
    )
    outcome = Outcome(line=line, facts=facts)
    return finish(campaign, "segment", segment_inputs(campaign), segment_outputs(campaign), outcome)


def segment_inputs(campaign: CampaignConfig) -> list[Path]:
    """What segmenting depends on."""
    return [*campaign.article_files, *map(dropped_beside, campaign.article_files)]


def segment_outputs(campaign: CampaignConfig) -> list[Path]:
    """What segmenting writes; ``versions.jsonl`` is history and no output."""
    return [campaign.at(name) for name in ("paragraphs.jsonl", "clusters.jsonl", "dropped.jsonl")]


def _dropped_before(path: Path) -> list[Dropped]:
    beside = dropped_beside(path)
    return read_jsonl(beside, Dropped) if beside.exists() else []


def limits_of(campaign: CampaignConfig) -> Limits:
    """The limits of paragraphs that the campaign file names."""
    options = campaign.file.paragraphs
    return Limits(readable=options.readable, longest=options.longest, shortest=options.shortest)


def was_put_to_people(campaign: CampaignConfig) -> bool:
    """Whether annotators may have seen the items: they were pushed, or there are answers."""
    ledger = campaign.at("annotations.jsonl")
    return campaign.at("studio.json").exists() or (ledger.exists() and ledger.stat().st_size > 0)


def _refuse_other_limits(campaign: CampaignConfig) -> None:
    """Other limits would make other paragraphs of all articles, and labels would follow hardly any."""
    run = last_run(campaign.at("runs.jsonl"), "segment") if was_put_to_people(campaign) else None
    if run is None or not campaign.at("paragraphs.jsonl").exists():
        return
    before = run.facts.get("limits", msgspec.to_builtins(Limits()))
    if before != msgspec.to_builtins(limits_of(campaign)):
        said = ", ".join(
            f"{name} = {value}" for name, value in before.items() if value is not None and value is not False
        )
        raise ConfigError(
            f"{campaign.path}: [paragraphs]: the items were put to people already, from paragraphs cut with other "
            f"limits ({said or 'none, as printed'}); put those back, or give the campaign another name"
        )


# --- from one time to the next ---------------------------------------------------------------------------------------


class _Cut(Struct, frozen=True, kw_only=True):
    """What came of cutting all articles."""

    roles: Counter[str]
    changes: Counter[str] | None  # paragraphs by what became of them; None: there were none before
    articles: Counter[str]  # of two times: same, changed, new, gone


def _write_paragraphs(campaign: CampaignConfig, articles: Sequence[Article], progress: Progress) -> _Cut:
    """Write the paragraphs article by article, each beside what it was the last time."""
    path, limits = campaign.at("paragraphs.jsonl"), limits_of(campaign)
    encode = msgspec.json.Encoder().encode
    roles: Counter[str] = Counter()
    with _Former(path) as former, written_whole(path) as beside:
        history = _History(campaign)
        with beside.open("wb") as handle:
            for number, article in enumerate(articles, 1):
                paragraphs = segment_article(article, options_for(article, limits))
                lines = b"".join(encode(paragraph) + b"\n" for paragraph in paragraphs)
                handle.write(lines)
                roles.update(paragraph.role for paragraph in paragraphs)
                history.compare(article.id, former.take(article.id), paragraphs, lines)
                if number % _EVERY == 0 or number == len(articles):
                    progress("segmented", number, len(articles))
        for article_id, lines in former.rest():
            history.compare(article_id, lines, [], b"")
        history.write()  # before the paragraphs that it speaks of are replaced: what is torn is done again
    changes = history.changes if former.found else None
    return _Cut(roles=roles, changes=changes, articles=history.articles)


class _Owner(Struct, frozen=True, kw_only=True):
    article_id: str


class _Former:
    """The paragraphs as they are on disk, found again by their article."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.found = path.exists()
        self._handle = path.open("rb") if self.found else None
        self._places: dict[str, list[tuple[int, int]]] = {}

    def __enter__(self) -> "_Former":
        decode, start, last = msgspec.json.Decoder(_Owner).decode, 0, None
        for line in self._handle or ():
            try:
                owner = decode(line).article_id
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                self.__exit__()
                raise DataError(f"{self._path}: {error}; delete the file, and it is written anew") from error
            places = self._places.setdefault(owner, [])
            if owner == last:
                places[-1] = (places[-1][0], start + len(line))
            else:
                places.append((start, start + len(line)))
            start, last = start + len(line), owner
        return self

    def __exit__(self, *_: object) -> None:
        if self._handle is not None:
            self._handle.close()

    def take(self, article_id: str) -> bytes | None:
        """The lines of an article, once; None where it had none."""
        places = self._places.pop(article_id, None)
        return None if places is None else b"".join(map(self._read, places))

    def rest(self) -> Iterator[tuple[str, bytes]]:
        """The articles whose lines were not taken, in their order."""
        for article_id in list(self._places):
            yield article_id, self.take(article_id) or b""

    def _read(self, place: tuple[int, int]) -> bytes:
        if self._handle is None:
            return b""
        self._handle.seek(place[0])
        return self._handle.read(place[1] - place[0])


class _History:
    """What became of paragraphs, counted, and what is more than *same* appended to ``versions.jsonl``."""

    def __init__(self, campaign: CampaignConfig) -> None:
        self._path = campaign.at("versions.jsonl")
        mend_jsonl(self._path)
        items = items_of(campaign) if campaign.at("items.jsonl").exists() else {}
        self._asked = {item.unit_id for item in items.values()}
        self._observed = now()
        self._held: list[Revision] = []
        self.changes: Counter[str] = Counter()
        self.articles: Counter[str] = Counter()

    def compare(self, article_id: str, before: bytes | None, after: Sequence[Paragraph], lines: bytes) -> None:
        """Count what became of the paragraphs of an article, by its lines as they were and as they are."""
        if before is None:
            self.articles["new"] += 1
            self.changes["new"] += len(after)
            return
        if before == lines:
            self.articles["same"] += 1
            self.changes["same"] += len(after)
            return
        found = revisions(article_id, _decoded(before, self._path.with_name("paragraphs.jsonl")), after)
        self.changes.update(revision.kind for revision in found)
        edited = [revision for revision in found if revision.kind != "same"]
        self.articles["gone" if not after else "changed" if edited else "same"] += 1
        self._held += map(self._kept, edited)
        if len(self._held) >= _BATCH:
            self.write()

    def write(self) -> None:
        """Append what is held."""
        append_jsonl(self._path, self._held)
        self._held = []

    def _kept(self, revision: Revision) -> Revision:
        """A line of the history: texts only where an item asks about the paragraph, which the labels need."""
        if revision.before in self._asked:
            return msgspec.structs.replace(revision, observed=self._observed)
        return msgspec.structs.replace(revision, observed=self._observed, before_text=None, after_text=None)


def _decoded(lines: bytes, path: Path) -> list[Paragraph]:
    try:
        return [msgspec.json.decode(line, type=Paragraph) for line in lines.splitlines()]
    except msgspec.DecodeError as error:
        raise DataError(f"{path}: {error}; delete the file, and it is written anew") from error


# --- what labels follow ----------------------------------------------------------------------------------------------


def placed_items(campaign: CampaignConfig, items: Sequence[Item], paragraphs: Sequence[Paragraph]) -> Placed:
    """The items of a campaign beside the paragraphs as they are now, and those whose paragraph changed or is gone."""
    present = {paragraph.id: paragraph.text for paragraph in paragraphs}
    return place_items(items, revisions_of(campaign), present, campaign.file.paragraphs.follow_changed)


def revisions_of(campaign: CampaignConfig) -> list[Revision]:
    """What became of the paragraphs of a campaign from one segmentation to the next, oldest first."""
    path = campaign.at("versions.jsonl")
    return read_jsonl(path, Revision) if path.exists() else []


def counts_of(placed: Placed) -> dict[str, int]:
    """How many items keep their labels, in how many they follow a change, and how many are left with none."""
    outdated = Counter(row.kind for row in placed.outdated if not row.follows)
    followed = sum(row.follows for row in placed.outdated)
    return {
        "kept": len(placed.items) - followed,
        "followed": followed,
        "changed": outdated["changed"],
        "gone": outdated["gone"],
    }


def told_outdated(counts: Mapping[str, int]) -> str:
    """What became of labels, in words; "" where all stand as they were given.

    >>> told_outdated({"kept": 8, "followed": 0, "changed": 1, "gone": 0})
    '8 of 9 items keep their labels; 1 changed: labels do not follow unless `follow_changed` in [paragraphs] lets them'
    """
    total = sum(counts.values())
    if counts["kept"] == total:
        return ""
    said = [f"{counts['kept']} of {total} items keep their labels"]
    if counts["followed"]:
        said.append(f"{counts['followed']} changed and labels follow")
    if counts["changed"]:
        said.append(
            f"{counts['changed']} changed: labels do not follow unless `follow_changed` in [paragraphs] lets them"
        )
    if counts["gone"]:
        said.append(f"{counts['gone']} gone")
    return "; ".join(said)


def _change_facts(campaign: CampaignConfig, cut: _Cut) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if cut.changes is not None:
        facts["versions"] = {
            "articles": {name: cut.articles[name] for name in ("same", "changed", "new", "gone")},
            "paragraphs": {kind: cut.changes[kind] for kind in KINDS},
        }
    if campaign.at("items.jsonl").exists():
        items = list(items_of(campaign).values())
        facts["items"] = counts_of(placed_items(campaign, items, paragraphs_of(campaign)))
    return facts


def _told_versions(facts: Mapping[str, Any]) -> str:
    told = ""
    changes = facts["versions"]["paragraphs"] if "versions" in facts else {}
    if any(changes.get(kind) for kind in KINDS[1:]):
        told = f"; since the last time {told_changes(changes)}"
    labels = told_outdated(facts["items"]) if "items" in facts else ""
    return f"{told}; {labels}" if labels else told
