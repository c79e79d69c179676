"""What the tests of reading share: one call that reads, and what it left."""

import csv
from pathlib import Path

import pytest
from msgspec import Struct

from toolkit.articles.origins import agencies_of
from toolkit.articles.outlets import Outlets, outlets_of
from toolkit.articles.reading.journal import IngestCounts, dropped_path
from toolkit.articles.reading.normalise import AcceptanceRules
from toolkit.articles.reading.reader import IngestRequest, ingest
from toolkit.files import read_jsonl
from toolkit.records import Article, Dropped

ROOT = Path(__file__).parents[2]


class Read(Struct, frozen=True):
    """What a reading left."""

    articles: list[Article]
    dropped: list[Dropped]
    counts: IngestCounts

    @property
    def reasons(self):
        return [row.reason for row in self.dropped]


def rows_of(name):
    with (ROOT / "schemas" / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="session")
def agencies():
    return agencies_of(rows_of("agencies.csv"))


@pytest.fixture(scope="session")
def outlets():
    return outlets_of(rows_of("outlets.csv"))


@pytest.fixture
def take(tmp_path_factory, agencies):
    """Read inputs into a directory of their own."""

    def read(*inputs, columns=None, outlets=None, **rules):
        known = AcceptanceRules(outlets=outlets or Outlets(), agencies=agencies, **rules)
        output = tmp_path_factory.mktemp("taken") / "articles.jsonl"
        counts = ingest(IngestRequest(inputs=inputs, columns=columns or {}, rules=known), output, lambda *_: None)
        return Read(read_jsonl(output, Article), read_jsonl(dropped_path(output), Dropped), counts)

    return read


@pytest.fixture(scope="session")
def root():
    return ROOT
