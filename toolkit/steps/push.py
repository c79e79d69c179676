"""`stance push`: the items of a campaign to Label Studio, each once."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from toolkit.campaigns.assignment import assign, campaign_assignments, open_lots
from toolkit.campaigns.display import DisplayRules, ShownItem, outlet_names, replaced_characters, shown_items
from toolkit.campaigns.label_transfer import TransferCounts, carried_items
from toolkit.campaigns.progress import restorations, withdrawals
from toolkit.codebook import Codebook
from toolkit.errors import DataError, UsageError
from toolkit.exchange.sheets import unanswerable
from toolkit.exchange.vote_files import SheetFormat, SheetsWritten, sheet_paths, write_sheets
from toolkit.labels.ledger import latest, settle
from toolkit.labels.tiebreak import Tiebreak, tiebreak_people, tiebreaks
from toolkit.people import is_pseudonym
from toolkit.records import Annotation, Assignment, Item, Paragraph
from toolkit.runs import Progress
from toolkit.steps.common import articles_of, paragraphs_of
from toolkit.store import Store
from toolkit.studio.config import label_config
from toolkit.studio.http.client import Studio
from toolkit.studio.push.items import PushReport, PushRequest, answered_items, push_items, studio_file
from toolkit.studio.push.revision import changes_since
from toolkit.studio.server.connection import campaign_key, connect
from toolkit.tables import read_table
from toolkit.words import plural
from toolkit.workspace import CampaignConfig


class PushResult(PushReport, frozen=True, kw_only=True):
    """What a push did, and what it means for the annotations in the ledger."""

    codebook: str  # name@version#hash
    changes: tuple[str, ...]  # from the codebook that was pushed last
    given_before: int  # annotations in the ledger that were given to another codebook
    annotators_before: tuple[str, ...]  # who gave them
    versions: int  # of the codebook that annotators have seen
    placed: TransferCounts  # items by what their paragraph is now
    replaced_characters: int
    warning: str  # about the version of the server

    def line(self) -> str:
        """The result in one line."""
        characters = plural(
            self.replaced_characters, "character that the screen cannot show", "characters that the screen cannot show"
        )
        replaced = f"{characters} replaced" if self.replaced_characters else ""
        parts = (super().line(), self._revision_line(), self.placed.line(), replaced, self.warning)
        return "; ".join(filter(None, parts))

    def _revision_line(self) -> str:
        if not self.changes:
            return ""
        people = ", ".join(self.annotators_before) or "nobody"
        given = plural(self.given_before, "annotation in the ledger was", "annotations in the ledger were")
        return f"codebook {self.codebook}: {'; '.join(self.changes)} ({given} given before, by {people})"


def push_campaign(campaign: CampaignConfig, progress: Progress) -> PushResult:
    """Bring the items to Label Studio, each once, in the layout of the campaign."""
    store = Store(campaign)
    studio, _ = connect(campaign.root)
    with studio, store.lock():
        return _push(store, studio, progress)


def _push(store: Store, studio: Studio, progress: Progress) -> PushResult:
    campaign, states = store.campaign, latest(store.ledger)
    placed = carried_items(store)
    request = _request(store, studio.url, shown_of(campaign, placed.items, store.paragraphs), states)
    changes = changes_since(request.earlier, request.codebook)
    warning = studio.greet()
    if changes is not None:  # kept before the server knows it: what annotators saw can always be looked up
        store.append_rows("codebooks.jsonl", [request.codebook])
    report = push_items(studio, request, lambda done, total: progress("pushed", done, total))
    config = label_config(campaign.codebook, campaign.file.language, show=campaign.file.studio.show)
    store.write_text("label_config.xml", config + "\n")
    store.write_fact("studio.json", studio_file(store.pushed, campaign.codebook.ref, request.campaign, report))
    before = [s for s in states if s.state == "submitted" and s.codebook != campaign.codebook.ref]
    result = PushResult(
        **{name: getattr(report, name) for name in report.__struct_fields__},
        codebook=campaign.codebook.ref,
        changes=tuple(changes or ()),
        given_before=len(before),
        annotators_before=tuple(sorted({state.annotator for state in before})),
        versions=len({screen.codebook for screen in report.screens}),
        placed=placed.counts,
        replaced_characters=replaced_characters(request.items),
        warning=warning,
    )
    return store.record("push", push_inputs(campaign), push_outputs(campaign), result)


def push_inputs(campaign: CampaignConfig) -> list[Path]:
    """The files on which a push depends."""
    names = ["paragraphs.jsonl", "items.jsonl", "assignments.jsonl", "withdrawn.jsonl"]
    names += ["annotations.jsonl"] if campaign.file.studio.tiebreak else []
    return [campaign.beside(campaign.file.codebook), *map(campaign.at, names)]


def push_outputs(campaign: CampaignConfig) -> list[Path]:
    """The files that a push writes."""
    return [campaign.at("studio.json"), campaign.at("label_config.xml"), campaign.at("codebooks.jsonl")]


def withdraw_items(campaign: CampaignConfig, item_ids: Sequence[str], reason: str) -> int:
    """Ask nobody about some items any more, and return how many are new; the next push takes them out.

    Raises:
        UsageError: the campaign has no such item, or there is no reason.
    """
    store = Store(campaign)
    with store.lock():
        return store.append_rows("withdrawn.jsonl", withdrawals(item_ids, store.items, store.withdrawn, reason))


def restore_items(campaign: CampaignConfig, item_ids: Sequence[str], reason: str) -> int:
    """Ask about withdrawn items again, and return how many; their answers count again.

    Raises:
        UsageError: the campaign has no such item, or it is not withdrawn, or there is no reason.
    """
    store = Store(campaign)
    with store.lock():
        return store.append_rows("withdrawn.jsonl", restorations(item_ids, store.items, store.withdrawn, reason))


def _request(store: Store, url: str, shown: Sequence[ShownItem], states: Sequence[Annotation]) -> PushRequest:
    campaign, before = store.campaign, store.pushed
    options, here = campaign.file.studio, before if before is not None and before.is_at(url) else None
    return PushRequest(
        campaign=campaign_key(store),
        title=options.title or campaign.file.title,
        codebook=campaign.codebook,
        language=campaign.file.language,
        items=tuple(shown),
        unshown=tuple(sorted(store.items.keys() - {row.item.id for row in shown})),
        layout=options.layout,
        assignments=tuple(campaign_assignments(store)) if options.layout == "blind" else (),
        tiebreaks=tuple(_tiebreaks(store, states)) if options.tiebreak else (),
        withdrawn=tuple(sorted(store.withdrawn)),
        earlier=tuple(store.rows("codebooks.jsonl", Codebook)),
        show=options.show,
        answered=answered_items(states, here.server) if here else (),
        known=here.projects if here else (),
        screens=here.screens if here else (),
        batch=options.batch,
    )


def _tiebreaks(store: Store, states: Sequence[Annotation]) -> list[Tiebreak]:
    codebook = store.campaign.codebook
    people = tiebreak_people(store.campaign.file.studio.annotators, states, store.annotators)
    return tiebreaks(settle(states, store.items, codebook, store.withdrawn), states, codebook, store.items, people)


# --- sheets, where there is no server --------------------------------------------------------------------------------


def push_sheets(
    campaign: CampaignConfig, to: Path, annotators: Sequence[str], suffix: SheetFormat, progress: Progress
) -> SheetsWritten:
    """Write one sheet a person, with what that person has still to answer."""
    for name in annotators:
        if not is_pseudonym(name):
            raise UsageError(f"--annotators {name}: a pseudonym of small letters, digits and hyphens is needed")
    store = Store(campaign)
    with store.lock():
        rows = store.assignments if campaign.file.studio.layout == "blind" else _shared_out(store, annotators)
        counted = settle(store.ledger, store.items, campaign.codebook, store.withdrawn).counted
        skipped = [line for line in latest(store.ledger) if line.state == "skipped"]
        done = {(line.item_id, line.annotator) for line in (*counted, *skipped)}
        lots = open_lots(rows, store.items.keys() - store.withdrawn, done, annotators)
        if not lots:
            raise DataError(f"{campaign.path}: everybody has answered everything; no sheet is needed")
        paths = sheet_paths(to, list(lots), suffix)
        shown = {each.item.id: each for each in shown_now(campaign, store.items.values())}
        items = {name: [shown[item_id] for item_id in lots[name] if item_id in shown] for name in lots}
        write_sheets(campaign, campaign_key(store), paths, items)
    progress("sheets", len(paths), len(paths))
    result = SheetsWritten(
        files={name: str(path) for name, path in paths.items()},
        items={name: len(lot) for name, lot in items.items()},
        questions_left_out=tuple(unanswerable(campaign.codebook)),
        next_command=f"stance pull {campaign.path} --from {to}",
    )
    return store.record("push --to", [store.path("items.jsonl")], [], result)


def _shared_out(store: Store, annotators: Sequence[str]) -> list[Assignment]:
    """The division of the items among people, with what has to be added to it, which is recorded."""
    before = store.rows("sheets.jsonl", Assignment)
    people = sorted({*(annotators or store.campaign.file.studio.annotators), *(row.annotator for row in before)})
    if not people:
        raise UsageError("--annotators says for whom: pseudonyms, e.g. --annotators ann-1,ann-2,ann-3")
    new = assign(list(store.items.values()), people, store.campaign.file.seed, before)
    store.append_rows("sheets.jsonl", new)
    return [*before, *new]


# --- what annotators are shown ---------------------------------------------------------------------------------------


def shown_of(campaign: CampaignConfig, items: Iterable[Item], paragraphs: Iterable[Paragraph]) -> list[ShownItem]:
    """The items of a campaign with the texts that their annotators may see."""
    path, outlets = campaign.root / "schemas" / "outlets.csv", {}
    if "outlet" in campaign.file.studio.mask and path.exists():
        outlets = outlet_names(read_table(path))
    rules = DisplayRules(options=campaign.file.studio, roles=tuple(campaign.file.sample.roles), outlets=outlets)
    return shown_items(items, paragraphs, articles_of(campaign), rules)


def shown_now(campaign: CampaignConfig, items: Iterable[Item]) -> list[ShownItem]:
    """The items whose paragraph is there, each with the texts that its annotators may see."""
    paragraphs = paragraphs_of(campaign)
    return shown_of(campaign, carried_items(Store(campaign), items).items, paragraphs)
