"""Tables as people and programs write them."""

import csv
import datetime
import gzip
import subprocess
import sys

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.errors import DataError, MissingFileError, UsageError
from toolkit.files import read_text
from toolkit.tables import (
    cell_text,
    check_table_name,
    column,
    guarded,
    read_table,
    rows_in,
    unguarded,
    without_column,
    without_rows,
    write_people_table,
    write_table,
    written_table,
)
from toolkit.tables.columns import read_columns

FORMATS = (".csv", ".tsv", ".jsonl", ".parquet", ".xlsx", ".csv.gz", ".tsv.gz", ".jsonl.gz")
ROWS = [{"item": "1", "label": "a, b"}, {"item": "2", "label": 'say "ü"\nand go'}]

# --- what is written is read back ------------------------------------------------------------------------------------

TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from('\r\n\t",;|=+-@\u2060_x000D'),
    max_size=12,
)
NAMES = st.lists(TEXTS.filter(str.strip), min_size=1, max_size=4, unique=True)


@st.composite
def tables(draw):
    names = draw(NAMES)
    count = draw(st.integers(1, 4))
    rows = [{name: draw(TEXTS) for name in names} for _ in range(count)]
    return [{**row, names[0]: row[names[0]] or "."} for row in rows]  # a row of empty cells is no row of a sheet


@pytest.mark.parametrize("suffix", FORMATS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=tables())
def test_each_format_gives_back_the_texts_that_were_written(suffix, tmp_path, rows):
    path = tmp_path / f"t{suffix}"
    for write in (write_table, write_people_table):
        write(path, rows)
        assert read_table(path) == rows
    with written_table(path, dict.fromkeys(rows[0], str)) as put:
        for row in rows:
            put(row)
    assert read_table(path) == rows


@pytest.mark.parametrize("suffix", [".csv.gz", ".tsv.gz", ".jsonl.gz"])
def test_gz_is_gzip(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    write_table(path, ROWS)
    assert "item" in gzip.decompress(path.read_bytes()).decode()
    assert read_table(path) == ROWS


def test_a_carriage_return_alone_stays_in_its_cell_for_other_readers_too(tmp_path):
    write_table(tmp_path / "t.csv", [{"id": "1", "text": "the minister\rspoke"}])
    with (tmp_path / "t.csv").open(newline="") as handle:
        assert list(csv.reader(handle)) == [["id", "text"], ["1", "the minister\rspoke"]]


def test_numbers_and_empty_cells_keep_their_type_in_jsonl_and_parquet(tmp_path):
    rows = [{"a": 1, "b": None, "c": 0.5}, {"a": 2, "b": "x", "c": None}]
    for suffix in (".jsonl", ".parquet"):
        write_table(tmp_path / f"t{suffix}", rows)
        assert read_table(tmp_path / f"t{suffix}") == rows


def test_a_column_that_only_later_rows_have_is_written(tmp_path):
    write_table(tmp_path / "t.csv", [{"a": "1"}, {"a": "2", "b": "x"}])
    assert read_table(tmp_path / "t.csv") == [{"a": "1", "b": ""}, {"a": "2", "b": "x"}]


@pytest.mark.parametrize("name", ["t.txt", "t.parquet.gz", "t.xlsx.gz", "t"])
def test_a_name_that_says_no_format_is_refused_before_anything_is_written(tmp_path, name):
    with pytest.raises(DataError, match="unknown kind of table"):
        write_table(tmp_path / name, ROWS)
    with pytest.raises(UsageError, match="must end in"):
        check_table_name(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_no_cell_of_a_spreadsheet_takes_is_refused_whole(tmp_path):
    with pytest.raises(DataError, match="a cell takes 32767"):
        write_table(tmp_path / "t.xlsx", [{"text": "a" * 40_000}])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["t.jsonl", "t.csv", "t.csv.gz", "t.parquet"])
def test_a_table_that_is_written_row_by_row_is_there_whole_or_not_at_all(tmp_path, name):
    path = tmp_path / name
    with written_table(path, {"a": str, "b": int}) as put:
        put({"a": None, "b": 1})
        put({"a": "ü,\n", "b": None})
    whole = path.read_bytes()
    assert [row["a"] or None for row in read_table(path)] == [None, "ü,\n"]
    with pytest.raises(KeyboardInterrupt):
        _interrupt_while_writing(path)
    assert path.read_bytes() == whole
    assert [left.name for left in tmp_path.iterdir()] == [name]


def _interrupt_while_writing(path):
    with written_table(path, {"a": str}) as put:
        put({"a": "half"})
        raise KeyboardInterrupt


# --- formulas --------------------------------------------------------------------------------------------------------


def test_a_table_for_people_holds_no_formula_and_reads_back(tmp_path):
    rows = [{"text": text} for text in ("=1+1", "+49 30", "-5", "@ann", "plain", "\u2060=1")]
    for name in ("t.csv", "t.tsv"):
        write_people_table(tmp_path / name, rows)
        cells = [line.split("\t")[0].strip('"') for line in read_text(tmp_path / name).splitlines()[1:]]
        assert not [cell for cell in cells if cell[:1] in "=+-@"]
        assert read_table(tmp_path / name) == rows
    write_people_table(tmp_path / "t.xlsx", rows)
    cells = [cell for (cell,) in openpyxl.load_workbook(tmp_path / "t.xlsx").active.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert read_table(tmp_path / "t.xlsx") == rows


def test_the_guard_is_taken_off_once():
    assert [unguarded(guarded(text)) for text in ("=a", "\u2060=a", "a", "\u2060")] == ["=a", "\u2060=a", "a", "\u2060"]


# --- dialects and encodings ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize(("delimiter", "first"), [(",", ""), (";", ""), ("\t", ""), (";", "sep=;"), ("|", "")])
def test_the_tables_of_excel_in_any_language_are_read(tmp_path, encoding, ending, delimiter, first):
    lines = [first] if first else []
    lines += [delimiter.join(cells) for cells in [["item", "label"], ["1", "für"], ["2", '"a,b;c|d"']]]
    (tmp_path / "t.csv").write_bytes((ending.join(lines) + ending).encode(encoding))
    expected = [{"item": "1", "label": "für"}, {"item": "2", "label": "a,b;c|d"}]
    assert read_table(tmp_path / "t.csv") == expected
    table = read_columns(tmp_path / "t.csv", ["item", "label"])
    assert (table["label"].names, table.rows) == (("a,b;c|d", "für"), 2)


def test_names_with_a_delimiter_in_them_are_columns(tmp_path):
    (tmp_path / "t.csv").write_text('item,"rater, first","rater; second"\n1,a,b\n')
    assert read_table(tmp_path / "t.csv") == [{"item": "1", "rater, first": "a", "rater; second": "b"}]


def test_quotation_marks_in_a_tsv_that_do_not_balance_are_text(tmp_path):
    rows = [f"{n}\tplain" for n in range(5)] + ['5\t"Not all, he said'] + [f"{n}\tplain" for n in range(6, 9)]
    (tmp_path / "t.tsv").write_text("\n".join(["id\ttext", *rows]) + "\n")
    read = read_table(tmp_path / "t.tsv")
    assert (len(read), read[5]["text"]) == (9, '"Not all, he said')


def test_a_quotation_mark_that_is_never_closed_swallows_no_row(tmp_path):
    (tmp_path / "t.csv").write_text('id,text\n1,a\n2,"b\n3,c\n')
    for read in (read_table, lambda path: read_columns(path, ["text"])):
        with pytest.raises(DataError, match=r"t\.csv:3: a quotation mark is opened here and never closed"):
            read(tmp_path / "t.csv")


def test_lines_that_end_in_a_carriage_return_alone_are_rows(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"id,text\r1,a\r2,b\r")
    assert read_table(tmp_path / "t.csv") == [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]


def test_another_encoding_is_refused_with_line_and_remedy(tmp_path):
    (tmp_path / "t.csv").write_bytes("item,label\n1,a\n2,für\n".encode("latin-1"))
    for read in (read_table, lambda path: read_columns(path, ["label"])):
        with pytest.raises(DataError, match=r"t\.csv:3: not UTF-8 \(byte 0xfc\); save the file as CSV UTF-8"):
            read(tmp_path / "t.csv")


# --- what is wrong with a table --------------------------------------------------------------------------------------


def test_two_columns_of_one_name_are_refused_in_every_format(tmp_path):
    for name, text in {"t.csv": "item,label,label\n1,a,b\n", "t.tsv": "item\tlabel\tlabel\n1\ta\tb\n"}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "t.jsonl").write_text('{"item": "1", "label": "a", "label": "b"}\n')
    table = pyarrow.Table.from_arrays([pyarrow.array(["1"])] * 3, names=["item", "label", "label"])
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    book = openpyxl.Workbook()
    book.active.append(["item", "label", "label"])
    book.save(tmp_path / "t.xlsx")
    for path in sorted(tmp_path.iterdir()):
        for read in (read_table, lambda path: read_columns(path, ["label"])):
            with pytest.raises(DataError, match="'label'"):
                read(path)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_table_without_rows_is_the_same_error_from_every_format(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    write_table(path, [], columns=["item", "label"])
    assert list(rows_in(path)) == []
    for read in (read_table, lambda path: read_columns(path, ["item"])):
        with pytest.raises(DataError, match="no rows; the table needs at least one row below"):
            read(path)


def test_a_missing_column_names_those_that_there_are(tmp_path):
    write_table(tmp_path / "t.csv", ROWS)
    with pytest.raises(DataError, match=r"no column 'text'; the table has item, label"):
        column(read_table(tmp_path / "t.csv"), "text", tmp_path / "t.csv")


def test_a_row_with_too_many_cells_is_named(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n1,2,3\n")
    for read in (read_table, lambda path: read_columns(path, ["a"])):
        with pytest.raises(DataError, match=r"t\.csv:3: 3 cells, but the header has 2"):
            read(tmp_path / "t.csv")


def damaged():
    whole = gzip.compress(b"item,label\n1,a\n" * 50, mtime=0)
    yield "crc.csv.gz", whole[:-8] + b"\0\0\0\0" + whole[-4:]
    yield "cut.csv.gz", whole[:-20]
    yield "inside.csv.gz", whole[:15] + b"\xff\xff\xff" + whole[18:]
    yield "deep.jsonl", b'{"a":' * 100_000
    yield "list.jsonl", b"[1, 2]\n"
    yield "t.parquet", b"PAR1 and no more PAR1"
    yield "t.xlsx", b"PK\x03\x04 no archive"
    yield "packed.csv", b"PK\x03\x04\0\0"
    yield "empty.csv", b""
    yield "blank.csv", b"\n\n"


@pytest.mark.parametrize(("name", "content"), list(damaged()))
def test_a_damaged_file_is_one_error_of_ours(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    for read in (read_table, lambda path: read_columns(path, ["item"])):
        with pytest.raises(DataError) as error:
            read(tmp_path / name)
        assert name in str(error.value)
        assert len(str(error.value)) < 500


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_that_is_missing_or_a_directory_is_said_so(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    with pytest.raises(MissingFileError, match="no such file"):
        read_table(path)
    path.mkdir()
    for read in (read_table, lambda path: read_columns(path, ["item"]), lambda path: write_table(path, ROWS)):
        with pytest.raises(DataError, match="is a directory"):
            read(path)


def test_reading_parquet_never_aborts_when_python_ends(tmp_path):
    rows = [{"item": str(n), "label": "a" * 50} for n in range(20_000)]
    write_table(tmp_path / "t.parquet", rows)
    program = (
        "import sys, pathlib\nfrom toolkit.tables import rows_in\nfrom toolkit.tables.columns import read_columns\n"
        "path = pathlib.Path(sys.argv[1])\nread_columns(path, ['item'])\nrows = rows_in(path)\nnext(rows)\nsys.exit(7)"
    )
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", program, tmp_path / "t.parquet"], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (7, b"")


# --- one reading of a cell -------------------------------------------------------------------------------------------


def test_one_and_one_point_zero_are_one_text_from_every_format(tmp_path):
    rows = [{"item": 0, "label": 1}, {"item": 1, "label": 1.0}, {"item": 2, "label": None}]
    (tmp_path / "t.csv").write_text("item,label\n0,1\n1,1.0\n2,\n")
    (tmp_path / "t.tsv").write_text("item\tlabel\n0\t1\n1\t1.0\n2\t\n")
    write_table(tmp_path / "t.jsonl", rows)
    write_table(tmp_path / "t.xlsx", rows)
    for kind in (pyarrow.float64(), pyarrow.float32()):
        made = pyarrow.table({"item": [0, 1, 2], "label": pyarrow.array([1.0, 1.0, None], kind)})
        pyarrow.parquet.write_table(made, tmp_path / f"{kind}.parquet")
    for path in sorted(tmp_path.iterdir()):
        table = read_columns(path, ["item", "label"])
        assert [table["label"].names[code] for code in table["label"].codes] == ["1", "1", ""], path
        assert table["item"].names == ("0", "1", "2")


def test_a_number_of_single_precision_is_not_drawn_out(tmp_path):
    made = pyarrow.table({"label": pyarrow.array([0.1, None, 2.5], pyarrow.float32())})
    pyarrow.parquet.write_table(made, tmp_path / "t.parquet")
    assert read_columns(tmp_path / "t.parquet", ["label"])["label"].names == ("", "0.1", "2.5")


def test_lists_are_sets_whatever_their_order(tmp_path):
    rows = [{"label": ["a", "b"]}, {"label": ["b", "a"]}, {"label": ["a"]}, {"label": []}]
    for name in ("t.jsonl", "t.parquet"):
        write_table(tmp_path / name, rows)
        table = read_columns(tmp_path / name, ["label"])
        assert [table["label"].names[code] for code in table["label"].codes] == ["a | b", "a | b", "a", ""]


def test_words_for_nothing_stay_words(tmp_path):
    words = ["NA", "None", "null", "nan", "N/A"]
    for suffix in FORMATS:
        write_table(tmp_path / f"t{suffix}", [{"label": word} for word in words])
        assert read_columns(tmp_path / f"t{suffix}", ["label"])["label"].names == tuple(sorted(words))


def test_other_types_of_parquet_are_texts(tmp_path):
    made = pyarrow.table({"a": [True, None], "b": [datetime.date(2024, 7, 3), None]})
    pyarrow.parquet.write_table(made, tmp_path / "t.parquet")
    table = read_columns(tmp_path / "t.parquet", ["a", "b"])
    assert [table[name].names for name in "ab"] == [("", "True"), ("", "2024-07-03")]


def test_objects_and_bytes_are_no_labels(tmp_path):
    pyarrow.parquet.write_table(pyarrow.table({"label": [{"k": 1}], "item": [b"\xff"]}), tmp_path / "t.parquet")
    write_table(tmp_path / "t.jsonl", [{"label": {"k": 1}}])
    for name, column_name in (("t.parquet", "label"), ("t.parquet", "item"), ("t.jsonl", "label")):
        with pytest.raises(DataError, match=f"column '{column_name}' holds (objects|bytes); texts, numbers or lists"):
            read_columns(tmp_path / name, [column_name])


def test_a_version_number_is_no_whole_number():
    assert [cell_text(text) for text in ("1.10", "1.0.0", "v1.0", "-2.0", "1e3")] == [
        "1.10",
        "1.0.0",
        "v1.0",
        "-2",
        "1e3",
    ]


# --- without a person's rows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", FORMATS)
def test_rows_and_columns_are_removed_in_every_format(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    rows = [
        {"item": "1", "by": "ann", "x": "p"},
        {"item": "2", "by": "bo", "x": "=q"},
        {"item": "3", "by": " ann", "x": "r"},
    ]
    write_people_table(path, rows)
    removal = without_rows(path, "by", "ann")
    column_removal = without_column(path, "by")
    path.write_bytes(removal.data)
    assert (removal.count, read_table(path)) == (2, [rows[1]])
    path.write_bytes(column_removal.data)
    assert (column_removal.count, read_table(path)) == (3, [{"item": row["item"], "x": row["x"]} for row in rows])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_rows_of_others_stay_byte_for_byte(tmp_path, encoding):
    text = 'item;by;text\r\n1;"ann";a\r\n2;"bo"; "b" \r\n3;bo;"x\ry"\r\n'
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    removal = without_rows(tmp_path / "t.csv", "by", "ann")
    assert removal.data.decode(encoding) == text.replace('1;"ann";a\r\n', "")
