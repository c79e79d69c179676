"""A folder that mixes all kinds of files, read as a new user would, interrupted, and continued."""

import contextlib
import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

STANCE = Path(sys.executable).with_name("stance")
ROOT = Path(__file__).parents[2]


def sample():
    return [json.loads(line) for line in (ROOT / "data/raw/sample.jsonl").read_text(encoding="utf-8").splitlines()]


def page(row):
    paragraphs = "".join(f"<p>{text}</p>" for text in row["text"].split("\n\n"))
    return f"<html><head><title>{row['title']}</title></head><body><article>{paragraphs}</article></body></html>"


def answer(number, html):
    http = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}".encode()
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Date: 2024-02-13T08:00:00Z\r\nContent-Type: application/http\r\n"
        f"WARC-Target-URI: https://post.example/{number}\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + http + b"\r\n\r\n")


@pytest.fixture
def mixed(tmp_path):
    """Six articles of each kind of file."""
    import datasets
    import pyarrow
    import pyarrow.parquet

    datasets.disable_progress_bars()
    rows = sample()
    plain = [{"text": row["text"], "title": row["title"], "outlet": row["outlet"]} for row in rows]
    folder = tmp_path / "mine"
    (folder / "pages" / "deeper").mkdir(parents=True)
    for n in range(6):
        (folder / f"{n}.txt").write_text(plain[n]["text"], encoding="cp1252", errors="replace")
        (folder / "pages" / "deeper" / f"{n}.html").write_text(page(rows[6 + n]))
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, rows[12:18])) + "\n{broken\n")
    body = ["text;title"] + ['"{}";x'.format(row["text"].replace('"', '""')) for row in plain[18:24]]
    (folder / "b.csv").write_text("\r\n".join(body))
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(plain[24:30]), folder / "c.parquet")
    (folder / "d.warc.gz").write_bytes(b"".join(answer(n, page(rows[30 + n])) for n in range(6)))
    datasets.Dataset.from_list(plain[36:42]).save_to_disk(str(folder / "e"))
    (folder / "scan.pdf").write_bytes(b"%PDF")
    (folder / "torn.jsonl.gz").write_bytes(gzip.compress(json.dumps(plain[43]).encode() + b"\n")[:100])
    return folder


def test_a_mixed_folder_as_a_new_user_would_try_it(stance, mixed, tmp_path):
    output = tmp_path / "out.jsonl"
    said = stance("ingest", mixed, "-o", output, "--language", "en", "--json")
    assert said.code == 0, said.err
    facts = said.facts
    assert facts["articles"] == 42
    assert facts["dropped"] == {"unknown_kind": 1, "unreadable": 2}
    assert facts["repairs"]["encoding_cp1252"] == 6
    assert facts["languages"] == {"en": 42}
    assert not facts["resumed"]
    dropped = [json.loads(line) for line in (tmp_path / "out.dropped.jsonl").read_text().splitlines()]
    assert f"{mixed / 'a.jsonl'}:7" in [row["id"] for row in dropped]
    assert len(output.read_text().splitlines()) == 42
    assert stance("segment", output, "-o", tmp_path / "p.jsonl").code == 0
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_the_line_says_what_was_left_out_and_repaired(stance, mixed, tmp_path):
    said = stance("ingest", mixed, "-o", tmp_path / "out.jsonl", "--min-words", "100")
    assert "42 articles; left out: 1 unknown_kind, 2 unreadable; repaired: 6 encoding_cp1252" in said.out


def test_a_code_that_is_no_language_is_wrong_usage(stance, mixed, tmp_path):
    said = stance("ingest", mixed, "-o", tmp_path / "out.jsonl", "--language", "english")
    assert said.code == 2
    assert "ISO 639-1" in said.err


# --- interruption ----------------------------------------------------------------------------------------------------


@pytest.fixture
def large(tmp_path):
    """A few seconds of work in three files, some of it twice."""
    folder = tmp_path / "large"
    folder.mkdir()
    rows = sample()
    for part in range(3):
        with (folder / f"{part}.jsonl").open("w") as handle:
            for n in range(1500):
                row = rows[n % len(rows)]
                number = n if n % 50 else 0
                handle.write(json.dumps({"id": f"{part}-{number}", "text": f"Number {number}. {row['text']}"}) + "\n")
    return folder


def start(folder, output, *options):
    command = [STANCE, "ingest", str(folder), "-o", str(output), *options]
    # A test run in the background ignores SIGINT, and what it starts would too.
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finish(process):
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out, err


def interrupt(process, part, enough, sign):
    """Send a signal once the growing file has so many bytes."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if part.exists() and part.stat().st_size > enough:
            process.send_signal(sign)
            break
        time.sleep(0.005)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.slow
def test_what_was_interrupted_goes_on_and_ends_as_if_it_had_not_been(large, tmp_path):
    whole = tmp_path / "whole.jsonl"
    finish(start(large, whole, "-q"))
    output = tmp_path / "out.jsonl"
    part = tmp_path / ".out.jsonl.part" / "articles.jsonl"
    size = whole.stat().st_size
    for share, sign in ((0.15, signal.SIGINT), (0.4, signal.SIGKILL), (0.6, signal.SIGINT)):
        code, out, err = interrupt(start(large, output), part, share * size, sign)
        assert code == (130 if sign == signal.SIGINT else -signal.SIGKILL), (out, err)
        assert not output.exists()
        if sign == signal.SIGINT:
            assert "run the same command again to go on" in err
    facts = json.loads(finish(start(large, output, "--json"))[0])
    assert facts["resumed"]
    assert output.read_bytes() == whole.read_bytes()
    assert output.with_name("out.dropped.jsonl").read_bytes() == whole.with_name("whole.dropped.jsonl").read_bytes()
    assert facts["articles"] == len(whole.read_bytes().splitlines())
    assert not part.exists()


def _has_checkpoint(journal):
    """Whether the first checkpoint, which comes after a second, is safe on disk."""
    if not journal.exists():
        return False
    with contextlib.closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
        try:
            return bool(database.execute("SELECT 1 FROM state WHERE name = 'position'").fetchone())
        except sqlite3.OperationalError:  # its tables are being made
            return False


def test_another_request_does_not_go_on_with_it(large, tmp_path, stance):
    output = tmp_path / "out.jsonl"
    part = tmp_path / ".out.jsonl.part" / "articles.jsonl"
    process = start(large, output)
    while process.poll() is None and not _has_checkpoint(part.with_name("journal.sqlite")):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert part.exists()
    refused = stance("ingest", large, "-o", output, "--min-words", "5")
    assert refused.code == 1
    assert "--restart" in refused.err
    (large / "1.jsonl").unlink()
    (large / "2.jsonl").unlink()
    rows = (large / "0.jsonl").read_text().splitlines()
    (large / "0.jsonl").write_text("\n".join(rows[:20]))
    changed = stance("ingest", large, "-o", output)
    assert changed.code == 1
    assert "the file has changed since the run was interrupted" in changed.err
    again = stance("ingest", large, "-o", output, "--restart", "--json")
    assert again.code == 0, again.err
    assert (again.facts["articles"], again.facts["resumed"]) == (20, False)


def test_two_at_once_do_not_write_one_file(large, tmp_path, stance):
    output = tmp_path / "out.jsonl"
    process = start(large, output, "-q")
    part = tmp_path / ".out.jsonl.part" / "articles.jsonl"
    while not part.exists() and process.poll() is None:
        time.sleep(0.01)
    second = stance("ingest", large, "-o", output)
    finish(process)
    assert second.code == 1
    assert "another `stance ingest` is writing it" in second.err


def test_progress_is_said_on_stderr_and_nothing_where_quiet_is_asked_for(mixed, tmp_path):
    for options, said in (((), True), (("-q",), False)):
        out, err = finish(start(mixed, tmp_path / "out.jsonl", *options))
        assert ("42 articles, 3 left out; kB" in err) is said
        assert (out != "") is said


def test_memory_does_not_grow_with_the_number_of_articles(tmp_path):
    program = (
        "import resource, sys; from toolkit.cli import main\n"
        "try: main()\nexcept SystemExit as left: assert not left.code\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    peak = {}
    for count in (1000, 20_000):
        source = tmp_path / f"{count}.jsonl"
        with source.open("w") as handle:
            for n in range(count):
                handle.write(
                    json.dumps({"text": f"Number {n}. " + "The ferry was late. " * 100, "language": "en"}) + "\n"
                )
        words = ["ingest", str(source), "-o", str(tmp_path / f"out-{count}.jsonl"), "-q"]
        done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        peak[count] = int(done.stdout)
    assert peak[20_000] <= peak[1000] + 10, peak  # megabytes; the articles are 42
