"""What many unrelated articles carry: captions of a gallery, sign-off lines, notices."""

from collections.abc import Sequence

import numpy as np

from toolkit.articles.duplicates.candidates import Pairs, holders
from toolkit.articles.duplicates.shingling import Flags, Hashes, Numbers, ShingleSets, shingle_sequences

_MANY = 10  # texts that hold it
_ASKED = 32  # of them are looked at
_OWN = 20  # shingles in a row that hardly any of the others holds, for a story of its own
_OWN_STORIES = 5  # that the holders between them have: of ten each half of its length, of fifty each a tenth
_HARDLY = 4  # held by a fourth of the holders at most


def widespread(sets: ShingleSets, ties: Pairs) -> Hashes:
    """The shingles of tied texts that many texts hold, boilerplate or not; sorted."""
    return _popular(sets, ties)[0]


def boilerplate(sets: ShingleSets, texts: Sequence[str], ties: Pairs) -> Hashes:
    """The shingles that ties rest on and that stand in many texts, most of which tell a story of their own; sorted.

    Wire copy is not boilerplate, however many print it: what its versions have of their own are scattered edits.
    """
    popular, shares, counts = _popular(sets, ties)
    if len(popular) == 0:
        return popular
    rank = np.arange(len(shares)) - np.repeat(np.cumsum(counts) - counts, counts)
    asked = rank < _ASKED
    owner, level = shares[asked], np.repeat(_level(counts), counts)[asked]
    questions, which = np.unique(np.stack([owner, level], axis=1), axis=0, return_inverse=True)
    told = _tell_their_own(sets, texts, questions)[which.reshape(-1)]
    number = np.repeat(np.arange(len(popular)), counts)[asked]
    votes = np.bincount(number, weights=told, minlength=len(popular))
    return popular[2 * votes > np.bincount(number, minlength=len(popular))]


def _popular(sets: ShingleSets, ties: Pairs) -> tuple[Hashes, Numbers, Numbers]:
    """The shingles of tied texts that many texts hold; the holders of each, one after the other; and how many."""
    hashes, counts = np.unique(sets.some(np.unique(ties)).hashes, return_counts=True)
    at = holders(sets, hashes[counts > 1])
    found, which, counts = np.unique(sets.hashes[at], return_inverse=True, return_counts=True)
    many = counts >= _MANY
    kept = many[which]
    owners = (np.searchsorted(sets.bounds, at[kept], side="right") - 1).astype(np.int64)
    return found[many], owners[np.lexsort((owners, which[kept]))], counts[many]


def _level(counts: Numbers) -> Numbers:
    """The power of two that a number has reached: so that a text is asked few questions."""
    return (1 << np.log2(counts).astype(np.int64)).astype(np.int64)


def _tell_their_own(sets: ShingleSets, texts: Sequence[str], questions: Pairs) -> Numbers:
    """Whether a text, beside what so many texts hold, has a stretch that hardly any of them holds: 1 or 0 each."""
    asked = np.unique(questions[:, 0])
    sequences = dict(zip(asked.tolist(), shingle_sequences([texts[n] for n in asked]), strict=True))
    hashes, counts = np.unique(sets.hashes[holders(sets, sets.some(asked).hashes_once())], return_counts=True)
    spread = {text: counts[np.searchsorted(hashes, sequence)] for text, sequence in sequences.items()}
    answers = []
    for text, level in questions.tolist():
        own = _longest_run(spread[text] * _HARDLY <= level)
        answers.append(own >= max(_OWN, _OWN_STORIES * len(spread[text]) / level))
    return np.array(answers, dtype=np.int64)


def _longest_run(flags: Flags) -> int:
    edges = np.flatnonzero(np.diff(np.r_[0, flags, 0]))
    return int((edges[1::2] - edges[::2]).max(initial=0))
