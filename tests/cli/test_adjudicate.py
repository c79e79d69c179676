"""What annotators left open, decided in a file."""

import openpyxl
import pytest
from support.campaigns import answered_campaign

from toolkit.files import read_json, read_jsonl
from toolkit.records import Adjudication, Gold
from toolkit.tables import read_table, write_table


@pytest.fixture
def campaign(stance, tmp_path):
    return answered_campaign(stance, tmp_path / "w")


def gold(campaign):
    return {(row.item_id, row.question): row for row in read_jsonl(campaign.at("gold.jsonl"), Gold)}


def decide(rows, reason="guideline_gap"):
    for row in rows:
        if "stance" in row["in_doubt"]:
            row |= {"stance": "mixed", "reason": reason, "adjudication_comment": "both halves"}
    return rows


def test_decisions_in_a_table_settle_items_and_move_neither_votes_nor_agreement(stance, campaign, tmp_path):
    before, agreement = gold(campaign), read_json(campaign.at("agreement.json"))
    ledger = campaign.at("annotations.jsonl").read_bytes()
    sheet = tmp_path / "open.csv"
    said = stance(
        "adjudicate", "export", campaign.path, "-o", sheet, "--by", "judge-1", "--question", "stance", "--json"
    )
    assert said.facts["blind"] is True
    rows = read_table(sheet)
    waiting = {row.item_id for row in before.values() if row.question == "stance" and row.label is None}
    assert {row["item_id"] for row in rows} == waiting
    assert "votes" not in rows[0]
    write_table(sheet, decide(rows))
    facts = stance("adjudicate", "import", campaign.path, "--from", sheet, "--by", "judge-1", "--json").facts
    assert (facts["new"], facts["all"]["settled"], facts["all"]["blind"]) == (len(waiting),) * 3
    assert stance("adjudicate", "import", campaign.path, "--from", sheet, "--by", "judge-1", "--json").facts["new"] == 0
    stance("aggregate", campaign.path)
    after = gold(campaign)
    assert {after[item, "stance"].status for item in waiting} == {"adjudicated"}
    assert all(after[key].votes == before[key].votes and after[key].soft == before[key].soft for key in before)
    assert read_json(campaign.at("agreement.json")) == agreement
    assert campaign.at("annotations.jsonl").read_bytes() == ledger
    gaps = read_table(campaign.at("guideline_gaps.csv"))
    assert {row["item_id"] for row in gaps} == waiting
    assert gaps[0]["comment"] == "both halves"


def test_a_spreadsheet_offers_labels_and_reasons_and_shows_votes_where_asked(stance, campaign, tmp_path):
    path = tmp_path / "open.xlsx"
    words = ["-o", path, "--by", "judge-1", "--question", "stance", "--show-votes"]
    assert stance("adjudicate", "export", campaign.path, *words).code == 0
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    keys = {cell.value: cell.column for cell in sheet[2]}
    assert "stance: " in sheet.cell(3, keys["note"]).value
    sheet.cell(3, keys["q:stance"]).value = "Neutral"
    sheet.cell(3, keys["q:reason"]).value = "An annotator slipped"
    book.save(path)
    assert stance("adjudicate", "import", campaign.path, "--from", path, "--json").facts["new"] == 1
    (row,) = read_jsonl(campaign.at("adjudications.jsonl"), Adjudication)
    assert (row.label, row.reason, row.adjudicator, row.blind) == ("neutral", "slip", "judge-1", False)
    assert stance("pull", campaign.path, "--from", path).code == 1


def test_no_answer_leaves_the_item_open_for_good(stance, campaign, tmp_path):
    sheet = tmp_path / "open.csv"
    stance("adjudicate", "export", campaign.path, "-o", sheet, "--by", "judge-1", "--question", "stance")
    rows = read_table(sheet)
    rows[0] |= {"stance": "unclear", "reason": "ambiguous"}
    write_table(sheet, rows)
    assert (
        stance("adjudicate", "import", campaign.path, "--from", sheet, "--by", "judge-1", "--json").facts["all"][
            "left_open"
        ]
        == 1
    )
    stance("aggregate", campaign.path)
    assert gold(campaign)[rows[0]["item_id"], "stance"].status == "unresolved"
    again = stance(
        "adjudicate", "export", campaign.path, "-o", tmp_path / "2.csv", "--by", "judge-1", "--question", "stance"
    )
    assert again.code == 0
    assert rows[0]["item_id"] not in {row["item_id"] for row in read_table(tmp_path / "2.csv")}


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"stance": "left", "reason": "slip"}, "row 1: unknown label 'left' for 'stance'; the codebook has pro_gov"),
        ({"stance": "neutral"}, "row 1: '' is no reason; each decision needs one of ambiguous, guideline_gap"),
        ({"stance": "neutral", "reason": "slip", "item_id": "x"}, "row 1: no item 'x' with gold"),
    ],
)
def test_one_bad_row_and_nothing_is_written(stance, campaign, tmp_path, cells, message):
    sheet = tmp_path / "open.csv"
    stance("adjudicate", "export", campaign.path, "-o", sheet, "--by", "judge-1", "--question", "stance")
    rows = decide(read_table(sheet))
    rows[0] |= {"stance": "", "reason": ""} | cells
    write_table(sheet, rows)
    said = stance("adjudicate", "import", campaign.path, "--from", sheet, "--by", "judge-1")
    assert (said.code, message in said.err) == (1, True), said.err
    assert not campaign.at("adjudications.jsonl").exists()


def test_a_label_of_low_confidence_can_be_asked_for_and_changed(stance, campaign, tmp_path):
    unsure = {row.item_id for row in gold(campaign).values() if row.question == "stance" and row.confidence}
    words = ["--by", "ann-1", "--question", "stance", "--max-confidence", "1"]
    stance("adjudicate", "export", campaign.path, "-o", tmp_path / "o.csv", *words)
    rows = [row for row in read_table(tmp_path / "o.csv") if row["item_id"] in unsure]
    assert rows
    rows[0] |= {"stance": "mixed", "reason": "disagreement"}
    write_table(tmp_path / "o.csv", rows[:1])
    facts = stance("adjudicate", "import", campaign.path, "--from", tmp_path / "o.csv", "--by", "ann-1", "--json").facts
    assert facts["all"]["own"] == 1
    assert facts["all"]["changed"] + (gold(campaign)[rows[0]["item_id"], "stance"].label == "mixed") == 1


def test_the_sheet_for_the_meeting_begins_with_what_divides_most(stance, campaign, tmp_path):
    out = tmp_path / "meeting.csv"
    facts = stance("disagreements", campaign.path, "-o", out, "--json").facts
    rows = [row for row in read_table(out) if row["question"] == "stance"]
    assert facts["questions"]["stance"] == len(rows)
    assert rows[0]["votes"].count("1") == 3
    assert "ann-1: " in rows[0]["who"]
    assert any("two readings" in row["comments"] for row in rows)
    assert stance("disagreements", campaign.path, "-o", tmp_path / "meeting.xlsx").code == 0
    assert openpyxl.load_workbook(tmp_path / "meeting.xlsx").active.cell(1, 1).value == "question"


@pytest.mark.slow
def test_a_campaign_aggregates_by_the_method_that_its_file_names(stance, tmp_path):
    campaign = answered_campaign(stance, tmp_path / "w", '[aggregate]\nmethod = "dawid-skene"\nmin_shared = 10')
    statuses = {row.status for row in gold(campaign).values()}
    assert statuses == {"model", "unresolved"}
    assert stance("aggregate", campaign.path, "--json").facts["method"] == "dawid-skene"
    said = stance("aggregate", campaign.path, "--sensitivity")
    assert said.out.startswith("stance: majority and dawid-skene: ")


def test_the_card_says_who_adjudicated_and_what_changed(stance, campaign, tmp_path):
    sheet = tmp_path / "open.csv"
    stance("adjudicate", "export", campaign.path, "-o", sheet, "--by", "judge-1", "--question", "stance")
    write_table(sheet, decide(read_table(sheet)))
    stance("adjudicate", "import", campaign.path, "--from", sheet, "--by", "judge-1")
    stance("aggregate", campaign.path)
    said = stance("build", campaign.path)
    assert said.code == 0, said.err
    card = (campaign.at("dataset") / "README.md").read_text()
    assert "## Adjudication" in card
    assert "judge-1), " in card
