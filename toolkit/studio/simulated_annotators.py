"""Simulated annotators that answer the queue as people do: each with its own account, one task after the other.

The queue decides who gets which task. The annotators take turns, so a repeated run gives the same result: the queue
offers a started task to the next annotator at once, and at most one task is in progress.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from msgspec import Struct

from toolkit.campaigns.simulation import Response
from toolkit.codebook import Codebook
from toolkit.errors import StudioError
from toolkit.exchange.results import build_result
from toolkit.studio.http.client import Studio
from toolkit.studio.http.schemas import NewAnnotation, QueuedTask

_NAMESPACE = uuid.UUID("5c0f9a52-7c55-4a0e-9a53-2f2b7f3d6d11")


class AnswerRequest(Struct, frozen=True, kw_only=True):
    """The queues to answer."""

    campaign: str  # the key under which the items were pushed
    codebook: Codebook
    projects: tuple[int, ...]
    tokens: Mapping[str, str]  # pseudonym -> token; annotators take turns in this order
    owners: Mapping[int, str] = {}  # project -> its only annotator


class AnswerReport(Struct, frozen=True, kw_only=True):
    """The result of answering the queues."""

    submitted: int
    skipped: int
    repeated: int  # already sent by an interrupted run


def answer_queue(
    url: str,
    request: AnswerRequest,
    answers_for: Callable[[str, str], Response | None],
    progress: Callable[[int], None],
) -> AnswerReport:
    """Answer until the queue is empty for all annotators.

    Args:
        url: the address of the server.
        request: the queues to answer.
        answers_for: the answer of an annotator to an item (item id, pseudonym); None is sent as a skip and means that
            the item is unknown.
        progress: called with the number of sent answers.

    Raises:
        StudioError: the server is unreachable, or its queue makes no progress.
    """
    done: Counter[str] = Counter()
    with ExitStack() as stack:
        people = [
            _AnsweringAnnotator(name, stack.enter_context(Studio(url, token)), request, answers_for)
            for name, token in request.tokens.items()
        ]
        for project in request.projects:
            waiting = [person for person in people if request.owners.get(project, person.name) == person.name]
            while waiting:
                waiting = [person for person in waiting if person.answers_one(project, done)]
                progress(done.total())
    return AnswerReport(submitted=done["submitted"], skipped=done["skipped"], repeated=done["repeated"])


class _AnsweringAnnotator:
    """One simulated annotator with its connection."""

    def __init__(
        self, name: str, studio: Studio, request: AnswerRequest, answers_for: Callable[[str, str], Response | None]
    ) -> None:
        self.name = name
        self._studio = studio
        self._request = request
        self._answers_for = answers_for
        self._last: int | None = None  # the last answered task

    def answers_one(self, project: int, done: Counter[str]) -> bool:
        """Answer the next task; return False if there is none."""
        task = self._studio.next_task(project)
        if task is None:
            return False
        if task.id == self._last:
            raise StudioError(
                f"{self._studio.url}/projects/{project}: the queue offers task {task.id} to {self.name} again after "
                "it was answered; give the project another queue for skipped tasks, or delete the task"
            )
        self._last = task.id
        annotation = self._annotation(task)
        if not self._studio.submit(task.id, annotation):
            done["repeated"] += 1
        else:
            done["skipped" if annotation.was_cancelled else "submitted"] += 1
        return True

    def _annotation(self, task: QueuedTask) -> NewAnnotation:
        item_id = task.data.get("item_id")
        response = self._answers_for(item_id, self.name) if isinstance(item_id, str) else None
        # The same answer of the same annotator has the same id, so the server stores it once.
        unique = str(uuid.uuid5(_NAMESPACE, f"{self._request.campaign}/{task.id}/{item_id}/{self.name}"))
        if response is None or response.skipped:
            seconds = response.seconds if response else 0.0
            return NewAnnotation(unique_id=unique, result=[], lead_time=seconds, was_cancelled=True)
        result = build_result(response.answers, self._request.codebook)
        return NewAnnotation(unique_id=unique, result=result, lead_time=response.seconds)
