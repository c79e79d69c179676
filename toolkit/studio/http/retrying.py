"""Requests that do no harm twice are made again where the line or the server failed for a moment.

Whatever adds something is never repeated here: only who sent it can tell whether it arrived.
"""

import re
import time
from collections.abc import Iterator

import httpx

WAITS = (0.2, 0.5, 1.0, 2.0)  # seconds before the second, third ... attempt
_LONGEST_WAIT = 30.0  # however long a server asks us to stay away
FOR_A_MOMENT = (429, 502, 503, 504)  # too busy, or a proxy before a server that is
_TIMEOUTS = 2  # how often we wait for an answer in vain
# To set a field twice, or to delete what is gone, leaves things as once would have.
_SETTING = re.compile(r"/api/(projects|tasks|annotations|drafts)/\d+/$")
DELETING = "/api/dm/actions/"  # of which we use none but the one that deletes tasks: what is gone stays gone
_HARMLESS = ("/api/token/refresh/", "/api/projects/validate/", DELETING)  # though they are POST


class Retrying(httpx.HTTPTransport):
    """The way to a server for whoever can wait a moment.

    A server that is not there at all is said at once: waiting does not start it.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Make a request, again where that may help."""
        if not _may_be_repeated(request):
            return super().handle_request(request)
        timeouts = 0
        for wait in WAITS:
            try:
                response = super().handle_request(request)
                response.read()  # an answer that breaks off is as bad as none
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
    """One turn an attempt, with a growing wait before each but the first; tells whether another one would follow.

    For whoever adds something, and looks whether it arrived before adding it again.

    >>> next(attempts())
    True
    """
    yield bool(WAITS)
    for number, wait in enumerate(WAITS, 1):
        time.sleep(wait)
        yield number < len(WAITS)
