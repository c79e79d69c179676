"""The step that writes spreadsheets for people who annotate without a server."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from toolkit.campaigns.assignment import assign
from toolkit.campaigns.display import ShownItem
from toolkit.errors import DataError, UsageError
from toolkit.exchange.sheets import (
    About,
    SheetRequest,
    read_sheet,
    unanswerable,
    write_codes,
    write_plain_sheet,
    write_sheet,
)
from toolkit.files import append_jsonl, read_jsonl
from toolkit.labels.ledger import latest, settle
from toolkit.people import is_pseudonym
from toolkit.records import Assignment, Item
from toolkit.steps.common import Outcome, Progress, finish, items_of, ledger_of, withdrawn_of
from toolkit.steps.plan import assignments_of
from toolkit.steps.showing import shown_now
from toolkit.store import Store
from toolkit.studio.server.connection import campaign_key
from toolkit.workspace import CampaignConfig

# Names of files, of which only the kind that is written can be meant.
_OTHERS = (".csv", ".tsv", ".xls", ".xlsx", ".ods", ".json", ".jsonl", ".parquet")


SheetFormat = Literal["xlsx", "csv"]


def push_sheets_step(
    campaign: CampaignConfig, to: Path, annotators: Sequence[str], kind: SheetFormat, progress: Progress
) -> Outcome:
    """Write one spreadsheet a person, with what that person has still to answer; or a plain table and its codes."""
    _check_names(annotators)
    items = items_of(campaign)
    lots = _lots(campaign, items, annotators)
    is_file = to.suffix.lower() == f".{kind}"
    if (to.suffix.lower() in _OTHERS and not is_file) or (is_file and len(lots) != 1):
        raise UsageError(f"--to {to}: a directory for {len(lots)} people, or a file .{kind} for a single one")
    files = {name: to if is_file else to / f"{name}.{kind}" for name in lots}
    for path in files.values():
        _refuse_if_answered(path)
    shown = {each.item.id: each for each in shown_now(campaign, items.values())}
    for done, (name, path) in enumerate(files.items(), 1):
        request = _request(campaign, name, [shown[item_id] for item_id in lots[name] if item_id in shown])
        _write(path, request, kind)
        progress("sheets", done, len(files))
    left_out = unanswerable(campaign.codebook)
    counts = {name: sum(item_id in shown for item_id in lots[name]) for name in lots}
    facts = {
        "schema": 1,
        "files": {name: str(path) for name, path in files.items()},
        "items": counts,
        "questions_left_out": left_out,
    }
    said = ", ".join(f"{files[name]} ({number} items)" for name, number in counts.items())
    line = said + (f"; not asked there: {', '.join(left_out)}" if left_out else "")
    line += f"; answers come back by `stance pull {campaign.path} --from {to}`"
    return finish(campaign, "push --to", [campaign.at("items.jsonl")], [], Outcome(line=line, facts=facts))


def _write(path: Path, request: SheetRequest, kind: SheetFormat) -> None:
    if kind == "xlsx":
        write_sheet(path, request)
        return
    write_plain_sheet(path, request)
    write_codes(path.with_name("codes.txt"), request)


def _check_names(annotators: Sequence[str]) -> None:
    for name in annotators:
        if not is_pseudonym(name):
            raise UsageError(f"--annotators {name}: a pseudonym of small letters, digits and hyphens is needed")


def _lots(campaign: CampaignConfig, items: Mapping[str, Item], annotators: Sequence[str]) -> dict[str, list[str]]:
    """What each person has still to answer, in the person's own order."""
    if campaign.file.studio.layout == "blind":
        rows = assignments_of(campaign)
    else:
        rows = _shared_out(campaign, items, annotators or campaign.file.studio.annotators)
    gone = withdrawn_of(campaign)
    lots: dict[str, list[str]] = defaultdict(list)
    answered = _answered(campaign)
    for row in sorted(rows, key=lambda row: (row.annotator, row.position)):
        wanted = not annotators or row.annotator in annotators
        if wanted and row.item_id in items and row.item_id not in gone and (row.item_id, row.annotator) not in answered:
            lots[row.annotator].append(row.item_id)
    absent = [name for name in annotators if name not in {row.annotator for row in rows}]
    if absent:
        raise DataError(f"{', '.join(absent)}: nothing is planned for them; there are {', '.join(sorted(lots))}")
    if not lots:
        raise DataError(f"{campaign.path}: everybody has answered everything; no sheet is needed")
    return dict(lots)


def _shared_out(campaign: CampaignConfig, items: Mapping[str, Item], annotators: Sequence[str]) -> list[Assignment]:
    """The division that was made before, and what has to be added to it, which is remembered."""
    path = campaign.at("sheets.jsonl")
    given = read_jsonl(path, Assignment) if path.exists() else []
    people = sorted({*annotators, *(row.annotator for row in given)})
    if not people:
        raise UsageError("--annotators says for whom: pseudonyms, e.g. --annotators ann-1,ann-2,ann-3")
    new = assign(list(items.values()), people, campaign.file.seed, given)
    append_jsonl(path, new)
    return [*given, *new]


def _answered(campaign: CampaignConfig) -> set[tuple[str, str]]:
    """Who is done with which item: has a vote that counts, or a skip."""
    lines = ledger_of(campaign)
    skipped = (line for line in latest(lines) if line.state == "skipped")
    done = [*settle(lines, items_of(campaign), campaign.codebook, withdrawn_of(campaign)).counted, *skipped]
    return {(line.item_id, line.annotator) for line in done}


def _refuse_if_answered(path: Path) -> None:
    if not path.exists():
        return
    if path.suffix == ".csv":
        raise DataError(f"{path}: there is a file already; pull it and move it away, or name another place")
    try:
        sheet = read_sheet(path)
    except DataError:
        sheet = None
    if sheet is None or sheet.submissions:
        what = f"{len(sheet.submissions)} answers" if sheet else "something else"
        raise DataError(f"{path}: there is a file with {what}; pull it and move it away, or name another place")


def _request(campaign: CampaignConfig, name: str, items: Iterable[ShownItem]) -> SheetRequest:
    show = campaign.file.studio.show
    neighbours = ("previous", "next") if "neighbours" in show else ()
    about = About(
        campaign=campaign_key(Store(campaign)), annotator=name, codebook=campaign.codebook.ref, file=f"{name}.xlsx"
    )
    return SheetRequest(
        about=about,
        codebook=campaign.codebook,
        language=campaign.file.language,
        items=tuple(items),
        context=("source", *(part for part in ("headline", "note") if part in show), *neighbours),
    )
