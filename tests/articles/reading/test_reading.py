import re

import pytest

from toolkit.articles.reading.reader import identified, read_articles
from toolkit.errors import ConfigError, DataError
from toolkit.files import digest, write_text
from toolkit.records import Article


def test_an_id_that_is_given_stays():
    assert identified(Article(id="x", text="t")).id == "x"


def test_a_new_version_of_an_article_keeps_its_id():
    old, new = (identified(Article(text=text, url="https://a.example/1")) for text in ("old", "new"))
    assert old.id == new.id
    assert old.version != new.version


def test_without_a_url_outlet_date_and_title_identify():
    a, b = (identified(Article(text=t, outlet="o", published="2024-01-01", title="T")) for t in ("x", "y"))
    assert a.id == b.id


def table(path, *rows):
    write_text(path, "".join(",".join(row) + "\n" for row in rows))
    return path


def test_a_folder_gives_its_articles_and_says_what_it_left_out(tmp_path, take):
    write_text(tmp_path / "b.txt", "The ferry was late.\n")
    write_text(tmp_path / "a.txt", "The mayor spoke.\n")
    write_text(tmp_path / "copy.txt", "The mayor spoke.\n")
    write_text(tmp_path / "empty.txt", " \n")
    (tmp_path / "photo.txt").write_bytes(b"\x89PNG\0\0")
    (tmp_path / "scan.pdf").write_bytes(b"%PDF")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    read = take(tmp_path)
    assert [article.text for article in read.articles] == ["The mayor spoke.\n", "The ferry was late.\n"]
    assert sorted(row.reason for row in read.dropped) == ["empty", "same_again", "unknown_kind", "unreadable"]


def test_columns_of_a_table_are_mapped_and_the_rest_is_kept(tmp_path, take):
    path = table(tmp_path / "t.csv", ("Body", "outlet", "ProjectSpec"), ("The dyke held.", "Northern Post", "flood"))
    article = take(path, columns={"text": "Body"}).articles[0]
    assert (article.text, article.outlet, article.meta) == ("The dyke held.", "Northern Post", {"ProjectSpec": "flood"})


def test_a_table_without_a_text_column_says_what_to_do(tmp_path, take):
    with pytest.raises(DataError, match="no column 'text'; name yours with --text, the table has Body"):
        take(table(tmp_path / "t.csv", ("Body",), ("x",)))


def test_such_a_table_in_a_folder_is_counted_and_the_others_are_read(tmp_path, take):
    table(tmp_path / "t.csv", ("Body",), ("x",))
    write_text(tmp_path / "u.txt", "The mayor spoke.")
    read = take(tmp_path)
    assert len(read.articles) == 1
    assert [row.reason for row in read.dropped] == ["no_column"]


def test_an_unknown_field_in_a_mapping_is_refused(tmp_path, take):
    with pytest.raises(ConfigError, match="unknown field 'txt'"):
        take(table(tmp_path / "t.csv", ("Body",), ("x",)), columns={"txt": "Body"})


def test_an_input_that_is_not_there_is_refused(tmp_path, take):
    with pytest.raises(DataError, match="no such file or folder"):
        take(tmp_path / "nothing")


def test_a_constant_fills_what_is_missing_and_changes_nothing_else(tmp_path, take):
    path = table(tmp_path / "t.csv", ("text", "outlet"), ("One.", "chronicle"), ("Two.", ""))
    read = take(path, constants={"outlet": "lantern", "published": "2024-01-31"})
    assert [(a.outlet, a.published) for a in read.articles] == [("chronicle", "2024-01-31"), ("lantern", "2024-01-31")]


def test_a_constant_that_the_field_cannot_hold_is_refused(tmp_path, take):
    write_text(tmp_path / "a.txt", "One.")
    with pytest.raises(DataError, match="field 'published'"):
        take(tmp_path, constants={"published": "yesterday"})


def test_two_articles_with_one_id_are_refused(tmp_path):
    write_text(tmp_path / "a.jsonl", '{"id": "x", "text": "one"}\n{"id": "x", "text": "two"}\n')
    with pytest.raises(DataError, match="two articles have the id 'x'"):
        read_articles([tmp_path / "a.jsonl"])


def test_a_null_stands_for_a_field_that_is_not_there(tmp_path):
    write_text(tmp_path / "a.jsonl", '{"id": "x", "text": "one", "title": null, "meta": null, "outlet": null}\n')
    (article,) = read_articles([tmp_path / "a.jsonl"])
    assert (article.title, article.meta, article.outlet) == ("", {}, None)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": "y", "text": null}', "article 'y' has no text"),
        ('{"id": "y", "text": "two", "body": "x"}', ":2: unknown field 'body'; Article has id, version, text, title"),
        ('{"id": "y", "text": "two", "title": 5}', ":2: field 'title'"),
    ],
)
def test_what_is_wrong_beside_a_null_is_named_with_its_place(tmp_path, line, message):
    write_text(tmp_path / "a.jsonl", '{"id": "x", "text": "one", "title": null}\n' + line + "\n")
    with pytest.raises(DataError, match=re.escape(message)):
        read_articles([tmp_path / "a.jsonl"])


def test_the_version_is_that_of_the_text_whatever_the_file_says(tmp_path):
    write_text(tmp_path / "a.jsonl", '{"id": "x", "text": "edited", "version": "old"}\n')
    assert read_articles([tmp_path / "a.jsonl"])[0].version == digest("edited")
