import gzip
import io

import pytest

from toolkit.articles.reading.sources import CapturedPage, captured_pages
from toolkit.errors import DataError

TEXT = "The dyke at Lowmarsh held through the night, the harbour master said on Monday morning."
PAGE = f"<html><head><title>Dyke</title></head><body><p>{TEXT}</p></body></html>".encode()
PACKED = gzip.compress(PAGE, mtime=0)
ANSWERS = [
    ("a", "200 OK", "Content-Type: text/html; charset=UTF-8", PAGE),
    ("b", "404 Not Found", "Content-Type: text/html", b"gone"),
    ("c", "200 OK", "Content-Type: image/png", b"\x89PNG"),
    ("d", "200 OK", "Content-Type: text/html\r\nContent-Encoding: gzip", PACKED),
]


def record(kind, name, body, media):
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:{name}-{kind}>\r\nWARC-Date: 2024-02-13T08:00:00Z\r\n"
        f"WARC-Target-URI: https://post.example/{name}\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n\r\n"


def warc(packed=True):
    """A crawl as its format has it: each record a gzip member of its own."""
    records = [record("warcinfo", "info", b"software: crawler\r\n", "application/warc-fields")]
    for name, status, headers, body in ANSWERS:
        request = f"GET /{name} HTTP/1.1\r\nHost: post.example\r\n\r\n".encode()
        answer = f"HTTP/1.1 {status}\r\n{headers}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        records.append(record("request", name, request, "application/http; msgtype=request"))
        records.append(record("response", name, answer, "application/http; msgtype=response"))
    return b"".join(map(gzip.compress, records) if packed else records)


@pytest.mark.parametrize("packed", [True, False])
def test_pages_come_out_and_other_answers_are_counted(packed):
    found = list(captured_pages(io.BytesIO(warc(packed)), "a.warc"))
    assert [getattr(row, "reason", "page") for row in found] == ["page", "http_status", "not_html", "page"]
    assert all(row.raw == PAGE for row in found if isinstance(row, CapturedPage))
    assert (found[0].url, found[0].charset) == ("https://post.example/a", "utf-8")


def test_a_crawl_becomes_articles(tmp_path, take):
    (tmp_path / "news.warc.gz").write_bytes(warc())
    read = take(tmp_path)
    assert [article.url for article in read.articles] == ["https://post.example/a", "https://post.example/d"]
    assert all(TEXT in article.text and article.meta["fetched"] for article in read.articles)
    assert read.reasons == ["http_status", "not_html"]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_of_a_crawl_that_breaks_off_the_beginning_is_read(share, tmp_path, take):
    whole = warc()
    (tmp_path / "news.warc.gz").write_bytes(whole[: int(len(whole) * share)])
    (tmp_path / "a.txt").write_text("The ferry was late.")
    read = take(tmp_path)
    assert len(read.articles) >= 1
    assert len(read.articles) + len(read.dropped) >= 2


@pytest.mark.parametrize(
    "raw", [b"no warc at all\r\n\r\n", gzip.compress(b"nonsense" * 100, mtime=0), b"\x1f\x8b\x08garbage"]
)
def test_what_is_no_warc_says_so(raw):
    with pytest.raises(DataError, match=r"a\.warc: broken after record 0"):
        list(captured_pages(io.BytesIO(raw), "a.warc"))
