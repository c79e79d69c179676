"""Input that is broken in every way: an error or a counted drop, never a crash or a hang."""

import contextlib
import gzip
import io
import json
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from toolkit.articles.outlets import Outlets
from toolkit.articles.reading.encodings import ByteMeter, open_bytes
from toolkit.articles.reading.normalise import AcceptanceRules, article_from_page
from toolkit.articles.reading.reader import IngestRequest, ingest
from toolkit.articles.reading.sources import CapturedPage, captured_pages
from toolkit.errors import DataError
from toolkit.records import Article, Dropped

TEXT = "The dyke at Lowmarsh held through the night, the harbour master said on Monday morning."
GOOD = {
    "a.jsonl": json.dumps({"text": TEXT, "url": "https://post.example/a", "published": "2024-02-13"}).encode() * 1
    + b"\n",
    "a.csv": f'text,title\n"{TEXT}",Dyke\n"{TEXT} Again.",Dyke\n'.encode(),
    "a.txt": TEXT.encode(),
    "a.html": f"<html><head><title>Dyke</title></head><body><p>{TEXT}</p></body></html>".encode(),
    "a.json": json.dumps([{"text": TEXT}]).encode(),
    "a.warc": (
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://post.example/a\r\n"
        b"Content-Type: application/http\r\nContent-Length: 60\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>Dyke.</p>     \r\n\r\n"
    ),
}
FAST = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def swallow(path, agencies):
    """Read a file among others: a folder never ends at one of them."""
    request = IngestRequest(inputs=(path.parent,), rules=AcceptanceRules(outlets=Outlets(), agencies=agencies))
    (path.parent / "z.txt").write_text("The ferry was late.")
    counts = ingest(request, path.parent.parent / "out.jsonl", lambda *_: None)
    assert counts.articles >= 1
    return counts


@st.composite
def damaged(draw, raw):
    """Bytes with some cut out, turned over or put in."""
    data = bytearray(raw)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        kind = draw(st.sampled_from(["cut", "flip", "insert", "end"]))
        if kind == "cut":
            del data[at : at + draw(st.integers(1, 20))]
        elif kind == "flip" and at < len(data):
            data[at] ^= draw(st.integers(1, 255))
        elif kind == "insert":
            data[at:at] = draw(
                st.one_of(st.binary(max_size=20), st.sampled_from([b"\0", b'"', b"\xff\xfe", b"<", b"\r", b"[" * 500]))
            )
        else:
            del data[at:]
    return bytes(data)


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_file_ends_nothing(name, packed, tmp_path, agencies):
    folder = tmp_path / "in"
    folder.mkdir()
    raw = gzip.compress(GOOD[name]) if packed else GOOD[name]

    @FAST
    @given(damaged(raw))
    def damage(data):
        path = folder / (name + ".gz" * packed)
        path.write_bytes(data)
        counts = swallow(path, agencies)
        assert counts.articles + sum(counts.dropped.values())  # whatever it is, it is counted

    damage()


@given(st.binary(max_size=300))
@example(b"<p>&#xD800;</p>")
@example(b"<html>" + b"\0" * 100)
@example(b"\xff\xfe<\0p\0>\0")
@example("\x85<frameset><p><p>0".encode())
@example(b"<meta charset=utf-7><p>+ADw-")
@example(b"<meta charset=idna><p>x")
@example(b"<meta charset=rot13><p>x\xff")
@example(b"<p>" + b"\x81" * 50)
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_page_or_a_reason(raw):
    made = article_from_page(b"<html>" + raw, "https://post.example/a", None, "a")
    assert isinstance(made, Article | Dropped)


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_crawl_or_an_error(raw):
    for stream in (
        raw,
        b"WARC/1.0\r\n" + raw,
        b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 9\r\n\r\nHTTP/1.1 " + raw,
    ):
        found = []
        with contextlib.suppress(DataError):
            for row in captured_pages(io.BytesIO(stream), "a.warc"):
                found.append(row)  # noqa: PERF402 - what came before an error is looked at too
        assert all(isinstance(row, CapturedPage | Dropped) for row in found)


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.integers(0, 60))
@FAST
def test_a_gzip_stream_gives_what_it_has(tmp_path, members, cut):
    raw = b"".join(map(gzip.compress, members))
    whole = b"".join(members)
    path = tmp_path / "a.bin.gz"
    path.write_bytes(raw[: len(raw) - cut])
    got = b""
    try:
        with open_bytes(path, ByteMeter()) as handle:
            while block := handle.read(100):
                got += block
    except EOFError:
        assert cut
    assert whole.startswith(got)
    assert cut or got == whole


@pytest.mark.parametrize(
    "page",
    [
        b"<div>" * 10_000 + TEXT.encode(),
        b"<p>" + b"<b>" * 10_000 + TEXT.encode(),
        b"<html><p" + b" a=b" * 100_000 + b">" + TEXT.encode(),
        b"<html><p>" + (TEXT + " ").encode() * 50_000,
        b"<html>" + b"<table><tr><td>" * 3_000,
        b"<html>" + b"</p>" * 100_000,
        b"<html><!--" * 20_000,
        b"<html><script>" * 5_000,
    ],
    ids=["divs", "bolds", "attributes", "long", "tables", "closings", "comments", "scripts"],
)
def test_a_page_of_any_shape_takes_bounded_time(page):
    begin = time.process_time()
    assert isinstance(article_from_page(page, None, None, "a.html"), Article | Dropped)
    assert time.process_time() - begin < 20


def test_json_nested_without_end_is_counted(tmp_path, agencies):
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "a.jsonl"
    path.write_bytes(
        b'{"text": ' + b"[" * 200_000 + b"\n" + b'{"a":' * 100_000 + b"\n" + json.dumps({"text": TEXT}).encode()
    )
    assert swallow(path, agencies).dropped == {"unreadable": 2}


def test_a_line_of_fifty_megabytes_is_an_article_like_any_other(tmp_path, take):
    text = ((TEXT + " ") * (50_000_000 // (len(TEXT) + 1))).strip()
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": text}) + "\n" + json.dumps({"text": TEXT}) + "\n")
    begin = time.process_time()
    read = take(tmp_path / "a.jsonl")
    assert [len(article.text) for article in read.articles] == [len(text), len(TEXT)]
    assert time.process_time() - begin < 30


def test_a_line_that_is_too_long_to_be_held_is_counted(tmp_path, take, monkeypatch):
    monkeypatch.setattr("toolkit.articles.reading.encodings.LARGEST", 10_000)  # instead of a file of 128 MB
    (tmp_path / "a.jsonl").write_text(f'{{"text": "{"x" * 50_000}"}}\n{{"text": "{TEXT}"}}\n')
    read = take(tmp_path / "a.jsonl")
    assert [article.text for article in read.articles] == [TEXT]
    assert read.reasons == ["too_large"]


def test_a_quotation_mark_that_is_never_closed_ends_nothing(tmp_path, take):
    (tmp_path / "a.csv").write_text(f'text,title\n"{TEXT}",a\n"never closed,b\n' + "x,y\n" * 1000)
    read = take(tmp_path / "a.csv")
    assert [article.text for article in read.articles] == [TEXT]
    assert read.dropped[0].id.endswith("a.csv:3")


def test_zeros_in_a_text_are_taken_out_and_counted(tmp_path, take):
    (tmp_path / "a.jsonl").write_text('{"text": "The dyke\\u0000 held."}')
    read = take(tmp_path / "a.jsonl")
    assert read.articles[0].text == "The dyke held."
    assert read.counts.repairs == {"nul_removed": 1}


# --- fifty megabytes in one line -------------------------------------------------------------------------------------

SENTENCE = "The dyke at Lowmarsh held through the night and the harbour master said so. "
LONG = (SENTENCE * (50_000_000 // len(SENTENCE))).strip()
LONGER = "x" * 50_000_000
HUGE = {
    "text.txt": (LONG, 2, {}),
    "one word.txt": (LONGER, 2, {}),
    "openings.jsonl": ('{"text": "' + "<" * 50_000_000 + '"}', 2, {}),
    "no json.jsonl": (LONGER + "\n" + json.dumps({"text": TEXT}), 2, {"unreadable": 1}),
    "nested.json": ("[" * 50_000_000, 1, {"unreadable": 1}),
    "text.csv": ("text,title\n" + LONG + ",Dyke\n", 2, {}),
    "one cell.csv": ("text,title\n" + LONGER + "\n" + SENTENCE + ",Dyke\n", 2, {"unreadable": 1}),
    "cells.csv": ("text,title\n" + "," * 50_000_000 + "\n" + SENTENCE + ",Dyke\n", 2, {"unreadable": 1}),
    "header.csv": (LONGER, 1, {"no_column": 1}),
    "text.html": (f"<html><body><p>{LONG}</p></body></html>", 1, {"too_large": 1}),
    "crawl.warc": ("WARC/1.0\r\n" + LONGER, 1, {"unreadable": 1}),
}


@pytest.mark.parametrize("name", HUGE)
def test_fifty_megabytes_in_one_line_are_an_article_or_a_counted_drop(name, tmp_path, agencies):
    content, articles, dropped = HUGE[name]
    path = tmp_path / "in" / name
    path.parent.mkdir()
    path.write_text(content)
    begin = time.process_time()
    counts = swallow(path, agencies)
    assert (counts.articles, counts.dropped) == (articles, dropped)
    assert time.process_time() - begin < 30


def test_a_message_does_not_repeat_a_header_of_any_length(tmp_path, take):
    (tmp_path / "a.csv").write_text("x" * 100_000 + "".join(f",y{number}" for number in range(1000)) + "\n")
    with pytest.raises(DataError, match=r"no column 'text'.*and 971 more") as refused:
        take(tmp_path / "a.csv")
    assert len(str(refused.value)) < 1000


# --- wrong encodings, zeros, broken gzip, deep nesting: in every kind of file ----------------------------------------

LATIN = "Le café de l’île était « fermé » — où étaient-ils tous ? Personne ne savait plus, déjà à Noël."
CYRILLIC = "Плотина у Низинска выдержала ночь, сообщил в понедельник утром начальник порта."
IN_ENCODINGS = [
    *((LATIN, name) for name in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "mac_roman")),
    *((CYRILLIC, name) for name in ("utf-16-be", "cp1251", "koi8-r", "cp866", "iso8859_5")),
    ("大坝撑过了一夜，港务长星期一早上说，没有人受伤。", "gb18030"),
    ("堤防は一晩持ちこたえたと、港長は月曜日の朝に述べた。", "shift_jis"),
    ("제방은 밤새 버텼다고 항만장이 월요일 아침에 말했다.", "euc_kr"),
]


def in_every_kind(text):
    """The text as a file of each kind that is made of characters."""
    return {
        "a.txt": text,
        "a.html": f"<html><head><title>A</title></head><body><p>{text}</p><p>{text}</p></body></html>",
        "a.jsonl": json.dumps({"text": text}, ensure_ascii=False) + "\n",
        "a.json": json.dumps([{"text": text}], ensure_ascii=False),
        "a.csv": f'text,title\n"{text}",A\n',
        "a.tsv": f"text\ttitle\n{text}\tA\n",
    }


@pytest.mark.parametrize(("text", "encoding"), IN_ENCODINGS, ids=[name for _, name in IN_ENCODINGS])
def test_any_encoding_is_an_article_or_a_counted_drop(text, encoding, tmp_path, agencies):
    for name, content in in_every_kind(text).items():
        path = tmp_path / name.replace(".", " ") / name
        path.parent.mkdir()
        path.write_bytes(content.encode(encoding))
        counts = swallow(path, agencies)
        assert counts.articles + sum(counts.dropped.values()) == 2, name


@pytest.mark.parametrize("declared", ["utf-8", "utf-16", "shift_jis", "windows-1251", "nonsense", "base64"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_page_that_declares_another_encoding_is_an_article_or_a_reason(declared, encoding):
    page = (
        f'<html><head><meta charset="{declared}"><title>A</title></head><body><p>{LATIN}</p><p>{TEXT}</p></body></html>'
    )
    made = article_from_page(page.encode(encoding), None, None, "a.html")
    assert isinstance(made, Article | Dropped)
    if encoding == "utf-8":
        assert LATIN in made.text


@pytest.mark.parametrize("zeros", [b"\0", b"\0" * 5000], ids=["one", "many"])
@pytest.mark.parametrize("name", sorted(in_every_kind(TEXT)))
def test_zeros_end_nothing(name, zeros, tmp_path, agencies):
    raw = in_every_kind(TEXT)[name].encode()
    for at in (0, len(raw) // 2, len(raw)):
        path = tmp_path / str(at) / name
        path.parent.mkdir()
        path.write_bytes(raw[:at] + zeros + raw[at:])
        counts = swallow(path, agencies)
        assert counts.articles + sum(counts.dropped.values()) >= 2 or at == len(raw), (name, at)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_gzip_that_breaks_off_anywhere_ends_nothing(name, tmp_path, agencies):
    packed = gzip.compress(GOOD[name])
    for size in {0, 1, 2, 9, 10, 11, len(packed) // 2, len(packed) - 9, len(packed) - 8, len(packed) - 1}:
        path = tmp_path / str(size) / (name + ".gz")
        path.parent.mkdir()
        path.write_bytes(packed[:size])
        counts = swallow(path, agencies)
        assert counts.articles + sum(counts.dropped.values()) >= 1
        assert counts.dropped or counts.articles > 1 or size == 0, size


@pytest.mark.parametrize("unit", ["<div>", "<b>", "<ul><li>", "<table><tr><td>", "<blockquote><p>", "<a><a>", "<svg>"])
def test_pages_that_are_nested_without_end_take_bounded_time(unit):
    for page in (unit * 20_000 + TEXT, unit * 10_000 + TEXT + ("</" + unit.split("<")[1]) * 10_000):
        begin = time.process_time()
        made = article_from_page(b"<html><body>" + page.encode(), None, None, "a.html")
        assert isinstance(made, Article | Dropped)
        assert time.process_time() - begin < 20
