"""Which annotations of a server are doubtful, and why: they are kept and flagged, never dropped.

The server takes anything from anybody with an account, so every annotation is judged: for its own sake, and beside
the others of its item, which may lie in several projects.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from toolkit.codebook import Codebook, asked_about
from toolkit.exchange.results import answer_problem
from toolkit.records import Flag
from toolkit.studio.pull.ledger_index import Sighting
from toolkit.studio.pull.reading import Seen

# What others did in somebody's name must not cost them their vote.
_NOT_THEIRS = frozenset({"forged", "no_annotator", "not_assigned"})


class Judge:
    """What the codebook in force says of answers."""

    def __init__(self, codebook: Codebook, codebook_ref: str, administrator: int) -> None:
        """A judge by a codebook.

        Args:
            codebook: as it is now, with its migrations.
            codebook_ref: that of the screen as it is now.
            administrator: the number of the account by which we read.
        """
        self._asked = {unit: asked_about(codebook, unit) for unit in ("paragraph", "article", "headline")}
        self._ref = codebook_ref
        self._administrator = administrator

    def own_flags(self, seen: Seen, codebook_ref: str, before: Sighting | None) -> tuple[Flag, ...]:
        """What is doubtful about an annotation for its own sake.

        Args:
            seen: the annotation.
            codebook_ref: of the screen on which it was given.
            before: what was known of it.
        """
        if seen.state != "submitted":
            return ()
        return (*self._sender_flags(seen, before), *self._answer_flags(seen, codebook_ref))

    def _sender_flags(self, seen: Seen, before: Sighting | None) -> Iterator[Flag]:
        marked = seen.raw.ground_truth
        if seen.raw.completed_by is None:
            yield Flag(code="no_annotator", reason="the account that gave it was deleted on the server")
        elif seen.sender != seen.annotator and not self._is_honest(seen, before):
            yield Flag(code="forged", reason=f"in the name of {seen.annotator}, but sent or changed by {seen.sender}")
        owner = seen.project.annotator
        if seen.project.kind == "person" and seen.annotator != owner:
            yield Flag(code="not_assigned", reason=f"by {seen.annotator} in the project of {owner}")
        if marked:
            yield Flag(code="ground_truth", reason="marked on the server as the right answer")

    def _is_honest(self, seen: Seen, before: Sighting | None) -> bool:
        """Whether the answers are the annotator's although somebody else has touched them last.

        Whoever marks an annotation as ground truth becomes its last sender, and the server keeps no history. Seen
        before, it must say what it said; not seen before, the mark of the account that runs the campaign is taken
        for what it is, and anybody else's is not.
        """
        if before is None:
            return seen.raw.ground_truth and seen.raw.updated_by == self._administrator
        return "forged" not in before.flags and before.given == seen.given

    def _answer_flags(self, seen: Seen, codebook_ref: str) -> Iterator[Flag]:
        codebook = self._asked[seen.item.unit]
        answers = codebook.migrated(seen.answers)
        problem = answer_problem(answers, codebook) or codebook.problem_with(answers)
        # Who answered an earlier codebook cannot have missed a question that came later.
        was_not_asked = problem and problem[0] == "missing_answer" and codebook_ref != self._ref and answers
        if problem and not was_not_asked:
            yield Flag(code=problem[0], reason=problem[1])


class Cast(Struct, frozen=True, kw_only=True):
    """An annotation as one of those of its item."""

    number: int
    annotator: str
    created: str
    round: str  # those of a round share the votes that were asked for: "design" or "tiebreak"
    own_flags: tuple[str, ...]


def surplus_flags(casts: Iterable[Cast], wanted: Mapping[str, int]) -> dict[int, Flag]:
    """What came after an annotator's first vote on an item, or after all the votes that it was to get.

    Args:
        casts: the submitted annotations of the item.
        wanted: how many votes each round was to get.
    """
    flags: dict[int, Flag] = {}
    first: dict[str, int] = {}
    counted: Counter[str] = Counter()
    for cast in sorted(casts, key=lambda cast: (cast.created, cast.number)):
        if _NOT_THEIRS.intersection(cast.own_flags):
            continue
        if cast.annotator in first:
            reason = f"the annotator's annotation {first[cast.annotator]} came first and counts"
            flags[cast.number] = Flag(code="second_vote", reason=reason)
            continue
        first[cast.annotator] = cast.number
        if set(cast.own_flags) - {"ground_truth"}:
            continue
        counted[cast.round] += 1
        if counted[cast.round] > wanted[cast.round]:
            reason = f"vote {counted[cast.round]} where {wanted[cast.round]} were asked for"
            flags[cast.number] = Flag(code="beyond_overlap", reason=reason)
    return flags
