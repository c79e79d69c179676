"""New ledger lines for the differences between the server and the ledger.

Each line holds the complete new state of an annotation. An unchanged annotation may also need a line: when a first vote
is deleted, the second one counts.
"""

import datetime
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

import msgspec

from toolkit.files import digest
from toolkit.labels.eligibility import (
    AnswerCheck,
    ProjectRole,
    Provenance,
    candidate_of,
    provenance_flags,
    surplus_flags,
    votes_asked,
    with_surplus,
)
from toolkit.records import Annotation, Flag, PushedProject
from toolkit.studio.pull.ledger_index import LedgerEntry, LedgerFile, LedgerIndex, answers_hash, entry_of
from toolkit.studio.pull.reading import PullRequest, ServerVote
from toolkit.times import format_utc, moment, now, utc

_AT_ONCE = 500  # lines held in memory at once
_AT_ONCE_GIVEN = datetime.timedelta(seconds=1)  # time the server needs to store one answer


class Differences:
    """Appends states on the server that the ledger lacks."""

    def __init__(self, request: PullRequest, ledger: LedgerFile, index: LedgerIndex, administrator: int) -> None:
        """Prepare the comparison of a server with a ledger.

        Args:
            request: the pull request.
            ledger: the ledger that receives the lines.
            index: the index of the ledger.
            administrator: the number of the account that pulls.
        """
        self._request = request
        self._ledger = ledger
        self._index = index
        self._check = AnswerCheck(request.codebook, request.codebook_ref)
        self._administrator = administrator
        self._roles = {project.id: role_of(project) for project in request.projects}
        self.new = 0
        self.unchanged = 0

    def take(self, seen: Iterable[ServerVote]) -> None:
        """Append the new states of annotations just read."""
        by_item: defaultdict[str, dict[int, Annotation]] = defaultdict(dict)
        for annotation in seen:
            by_item[annotation.item.id][annotation.raw.id] = self._line(annotation)
        self._settle(by_item)

    def take_gone(self, index: Sequence[LedgerEntry]) -> None:
        """Append the deletion of annotations."""
        for start in range(0, len(index), _AT_ONCE):
            lines = []
            for entry in index[start : start + _AT_ONCE]:
                line = self._ledger.at(entry.place)
                lines.append(msgspec.structs.replace(line, state="deleted", updated=max(now(), line.updated)))
            self._append(lines)
            self._settle({line.item_id: {} for line in lines})

    def take_drafts(self, project: int, seen: Iterable[ServerVote]) -> None:
        """Append the new states of a project's drafts; all its drafts must be given.

        A missing draft was either submitted as an annotation or discarded; only a discarded one gets a line.
        """
        newest: dict[tuple[str, str], ServerVote] = {}
        for draft in sorted(seen, key=lambda draft: (draft.raw.updated_at, draft.raw.id)):
            newest[draft.item.id, draft.annotator] = draft
        lines = [self._line(draft) for draft in newest.values()]
        recorded = [self._index.draft((project, line.item_id, line.annotator)) for line in lines]
        fresh = [line for line, before in zip(lines, recorded, strict=True) if not _is_known(line, before)]
        self.unchanged += len(lines) - len(fresh)
        self._append(fresh)
        gone = [entry for entry in self._index.drafts(project) if (entry.item_id, entry.annotator) not in newest]
        self.take_gone([entry for entry in gone if not self._was_submitted(entry)])

    def _was_submitted(self, draft: LedgerEntry) -> bool:
        of_item = self._index.of_item(draft.item_id)
        return any(entry.annotator == draft.annotator and entry.project == draft.project for entry in of_item)

    # --- lines -----------------------------------------------------------------------------------------------------

    def _line(self, seen: ServerVote) -> Annotation:
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
            assigned_by=self._roles[seen.project.id].layer,
            flags=self._own_flags(seen, codebook, before),
            origin=seen.origin,
        )

    def _own_flags(self, seen: ServerVote, codebook_ref: str, before: LedgerEntry | None) -> tuple[Flag, ...]:
        if seen.state != "submitted":
            return ()
        provenance = Provenance(
            annotator=seen.annotator,
            has_account=seen.raw.completed_by is not None,
            sender=seen.sender,
            is_harmless=self._is_harmless(seen, before),
            owner=self._roles[seen.project.id].owner,
            ground_truth=seen.raw.ground_truth,
        )
        return (*provenance_flags(provenance), *self._check.flags(seen.answers, seen.item.unit, codebook_ref))

    def _is_harmless(self, seen: ServerVote, before: LedgerEntry | None) -> bool:
        """Return whether the answers are the annotator's although another account sent the last change.

        Marking an annotation as ground truth changes its last sender, and the server keeps no history. If the ledger
        has the annotation, its answers must be unchanged. If not, the mark is trusted only from the account that runs
        the campaign.
        """
        if before is None:
            return seen.raw.ground_truth and seen.raw.updated_by == self._administrator
        return "forged" not in before.flags and before.given == seen.given

    def _codebook(self, seen: ServerVote, before: LedgerEntry | None) -> str:
        """Return the codebook that the annotator saw: by the mark of the screen, else by the time."""
        if before is not None and before.given == seen.given:
            return before.codebook  # the answers are unchanged; only marks and times can differ
        answered = seen.answered if seen.sender == seen.annotator else seen.raw.created_at
        by_time = self._request.seen_at(utc(answered))
        # An edit keeps the mark of the screen on which the answer was first given.
        first = moment(answered) - moment(seen.raw.created_at) < _AT_ONCE_GIVEN
        return (self._request.shown_by(seen.screen) if first else None) or by_time

    def _before(self, seen: ServerVote) -> LedgerEntry | None:
        if seen.origin.annotation is None:
            return self._index.draft((seen.project.id, seen.item.id, seen.annotator))
        return self._index.get(seen.raw.id)

    def _settle(self, by_item: Mapping[str, Mapping[int, Annotation]]) -> None:
        """Recompute the flags of whole items from new lines and the ledger, and append the differences."""
        fresh: list[Annotation] = []
        for item_id, lines in by_item.items():
            entries = [
                entry for entry in self._entries_of(item_id) if entry.number not in lines or self._is_foreign(entry)
            ]
            candidates = [candidate_of(line, number) for number, line in lines.items() if line.state == "submitted"]
            candidates += [entry.candidate for entry in entries if entry.state == "submitted"]
            surplus = surplus_flags(candidates, votes_asked(self._request.items.get(item_id), self._roles.values()))
            for number, line in lines.items():
                judged = _flagged(line, surplus.get(number))
                if _is_known(judged, self._index.get(number)):
                    self.unchanged += 1
                else:
                    fresh.append(judged)
            fresh += self._reflagged(entries, surplus)
        self._append(fresh)

    def _entries_of(self, item_id: str) -> list[LedgerEntry]:
        return [*self._index.of_item(item_id), *self._index.imported(item_id)]

    def _is_foreign(self, entry: LedgerEntry) -> bool:
        return entry.server != self._request.server

    def _reflagged(self, entries: Iterable[LedgerEntry], surplus: Mapping[Hashable, Flag]) -> Iterator[Annotation]:
        """Yield lines for unchanged annotations whose flags change because of other annotations."""
        for entry in entries:
            flag = surplus.get(entry.key)
            if entry.state == "submitted" and entry.surplus != (flag.code if flag else None):
                yield _flagged(self._ledger.at(entry.place), flag)

    def _append(self, lines: Sequence[Annotation]) -> None:
        if not lines:
            return
        observed = self._observed()
        dated = [_identified(msgspec.structs.replace(line, observed=observed)) for line in lines]
        for line, place in zip(dated, self._ledger.append(dated), strict=True):
            self._index.add(entry_of(line, place))
        self.new += len(dated)

    def _observed(self) -> str:
        """Return the current time, or a time after the last line if the clock was set back: the last must count."""
        seen = now()
        if seen <= self._index.observed:
            seen = format_utc(moment(self._index.observed) + datetime.timedelta(microseconds=1))
        self._index.observed = seen
        return seen


def role_of(project: PushedProject) -> ProjectRole:
    """Return the role of a project."""
    return ProjectRole(
        layer="tiebreak" if project.kind == "tiebreak" else "design",
        votes=project.votes,
        owner=project.annotator if project.kind == "person" else None,
    )


def _flagged(line: Annotation, surplus: Flag | None) -> Annotation:
    return msgspec.structs.replace(line, flags=with_surplus(line.flags, surplus))


def _identified(line: Annotation) -> Annotation:
    """Return the line with its id: a hash of its origin and content, independent of the time of the pull."""
    where = msgspec.structs.astuple(line.origin) if line.origin else ()
    codes = [flag.code for flag in line.flags]
    content = (*where, line.item_id, line.annotator, line.updated, line.annotator, line.state, line.answers, codes)
    return msgspec.structs.replace(line, id=digest(msgspec.json.encode(content, order="sorted")))


def _is_known(line: Annotation, before: LedgerEntry | None) -> bool:
    codes = tuple(flag.code for flag in line.flags)
    return before is not None and before.content == (line.annotator, line.state, answers_hash(line.answers), codes)
