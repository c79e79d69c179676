"""The articles that the quotation benchmark draws from, and the draw."""

import gzip
import html
import json
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("STANCE_DATA", ROOT.parent / "shared" / "data"))
SEED = 20261124
LONGEST = 1500  # characters; longer paragraphs are not read
WANTED = {"sample": 120, "persent": 35, "hyperpartisan": 15, "ria": 20, "malay": 15, "belarusian": 15}
MARKED_SHARE = 0.75
_MARK = re.compile(r"[\"“”«»„‟‘‚‹›`]|''|(?<!\w)['’](?=\w)|(?<=[^\W\d_])[’'](?!\w)|^\s*[—–-]+\s", re.MULTILINE)


class Cut(Struct, frozen=True, kw_only=True):
    """An article cut at its source's paragraphs, with no help of the segmenter."""

    source: str
    id: str
    text: str
    spans: list[tuple[int, int]]

    @property
    def texts(self) -> list[str]:
        return [self.text[start:end] for start, end in self.spans]


class Drawn(Struct, frozen=True, kw_only=True):
    """A paragraph that is read."""

    source: str
    article: str
    start: int
    end: int


def corpus() -> dict[str, list[Cut]]:
    """Every source's articles, in the order of their files."""
    return {source: list(_articles(source)) for source in WANTED}


def draw(articles: dict[str, list[Cut]]) -> list[Drawn]:
    """The paragraphs that are read: three in four with something that looks like a quotation mark.

    They come from the measured articles; every other article is free for development.
    """
    chance = random.Random(SEED)  # noqa: S311
    drawn: list[Drawn] = []
    for source, wanted in WANTED.items():
        measured = [cut for cut in articles[source] if is_measured(cut)]
        rows = [
            (Drawn(source=source, article=cut.id, start=start, end=end), _MARK.search(cut.text[start:end]) is not None)
            for cut in measured
            for start, end in cut.spans
            if 0 < end - start <= LONGEST
        ]
        marked = [row for row, has_mark in rows if has_mark]
        plain = [row for row, has_mark in rows if not has_mark]
        n_marked = min(round(MARKED_SHARE * wanted), len(marked))
        drawn += chance.sample(marked, n_marked) + chance.sample(plain, min(wanted - n_marked, len(plain)))
    return sorted(drawn, key=lambda row: (row.source, row.article, row.start))


def is_measured(cut: Cut) -> bool:
    """Whether an article may be drawn from; two in three are, by a hash of the id."""
    return random.Random(f"{SEED}/{cut.source}/{cut.id}").random() < 2 / 3  # noqa: S311


def _articles(source: str) -> Iterator[Cut]:
    if source == "sample":
        for line in (ROOT / "data/raw/sample.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield _cut_at_blank_lines(source, row["id"], row["text"])
        return
    for number, row in enumerate(_rows(source)):
        if source != "belarusian" or row["lang"] == "be":
            yield _joined(source, number, _paragraphs(source, row))


def _rows(source: str) -> list[dict[str, object]]:
    path = (
        SHARED
        / {
            "persent": "persent/dev.jsonl.gz",
            "hyperpartisan": "hyperpartisan_byarticle/articles.jsonl.gz",
            "ria": "ria_news_20/ria_20.jsonl",
            "malay": "malay_politics/awani_articles.jsonl.gz",
            "belarusian": "ud_paragraphs/docs.jsonl.gz",
        }[source]
    )
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in raw.decode("utf-8").splitlines() if line.strip()]


def _paragraphs(source: str, row: dict[str, object]) -> list[str]:
    if source == "ria":
        return [re.sub(r"<[^>]*>", "", html.unescape(p)) for p in re.split(r"</p>", str(row["text"]))]
    if source == "malay":
        body = re.sub(r"<br\s*/?>|</?div[^>]*>", "\n", html.unescape(html.unescape(str(row["body_raw"]))))
        return re.sub(r"<[^>]*>", "", body).splitlines()
    paragraphs = row["paragraphs"]
    assert isinstance(paragraphs, list)
    return paragraphs


def _joined(source: str, number: int, paragraphs: list[str]) -> Cut:
    kept = [" ".join(paragraph.split()) for paragraph in paragraphs if paragraph.strip()]
    return _cut_at_blank_lines(source, f"{source}-{number}", "\n\n".join(kept))


def _cut_at_blank_lines(source: str, article_id: str, text: str) -> Cut:
    spans = [match.span() for match in re.finditer(r"\S(?:.*?\S)?(?=\s*(?:\n\s*\n|\Z))", text, re.DOTALL)]
    return Cut(source=source, id=article_id, text=text, spans=spans)


def main() -> None:
    """Print what is to be read, with ids and offsets, for a reader who has not seen what a program found."""
    sources = corpus()
    cuts = {(cut.source, cut.id): cut for articles in sources.values() for cut in articles}
    for row in draw(sources):
        cut = cuts[row.source, row.article]
        place = cut.spans.index((row.start, row.end))
        before = cut.texts[place - 1][-60:] if place else ""
        after = cut.texts[place + 1][:60] if place + 1 < len(cut.spans) else ""
        print(json.dumps({"source": row.source, "article": row.article, "start": row.start, "end": row.end}))
        print(f"  before: … {before}\n  {cut.text[row.start : row.end]}\n  after: {after} …\n")


if __name__ == "__main__":
    main()
