"""Reading on where the server cannot: one answer with half of a character makes it fail to list a whole project.

Any member can send such an answer by a program. The server keeps it and fails whenever it is to show it; without the
answers themselves it lists all, so what cannot be read is found by halving, and the rest is read as ever.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from toolkit.studio.http.schemas import ServerAnnotation, ServerTask
from toolkit.studio.http.transport import ServerFailedError

Listed = Callable[[dict[str, Any]], Sequence[ServerTask]]  # the tasks of a query of the server, with their answers

UNREADABLE = {
    "from_name": "unreadable",
    "type": "textarea",
    "value": {"text": ["the server cannot say what was answered: there is half of a character in it"]},
}


def salvaged(
    tasks: Sequence[ServerTask], listed: Listed, answer: Callable[[int], ServerAnnotation]
) -> Iterator[ServerTask]:
    """Tasks with their answers, those that cannot be read marked as unreadable.

    Args:
        tasks: without what was answered, by id.
        listed: asks the server for tasks with what was answered.
        answer: asks the server for one annotation.
    """
    if not tasks:
        return
    try:
        yield from listed(_between(tasks[0].id, tasks[-1].id))
    except ServerFailedError:
        if len(tasks) == 1:
            yield _marked(tasks[0], answer)
            return
        middle = len(tasks) // 2
        yield from salvaged(tasks[:middle], listed, answer)
        yield from salvaged(tasks[middle:], listed, answer)


def _between(first: int, last: int) -> dict[str, Any]:
    value = {"min": first, "max": last}
    within = {"filter": "filter:tasks:id", "operator": "in", "type": "Number", "value": value}
    return {"filters": {"conjunction": "and", "items": [within]}}


def _marked(task: ServerTask, answer: Callable[[int], ServerAnnotation]) -> ServerTask:
    whole = []
    for annotation in task.annotations:
        try:
            whole.append(answer(annotation.id))
        except ServerFailedError:
            whole.append(msgspec.structs.replace(annotation, result=[UNREADABLE]))
    return msgspec.structs.replace(task, annotations=tuple(whole))
