"""Spreadsheets as a person gets them and as they come back; openpyxl stands for the person's program."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import msgspec
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.campaigns.display import Shown, ShownItem
from toolkit.codebook import Codebook, Label, Question
from toolkit.errors import ConfigError, DataError, MissingFileError
from toolkit.exchange.import_votes import plain_words
from toolkit.exchange.sheets import CELL, About, SheetRequest, read_sheet, unanswerable, write_sheet
from toolkit.records import Item, Target
from toolkit.tables import reading, rows_in

ABOUT = About(campaign="demo-1", annotator="ann-1", codebook="stance@0.1#abc", file="ann-1.xlsx")
FIRST = 3  # the row of the first item


def shown_item(number=0, text="The ferry is back.", target="the government of Selmara", **around):
    item = Item(
        id=f"item-{number}", unit_id=f"p{number}", article_id="a", votes=2, selection="all", propensity=1,
        target=Target(id="gov", title=target, note="Governing: the Harbour Union"),
    )  # fmt: skip
    return ShownItem(item=item, shown=Shown(text=text, **around))


def request(book, *items, language="en"):
    return SheetRequest(about=ABOUT, codebook=book, language=language, items=items or (shown_item(),))


@pytest.fixture
def sheet(tmp_path, book):
    """Write a sheet of these items, and hand out its place."""

    def write(*items, codebook=book):
        write_sheet(tmp_path / "ann-1.xlsx", request(codebook, *items))
        return tmp_path / "ann-1.xlsx"

    return write


def fill(path, *rows):
    """Fill in the rows of the items by the keys of the columns, as a person does by their titles."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[2]}
    for number, cells in enumerate(rows, FIRST):
        for key, value in cells.items():
            cell = sheet.cell(number, columns[key])
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # the cells for answers have the format of texts
    book.save(path)


def answers(path):
    return [dict(each.answers) for each in read_sheet(path).submissions]


def test_what_a_person_chooses_comes_back_as_codes(sheet):
    path = sheet(shown_item(0), shown_item(1), shown_item(2))
    fill(
        path,
        {"q:stance": "Against", "q:voice": "Somebody quoted", "q:strength": 2, "q:confidence": 3, "q:topics=tax": "x",
         "q:topics=fish": "x", "q:comment": "=1+1 is no formula"},
        {},
        {"skip": "x", "q:comment": "torn"},
    )  # fmt: skip
    found = read_sheet(path)
    assert found.about == ABOUT
    assert found.empty == 1
    full, skipped = found.submissions
    assert (full.item, full.annotator, full.state, full.codebook) == ("item-0", "ann-1", "submitted", "stance@0.1#abc")
    assert full.answers == {
        "stance": ["opposition"], "voice": ["quoted"], "strength": ["2"], "confidence": ["3"],
        "topics": ["tax", "fish"], "comment": ["=1+1 is no formula"],
    }  # fmt: skip
    assert (skipped.item, skipped.state, skipped.answers) == ("item-2", "skipped", {"comment": ["torn"]})


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("against", "opposition"),
        ("  AGAINST ", "opposition"),
        ("opposition", "opposition"),
        ("Neutral,  plain", "neutral"),
        ("Neutral", "neutral"),
        ("Again", "Again"),
        ("3", "3"),
        (3, "3"),
        (True, "True"),
    ],
)
def test_what_is_typed_counts_where_it_can_mean_one_thing_only(sheet, typed, read):
    path = sheet()
    fill(path, {"q:stance": typed})
    assert answers(path) == [{"stance": [read]}]


def test_two_labels_that_differ_in_case_alone_are_not_guessed_between(sheet):
    labels = (Label(name="us", title={"en": "us"}), Label(name="usa", title={"en": "US"}))
    path = sheet(
        codebook=Codebook(name="b", version="1", title={}, questions=(Question(name="q", text={}, labels=labels),))
    )
    fill(path, {"q:q": "Us"})
    assert answers(path) == [{"q": ["Us"]}]
    fill(path, {"q:q": "US"})
    assert answers(path) == [{"q": ["usa"]}]


@pytest.mark.parametrize(
    ("typed", "read"), [(2, "2"), (2.0, "2"), ("2", "2"), (" 2 ", "2"), (2.5, "2.5"), ("two", "two")]
)
def test_a_number_is_a_number_however_the_program_keeps_it(sheet, typed, read):
    path = sheet()
    fill(path, {"q:confidence": typed})
    assert answers(path) == [{"confidence": [read]}]


def test_anything_but_the_mark_in_the_column_of_a_label_is_no_yes(sheet):
    path = sheet()
    fill(path, {"q:topics=tax": "X", "q:topics=fish": "no"})
    assert answers(path) == [{"topics": ["tax", "fish: no"]}]


# --- what the person gets ------------------------------------------------------------------------------------------

BEGINNINGS = ["=1+1", "+41 crowns", "-5 %", "@ministry", "\t=1", "#N/A", "'x", "12", "_x0041_", "2024-07-03", "TRUE"]


@pytest.mark.parametrize("text", BEGINNINGS)
def test_no_text_becomes_a_formula_a_number_or_an_error(sheet, text):
    path = sheet(shown_item(text=text, headline=text, previous=text, next=text))
    cells = {c.value: d for c, d in zip(*openpyxl.load_workbook(path).worksheets[0].iter_rows(2, 3), strict=True)}
    for key in ("headline", "previous", "text", "next"):
        assert (cells[key].data_type, cells[key].quotePrefix) == ("s", True)
    with zipfile.ZipFile(path) as packed:
        parts = [packed.read(name) for name in packed.namelist() if name.startswith("xl/worksheets/")]
    assert not any(b"<f>" in part for part in parts)
    fill(path, {"q:stance": "Against"})
    assert plain_words(read_sheet(path).submissions[0].text) == plain_words(text)


def test_only_answers_can_be_changed_and_what_is_ours_is_out_of_sight(sheet):
    book = openpyxl.load_workbook(sheet(shown_item(headline="H", previous="P", next="N")))
    items, definitions, codes, about = book.worksheets
    assert items.protection.sheet
    assert definitions.protection.sheet
    assert (codes.sheet_state, about.sheet_state) == ("veryHidden", "veryHidden")
    assert book.security.lockStructure
    assert items.row_dimensions[2].hidden
    keys = {cell.column_letter: cell.value for cell in items[2]}
    assert [key for letter, key in keys.items() if items.column_dimensions[letter].hidden] == ["item_id"]
    free = {keys[cell.column_letter] for cell in items[FIRST] if not cell.protection.locked}
    assert free == {key for key in keys.values() if key.startswith("q:") or key == "skip"}


def test_the_target_paragraph_is_set_apart_and_conditions_are_said(sheet):
    items = openpyxl.load_workbook(sheet(shown_item(headline="H"))).worksheets[0]
    columns = {cell.value: cell.column for cell in items[2]}
    text, headline = items.cell(FIRST, columns["text"]), items.cell(FIRST, columns["headline"])
    assert text.font.b
    assert not headline.font.b
    assert text.fill.fgColor.rgb != headline.fill.fgColor.rgb
    asked = items.cell(1, columns["q:voice"]).value
    assert asked == (
        "Who carries it? (required)\nonly if “Which way does the paragraph lead a reader towards the government of "
        "Selmara?” is “For the government” or “Against”"
    )
    assert "previous" not in columns  # there is none


def test_a_question_with_labels_offers_their_titles(sheet):
    book = openpyxl.load_workbook(sheet(shown_item(0), shown_item(1)))
    items, codes = book.worksheets[0], book["stance-codes"]
    letter = next(cell.column_letter for cell in items[2] if cell.value == "q:stance")
    (offered,) = (
        each for each in items.data_validations.dataValidation if str(each.sqref).startswith(letter)
    )  # fmt: skip
    assert (str(offered.sqref), offered.formula1) == (f"{letter}3:{letter}4", f"'stance-codes'!${letter}$2:${letter}$5")
    titles = [codes[f"{letter}{row}"].value for row in range(2, 6)]
    assert titles == ["For the government", "Neutral, plain", "Against", "Unclear"]


def test_definitions_lie_on_a_sheet_of_their_own(sheet):
    definitions = openpyxl.load_workbook(sheet()).worksheets[1]
    told = [cell for row in definitions.iter_rows(values_only=True) for cell in row if cell]
    assert {"For the government", "Yes", "Who carries it?", "Stance & tone"} <= set(told)


def test_the_target_has_a_column_where_it_is_not_the_same_for_all(sheet):
    items = openpyxl.load_workbook(sheet(shown_item(0), shown_item(1, target="the Coast Party"))).worksheets[0]
    columns = {cell.value: cell.column for cell in items[2]}
    assert items.cell(4, columns["target"]).value == "the Coast Party"
    assert "towards …?" in items.cell(1, columns["q:stance"]).value


def test_titles_are_those_of_the_persons_language(tmp_path, book):
    stance = book.questions[0]
    labels = tuple(
        msgspec.structs.replace(each, title={**each.title, "de": f"de-{each.name}"}) for each in stance.labels
    )
    german = msgspec.structs.replace(book, questions=(msgspec.structs.replace(stance, labels=labels),))
    write_sheet(tmp_path / "a.xlsx", request(german, language="de"))
    fill(tmp_path / "a.xlsx", {"q:stance": "de-unclear"})
    assert answers(tmp_path / "a.xlsx") == [{"stance": ["unclear"]}]
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames[:2] == ["Texte", "Definitionen"]


def test_marking_words_is_left_out_and_refused_where_it_is_required(tmp_path, book):
    assert unanswerable(book) == ["words"]
    span = Question(name="words", text={}, kind="span", required=True)
    with pytest.raises(ConfigError, match="'words' asks for words in the text, which no spreadsheet can take"):
        write_sheet(tmp_path / "a.xlsx", request(msgspec.structs.replace(book, questions=(span,))))


def test_a_text_that_no_cell_holds_is_refused_and_never_cut(sheet):
    with pytest.raises(DataError, match="item item-0: 16384 characters, more than a cell takes"):
        sheet(shown_item(text="x" * (CELL // 2 + 1)))
    text = "_x0041_" * (CELL // 14)
    path = sheet(shown_item(text=text))
    fill(path, {"q:stance": "Against"})
    assert read_sheet(path).submissions[0].text == text


# --- whatever is written -------------------------------------------------------------------------------------------

TITLES = st.lists(st.text(min_size=1, max_size=30), min_size=2, max_size=5, unique_by=lambda title: plain_words(title))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=80), headline=st.text(max_size=40), titles=TITLES, chosen=st.integers(0, 4))
def test_any_text_and_any_title_survive(tmp_path, text, headline, titles, chosen):
    labels = tuple(Label(name=f"l{number}", title={"en": title}) for number, title in enumerate(titles))
    question = Question(name="q", text={"en": headline}, labels=labels)
    book = Codebook(name="b", version="1", title={"en": "B"}, questions=(question,))
    path = Path(tmp_path) / "a.xlsx"
    write_sheet(path, request(book, shown_item(text=text, headline=headline)))
    opened = openpyxl.load_workbook(path)
    column = next(cell.column for cell in opened.worksheets[0][2] if cell.value == "q:q")
    number = chosen % len(titles)
    cell = opened.worksheets[0].cell(FIRST, column)
    cell.value = opened["stance-codes"].cell(2 + number, column).value  # what a program puts there
    cell.data_type = "s"
    opened.save(path)
    (found,) = read_sheet(path).submissions
    assert found.answers == {"q": [f"l{number}"]}
    assert plain_words(found.text) == plain_words(text)


# --- what comes back broken ----------------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("soffice"), reason="no LibreOffice; `apt-get install libreoffice-calc` adds it")
def test_what_libreoffice_saves_says_the_same(sheet, tmp_path):
    path = sheet(shown_item(0, text="Déjà vu \N{CANOE} <b>"), shown_item(1, text="=HYPERLINK(1)"), shown_item(2))
    answered = {"q:stance": "Against", "q:voice": "Somebody quoted", "q:strength": 2, "q:topics=tax": "x"}
    fill(path, answered | {"q:comment": "=1+1 is no formula"}, {}, {"skip": "x", "q:comment": "torn"})
    before, offered = read_sheet(path), offers(path)
    home = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [
        "soffice",
        home,
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        tmp_path / "saved",
    ]
    subprocess.run([*command, path], check=True, capture_output=True)
    saved = tmp_path / "saved" / path.name
    assert [msgspec.structs.replace(each, where="") for each in read_sheet(saved).submissions] == [
        msgspec.structs.replace(each, where="") for each in before.submissions
    ]
    assert (read_sheet(saved).about, read_sheet(saved).empty) == (before.about, 1)
    assert offers(saved) == offered
    assert {sheet.title for sheet in openpyxl.load_workbook(saved).worksheets if sheet.sheet_state == "visible"} == {
        "Items", "Definitions",
    }  # fmt: skip


def offers(path):
    """Which cells offer which answers."""
    rules = openpyxl.load_workbook(path).worksheets[0].data_validations.dataValidation
    return {(str(rule.sqref), rule.formula1) for rule in rules}


def test_a_spreadsheet_of_somebody_elses_is_a_table(tmp_path):
    book = openpyxl.Workbook()
    for row in (["item", "annotator", "label", None], [1, "r", "a"], [], [2.0, "r", "b"]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    assert read_sheet(tmp_path / "t.xlsx") is None
    rows = [(where, row["item"], row["label"]) for where, row in rows_in(tmp_path / "t.xlsx")]
    assert rows == [(f"{tmp_path}/t.xlsx, row 2", "1", "a"), (f"{tmp_path}/t.xlsx, row 4", "2", "b")]


def test_a_table_with_two_columns_of_one_name_is_refused(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["item", "item"])
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(DataError, match="two columns are named"):
        list(rows_in(tmp_path / "t.xlsx"))


def spoilt(path, spoil):
    book = openpyxl.load_workbook(path)
    spoil(book)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda book: book.worksheets[0].delete_rows(2), "the hidden row that says what the columns are is gone"),
        (lambda book: book["stance-about"].__setitem__("A1", "?"), "its hidden sheet 'stance-about' was changed"),
        (lambda book: book["stance-about"].__setitem__("A1", None), "its hidden sheet 'stance-about' was changed"),
        (
            lambda book: book["stance-about"].__setitem__(
                "A1", book["stance-about"]["A1"].value.replace("ann-1", "Ann Ode")
            ),
            "'Ann Ode' on its hidden sheet is no pseudonym",
        ),
    ],
)
def test_a_sheet_whose_hidden_parts_were_changed_is_refused(sheet, spoil, message):
    with pytest.raises(DataError, match=message):
        read_sheet(spoilt(sheet(), spoil))


def test_rows_that_were_sorted_keep_their_items(sheet):
    path = sheet(*(shown_item(number, f"Text {number}.") for number in range(3)))
    fill(path, {"q:comment": "0"}, {"q:comment": "1"}, {"q:comment": "2"})

    def turn(book):
        rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows(FIRST, FIRST + 2)]
        for number, row in enumerate(reversed(rows), FIRST):
            for column, value in enumerate(row, 1):
                book.worksheets[0].cell(number, column).value = value

    found = read_sheet(spoilt(path, turn)).submissions
    assert [(each.item, each.text, each.answers["comment"]) for each in found] == [
        (f"item-{n}", f"Text {n}.", [str(n)]) for n in (2, 1, 0)
    ]


def test_what_is_no_spreadsheet_is_refused(tmp_path):
    path = tmp_path / "a.xlsx"
    with pytest.raises(MissingFileError, match="no such file"):
        read_sheet(path)
    path.write_text("item,label")
    with pytest.raises(DataError, match=r"not a spreadsheet in the format \.xlsx"):
        read_sheet(path)
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("word/document.xml", "<x/>")
    with pytest.raises(DataError, match=r"not a spreadsheet in the format \.xlsx"):
        read_sheet(path)


def test_a_spreadsheet_that_unpacks_to_too_much_is_refused_unread(sheet, monkeypatch):
    monkeypatch.setattr(reading, "_LARGEST_SHEET", 1000)
    with pytest.raises(DataError, match="MB unpacked, more than"):
        read_sheet(sheet())
