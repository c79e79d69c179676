"""`stance push`: the items of a campaign to Label Studio, each once."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from toolkit.articles.reading.reader import read_articles
from toolkit.campaigns.assignment import campaign_assignments, done_pairs, open_lots, shared_out, still_asked
from toolkit.campaigns.display import DisplayRules, ShownItem, outlet_names, replaced_characters, shown_items
from toolkit.campaigns.label_transfer import carried_items
from toolkit.campaigns.progress import restorations, withdrawals
from toolkit.errors import DataError
from toolkit.exchange.vote_files import SheetFormat, SheetsWritten, check_sheet_annotators, write_sheets
from toolkit.labels.ledger import latest
from toolkit.records import Item, Paragraph
from toolkit.runs import Progress
from toolkit.store import Store
from toolkit.studio.config import label_config
from toolkit.studio.http.client import Studio
from toolkit.studio.push.items import PushResult, push_items, studio_file
from toolkit.studio.push.project_specs import campaign_request
from toolkit.studio.push.revision import adopt_pending_codebook, changes_since, recorded_codebook
from toolkit.studio.server.connection import campaign_key, connect
from toolkit.studio.state import refuse_new_server, tiebreak_accounts
from toolkit.tables import read_table
from toolkit.workspace import CampaignConfig


def push_campaign(campaign: CampaignConfig, progress: Progress, *, to_new_server: bool = False) -> PushResult:
    """Bring the items to Label Studio, each once, in the layout of the campaign.

    Args:
        campaign: whose items they are.
        progress: of the items.
        to_new_server: whether the items may go to another server than the one whose answers the ledger holds.
    """
    store = Store(campaign)
    studio, keys_file = connect(campaign.root)
    with studio, store.lock():
        warning = studio.greet()
        if not to_new_server:
            refuse_new_server(store, studio)
        return _push(store, studio, keys_file, progress, warning)


def _push(store: Store, studio: Studio, keys_file: Path, progress: Progress, warning: str) -> PushResult:
    campaign, states = store.campaign, latest(store.ledger)
    placed = carried_items(store)
    assignments = campaign_assignments(store) if campaign.file.studio.layout == "blind" else []
    shown = shown_of(campaign, placed.items, store.paragraphs)
    adopt_pending_codebook(store)
    people = tiebreak_accounts(store, studio, keys_file)
    request = campaign_request(store, studio.url, shown, states, assignments, people)
    changes = changes_since(request.earlier, request.codebook)
    with recorded_codebook(store, request.codebook, is_new=changes is not None):
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


# --- sheets, where there is no server --------------------------------------------------------------------------------


def push_sheets(
    campaign: CampaignConfig, to: Path, annotators: Sequence[str], suffix: SheetFormat, progress: Progress
) -> SheetsWritten:
    """Write one sheet a person, with what that person has still to answer."""
    check_sheet_annotators(annotators)
    store = Store(campaign)
    with store.lock():
        is_blind = campaign.file.studio.layout == "blind"
        rows = campaign_assignments(store) if is_blind else shared_out(store, annotators)
        done = done_pairs(store.ledger, store.items, campaign.codebook, store.withdrawn)
        rows = still_asked(rows, store.items, done)
        lots = open_lots(rows, store.items.keys() - store.withdrawn, done, annotators)
        if not lots:
            raise DataError(f"{campaign.path}: everybody has answered everything; no sheet is needed")
        shown = {shown_item.item.id: shown_item for shown_item in shown_now(campaign, store.items.values())}
        items = {name: [shown[item_id] for item_id in lots[name] if item_id in shown] for name in lots}
        result = write_sheets(campaign, campaign_key(store), to, suffix, items)
    progress("sheets", len(items), len(items))
    return store.record("push --to", [store.path("items.jsonl")], map(Path, result.files.values()), result)


# --- what annotators are shown ---------------------------------------------------------------------------------------


def shown_of(campaign: CampaignConfig, items: Iterable[Item], paragraphs: Iterable[Paragraph]) -> list[ShownItem]:
    """The items of a campaign with the texts that their annotators may see."""
    path, outlets = campaign.root / "schemas" / "outlets.csv", {}
    if "outlet" in campaign.file.studio.mask and path.exists():
        outlets = outlet_names(read_table(path))
    rules = DisplayRules(options=campaign.file.studio, roles=tuple(campaign.file.sample.roles), outlets=outlets)
    articles = {article.id: article for article in read_articles(campaign.article_files)}
    return shown_items(items, paragraphs, articles, rules)


def shown_now(campaign: CampaignConfig, items: Iterable[Item]) -> list[ShownItem]:
    """The items whose paragraph is there, each with the texts that its annotators may see."""
    store = Store(campaign)
    return shown_of(campaign, carried_items(store, items).items, store.paragraphs)
