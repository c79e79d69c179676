"""Articles into paragraphs, with offsets into the untouched text.

A text with blank lines is divided at them, and at the single line breaks between as well, unless its lines were
wrapped at a margin; a text without blank lines is divided at every line break.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from toolkit.files import digest
from toolkit.records import Article, Paragraph
from toolkit.segmentation.quotes import find_quotes
from toolkit.segmentation.roles import decide_roles
from toolkit.segmentation.shape import normalised

_LINE_BREAK = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_PARAGRAPH_SEPARATOR = "\u2029"
_ITEM_MARK = re.compile(r"[•‣▪●◦∙■►➤*>–—-]|\(?\d{1,2}[.)]\s")
_MARGINS = range(40, 101)  # where somebody would wrap lines


class Span(Struct, frozen=True, kw_only=True):
    """A stretch of a text, in code points: ``text[start:end]``."""

    start: int
    end: int


class Explained(Struct, frozen=True, kw_only=True):
    """A paragraph and the name of the rule that gave it its role."""

    paragraph: Paragraph
    rule: str


def segment_text(text: str) -> list[Span]:
    r"""The paragraphs of a text, in order.

    No span has white space around it, none overlap, and every character that is not white space lies in one.

    >>> segment_text("One.\r\n \r\n  Two. ")
    [Span(start=0, end=4), Span(start=11, end=15)]
    """
    blocks = list(_blocks(text))
    lines = [line for block in blocks for line in block]
    if len(blocks) < 2 or not _is_wrapped(text, blocks, lines):
        return lines
    margin = max(line.end - line.start for line in lines)
    return [span for block in blocks for span in _unwrapped(text, block, margin)]


def segment_article(article: Article) -> list[Paragraph]:
    """The paragraphs of an article with their roles, in order; ids outlive changes elsewhere in the article."""
    return [explained.paragraph for explained in explain_article(article)]


def explain_article(article: Article) -> list[Explained]:
    """The paragraphs of an article, each with the rule that gave it its role."""
    spans = segment_text(article.text)
    texts = [article.text[span.start : span.end] for span in spans]
    quotes = find_quotes(texts, [span.start for span in spans])
    rows = zip(spans, texts, paragraph_ids(article.id, texts), decide_roles(texts, article.title), strict=True)
    return [
        Explained(
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


def paragraph_ids(article_id: str, texts: Iterable[str]) -> list[str]:
    """An id for each paragraph: a hash of the article's id, the paragraph's words, and which of its equals it is."""
    seen: Counter[str] = Counter()
    ids = []
    for text in texts:
        words = normalised(text)
        ids.append(digest(f"{article_id}\n{words}\n{seen[words]}"))
        seen[words] += 1
    return ids


# --- lines and blocks ----------------------------------------------------------------------------------------------


def _blocks(text: str) -> Iterator[list[Span]]:
    """The lines between blank lines, without the white space around each."""
    block: list[Span] = []
    for line, ends_paragraph in _lines(text):
        if line.start < line.end:
            block.append(line)
        if block and (ends_paragraph or line.start == line.end):
            yield block
            block = []
    if block:
        yield block


def _lines(text: str) -> Iterator[tuple[Span, bool]]:
    start = 0
    for found in _LINE_BREAK.finditer(text):
        yield _stripped(text, start, found.start()), found[0] == _PARAGRAPH_SEPARATOR
        start = found.end()
    yield _stripped(text, start, len(text)), True


def _stripped(text: str, start: int, end: int) -> Span:
    line = text[start:end]
    bare = line.lstrip()
    first = start + len(line) - len(bare)
    return Span(start=first, end=first + len(bare.rstrip()))


# --- lines that were wrapped at a margin ---------------------------------------------------------------------------


def _is_wrapped(text: str, blocks: Sequence[Sequence[Span]], lines: Sequence[Span]) -> bool:
    """Whether most breaks within blocks stand where the next word would have crossed the margin."""
    margin = max(line.end - line.start for line in lines)
    if margin not in _MARGINS:
        return False
    full = [_is_full(text, line, after, margin) for block in blocks for line, after in itertools.pairwise(block)]
    return 2 * sum(full) > len(full)


def _unwrapped(text: str, block: Sequence[Span], margin: int) -> Iterator[Span]:
    start = block[0].start
    for line, after in itertools.pairwise(block):
        if not _is_full(text, line, after, margin):
            yield Span(start=start, end=line.end)
            start = after.start
    yield Span(start=start, end=block[-1].end)


def _is_full(text: str, line: Span, after: Span, margin: int) -> bool:
    following = text[after.start : after.end]
    word = following.split(maxsplit=1)[0]
    return len(word) + 1 + line.end - line.start > margin and not _ITEM_MARK.match(following)
