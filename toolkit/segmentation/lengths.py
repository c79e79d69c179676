"""Paragraphs that are too long or too short for a reader, where somebody asks for limits."""

from collections.abc import Iterable, Iterator

from toolkit.segmentation.options import Options
from toolkit.segmentation.sentences import sentences_of
from toolkit.segmentation.shape import ends_sentence, is_entry, is_item, is_speech, is_table_row

Bounds = tuple[int, int]
_SEEN = 60  # characters of a paragraph by which its form is known


def within_limits(text: str, paragraphs: Iterable[Bounds], options: Options) -> list[Bounds]:
    """The same text in paragraphs that keep the limits as far as sentences allow; their order stays."""
    found = list(paragraphs)
    if options.shortest:
        found = list(_joined(text, found, options.shortest))
    if options.longest is None:
        return found
    return [part for start, end in found for part in _divided(text, start, end, options.longest)]


def _joined(text: str, paragraphs: Iterable[Bounds], shortest: int) -> Iterator[Bounds]:
    """Short prose with what follows; what may be a heading, an item, a turn or an entry stays alone."""
    held: Bounds | None = None
    for start, end in paragraphs:
        if not _is_prose(text[start : min(end, start + _SEEN)], text[max(start, end - _SEEN) : end]):
            if held:
                yield held
            held = None
            yield start, end
            continue
        begin = held[0] if held else start
        held = (begin, end)
        if end - begin >= shortest:
            yield held
            held = None
    if held:
        yield held


def _is_prose(beginning: str, ending: str) -> bool:
    kinds = (is_item, is_entry, is_speech, is_table_row)
    return ends_sentence(ending) and not any(kind(beginning) for kind in kinds)


def _divided(text: str, start: int, end: int, longest: int) -> Iterator[Bounds]:
    """Parts of like length; a sentence is never divided, however long."""
    if end - start <= longest:
        yield start, end
        return
    parts = -(-(end - start) // longest)
    wanted = (end - start) / parts
    begin = last = start
    for first, stop in sentences_of(text, start, end):
        if last > begin and (stop - begin > longest or last - begin >= wanted):
            yield begin, last
            begin = first
        last = stop
    yield begin, last
