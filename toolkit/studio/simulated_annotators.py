"""Simulated annotators who answer the queue as people do: each from an account of its own, one task after the other.

They take turns, so that the queue, which decides who is asked what, decides alike when it is run again: a task that
somebody has begun goes to the next one at once, and at most one is under way.
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
    """Whose queues are answered."""

    campaign: str  # the key under which the items were pushed
    codebook: Codebook
    projects: tuple[int, ...]
    tokens: Mapping[str, str]  # pseudonym -> token; they take turns in this order
    owners: Mapping[int, str] = {}  # project -> the only annotator who answers there


class AnswerReport(Struct, frozen=True, kw_only=True):
    """What was answered."""

    submitted: int
    skipped: int
    repeated: int  # had been sent before, by a run that was interrupted


def answer_queue(
    url: str,
    request: AnswerRequest,
    answers_for: Callable[[str, str], Response | None],
    progress: Callable[[int], None],
) -> AnswerReport:
    """Answer until the queue has nothing left for any of the annotators.

    Args:
        url: of the server.
        request: whose queues are answered.
        answers_for: what an annotator answers to an item (item id, pseudonym); None, which is sent as a skip, for an
            item that it does not know.
        progress: told how many answers have been sent.

    Raises:
        StudioError: the server is not reached, or its queue does not move on.
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
    """A simulated annotator at work."""

    def __init__(
        self, name: str, studio: Studio, request: AnswerRequest, answers_for: Callable[[str, str], Response | None]
    ) -> None:
        self.name = name
        self._studio = studio
        self._request = request
        self._answers_for = answers_for
        self._last: int | None = None  # the task answered last

    def answers_one(self, project: int, done: Counter[str]) -> bool:
        """Answer the next task; False where there is none."""
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
        # The same answer of the same annotator has the same name: sent twice, it is there once.
        unique = str(uuid.uuid5(_NAMESPACE, f"{self._request.campaign}/{task.id}/{item_id}/{self.name}"))
        if response is None or response.skipped:
            seconds = response.seconds if response else 0.0
            return NewAnnotation(unique_id=unique, result=[], lead_time=seconds, was_cancelled=True)
        result = build_result(response.answers, self._request.codebook)
        return NewAnnotation(unique_id=unique, result=result, lead_time=response.seconds)
