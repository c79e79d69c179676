import gzip
import multiprocessing

import pytest

from toolkit.errors import ConfigError, DataError, MissingFileError
from toolkit.files import (
    append_jsonl,
    read_jsonl,
    read_table,
    read_text,
    read_toml,
    write_jsonl,
    write_table,
    write_text,
    written_table,
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


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl", "t.parquet"])
def test_a_table_comes_back_as_it_was_written(tmp_path, name):
    rows = [{"item": "1", "text": 'a "b",\nc'}, {"item": "2", "text": "é"}]
    write_table(tmp_path / name, rows)
    assert read_table(tmp_path / name) == rows


def test_a_gzipped_table_is_read(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"item,label\n1,a\n"))
    assert read_table(tmp_path / "t.csv.gz") == [{"item": "1", "label": "a"}]


def test_a_broken_gzip_is_one_clear_error(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"item,label\n1,a\n")[:-6])
    with pytest.raises(DataError, match="broken gzip"):
        read_table(tmp_path / "t.csv.gz")


def test_a_ragged_row_has_its_line(tmp_path):
    write_text(tmp_path / "t.csv", "a,b\n1,2\n1,2,3\n")
    with pytest.raises(DataError, match=r"t\.csv:3: 3 cells, but the header has 2"):
        read_table(tmp_path / "t.csv")


def test_an_unknown_key_in_a_campaign_names_those_that_there_are(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('name = "c"\ntitle = "C"\narticles = []\ncodebook = "b.toml"\nvote = 3\n')
    with pytest.raises(ConfigError, match="unknown field 'vote'; CampaignFile has name, title"):
        read_toml(path, CampaignFile)


def test_a_wrong_value_deep_in_a_campaign_is_named_by_its_path(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('name = "c"\ntitle = "C"\narticles = []\ncodebook = "b.toml"\n[plan]\nvotes = 0\n')
    with pytest.raises(ConfigError, match=r"field 'plan\.votes': expected int >= 1"):
        read_toml(path, CampaignFile)


def test_every_record_has_a_schema():
    assert {schema_of(record)["$ref"].rsplit("/", 1)[1] for record in RECORDS} == {
        record.__name__ for record in RECORDS
    }


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


@pytest.mark.parametrize("name", ["t.xlsx", "t", "t.parquet.gz"])
def test_a_table_of_an_unknown_kind_is_not_begun(tmp_path, name):
    with pytest.raises(DataError, match="unknown kind of table"), written_table(tmp_path / name, {"a": str}):
        pass
    assert not list(tmp_path.iterdir())
