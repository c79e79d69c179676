"""The step that writes a sheet of disagreements for the annotators' meeting."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit.campaigns.display import ShownItem, printable
from toolkit.errors import DataError
from toolkit.files import suffix_of, written_whole
from toolkit.labels.adjudication import Disagreement, disagreements
from toolkit.steps.adjudicated import adjudications_of
from toolkit.steps.build import gold_of
from toolkit.steps.common import Outcome, counted_of, items_of
from toolkit.steps.showing import shown_now
from toolkit.tables import write_table
from toolkit.workspace import CampaignConfig


def disagreements_step(campaign: CampaignConfig, output: Path) -> Outcome:
    """Write the items on which annotators differ, the most divided first, with who said what."""
    items = items_of(campaign)
    found = disagreements(
        counted_of(campaign).counted, gold_of(campaign), adjudications_of(campaign), campaign.codebook
    )
    if not found:
        raise DataError(f"{campaign.path}: annotators differ on nothing; no sheet is needed")
    shown = {each.item.id: each for each in shown_now(campaign, list(items.values()))}
    rows = [_row(one, shown.get(one.item_id)) for one in found]
    if suffix_of(output) == ".xlsx":
        _write_spreadsheet(output, rows)
    else:
        write_table(output, rows)
    counts: dict[str, int] = {}
    for one in found:
        counts[one.question] = counts.get(one.question, 0) + 1
    told = ", ".join(f"{name} {number}" for name, number in counts.items())
    return Outcome(line=f"{output}: {told}", facts={"schema": 1, "file": str(output), "questions": counts})


def _row(one: Disagreement, each: ShownItem | None) -> dict[str, Any]:
    ruled = one.adjudication
    return {
        "question": one.question,
        "votes": _listed(one.votes),
        "who": _listed(one.who),
        "comments": _listed(one.comments),
        "gold": one.gold or "",
        "adjudicated": (ruled.label or "left open") if ruled else "",
        "reason": ruled.reason if ruled else "",
        "adjudication": ruled.comment if ruled else "",
        "headline": each.shown.headline if each else "",
        "previous": each.shown.previous if each else "",
        "text": each.shown.text if each else "",
        "next": each.shown.next if each else "",
        "item_id": one.item_id,
    }


def _listed(values: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in values.items())


def _write_spreadsheet(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows as a plain spreadsheet in which no text can become a formula."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet: Any = book.active
    for place, name in enumerate(rows[0], 1):
        sheet.cell(1, place).value = name
    for number, row in enumerate(rows, 2):
        for place, value in enumerate(row.values(), 1):
            cell = sheet.cell(number, place)
            cell.value = printable(str(value))
            cell.data_type = "s"
    sheet.freeze_panes = "A2"
    with written_whole(path) as beside:
        book.save(beside)
