"""How articles are cut where more than one way is right."""

from msgspec import Struct

_WIDE = ("zh", "ja", "ko")
_LONG_WORDS = ("de", "ru", "be", "uk", "fi", "hu", "ms", "id")  # sentences take about a sixth more characters


class Options(Struct, frozen=True, kw_only=True):
    """Limits of a paragraph's length in characters; by default there are none, and paragraphs stay as printed."""

    longest: int | None = None  # a longer paragraph is divided between its sentences; None: never
    shortest: int = 0  # a shorter sentence of prose is put to the paragraph below it


AS_PRINTED = Options()


def readable(language: str | None) -> Options:
    """Limits for texts without usable paragraphs: what can be read and judged at once in a language.

    About 120 words at most and 6 at least; an unknown language is measured as English is.

    >>> readable("en"), readable("ja").longest
    (Options(longest=720, shortest=36), 300)
    """
    code = (language or "").split("-")[0].lower()
    if code in _WIDE:
        return Options(longest=300, shortest=15)
    if code in _LONG_WORDS:
        return Options(longest=840, shortest=42)
    return Options(longest=720, shortest=36)


class Limits(Struct, frozen=True, kw_only=True):
    """What somebody asks of the length of paragraphs, whatever their language."""

    readable: bool = False  # the usual limits of each language, where none is named
    longest: int | None = None
    shortest: int | None = None

    @property
    def contradiction(self) -> str:
        """Why these limits cannot be kept together; "" where they can."""
        if self.longest is None or self.shortest is None or self.shortest <= self.longest:
            return ""
        return f"shortest is {self.shortest} and longest {self.longest} characters: no paragraph could keep both"

    def options_for(self, language: str | None) -> Options:
        """The limits for a text; where one of them is named, the usual other gives way to it.

        >>> Limits(readable=True, shortest=400).options_for("ja")
        Options(longest=400, shortest=400)
        """
        if not self.readable:
            return Options(longest=self.longest, shortest=self.shortest or 0)
        usual = readable(language)
        longest = self.longest or max(usual.longest or 0, self.shortest or 0)
        shortest = min(usual.shortest, longest) if self.shortest is None else self.shortest
        return Options(longest=longest, shortest=shortest)
