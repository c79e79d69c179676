"""Votes from outside a campaign on the command line, without a server."""

import json
import os
import shutil
import stat
from pathlib import Path

import openpyxl
import pytest

from toolkit.files import read_jsonl
from toolkit.records import Annotation, Annotator
from toolkit.tables import read_table, write_table

EXPORT = Path(os.environ.get("STANCE_DATA", "../shared/data")) / "label_studio_export" / "sentiment.tsv"
PEOPLE = ("ann-1", "ann-2", "ann-3", "ann-4")


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A workspace with twelve items, made once."""
    from toolkit.runs import silent
    from toolkit.steps.init import init_workspace
    from toolkit.steps.plan import plan_campaign
    from toolkit.steps.segment import segment_campaign
    from toolkit.workspace import read_campaign

    root = tmp_path_factory.mktemp("outside") / "w"
    init_workspace(root)
    path = root / "schemas" / "demo.toml"
    path.write_text(path.read_text().replace("items = 240", "items = 12"))
    segment_campaign(read_campaign(path), silent)
    plan_campaign(read_campaign(path))
    return root


class Workspace:
    """A workspace of a test's own."""

    def __init__(self, root):
        self.root = root
        self.path = root / "schemas" / "demo.toml"
        self.at = root / "data" / "labeled" / "demo"
        self.items = read_table(self.at / "items.jsonl")
        texts = {row["id"]: row["text"] for row in read_table(self.at / "paragraphs.jsonl")}
        self.texts = [texts[item["unit_id"]] for item in self.items]

    def ledger(self):
        return read_jsonl(self.at / "annotations.jsonl", Annotation)

    def kinds(self):
        return {row.pseudonym: row.kind for row in read_jsonl(self.at / "annotators.jsonl", Annotator)}

    def table(self, name, *rows):
        path = self.root / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path


@pytest.fixture
def workspace(planned, tmp_path):
    shutil.copytree(planned, tmp_path / "w")
    return Workspace(tmp_path / "w")


def fill(path, choose):
    """Answer every item of a sheet with the title that is chosen for its id."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[2]}
    for row in range(3, sheet.max_row + 1):
        for key, title in choose(sheet.cell(row, columns["item_id"]).value).items():
            sheet.cell(row, columns[key]).value = title
    book.save(path)


# --- spreadsheets --------------------------------------------------------------------------------------------------


def test_a_campaign_without_a_server_goes_from_sheets_to_gold(stance, workspace, tmp_path):
    sheets = tmp_path / "sheets"
    said = stance("push", workspace.path, "--to", sheets, "--annotators", ",".join(PEOPLE), "--json")
    assert said.facts["items"] == dict.fromkeys(PEOPLE, 9)  # 12 items, 3 votes each, 4 people
    for name in PEOPLE:
        fill(sheets / f"{name}.xlsx", lambda _: {"q:stance": "Opposition", "q:voice": "Author", "q:confidence": 2})
    files = sorted(sheets.glob("*.xlsx"))
    said = stance("pull", workspace.path, "--from", files[0], *files[1:], "--json")  # as a shell spells sheets/*.xlsx
    assert (said.facts["new"], said.facts["flags"], said.facts["state"]["votes"]) == (36, {}, 36)
    assert stance("pull", workspace.path, "--from", sheets, "--json").facts["new"] == 0
    assert workspace.kinds() == dict.fromkeys(PEOPLE, "human")
    assert all(line.codebook.startswith("stance@1.0#") for line in workspace.ledger())
    gold = stance("aggregate", workspace.path, "--json").facts["questions"]
    assert gold["stance"] == gold["voice"] == {"unanimous": 12}


def test_what_was_answered_is_never_written_over_and_not_asked_again(stance, workspace, tmp_path):
    push = ("push", workspace.path, "--annotators", ",".join(PEOPLE), "--to")
    stance(*push, tmp_path / "a")
    stance(*push, tmp_path / "a")  # nobody has answered: it may be written anew
    done = workspace.items[0]["id"]
    fill(tmp_path / "a" / "ann-1.xlsx", lambda item: {"q:stance": "Neutral"} if item == done else {})
    answered = sum(item == done for item in column(tmp_path / "a" / "ann-1.xlsx", "item_id"))
    said = stance(*push, tmp_path / "a")
    assert (said.code == 1) == bool(answered)
    stance("pull", workspace.path, "--from", tmp_path / "a")
    stance(*push, tmp_path / "b")
    assert done not in column(tmp_path / "b" / "ann-1.xlsx", "item_id")
    before = {name: column(tmp_path / "a" / f"{name}.xlsx", "item_id") for name in PEOPLE[1:]}
    assert {name: column(tmp_path / "b" / f"{name}.xlsx", "item_id") for name in PEOPLE[1:]} == before


def test_a_sheet_of_a_person_who_withdrew_is_listed(stance, workspace, tmp_path):
    sheets = tmp_path / "sheets"
    assert stance("push", workspace.path, "--to", sheets, "--annotators", "ann-1,ann-2,ann-3").code == 0
    forgotten = stance("forget", workspace.path, "ann-2", "--json")
    assert forgotten.facts["still_named"] == [str(sheets / "ann-2.xlsx")]


def test_a_plain_table_lists_codes_and_comes_back_as_often_as_one_likes(stance, workspace, tmp_path):
    push = ("push", workspace.path, "--format", "csv", "--annotators", ",".join(PEOPLE), "--to")
    assert stance(*push, tmp_path / "t").code == 0
    codes = (tmp_path / "t" / "codes.txt").read_text()
    assert "stance: " in codes
    assert "  not_applicable: " in codes
    assert "  only where stance is pro_government or opposition or mixed" in codes
    path = tmp_path / "t" / "ann-1.csv"
    rows = read_table(path)
    assert {"item_id", "annotator", "paragraph", "stance", "voice", "state"} <= rows[0].keys()
    assert [row["paragraph"] for row in rows] == [
        text if not text.startswith(("=", "+", "-", "@")) else f"\u2060{text}"
        for row in rows
        for item, text in zip(workspace.items, workspace.texts, strict=True)
        if item["id"] == row["item_id"]
    ]
    rows[0] |= {"stance": "opposition", "voice": "author"}
    rows[1] |= {"state": "skipped"}
    write_table(path, rows)
    said = stance("pull", workspace.path, "--from", tmp_path / "t", "--json")
    assert (said.facts["new"], said.facts["flags"], said.facts["states"]) == (2, {}, {"skipped": 1, "submitted": 1})
    assert said.facts["empty"] == 9 * 4 - 2
    assert stance("pull", workspace.path, "--from", tmp_path / "t", "--json").facts["new"] == 0
    again = stance(*push, tmp_path / "t")
    assert (again.code, "the file exists" in again.err) == (1, True)
    assert stance(*push, tmp_path / "one.xlsx").code == 2


def test_status_and_run_know_that_there_is_no_server(stance, workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("STANCE_STUDIO", str(tmp_path / "none"))
    said = stance("status", workspace.path)
    assert (said.code, said.err) == (0, "")
    assert "Not pushed yet: `stance push" in said.out
    said = stance("run", workspace.path)
    assert said.code == 1
    assert "`stance push CAMPAIGN --to DIR` writes spreadsheets" in said.err
    sheets = tmp_path / "sheets"
    stance("push", workspace.path, "--to", sheets, "--annotators", ",".join(PEOPLE))
    said = stance("run", workspace.path)
    assert said.code == 0
    assert "0 of 36 votes by 0 annotators, 12 items open. Answers come from files: " in said.out
    assert f"`stance pull {workspace.path} --from FILE` reads them. Then: stance run" in said.out
    said = stance("run", workspace.path, "--simulate")
    assert (said.code, said.err.splitlines()[-1].startswith(f"stance: {workspace.path}: simulated")) == (2, True)
    for name in PEOPLE:
        fill(sheets / f"{name}.xlsx", lambda _: {"q:stance": "Opposition", "q:voice": "Author"})
    stance("pull", workspace.path, "--from", sheets)
    said = stance("status", workspace.path)
    assert said.out.startswith("36 of 36 votes by 4 annotators, 0 items open. Answers come from files: ")
    assert stance("status", workspace.path, "--json").facts["votes"] == 36
    said = stance("run", workspace.path)
    assert "push: " not in said.out
    assert "aggregate: " in said.out


def column(path, key):
    sheet = openpyxl.load_workbook(path).worksheets[0]
    number = next(cell.column for cell in sheet[2] if cell.value == key)
    return [sheet.cell(row, number).value for row in range(3, sheet.max_row + 1)]


def test_one_persons_sheet_can_be_a_file(stance, workspace, tmp_path):
    stance("push", workspace.path, "--to", tmp_path / "all", "--annotators", ",".join(PEOPLE))
    said = stance("push", workspace.path, "--to", tmp_path / "mine.xlsx", "--annotators", "ann-2", "--json")
    assert said.facts["files"] == {"ann-2": str(tmp_path / "mine.xlsx")}
    assert column(tmp_path / "mine.xlsx", "item_id") == column(tmp_path / "all" / "ann-2.xlsx", "item_id")


def test_who_is_asked_for_what_is_what_was_planned_where_people_are_named(stance, workspace, tmp_path):
    workspace.path.write_text(workspace.path.read_text() + '\n[studio]\nlayout = "blind"\nannotators = ["ada", "bo"]\n')
    rows = [{"item_id": workspace.items[n]["id"], "annotator": who, "position": p}
            for who, numbers in {"ada": (3, 1), "bo": (2,)}.items() for p, n in enumerate(numbers)]  # fmt: skip
    (workspace.at / "assignments.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    stance("push", workspace.path, "--to", tmp_path)
    assert column(tmp_path / "ada.xlsx", "item_id") == [workspace.items[3]["id"], workspace.items[1]["id"]]
    assert column(tmp_path / "bo.xlsx", "item_id") == [workspace.items[2]["id"]]


def test_the_sheet_of_another_campaign_is_refused(stance, workspace, tmp_path):
    stance("push", workspace.path, "--to", tmp_path / "s", "--annotators", ",".join(PEOPLE))
    (workspace.at / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in workspace.items[::-1][:3]))
    other = workspace.path.with_name("other.toml")
    other.write_text(workspace.path.read_text().replace('name = "demo"', 'name = "other"'))
    shutil.copytree(workspace.at, workspace.at.with_name("other"))
    said = stance("pull", other, "--from", tmp_path / "s")
    assert said.code == 1
    assert "a sheet of the campaign demo-" in said.err


def test_rows_whose_item_or_text_was_changed_do_not_count(stance, workspace, tmp_path):
    stance("push", workspace.path, "--to", tmp_path / "s", "--annotators", ",".join(PEOPLE))
    path = tmp_path / "s" / "ann-1.xlsx"
    fill(path, lambda _: {"q:stance": "Neutral"})
    ids = column(path, "item_id")
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    text = next(cell.column for cell in sheet[2] if cell.value == "text")
    sheet.cell(3, 1).value = "lost"  # its text tells the item
    sheet.cell(4, 1).value = ids[2]  # another item's: there are two rows of it now, and the true one counts
    sheet.cell(6, text).value = "Edited."
    sheet.cell(7, 1).value = "lost"
    sheet.cell(7, text).value = "Edited too."
    book.save(path)
    said = stance("pull", workspace.path, "--from", path, "--json")
    assert said.facts["by_text"] == said.facts["unmatched"] == 1
    assert said.facts["flags"] == said.facts["state"]["left_out"] == {"other_text": 2}
    assert said.facts["state"]["votes"] == 9 - 3


def test_a_sheet_alone_becomes_a_table_of_votes(stance, workspace, tmp_path):
    stance("push", workspace.path, "--to", tmp_path / "s", "--annotators", ",".join(PEOPLE))
    for name in PEOPLE:
        fill(tmp_path / "s" / f"{name}.xlsx", lambda item: {"q:stance": "Neutral" if item < "8" else "Unclear"})
    said = stance("pull", "--from", tmp_path / "s", "-o", tmp_path / "v.csv", "--json")
    assert (said.facts["rows"], said.facts["question"], said.facts["keys"]) == (36, "stance", None)
    assert {row["label"] for row in read_table(tmp_path / "v.csv")} == {"neutral", "unclear"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--annotators says for whom"),
        (("--annotators", "Ann Ode"), "a pseudonym of small letters"),
        (("--annotators", "a,b"), "an item needs 3 votes, and 2 annotators are named"),
        (("--to", "x.csv", "--annotators", "a,b,c"), "a directory for 3 people, or a file .xlsx"),
        (("--to", "x.xlsx", "--annotators", "a,b,c"), "a directory for 3 people, or a file .xlsx"),
    ],
)
def test_sheets_that_cannot_be_written_are_refused(stance, workspace, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    said = stance("push", workspace.path, "--to", tmp_path / "s", *words)
    assert (said.code in (1, 2), said.out) == (True, "")
    assert message in said.err
    assert not list(tmp_path.glob("**/*.xlsx"))


# --- tables into a campaign ----------------------------------------------------------------------------------------


def test_a_long_table_is_matched_by_id_or_by_text_and_that_is_said(stance, workspace):
    rows = [
        {"item": workspace.items[0]["id"], "annotator": "r1", "label": "neutral"},
        {"item": "x1", "annotator": "r1", "label": "Unclear", "text": workspace.texts[1]},
        {"item": "x2", "annotator": "r1", "label": "neutral", "text": "Something else."},
    ]
    votes = workspace.table("votes.jsonl", *rows)
    said = stance("pull", workspace.path, "--from", votes, "--question", "stance")
    assert "2 new lines in the ledger; 1 matched by text; 1 not of this campaign; 2 of 36 votes by 1" in said.out
    assert [(line.item_id, line.answers) for line in workspace.ledger()] == [
        (workspace.items[0]["id"], {"stance": "neutral"}), (workspace.items[1]["id"], {"stance": "unclear"}),
    ]  # fmt: skip
    said = stance("pull", workspace.path, "--from", votes, "--question", "stance", "--json")
    assert (said.facts["new"], said.facts["known"], said.facts["unmatched_items"]) == (0, 2, ["x2"])


def test_columns_named_like_questions_answer_them(stance, workspace):
    row = {
        "item_id": workspace.items[0]["id"],
        "annotator": "r1",
        "stance": "opposition",
        "voice": "quoted",
        "source": "z",
    }
    stance("pull", workspace.path, "--from", workspace.table("v.jsonl", row))
    assert workspace.ledger()[0].answers == {"stance": "opposition", "voice": "quoted"}


def test_a_wide_table_has_a_column_for_each_annotator(stance, workspace):
    row = {"item": workspace.items[0]["id"], "Ann Ode": "neutral", "r2": "unclear", "r3": ""}
    words = ("--wide", "Ann Ode,r2,r3", "--question", "stance")
    stance("pull", workspace.path, "--from", workspace.table("v.jsonl", row), *words)
    assert {line.annotator: line.answers["stance"] for line in workspace.ledger()} == {
        "outside-1": "neutral", "r2": "unclear",
    }  # fmt: skip
    keys = workspace.at / "keys.outside.json"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert json.loads(keys.read_text())["people"][0]["account"] == "Ann Ode"
    assert "Ann Ode" not in (workspace.at / "annotations.jsonl").read_text()


def test_a_models_votes_are_kept_apart(stance, workspace):
    rows = [{"item": item["id"], "annotator": "small-model", "label": "neutral"} for item in workspace.items]
    votes = workspace.table("model.jsonl", *rows)
    said = stance("pull", workspace.path, "--from", votes, "--question", "stance", "--kind", "model", "--json")
    assert (said.facts["new"], said.facts["state"]["votes"]) == (12, 0)
    assert said.facts["state"]["left_out"] == {"by_model": 12}
    assert workspace.kinds() == {"small-model": "model"}
    again = stance("pull", workspace.path, "--from", votes, "--question", "stance", "--json")
    assert (again.facts["new"], again.facts["known"]) == (0, 12)
    said = stance("pull", workspace.path, "--from", votes, "--question", "stance", "--kind", "human")
    assert said.code == 1
    assert "small-model is model, but the file is said to be from human; give --kind model" in said.err


@pytest.mark.parametrize(
    ("row", "words", "code", "message"),
    [
        ({"item": "x", "annotator": "r", "stance": "neutral"}, (), 1, "none of its 1 votes is on an item"),
        ({"item": "x", "annotator": "r", "label": "neutral"}, (), 2, "--question says what the column 'label' answers"),
        ({"item": "x", "annotator": "r", "code": "neutral"}, (), 1, "no column for a question of the codebook"),
        (
            {"item": "x", "annotator": "r", "code": "a"},
            ("--label", "no"),
            1,
            "no column 'no'; the table has item, annot",
        ),
        ({"item": "x", "annotator": "r", "label": "a"}, ("-o", "v.csv"), 2, "-o goes with files alone"),
    ],
)
def test_tables_that_cannot_be_read_into_a_campaign(stance, workspace, row, words, code, message):
    said = stance("pull", workspace.path, "--from", workspace.table("v.jsonl", row), *words)
    assert (said.code, said.out) == (code, "")
    assert message in said.err
    assert not (workspace.at / "annotations.jsonl").exists() or workspace.ledger() == []


# --- files alone ---------------------------------------------------------------------------------------------------


def test_several_files_become_one_table_and_what_is_in_both_is_there_once(stance, tmp_path):
    header = "item,annotator,label,text\n"
    (tmp_path / "a.csv").write_text(header + "1,r1,for,A ferry!\n2,r1,against,No ferry\n")
    (tmp_path / "b.csv").write_text(header + "1,r1,for,A ferry!\n1,r2,for,A ferry!\n3,r2,for,a ferry\n")
    said = stance(
        "pull", "--from", tmp_path / "a.csv", "--from", tmp_path / "b.csv", "-o", tmp_path / "v.tsv", "--json"
    )
    assert (said.facts["rows"], said.facts["doubles"], said.facts["twins"]) == (4, 1, [["1", "3"]])
    assert stance("aggregate", tmp_path / "v.tsv", "-o", tmp_path / "gold.csv").code == 0
    assert [row["label"] for row in read_table(tmp_path / "gold.csv")] == ["for", "against", "for"]


def test_a_spreadsheet_of_ones_own_with_columns_of_any_name(stance, tmp_path):
    book = openpyxl.Workbook()
    for row in (["unit", "rater", "code", "body"], [1, 7, "for", "A ferry"], [1, "Bo Ray", "against", "A ferry"]):
        book.active.append(row)
    book.save(tmp_path / "ratings.xlsx")
    words = ("--item", "unit", "--annotator", "rater", "--label", "code", "--text", "body", "-o", tmp_path / "v.csv")
    stance("pull", "--from", tmp_path / "ratings.xlsx", *words)
    rows = [tuple(row.values())[:4] for row in read_table(tmp_path / "v.csv")]
    assert rows == [("1", "7", "for", "A ferry"), ("1", "person-1", "against", "A ferry")]
    said = stance("pull", "--from", tmp_path / "ratings.xlsx", "--item", "id", "-o", tmp_path / "w.csv")
    assert "no column 'id'; the table has unit, rater, code, body" in said.err


def test_what_was_written_is_not_read_as_another_source(stance, tmp_path):
    (tmp_path / "a.csv").write_text("item,annotator,label\n1,Ann Ode,for\n1,Bo Ray,for\n")
    for _ in range(2):
        said = stance("pull", "--from", tmp_path, "-o", tmp_path / "v.jsonl", "--json")
        assert (said.facts["rows"], said.facts["annotators"], len(said.facts["files"])) == (2, 2, 1)


def test_votes_that_do_not_count_are_left_out_and_said(stance, tmp_path):
    rows = ["1,r1,a,submitted", "1,r2,a,submitted", "1,r2,b,repeat", "2,r1,,skipped", "2,r2,b,draft", "3,r1,,submitted"]
    (tmp_path / "v.csv").write_text("\n".join(["item,annotator,label,state", *rows]) + "\n")
    said = stance("aggregate", tmp_path / "v.csv", "-o", tmp_path / "gold.csv")
    assert said.out.endswith("rows left out: 1 draft, 1 no label, 1 repeat, 1 skipped\n")
    assert [row["item"] for row in read_table(tmp_path / "gold.csv")] == ["1"]
    facts = stance("agreement", tmp_path / "v.csv", "--json").facts
    assert facts["left_out"] == {"draft": 1, "no label": 1, "repeat": 1, "skipped": 1}
    assert facts["questions"]["label"]["n_votes"] == 2


def test_a_state_that_is_a_place_leaves_nothing_out(stance, tmp_path):
    (tmp_path / "v.csv").write_text("item,annotator,label,state\n1,r1,a,Ohio\n1,r2,a,draft\n")
    assert stance("agreement", tmp_path / "v.csv", "--json").facts["left_out"] == {}


@pytest.mark.parametrize("name", ["v.jsonl", "v.csv", "v.tsv", "v.parquet"])
def test_a_table_of_votes_read_again_is_the_same(stance, tmp_path, name):
    (tmp_path / "a.csv").write_text('item,annotator,label,text,created\n1,r1,for,"a\nb",2024-07-03\n1,r2,against,=1,\n')
    stance("pull", "--from", tmp_path / "a.csv", "-o", tmp_path / name)
    stance("pull", "--from", tmp_path / name, "-o", tmp_path / "again.jsonl")
    again = read_table(tmp_path / "again.jsonl")
    assert [(row["label"], row["text"], row["created"]) for row in again] == [
        ("against", "=1", None), ("for", "a\nb", "2024-07-03T00:00:00.000000Z"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--from", "a.csv"), 2, "-o FILE is needed"),
        (("--from", "a.csv", "-o", "v.txt"), 2, "the name must end in one of .csv, .tsv, .jsonl, .parquet"),
        (("--from", "a.csv", "-o", "v.csv", "--question", "tone"), 2, "no question 'tone'; there are label"),
        (("--from", "no.csv", "-o", "v.csv"), 1, "no.csv: no such file"),
        (("--from", "empty", "-o", "v.csv"), 1, "empty: no file of votes; known are"),
        ((), 2, "a campaign file, the address of a project, or --from FILE is needed"),
        (("a.csv",), 2, "files go with --from"),
        (("http://127.0.0.1:1/tasks/3", "-o", "v.csv"), 2, "the address of a project is needed"),
        (("http://127.0.0.1:1/projects/3",), 2, "-o FILE is needed"),
        (("http://127.0.0.1:1/projects/3", "-o", "v.csv"), 1, "cannot be reached"),
        (("x.toml", "y.toml"), 2, "one campaign at a time"),
        (("x.toml", "--text", "body"), 2, "a campaign is pulled as it is"),
    ],
)
def test_what_cannot_be_pulled_is_refused_and_leaves_nothing(stance, tmp_path, monkeypatch, words, code, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "legacy")
    (tmp_path / "a.csv").write_text("item,annotator,label\n1,r,a\n")
    (tmp_path / "empty").mkdir()
    said = stance("pull", *words)
    assert (said.code, said.out) == (code, "")
    assert message in said.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "empty"]


@pytest.mark.shared
def test_a_real_export_of_a_finished_project(stance, tmp_path):
    if not EXPORT.exists():
        pytest.skip(f"no {EXPORT}")
    said = stance("pull", "--from", EXPORT, "-o", tmp_path / "votes.jsonl", "--json")
    facts = said.facts
    assert (facts["question"], facts["rows"], facts["items"], facts["annotators"]) == ("sentiment", 1009, 1009, 1)
    assert (facts["doubles"], len(facts["twins"])) == (0, 3)
    twice = stance("pull", "--from", EXPORT, "--from", shutil.copy(EXPORT, tmp_path / "copy.tsv"),
                   "-o", tmp_path / "twice.jsonl", "--json")  # fmt: skip
    assert (twice.facts["rows"], twice.facts["doubles"]) == (1009, 1009)
    assert (tmp_path / "twice.jsonl").read_bytes() == (tmp_path / "votes.jsonl").read_bytes()
    assert (
        stance("aggregate", tmp_path / "votes.jsonl", "-o", tmp_path / "gold.csv", "--json").facts["resolved"] == 1009
    )
    assert "no item has two votes" in stance("agreement", tmp_path / "votes.jsonl").out
