"""Segmentation of articles into paragraphs, with offsets into the untouched text.

A text is divided at every line break, with or without blank lines. If its lines were wrapped at a margin, `wrapping`
joins them. Limits of length apply only if `Options` set them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from toolkit.articles.languages import detect_language
from toolkit.files import digest
from toolkit.records import Article, Paragraph
from toolkit.segmentation.lengths import AS_PRINTED, Limits, Options, within_limits
from toolkit.segmentation.quotes.quotations import find_quotes
from toolkit.segmentation.roles import decide_roles
from toolkit.segmentation.shape import normalised
from toolkit.segmentation.wrapping import lines_of, paragraphs_of_lines

PARAGRAPH_COLUMNS: dict[str, type] = {
    "start": int, "end": int, "role": str, "text": str, "id": str, "article_id": str,
}  # fmt: skip
EXPLAINED_COLUMNS: dict[str, type] = {**PARAGRAPH_COLUMNS, "rule": str}
_INTERVAL = 200  # articles between two progress reports


class Span(Struct, frozen=True, kw_only=True, gc=False):
    """A stretch of a text, in code points: ``text[start:end]``."""

    start: int
    end: int


class ExplainedParagraph(Struct, frozen=True, kw_only=True, gc=False):
    """A paragraph and the name of the rule that assigned its role."""

    paragraph: Paragraph
    rule: str


def limits_for(article: Article, limits: Limits) -> Options:
    """Return the limits of length for an article.

    Readable limits depend on the language, which is detected if the article states none.
    """
    if not limits.readable:
        return limits.options_for(None)
    return limits.options_for(article.language or detect_language(article.text))


def segment_text(text: str, options: Options = AS_PRINTED) -> list[Span]:
    r"""Return the paragraphs of a text, in order.

    No span has white space around it, no spans overlap, and every character other than white space lies in a span.

    >>> segment_text("One.\r\n \r\n  Two. ")
    [Span(start=0, end=4), Span(start=11, end=15)]
    """
    lines = lines_of(text)
    bounds = within_limits(text, paragraphs_of_lines(text, lines), options)
    return [Span(start=start, end=end) for start, end in bounds]


def segment_article(article: Article, options: Options = AS_PRINTED) -> list[Paragraph]:
    """Return the paragraphs of an article with roles, in order; an id survives changes elsewhere in the article."""
    return [explained.paragraph for explained in explain_article(article, options)]


def explain_article(article: Article, options: Options = AS_PRINTED) -> list[ExplainedParagraph]:
    """Return the paragraphs of an article, each with the rule that assigned its role."""
    spans = segment_text(article.text, options)
    texts = [article.text[span.start : span.end] for span in spans]
    quotes = find_quotes(texts, [span.start for span in spans])
    rows = zip(spans, texts, paragraph_ids(article.id, texts), decide_roles(texts, article.title), strict=True)
    return [
        ExplainedParagraph(
            paragraph=Paragraph(
                id=paragraph_id,
                article_id=article.id,
                article_version=article.version,
                index=index,
                start=span.start,
                end=span.end,
                text=text,
                role=decision.role,
                quotes=quotes[index],
            ),
            rule=decision.rule,
        )
        for index, (span, text, paragraph_id, decision) in enumerate(rows)
    ]


def segment_articles(
    articles: Sequence[Article], limits: Limits, progress: Callable[[str, int, int], None]
) -> list[Paragraph]:
    """Return the paragraphs of all articles; the paragraphs of an article are adjacent and in order."""
    paragraphs: list[Paragraph] = []
    for number, article in enumerate(articles, 1):
        paragraphs += segment_article(article, limits_for(article, limits))
        if number % _INTERVAL == 0 or number == len(articles):
            progress("segmented", number, len(articles))
    return paragraphs


class ParagraphRows:
    """Converts the paragraphs of articles to rows of a table and counts them by role."""

    def __init__(self, articles: Iterable[Article], limits: Limits) -> None:
        self.roles: Counter[str] = Counter()
        self._articles, self._limits = articles, limits

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield rows with `PARAGRAPH_COLUMNS`."""
        return (row for row, _ in self._explained())

    def explained_rows(self) -> Iterator[dict[str, Any]]:
        """Yield rows with `EXPLAINED_COLUMNS`."""
        return ({**row, "rule": rule} for row, rule in self._explained())

    def _explained(self) -> Iterator[tuple[dict[str, Any], str]]:
        for article in self._articles:
            for explained in explain_article(article, limits_for(article, self._limits)):
                self.roles[explained.paragraph.role] += 1
                yield {name: getattr(explained.paragraph, name) for name in PARAGRAPH_COLUMNS}, explained.rule


def paragraph_ids(article_id: str, texts: Iterable[str]) -> list[str]:
    """Return an id per paragraph: a hash of the article's id, the paragraph's words and its number among its equals."""
    seen: dict[str, int] = {}
    ids = []
    for text in texts:
        words = normalised(text)
        equals = seen.get(words, 0)
        ids.append(digest(f"{article_id}\n{words}\n{equals}"))
        seen[words] = equals + 1
    return ids
