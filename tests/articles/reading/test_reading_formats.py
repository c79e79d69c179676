"""Every kind of input that `ingest` reads, and what becomes of its fields."""

import datetime
import gzip
import json

import pytest

from toolkit.errors import DataError

TEXT = "The dyke at Lowmarsh held through the night, the harbour master said on Monday morning."
OTHER = "The ferry to Eskdale was late again, and nobody at the quay could say why."
PAGE = f"""<!doctype html><html lang="en"><head><title>Dyke holds</title>
<meta property="og:title" content="Dyke holds"><meta property="og:url" content="https://post.example/a?utm_source=x">
<meta property="og:site_name" content="Northern Post">
<meta property="article:published_time" content="2024-02-13T08:00:00Z">
</head><body><article><h1>Dyke holds</h1><p>{TEXT}</p><p>{OTHER}</p></article></body></html>"""


def texts(read):
    return [article.text for article in read.articles]


def test_a_page_brings_what_it_says_of_itself(tmp_path, take, outlets):
    (tmp_path / "a.html").write_text(PAGE)
    article = take(tmp_path, outlets=outlets).articles[0]
    assert TEXT in article.text
    assert OTHER in article.text
    assert (article.title, article.url) == ("Dyke holds", "https://post.example/a")
    assert (article.outlet, article.country, article.language) == ("northern_post", "XS", "en")
    assert article.published.startswith("2024-02-13")
    assert article.meta["file"] == "a.html"


def test_a_page_that_is_none_is_left_out(tmp_path, take):
    (tmp_path / "a.html").write_text("Just a note.")
    (tmp_path / "b.txt").write_text(TEXT)
    assert take(tmp_path).reasons == ["not_html"]


def test_a_page_that_says_it_is_closed_and_shows_little_is_left_out(tmp_path, take):
    closed = PAGE.replace(
        "</head>", '<script type="application/ld+json">{"isAccessibleForFree": false}</script></head>'
    )
    (tmp_path / "a.html").write_text(closed)
    (tmp_path / "b.txt").write_text(TEXT)
    assert take(tmp_path).reasons == ["teaser_or_paywall"]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.tsv", "semicolons.csv"])
def test_tables_of_characters(name, tmp_path, take):
    sign = "\t" if name.endswith("tsv") else ";" if name.startswith("semi") else ","
    raw = f'text{sign}title\r\n"{TEXT}\n\n{OTHER}"{sign}Dyke\r\n'.encode("utf-8-sig")
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith("gz") else raw)
    read = take(tmp_path / name)
    assert texts(read) == [f"{TEXT}\n\n{OTHER}"]
    assert read.articles[0].title == "Dyke"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.jsonl.gz"])
def test_a_table_in_an_old_encoding_is_read_and_the_repair_is_counted(name, encoding, tmp_path, take):
    text = f"“{TEXT}” — café"
    raw = (f'text\n"{text}"\n' if name == "a.csv" else json.dumps({"text": text}, ensure_ascii=False) + "\n").encode(
        encoding
    )
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith("gz") else raw)
    read = take(tmp_path / name)
    assert texts(read) == [text]
    assert read.counts.repairs == ({} if encoding == "utf-8-sig" else {f"encoding_{encoding}": 1})
    assert read.articles[0].meta.get("repairs", []) == list(read.counts.repairs)


def test_one_line_in_another_encoding_does_not_change_the_others(tmp_path, take):
    lines = [json.dumps({"text": f"Öl {n}: {TEXT}"}, ensure_ascii=False).encode() for n in range(3)]
    lines[1] = lines[1].decode().encode("cp1252")
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    read = take(tmp_path / "a.jsonl")
    assert texts(read) == [f"Öl {n}: {TEXT}" for n in range(3)]
    assert ["repairs" in article.meta for article in read.articles] == [False, True, False]


def test_json_lines_keep_what_an_article_has_no_field_for(tmp_path, take):
    row = {
        "text": TEXT,
        "id": 7,
        "author": ["A", "B"],
        "desk": {"name": "flood"},
        "meta": {"x": 1},
        "published": "7 May 2024",
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    article = take(tmp_path / "a.jsonl").articles[0]
    assert (article.id, article.author, article.published) == ("7", "A, B", "2024-05-07")
    assert article.meta == {"desk": {"name": "flood"}, "x": 1, "published": "7 May 2024"}


def test_a_broken_line_is_named_and_the_others_are_read(tmp_path, take):
    (tmp_path / "a.jsonl").write_text(
        f'{{"text": "{TEXT}"}}\n{{"text": \n{{"title": "no text"}}\n[1]\n{{"text": "{OTHER}"}}\n'
    )
    read = take(tmp_path / "a.jsonl")
    assert texts(read) == [TEXT, OTHER]
    assert [row.id.rpartition(":")[2] for row in read.dropped] == ["2", "3", "4"]
    assert set(read.reasons) == {"unreadable"}


def test_a_broken_row_is_named_by_its_line(tmp_path, take):
    (tmp_path / "a.csv").write_text(f'text,title\n"{TEXT}",a\nx,y,z\n"two\nlines",b\nx\n"{OTHER}",d\n')
    read = take(tmp_path / "a.csv")
    assert texts(read) == [TEXT, "two\nlines", OTHER]
    assert [row.id.rpartition(":")[2] for row in read.dropped] == ["3", "6"]
    assert "3 cells, but the header has 2" in read.dropped[0].detail


@pytest.mark.parametrize("value", [[{"text": TEXT}, {"text": OTHER}], {"text": TEXT}])
def test_a_json_file_is_an_object_or_a_list(value, tmp_path, take):
    (tmp_path / "a.json").write_text(json.dumps(value))
    assert texts(take(tmp_path)) == ([TEXT, OTHER] if isinstance(value, list) else [TEXT])


def test_parquet_with_a_date_and_nothing_where_nothing_is(tmp_path, take):
    import pyarrow
    import pyarrow.parquet

    rows = [{"body": TEXT, "published": datetime.date(2024, 5, 6), "score": None}, {"body": OTHER, "published": None}]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "a.parquet")
    raw = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "b.parquet.gz").write_bytes(gzip.compress(raw))
    read = take(tmp_path / "a.parquet", tmp_path / "b.parquet.gz", columns={"text": "body"})
    assert [(a.text, a.published) for a in read.articles] == [(TEXT, "2024-05-06"), (OTHER, None)]
    assert read.reasons == ["same_again", "same_again"]


@pytest.mark.parametrize("splits", [False, True])
def test_a_dataset_on_disk(splits, tmp_path, take):
    import datasets

    datasets.disable_progress_bars()
    made = datasets.Dataset.from_list([{"text": TEXT, "outlet": "chronicle"}, {"text": OTHER, "outlet": None}])
    (datasets.DatasetDict(train=made) if splits else made).save_to_disk(str(tmp_path / "set"))
    assert texts(take(tmp_path / "set")) == [TEXT, OTHER]
    assert texts(take(tmp_path)) == [TEXT, OTHER]


def test_a_directory_that_only_looks_like_a_dataset_is_counted(tmp_path, take):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "dataset_info.json").write_text("{}")
    (tmp_path / "set" / "state.json").write_text("nonsense")
    (tmp_path / "a.txt").write_text(TEXT)
    assert take(tmp_path).reasons == ["unreadable"]


def test_a_mapped_column_may_be_missing_where_the_field_itself_is_there(tmp_path, take):
    (tmp_path / "a.csv").write_text(f'Body\n"{TEXT}"\n')
    (tmp_path / "b.jsonl").write_text(json.dumps({"text": OTHER}))
    assert texts(take(tmp_path, columns={"text": "Body"})) == [TEXT, OTHER]


def test_capitals_and_blanks_make_no_other_column(tmp_path, take):
    (tmp_path / "a.csv").write_text(f' Body ;Title;OUTLET;Pub Date\n"{TEXT}";Dyke;chronicle;2024-05-06\n')
    (tmp_path / "b.jsonl").write_text(
        json.dumps({"BODY": OTHER, "body": TEXT + " Again.", "Url": "https://p.example/b"})
    )
    read = take(tmp_path, columns={"text": "body", "published": "pub date", "title": "title"})
    assert [(row.reason, "no column 'pub date'" in row.detail) for row in read.dropped] == [("no_column", True)]
    first = read.articles[0]
    assert (first.text, first.title, first.outlet, first.published) == (TEXT, "Dyke", "chronicle", "2024-05-06")
    second = take(tmp_path / "b.jsonl", columns={"text": "body"}).articles[0]
    assert (second.text, second.url, second.meta) == (TEXT + " Again.", "https://p.example/b", {"BODY": OTHER})


def test_only_the_languages_asked_for_are_kept(tmp_path, take):
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "b.txt").write_text("El dique de Lowmarsh resistió toda la noche, dijo el lunes el capitán del puerto.")
    (tmp_path / "c.csv").write_text("text,language\nOK then.,en-GB\n")
    read = take(tmp_path, languages=("en",))
    assert [article.language for article in read.articles] == ["en", "en"]
    assert [(row.reason, row.detail[-4:]) for row in read.dropped] == [("language", ": es")]


def test_too_short_a_text_is_left_out_in_any_script(tmp_path, take):
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "b.txt").write_text("Nine words are not enough for this rule, alas.")
    (tmp_path / "c.txt").write_text("政府星期二表示将再次提高港口税。反对党表示反对。")
    read = take(tmp_path, min_words=10)
    assert [row.reason for row in read.dropped] == ["too_short"]
    assert read.dropped[0].detail.endswith("9 words")


@pytest.mark.parametrize(
    "end",
    [
        "Subscribe to continue reading",
        "Read more",
        "Читать далее",
        "Leer más…",
        "This article is for subscribers only.",
    ],
)
def test_a_teaser_is_left_out(end, tmp_path, take):
    (tmp_path / "a.txt").write_text(f"{TEXT}\n\n{end}")
    (tmp_path / "b.txt").write_text(f"{TEXT} He reads more than he says.")
    assert take(tmp_path).reasons == ["teaser_or_paywall"]


def test_another_spelling_of_the_address_is_the_same_article(tmp_path, take):
    urls = [
        "https://post.example/a?utm_source=x&id=1",
        "http://www.post.example/a?id=1#top",
        "https://post.example/a?id=2",
    ]
    (tmp_path / "a.jsonl").write_text(
        "\n".join(json.dumps({"text": f"{n}. {TEXT}", "url": url}) for n, url in enumerate(urls))
    )
    read = take(tmp_path)
    assert [article.url for article in read.articles] == ["https://post.example/a?id=1", "https://post.example/a?id=2"]
    assert read.reasons == ["other_version"]


@pytest.mark.parametrize("url", ["n/a", "https://post.example/", "mailto:x@post.example", "http://[broken"])
def test_what_is_no_pages_address_makes_no_two_articles_one(url, tmp_path, take):
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps({"text": text, "url": url}) for text in (TEXT, OTHER)))
    assert texts(take(tmp_path)) == [TEXT, OTHER]


def test_a_date_that_may_mean_two_days_is_kept_aside_and_counted(tmp_path, take):
    (tmp_path / "a.csv").write_text(f"text,published\n{TEXT.replace(',', '')},05/06/2024\n")
    read = take(tmp_path)
    assert read.articles[0].published is None
    assert read.articles[0].meta["published"] == "05/06/2024"
    assert read.counts.repairs == {"date_not_understood": 1}


def test_our_own_files_are_never_read_as_inputs(tmp_path, agencies):
    from toolkit.articles.outlets import Outlets
    from toolkit.articles.reading.normalise import AcceptanceRules
    from toolkit.articles.reading.reader import IngestRequest, ingest

    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "b.txt").write_text("")
    request = IngestRequest(inputs=(tmp_path,), rules=AcceptanceRules(outlets=Outlets(), agencies=agencies))
    for _ in range(2):
        counts = ingest(request, tmp_path / "out.jsonl", lambda *_: None)
        assert (counts.articles, counts.dropped) == (1, {"empty": 1})


def test_an_own_file_comes_back_as_it_was(root, take):
    source = root / "data/raw/sample.jsonl"
    read = take(source)
    assert [(a.id, a.text, a.title, a.outlet, a.origin) for a in read.articles] == [
        (row["id"], row["text"], row["title"], row["outlet"], row["origin"])
        for row in map(json.loads, source.read_text(encoding="utf-8").splitlines())
    ]
    assert read.dropped == []


def test_a_file_of_an_unknown_kind_is_refused_where_it_is_named(tmp_path, take):
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    with pytest.raises(DataError, match="unknown file format"):
        take(tmp_path / "a.pdf")
