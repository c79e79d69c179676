"""Patience with a network that drops, delays and cuts off: what may be repeated is repeated, with growing pauses."""

import time
from collections.abc import Iterator
from typing import Any

import httpx

PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds before each repetition
BUSY = frozenset({502, 503, 504})  # what a proxy says for a server that is overloaded or starting


def attempts() -> Iterator[bool]:
    """One turn an attempt, with a pause before each repetition; tells whether another one would follow.

    >>> next(attempts())
    True
    """
    for number in range(len(PAUSES) + 1):
        if number:
            time.sleep(PAUSES[number - 1])
        yield number < len(PAUSES)


class PatientClient(httpx.Client):
    """An HTTP client that asks again where the answer was lost and asking twice does no harm.

    A POST is never repeated here: it may have arrived. Nor is a connection that was refused: nobody is there.
    """

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:  # noqa: ANN401 - those of httpx
        """Send a request, again and again where that is safe and of use."""
        if request.method == "POST" or options.get("stream"):
            return super().send(request, **options)
        for more in attempts():
            try:
                response = super().send(request, **options)
            except httpx.ConnectError:
                raise
            except httpx.TransportError:
                if not more:
                    raise
            else:
                if response.status_code not in BUSY or not more:
                    return response
        raise AssertionError("the last attempt returns or raises")
