"""Retries of idempotent requests after a temporary failure of the network or the server.

A request that adds data is never repeated here: only its caller can check whether it arrived.
"""

import re
import time
from collections.abc import Iterator

import httpx

WAITS = (0.2, 0.5, 1.0, 2.0)  # seconds before the second, third ... attempt
_LONGEST_WAIT = 30.0  # seconds; caps the wait that a server requests
FOR_A_MOMENT = (429, 502, 503, 504)  # server overloaded, or a proxy whose server is
_TIMEOUTS = 2  # attempts that may time out
# Setting a field twice or deleting an object twice has the same result as doing it once.
_SETTING = re.compile(r"/api/(projects|tasks|annotations|drafts)/\d+/$")
DELETING = "/api/dm/actions/"  # we use only the action that deletes tasks, which is idempotent
_HARMLESS = ("/api/token/refresh/", "/api/projects/validate/", DELETING)  # idempotent although they are POST


class Retrying(httpx.HTTPTransport):
    """HTTP transport that retries idempotent requests.

    A server that refuses the connection is reported at once: waiting does not start it.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; retry an idempotent one after a temporary failure."""
        if not _may_be_repeated(request):
            return super().handle_request(request)
        timeouts = 0
        for wait in WAITS:
            try:
                response = super().handle_request(request)
                response.read()  # a truncated response counts as a failure
            except httpx.ConnectError:
                raise
            except httpx.TimeoutException:
                timeouts += 1
                if timeouts == _TIMEOUTS:
                    raise
            except httpx.TransportError:
                time.sleep(wait)
            else:
                if response.status_code not in FOR_A_MOMENT:
                    return response
                time.sleep(_asked_for(response, wait))
        return super().handle_request(request)


def _may_be_repeated(request: httpx.Request) -> bool:
    path = request.url.path
    if request.method in ("PATCH", "DELETE"):
        return _SETTING.search(path) is not None
    return request.method in ("GET", "HEAD") or path.endswith(_HARMLESS)


def _asked_for(response: httpx.Response, wait: float) -> float:
    header = response.headers.get("Retry-After", "")
    return min(float(header), _LONGEST_WAIT) if header.isdecimal() else wait


def attempts() -> Iterator[bool]:
    """Yield once per attempt, with a growing wait before each but the first; the value says whether another follows.

    For callers that add data and check whether it arrived before they send it again.

    >>> next(attempts())
    True
    """
    yield bool(WAITS)
    for number, wait in enumerate(WAITS, 1):
        time.sleep(wait)
        yield number < len(WAITS)
