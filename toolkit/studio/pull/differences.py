"""What the server says and the ledger does not: new lines, and nothing else.

Each line is the whole of what is known of an annotation from then on. A line may also be due for an annotation that
nobody has touched: when a first vote is deleted, the second one counts.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from toolkit.files import digest
from toolkit.records import Annotation, Flag
from toolkit.studio.pull.cursors import moment, utc
from toolkit.studio.pull.judging import Cast, Judge, surplus_flags
from toolkit.studio.pull.ledger_file import LedgerFile
from toolkit.studio.pull.ledger_index import SURPLUS, Sighting, Sightings, answers_hash, sighting_of
from toolkit.studio.pull.reading import PullRequest, Seen
from toolkit.times import now

_AT_ONCE = 500  # lines that are in memory together
_AT_ONCE_GIVEN = datetime.timedelta(seconds=1)  # what the server takes to write down one answer

Round = Literal["design", "tiebreak"]


class Differences:
    """Brings what was seen on the server into the ledger where the ledger does not know it."""

    def __init__(self, request: PullRequest, ledger: LedgerFile, sightings: Sightings, judge: Judge) -> None:
        self._request = request
        self._ledger = ledger
        self._sightings = sightings
        self._judge = judge
        self._rounds = {project.id: _round_of(project.kind) for project in request.projects}
        asked = [project.votes for project in request.projects if project.kind == "tiebreak"]
        self._tiebreak_votes = max(asked, default=1)
        self.new = 0
        self.unchanged = 0

    def take(self, seen: Iterable[Seen]) -> None:
        """Append what is new in annotations that were read just now."""
        by_item: defaultdict[str, dict[int, Annotation]] = defaultdict(dict)
        for each in seen:
            by_item[each.item.id][each.raw.id] = self._line(each)
        self._settle(by_item)

    def take_gone(self, sightings: Sequence[Sighting]) -> None:
        """Append that these are on the server no longer."""
        for start in range(0, len(sightings), _AT_ONCE):
            lines = []
            for each in sightings[start : start + _AT_ONCE]:
                line = self._ledger.at(each.place)
                lines.append(msgspec.structs.replace(line, state="deleted", updated=max(now(), line.updated)))
            self._append(lines)
            self._settle({line.item_id: {} for line in lines})

    def take_drafts(self, project: int, seen: Iterable[Seen]) -> None:
        """Append what is new in the drafts of a project, all of which were read just now.

        A draft that is gone has become an annotation, or was thrown away; only then that is worth a line.
        """
        newest: dict[tuple[str, str], Seen] = {}
        for each in sorted(seen, key=lambda each: (each.raw.updated_at, each.raw.id)):
            newest[each.item.id, each.annotator] = each
        lines = [self._line(each) for each in newest.values()]
        known = [self._sightings.draft((project, line.item_id, line.annotator)) for line in lines]
        fresh = [line for line, before in zip(lines, known, strict=True) if not _is_known(line, before)]
        self.unchanged += len(lines) - len(fresh)
        self._append(fresh)
        gone = [each for each in self._sightings.drafts(project) if (each.item_id, each.annotator) not in newest]
        self.take_gone([each for each in gone if not self._was_submitted(each)])

    def _was_submitted(self, draft: Sighting) -> bool:
        of_item = self._sightings.of_item(draft.item_id)
        return any(each.annotator == draft.annotator and each.project == draft.project for each in of_item)

    # --- lines -----------------------------------------------------------------------------------------------------

    def _line(self, seen: Seen) -> Annotation:
        before = self._before(seen)
        updated = utc(seen.raw.updated_at)
        codebook = self._codebook(seen, before)
        return Annotation(
            id="",
            item_id=seen.item.id,
            annotator=seen.annotator,
            state=seen.state,
            answers=seen.answers,
            seconds=seen.raw.lead_time,
            created=utc(seen.raw.created_at),
            updated=updated,
            observed="",
            codebook=codebook,
            assigned_by=self._rounds[seen.project.id],
            flags=self._judge.own_flags(seen, codebook, before),
            origin=seen.origin,
        )

    def _codebook(self, seen: Seen, before: Sighting | None) -> str:
        """The codebook that its annotator saw: by the mark of the screen, else by the time."""
        if before is not None and before.given == seen.given:
            return before.codebook  # nobody answered anew: only marks and times can have changed
        answered = seen.answered if seen.sender == seen.annotator else seen.raw.created_at
        by_time = self._request.seen_at(utc(answered))
        # An edit keeps the mark of the screen on which the answer was first given.
        first = moment(answered) - moment(seen.raw.created_at) < _AT_ONCE_GIVEN
        return (self._request.shown_by(seen.screen) if first else None) or by_time

    def _before(self, seen: Seen) -> Sighting | None:
        if seen.origin.annotation is None:
            return self._sightings.draft((seen.project.id, seen.item.id, seen.annotator))
        return self._sightings.get(seen.raw.id)

    def _settle(self, by_item: Mapping[str, Mapping[int, Annotation]]) -> None:
        """Judge items as wholes, by lines on annotations and by what was known, and append what differs."""
        fresh: list[Annotation] = []
        for item_id, lines in by_item.items():
            known = {each.number: each for each in self._sightings.of_item(item_id) if each.number is not None}
            surplus = surplus_flags(self._casts(known, lines), self._wanted(item_id))
            for number, line in lines.items():
                judged = _flagged(line, surplus.get(number))
                if _is_known(judged, self._sightings.get(number)):
                    self.unchanged += 1
                else:
                    fresh.append(judged)
            for number, before in known.items():
                code = surplus[number].code if number in surplus else None
                if number not in lines and before.state == "submitted" and before.surplus != code:
                    fresh.append(_flagged(self._ledger.at(before.place), surplus.get(number)))
        self._append(fresh)

    def _casts(self, known: Mapping[int, Sighting], lines: Mapping[int, Annotation]) -> Iterable[Cast]:
        for number, line in lines.items():
            if line.state == "submitted":
                codes = tuple(flag.code for flag in line.flags)
                yield Cast(
                    number=number, annotator=line.annotator, created=line.created, round=line.assigned_by,
                    own_flags=codes,
                )  # fmt: skip
        for number, each in known.items():
            if number not in lines and each.state == "submitted":
                yield Cast(
                    number=number, annotator=each.annotator, created=each.created,
                    round=self._rounds.get(each.project, "design"), own_flags=each.own_flags,
                )  # fmt: skip

    def _wanted(self, item_id: str) -> dict[str, int]:
        item = self._request.items.get(item_id)
        return {"design": item.votes if item else 0, "tiebreak": self._tiebreak_votes}

    def _append(self, lines: Sequence[Annotation]) -> None:
        if not lines:
            return
        observed = self._observed()
        dated = [_identified(msgspec.structs.replace(line, observed=observed)) for line in lines]
        for line, place in zip(dated, self._ledger.append(dated), strict=True):
            self._sightings.add(sighting_of(line, place))
        self.new += len(dated)

    def _observed(self) -> str:
        """Now, but later than all lines so far where the clock was set back: what comes last must count."""
        seen = now()
        if seen <= self._sightings.observed:
            last = datetime.datetime.fromisoformat(self._sightings.observed)
            seen = utc((last + datetime.timedelta(microseconds=1)).isoformat())
        self._sightings.observed = seen
        return seen


def _round_of(kind: str) -> Round:
    return "tiebreak" if kind == "tiebreak" else "design"


def _flagged(line: Annotation, surplus: Flag | None) -> Annotation:
    own = tuple(flag for flag in line.flags if flag.code not in SURPLUS)
    return msgspec.structs.replace(line, flags=own if surplus is None else (*own, surplus))


def _identified(line: Annotation) -> Annotation:
    """The line with its id: the hash of where it lies and what it says, whenever it was seen."""
    where = msgspec.structs.astuple(line.origin) if line.origin else ()
    codes = [flag.code for flag in line.flags]
    content = (*where, line.item_id, line.annotator, line.updated, line.annotator, line.state, line.answers, codes)
    return msgspec.structs.replace(line, id=digest(msgspec.json.encode(content, order="sorted")))


def _is_known(line: Annotation, before: Sighting | None) -> bool:
    codes = tuple(flag.code for flag in line.flags)
    return before is not None and before.content == (line.annotator, line.state, answers_hash(line.answers), codes)
