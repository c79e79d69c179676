"""Requests that change nothing are made again where the line or the server failed for a moment.

Whatever changes something is never repeated here: only who sent it can tell whether it arrived.
"""

import time

import httpx

WAITS = (0.2, 0.5, 1.0, 2.0)  # seconds before the second, third ... attempt
_LONGEST_WAIT = 30.0  # however long a server asks us to stay away
_FOR_A_MOMENT = (429, 502, 503, 504)
_TIMEOUTS = 2  # how often we wait for an answer in vain
_HARMLESS = ("/api/token/refresh/", "/api/projects/validate/")  # though they are POST


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
                if response.status_code not in _FOR_A_MOMENT:
                    return response
                time.sleep(_asked_for(response, wait))
        return super().handle_request(request)


def _may_be_repeated(request: httpx.Request) -> bool:
    return request.method in ("GET", "HEAD") or request.url.path.endswith(_HARMLESS)


def _asked_for(response: httpx.Response, wait: float) -> float:
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), _LONGEST_WAIT) if asked.isdecimal() else wait
