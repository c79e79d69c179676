"""What the ledger says of each annotation on a server, small enough to be kept of all of them at once.

An answer may hold a long comment; what is needed to tell whether the server says anything new is a hash of it. Where
more is needed, the line is read again from the place where it begins.
"""

import hashlib
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from toolkit.records import Annotation, Answers

State = Literal["submitted", "draft", "skipped", "deleted"]
DraftKey = tuple[int, str, str]  # project, item, annotator: the server numbers drafts, but not to last

SURPLUS = frozenset({"second_vote", "beyond_overlap"})  # said of an annotation because of others of its item


class Sighting(Struct, frozen=True, kw_only=True, gc=False):
    """The latest line on an annotation, without what it says."""

    place: int  # where the line begins in the ledger; -1: not written yet
    project: int
    task: int
    number: int | None  # of the annotation; None: a draft
    item_id: str
    annotator: str
    state: State
    created: str
    codebook: str
    answers: bytes  # a hash
    flags: tuple[str, ...]  # codes

    @property
    def own_flags(self) -> tuple[str, ...]:
        """The flags that it has for its own sake."""
        return tuple(code for code in self.flags if code not in SURPLUS)

    @property
    def surplus(self) -> str | None:
        """The flag that it has because of others."""
        return next((code for code in self.flags if code in SURPLUS), None)

    @property
    def content(self) -> tuple[object, ...]:
        """What makes two sightings of an annotation differ.

        The time of the last change is not among it: the server touches it for reasons that are no edit.
        """
        return self.annotator, self.state, self.answers, self.flags

    @property
    def given(self) -> tuple[object, ...]:
        """What its annotator has done, whatever is thought of it."""
        return self.annotator, self.state, self.answers


def sighting_of(line: Annotation, place: int) -> Sighting:
    """What is kept of a line of the ledger that has an origin."""
    if line.origin is None:
        raise ValueError("only a line of a server is a sighting")
    return Sighting(
        place=place,
        project=line.origin.project,
        task=line.origin.task,
        number=line.origin.annotation,
        item_id=sys.intern(line.item_id),
        annotator=sys.intern(line.annotator),
        state=line.state,
        created=line.created,
        codebook=sys.intern(line.codebook),
        answers=answers_hash(line.answers),
        flags=tuple(sys.intern(flag.code) for flag in line.flags),
    )


def answers_hash(answers: Answers) -> bytes:
    """What tells answers apart."""
    return hashlib.blake2b(msgspec.json.encode(answers, order="sorted"), digest_size=8).digest()


class Sightings:
    """The latest line on each annotation and each draft of one server."""

    def __init__(self, lines: Iterable[tuple[int, Annotation]], server: str) -> None:
        """Those of a ledger that came from this server; of two lines on an annotation the later stands."""
        self._numbered: dict[int, Sighting] = {}
        self._drafts: dict[DraftKey, Sighting] = {}
        self._of_item: defaultdict[str, tuple[int, ...]] = defaultdict(tuple)
        self._alive: Counter[int] = Counter()
        self.observed = ""  # when the last line was seen, by the clock of whoever pulled it
        for place, line in lines:
            self.observed = max(self.observed, line.observed)
            if line.origin is not None and line.origin.server == server:
                self.add(sighting_of(line, place))

    def add(self, sighting: Sighting) -> None:
        """Let a sighting stand for those before it."""
        if sighting.number is None:
            self._drafts[sighting.project, sighting.item_id, sighting.annotator] = sighting
            return
        before = self._numbered.get(sighting.number)
        if before is None or before.item_id != sighting.item_id:
            self._of_item[sighting.item_id] += (sighting.number,)
        self._alive[sighting.project] += (sighting.state != "deleted") - (
            before is not None and before.state != "deleted"
        )
        self._numbered[sighting.number] = sighting

    def get(self, number: int) -> Sighting | None:
        """The annotation of that number."""
        return self._numbered.get(number)

    def draft(self, key: DraftKey) -> Sighting | None:
        """The draft of an annotator for an item in a project."""
        return self._drafts.get(key)

    def of_item(self, item_id: str) -> list[Sighting]:
        """The annotations of an item, in all projects, the deleted ones too."""
        found = (self._numbered[number] for number in self._of_item.get(item_id, ()))
        return [sighting for sighting in found if sighting.item_id == item_id]

    def count_alive(self, project: int) -> int:
        """How many annotations of a project are not known to be deleted."""
        return self._alive[project]

    def alive(self, project: int) -> Iterator[Sighting]:
        """The annotations of a project that are not known to be deleted."""
        return (each for each in self._numbered.values() if each.project == project and each.state != "deleted")

    def drafts(self, project: int) -> list[Sighting]:
        """The drafts of a project that are not known to be gone."""
        return [each for each in self._drafts.values() if each.project == project and each.state == "draft"]
