import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.configuration import read_toml
from toolkit.errors import ConfigError, DataError, MissingFileError
from toolkit.files import (
    append_jsonl,
    file_errors,
    locked,
    read_json,
    read_jsonl,
    read_text,
    write_jsonl,
    write_text,
    written_whole,
)
from toolkit.records import RECORDS, Article, Clustered, schema_of
from toolkit.workspace import CampaignFile


def row(number):
    return Clustered(article_id=f"a{number}", cluster="c", kind="near")


def test_an_unknown_field_is_refused_with_file_line_and_what_is_allowed(tmp_path):
    path = tmp_path / "climate.jsonl"
    path.write_text('{"text": "One."}\n{"text": "Two.", "body": "x"}\n')
    with pytest.raises(DataError) as caught:
        read_jsonl(path, Article)
    assert str(caught.value).startswith(f"{path}:2: unknown field 'body'; Article has id, version, text, title")


def test_a_wrong_type_names_the_field(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": 3}\n')
    with pytest.raises(DataError, match=r"x\.jsonl:1: field 'text': expected str, got int"):
        read_jsonl(path, Article)


def test_a_missing_field_is_named(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text("{}\n")
    with pytest.raises(DataError, match=r"x\.jsonl:1: missing field 'text'"):
        read_jsonl(path, Article)


def test_a_torn_line_is_an_error_with_its_number(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": "a"}\n{"text": "b')
    with pytest.raises(DataError, match=r"x\.jsonl:2: "):
        read_jsonl(path, Article)


def test_a_missing_file_says_which_command_makes_it(tmp_path):
    with pytest.raises(MissingFileError, match=r"no such file; run `stance plan x\.toml` first"):
        read_jsonl(tmp_path / "items.jsonl", Article, "stance plan x.toml")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, [row(1)])

    def rows():
        yield row(2)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        write_jsonl(path, rows())
    assert read_jsonl(path, Clustered) == [row(1)]
    assert [p.name for p in tmp_path.iterdir()] == ["rows.jsonl"]


def test_an_append_cuts_off_what_an_interrupted_append_left_torn(tmp_path):
    path = tmp_path / "ledger.jsonl"
    append_jsonl(path, [row(1)])
    with path.open("a") as handle:
        handle.write('{"article_id": "a2", "clus')
    append_jsonl(path, [row(3)])
    assert read_jsonl(path, Clustered) == [row(1), row(3)]


def _append_many(path, start):
    for number in range(start, start + 50):
        append_jsonl(path, [row(number)])


def test_two_processes_that_append_lose_nothing(tmp_path):
    path = tmp_path / "ledger.jsonl"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_append_many, args=(path, start)) for start in (0, 50)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(int(r.article_id[1:]) for r in read_jsonl(path, Clustered)) == list(range(100))


def test_a_binary_file_is_not_a_text(tmp_path):
    path = tmp_path / "photo.txt"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    with pytest.raises(DataError, match="a binary file, not a text"):
        read_text(path)


def test_text_that_is_not_utf8_says_where_and_what_to_do(tmp_path):
    path = tmp_path / "old.txt"
    path.write_bytes("Regierungs\u00fcbernahme".encode("latin-1"))
    with pytest.raises(DataError, match=r"not UTF-8 \(byte 10\); convert it"):
        read_text(path)


def test_newlines_are_left_as_they_are(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\n\r\ntwo")
    assert read_text(path) == "one\r\n\r\ntwo"


def test_an_unknown_key_in_a_campaign_names_those_that_there_are(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('name = "c"\ntitle = "C"\narticles = []\ncodebook = "b.toml"\nvote = 3\n')
    with pytest.raises(ConfigError, match="unknown field 'vote'; allowed: name, title"):
        read_toml(path, CampaignFile)


def test_a_wrong_value_deep_in_a_campaign_is_named_by_its_path(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('name = "c"\ntitle = "C"\narticles = []\ncodebook = "b.toml"\n[plan]\nvotes = 0\n')
    with pytest.raises(ConfigError, match=r"plan\.votes: 0 is not allowed; a whole number of at least 1 is needed"):
        read_toml(path, CampaignFile)


def test_every_record_has_a_schema():
    assert {schema_of(record)["$ref"].rsplit("/", 1)[1] for record in RECORDS} == {
        record.__name__ for record in RECORDS
    }


# --- what can go wrong with files ------------------------------------------------------------------------------------


def test_a_path_that_cannot_be_written_is_one_error_with_a_remedy(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    cases = {
        tmp_path / "file" / "x.txt": "name another path",
        tmp_path / "folder": "is a directory; name a file in it",
        tmp_path / ("a" * 300): "name a shorter path",
        tmp_path / "loop" / "x.txt": "the path is a link to itself|a part of the path is a file",
    }
    for path, remedy in cases.items():
        with pytest.raises(DataError, match=remedy):
            write_text(path, "x")
        with pytest.raises(DataError, match=remedy):
            append_jsonl(path, [row(1)])
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".lock") == ["file", "folder", "loop"]


def test_a_full_disk_leaves_nothing_half_written():
    with pytest.raises(DataError, match="No space left on device; make room on the disk"), file_errors(Path("x")):
        Path("/dev/full").write_text("x")


def test_a_path_that_cannot_be_read_is_one_error_with_a_remedy(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path in (tmp_path, tmp_path / ("a" * 300), tmp_path / "loop"):
        with pytest.raises((DataError, MissingFileError)):
            read_text(path)
    with pytest.raises(MissingFileError, match="run `stance plan` first"):
        read_text(tmp_path / "items.jsonl", "stance plan")


@pytest.mark.parametrize(("name", "text"), [("t.json", '{"a":' * 100_000), ("t.toml", "a = " + "[" * 100_000)])
def test_a_file_that_is_nested_too_deeply_is_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises((DataError, ConfigError), match=name.replace(".", r"\.")):
        read_json(tmp_path / name) if name == "t.json" else read_toml(tmp_path / name, CampaignFile)


def test_the_remains_of_a_killed_process_are_removed(tmp_path):
    program = (
        "import os, sys, pathlib\nfrom toolkit.files import written_whole\n"
        "with written_whole(pathlib.Path(sys.argv[1])) as part:\n    part.write_text('half')\n    os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "t.txt"], check=False)
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    with written_whole(tmp_path / "t.txt") as part:  # of a process that is alive
        write_text(tmp_path / "t.txt", "whole")
        assert part.exists()
        part.write_text("later")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("t.txt", "later")]


def test_a_thread_may_take_its_lock_again(tmp_path):
    with locked(tmp_path / "t.jsonl"):
        append_jsonl(tmp_path / "t.jsonl", [row(1)])
    assert len(read_jsonl(tmp_path / "t.jsonl", Clustered)) == 1
