"""`stance segment` on files of a user's own."""

import csv
import gzip
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from toolkit.tables import read_table, rows_in, write_table

STANCE = Path(sys.executable).with_name("stance")
SENTENCE = "The ferry sailed at noon on Friday with forty people and a goat on board. "
STORY = [
    "The ferry sailed at noon on Friday with forty people and a goat on board.",
    "Nobody had stopped waiting for it, said the harbour master at the bell.",
    "Nine winters ago the pier sank, and the company and the timetable with it.",
]
ROWS = [{"nr": 7, "body": "One is here.\n\nTwo is here."}, {"nr": 8, "body": "Three."}]


def lines(path, rows):
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def texts(said):
    return [row["text"] for row in said.rows]


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl", "t.parquet", "t.csv.gz", "t.jsonl.gz", "t.json"])
def test_a_table_of_any_kind_is_cut(stance, tmp_path, name):
    path = tmp_path / name
    if name.endswith(".gz"):
        write_table(tmp_path / "plain.x".replace(".x", Path(name[:-3]).suffix), ROWS)
        path.write_bytes(gzip.compress((tmp_path / f"plain{Path(name[:-3]).suffix}").read_bytes()))
    elif name == "t.json":
        path.write_text(json.dumps(ROWS))
    else:
        write_table(path, ROWS)
    said = stance("segment", path, "--text", "body", "--id", "nr")
    assert texts(said) == ["One is here.", "Two is here.", "Three."]
    assert [row["article_id"] for row in said.rows] == ["7", "7", "8"]
    assert said.err == "2 articles, 3 paragraphs\n"


def test_a_page_is_cut(stance, tmp_path):
    body = "".join(f"<p>{text}</p>" for text in STORY)
    (tmp_path / "a.html").write_text(f"<html><body><article>{body}</article></body></html>")
    assert texts(stance("segment", tmp_path / "a.html"))[-3:] == STORY


@pytest.mark.parametrize("name", ["p.csv", "p.tsv", "p.jsonl", "p.parquet", "p.csv.gz", "p.jsonl.gz"])
def test_the_output_is_what_its_name_says(stance, tmp_path, name):
    source = lines(tmp_path / "t.jsonl", [{"id": "a", "text": "\n\n".join(STORY)}])
    assert stance("segment", source, "--explain", "-o", tmp_path / name).out.startswith("1 article, 3 paragraphs: ")
    rows = read_table(tmp_path / name)
    assert [row["text"] for row in rows] == STORY
    assert list(rows[0]) == ["start", "end", "role", "text", "id", "article_id", "rule"]


def test_nothing_in_gives_a_table_with_its_columns(stance, tmp_path):
    source = lines(tmp_path / "t.jsonl", [])
    for name in ("p.csv", "p.parquet"):
        assert stance("segment", source, "-o", tmp_path / name).code == 0
        assert list(rows_in(tmp_path / name)) == []
    assert (tmp_path / "p.csv").read_text() == "start,end,role,text,id,article_id\n"


def test_long_paragraphs_are_divided_and_short_ones_joined_when_asked(stance, tmp_path):
    source = lines(tmp_path / "t.jsonl", [{"text": SENTENCE * 30 + "\n\nIt rained.\n\nNobody came. " + SENTENCE}])
    assert len(texts(stance("segment", source))) == 3
    assert max(map(len, texts(stance("segment", source, "--longest", 200)))) <= 200
    assert len(texts(stance("segment", source, "--shortest", 20))) == 2
    cut = texts(stance("segment", source, "--readable"))
    assert max(map(len, cut)) <= 720
    assert cut[-1].startswith("It rained.")


def test_readable_limits_are_those_of_the_articles_language_which_is_found_where_it_is_not_given(stance, tmp_path):
    japanese = "渡し船は金曜日の正午に四十人の客と一頭の山羊を乗せて港を出た。" * 30
    rows = [{"id": "ja", "text": japanese}, {"id": "told", "text": SENTENCE * 30, "language": "ja"}]
    cut = stance("segment", lines(tmp_path / "t.jsonl", rows), "--readable").rows
    assert max(len(row["text"]) for row in cut) <= 300


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--longest", "5", "--shortest", "9"), "shortest is 9 and longest 5 characters: no paragraph can keep both"),
        (("--longest", "0"), "--longest"),
        (("--shortest", "-1"), "--shortest"),
        (("--longest", "many"), "--longest"),
        (("--previous", "{source}", "--explain"), "--explain"),
    ],
)
def test_options_that_cannot_be_meant_are_wrong_usage(stance, tmp_path, options, message):
    source = lines(tmp_path / "t.jsonl", [{"text": "One."}])
    said = stance("segment", source, *(option.format(source=source) for option in options))
    assert (said.code, said.out) == (2, "")
    assert message in said.err


def test_options_of_a_file_do_not_go_with_a_campaign(stance):
    said = stance("segment", Path(__file__).parents[2] / "schemas/demo.toml", "--readable")
    assert said.code == 2
    assert "under [paragraphs]" in said.err


def test_explain_names_the_rule_of_paragraphs_that_were_divided_too(stance, tmp_path):
    source = lines(tmp_path / "t.jsonl", [{"text": SENTENCE * 30}])
    rows = stance("segment", source, "--explain", "--longest", 100).rows
    assert len(rows) == 30
    assert all(row["rule"] for row in rows)


def test_what_is_left_out_is_counted(stance, tmp_path):
    rows = [
        {"id": "a", "text": "One."},
        {"id": "b", "text": " "},
        {"id": "a", "text": "One."},
        {"id": "c", "text": None},
    ]
    said = stance("segment", lines(tmp_path / "t.jsonl", rows), "--json")
    assert said.facts["dropped"] == {"empty": 2, "same_again": 1}
    assert (said.facts["articles"], said.facts["paragraphs"]) == (1, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"id": "a", "text": "One."}\n{"id": "a", "text": "Two."}\n', "two articles have the id 'a'"),
        ('{"id": "a", "text": "One."}\n{broken\n', "t.jsonl:2: not a JSON object"),
        ('{"id": "a", "body": "One."}\n', "no column 'text'; name yours with --text, the table has id, body"),
        ('{"id": "a", "text": ["One."]}\n', "t.jsonl:1: no text in 'text'"),
    ],
)
def test_a_row_that_is_no_article_is_refused_and_no_file_is_left(stance, tmp_path, content, message):
    (tmp_path / "t.jsonl").write_text(content)
    said = stance("segment", tmp_path / "t.jsonl", "-o", tmp_path / "p.csv")
    assert said.code == 1
    assert message in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["t.jsonl"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("a.pdf", "unknown file format '.pdf'"), ("folder", "is a directory; make one file of it")],
)
def test_what_is_not_read_says_what_is(stance, tmp_path, name, message):
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    (tmp_path / "folder").mkdir()
    said = stance("segment", tmp_path / name)
    assert (said.code, said.out) == (1, "")
    assert message in said.err


def test_an_output_of_an_unknown_kind_is_refused_before_anything_is_read(stance, tmp_path):
    said = stance("segment", lines(tmp_path / "t.jsonl", [{"text": "One."}]), "-o", tmp_path / "p.docx")
    assert said.code == 1
    assert "unknown kind of table '.docx'" in said.err


@pytest.mark.parametrize("name", ["null.jsonl", "null.csv"])
def test_a_title_that_is_null_or_empty_is_none(stance, tmp_path, name):
    write_table(tmp_path / name, [{"id": "a", "title": None, "text": "\n\n".join(STORY)}])
    said = stance("segment", tmp_path / name)
    assert (said.code, texts(said)) == (0, STORY)


# --- an earlier version ----------------------------------------------------------------------------------------------

OLD = [
    {"id": "a", "text": "\n\n".join(STORY)},
    {"id": "gone", "text": "This story is not printed any more."},
    {"id": "b", "text": "Another story, which nobody touched."},
]
NEW = [
    {"id": "b", "text": "Another story, which nobody touched."},
    {"id": "a", "text": "\n\n".join([STORY[2], STORY[0].replace("goat", "sheep"), "A sentence that was not there."])},
    {"id": "new", "text": "This story came later."},
]
EXPECTED = [
    ("b", "same"),
    ("a", "same"),
    ("a", "changed"),
    ("a", "new"),
    ("a", "gone"),
    ("new", "new"),
    ("gone", "gone"),
]


@pytest.mark.parametrize("cut", [False, True])
def test_with_an_earlier_version_each_paragraph_is_named_with_both_places(stance, tmp_path, cut):
    new, old = lines(tmp_path / "new.jsonl", NEW), lines(tmp_path / "old.jsonl", OLD)
    if cut:  # what is known of the earlier version may be its paragraphs alone
        stance("segment", old, "-o", tmp_path / "old.csv")
        old = tmp_path / "old.csv"
    said = stance("segment", new, "--previous", old)
    assert [(row["article_id"], row["kind"]) for row in said.rows] == EXPECTED
    by_id = {row["id"]: row["text"] for row in OLD}, {row["id"]: row["text"] for row in NEW}
    for row in said.rows:
        for side, known in zip(("before", "after"), by_id, strict=True):
            if row[side]:
                place = slice(row[f"{side}_start"], row[f"{side}_end"])
                assert known[row["article_id"]][place] == row[f"{side}_text"]
    summary = "2 same, 0 moved, 1 changed, 2 new, 2 gone; articles: 2 in both, 1 new, 1 gone\n"
    assert said.err == summary


def test_a_comparison_goes_into_a_table_too(stance, tmp_path):
    new, old = lines(tmp_path / "new.jsonl", NEW), lines(tmp_path / "old.jsonl", OLD)
    for name in ("c.csv", "c.parquet"):
        said = stance("segment", new, "--previous", old, "-o", tmp_path / name)
        assert said.out.endswith(f": {tmp_path / name}\n")
        assert [(row["article_id"], row["kind"]) for row in read_table(tmp_path / name)] == EXPECTED


def test_two_texts_are_two_versions_of_one_article(stance, tmp_path):
    (tmp_path / "new.txt").write_text("\n\n".join(STORY))
    (tmp_path / "old.txt").write_text("\n\n".join([*STORY[1:], STORY[0]]))
    said = stance("segment", tmp_path / "new.txt", "--previous", tmp_path / "old.txt")
    assert [row["kind"] for row in said.rows] == ["moved", "same", "same"]


def test_the_same_file_is_all_the_same_whatever_the_limits(stance, tmp_path):
    source = lines(tmp_path / "t.jsonl", [{"text": SENTENCE * 30}])
    facts = stance("segment", source, "--previous", source, "--readable", "--json").facts
    assert facts["paragraphs"]["same"] == sum(facts["paragraphs"].values()) > 2


def test_files_that_share_no_id_say_so(stance, tmp_path):
    new, old = lines(tmp_path / "new.jsonl", [NEW[2]]), lines(tmp_path / "old.jsonl", [OLD[1]])
    assert "no article has an id that is in both" in stance("segment", new, "--previous", old).err


# --- streams ---------------------------------------------------------------------------------------------------------


def many(path, count):
    with path.open("w") as handle:
        for n in range(count):
            handle.write(json.dumps({"id": f"n{n}", "text": f"Number {n}.\n\n" + "\n\n".join(STORY)}) + "\n")
    return path


def test_rows_come_before_all_is_read_and_a_reader_that_goes_away_is_no_error(tmp_path):
    source = many(tmp_path / "t.jsonl", 20_000)
    with subprocess.Popen([STANCE, "segment", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert json.loads(process.stdout.readline())["text"] == "Number 0."
        assert process.poll() is None
        process.stdout.close()
        assert (process.wait(timeout=60), process.stderr.read()) == (0, b"")


def test_an_interruption_leaves_the_old_file_and_no_half_one(tmp_path):
    source, output = many(tmp_path / "t.jsonl", 30_000), tmp_path / "p.jsonl"
    output.write_text("old\n")
    process = subprocess.Popen(
        [STANCE, "segment", source, "-o", output],
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not any(part.stat().st_size for part in tmp_path.glob(".p.jsonl.*.part")) and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    assert b"interrupted" in process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert output.read_text() == "old\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.jsonl", "t.jsonl"]


def test_a_bar_is_drawn_on_a_terminal_and_nowhere_else(tmp_path):
    source = many(tmp_path / "t.jsonl", 10)
    ours, theirs = pty.openpty()
    command = [STANCE, "segment", source, "-o", tmp_path / "p.jsonl"]
    subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=True)
    os.close(theirs)
    assert "t.jsonl; kB" in os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert subprocess.run(command, capture_output=True, check=True).stderr == b""


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_memory_does_not_grow_with_the_number_of_articles(tmp_path, suffix):
    program = (
        "import sys; from toolkit.cli import main\n"
        "try: main()\nexcept SystemExit as left: assert not left.code\n"
        "status = open('/proc/self/status').read()\n"
        "print(next(line.split()[1] for line in status.splitlines() if line.startswith('VmHWM')), file=sys.stderr)"
    )
    peak = {}
    for count in (500, 10_000):
        source = tmp_path / f"{count}{suffix}"
        rows = ({"id": f"n{n}", "text": f"Number {n}.\n\n" + "\n\n".join(STORY)} for n in range(count))
        with source.open("w", newline="") as handle:
            if suffix == ".csv":
                writer = csv.DictWriter(handle, ["id", "text"])
                writer.writeheader()
                writer.writerows(rows)
            else:
                handle.writelines(json.dumps(row) + "\n" for row in rows)
        words = ["segment", str(source), "-q"]
        done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
        peak[count] = int(done.stderr) / 1024
    assert peak[10_000] <= peak[500] + 4, peak  # megabytes; the rows that are written are 12
