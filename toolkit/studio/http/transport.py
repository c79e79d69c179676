"""The way to a server: one HTTP client with our token, and every failure as a `StudioError` with its remedy.

Tokens are sent to the server and nowhere else: no message, no log and no record holds one.
"""

import contextlib
from collections.abc import Iterator
from typing import Self, TypeVar

import httpx
import msgspec

from toolkit.errors import StudioError, UnansweredError
from toolkit.studio.http.access import Bearer, is_local, plain_url, refusal_of, refuse_bearer
from toolkit.studio.http.retrying import FOR_A_MOMENT, Retrying

T = TypeVar("T")

TIMEOUT = httpx.Timeout(120.0, connect=10.0)  # importing a batch and listing a page are single, long requests


class ServerFailedError(StudioError):
    """The server has a fault of its own: it answered 500 or more."""


def is_page(response: httpx.Response) -> bool:
    """Whether an answer is a page for people, which the server's interface gives only where it fails."""
    return response.content[:200].lstrip().startswith(b"<")


class Transport:
    """Requests to one server by one account."""

    def __init__(self, url: str, token: str) -> None:
        self.url = plain_url(url)
        if not token.isascii() or not token.strip():
            raise StudioError(f"{self.url}: no usable API token; set LABEL_STUDIO_API_KEY to that of your account")
        self._token = token.strip()
        refuse_bearer(self.url, self._token)
        auth = Bearer(self.url, self._token)
        # A connection that is kept makes the server's two small packets wait 40 ms for each other, which is half the
        # time of an answer; making another one costs nothing on the loopback address, but much across a network.
        headers = {"Connection": "close"} if is_local(self.url) else {}
        # The environment is not trusted: a proxy set there would be asked for 127.0.0.1 too.
        self._http = httpx.Client(
            base_url=self.url, auth=auth, headers=headers, trust_env=False, timeout=TIMEOUT, transport=Retrying()
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _get(self, path: str, kind: type[T], about: str = "") -> T:
        return self._decoded(self._request("GET", path, about), kind)

    def _decoded(self, response: httpx.Response, kind: type[T]) -> T:
        with self._speaking(response.url.path):
            return msgspec.json.decode(response.content, type=kind)

    def _request(
        self, method: str, path: str, about: str = "", allowed: tuple[int, ...] = (), body: object = None
    ) -> httpx.Response:
        with self._speaking(about or path):
            response = self._http.request(method, path, json=body)
            # A proxy's "not found" is not the server's: taken for it, what is there would seem to be gone.
            if response.status_code not in allowed or is_page(response):
                response.raise_for_status()
            if is_page(response):
                raise self._refused(about or path, response.status_code, "<")
        return response

    @contextlib.contextmanager
    def _speaking(self, about: str) -> Iterator[None]:
        """Turn what the network raises into a `StudioError` about something on the server."""
        try:
            yield
        except httpx.HTTPStatusError as error:
            raise self._refused(about, error.response.status_code, error.response.text) from None
        except httpx.TimeoutException as error:
            raise UnansweredError(
                f"{self.url}: no answer in time about {about}; try again, what was done is kept"
            ) from error
        except httpx.HTTPError as error:
            # Where nobody listens nothing can have arrived; of all else nobody knows.
            kind = StudioError if isinstance(error, httpx.ConnectError) else UnansweredError
            raise kind(
                f"{self.url}: cannot be reached ({type(error).__name__}); is it running? `stance studio start` starts "
                "a local one, LABEL_STUDIO_URL names another"
            ) from error
        except msgspec.DecodeError as error:
            raise StudioError(
                f"{self.url}: the answer about {about} is not that of Label Studio 1.23 ({error}); check the address"
            ) from error

    def _refused(self, about: str, status: int, body: str) -> StudioError:
        if 300 <= status < 400:
            remedy = f"{about} is said to be elsewhere ({status}); use the address that a browser shows in the end"
        elif body.lstrip().startswith("<") and status < 500:
            remedy = (
                f"a page of HTML came in place of the answer about {about} ({status}): a proxy or a sign-in page "
                "stands between, or that is not Label Studio; check the address and the network, and try again"
            )
        elif status == 401:
            remedy = f"the token is not accepted; set LABEL_STUDIO_API_KEY to {refusal_of(self._token)}"
        elif status == 403:
            remedy = f"the account may not touch {about}; use the token of one that may"
        elif status == 404:
            remedy = f"{about} is gone from the server; look there, or make it anew with `stance push`"
        elif status in FOR_A_MOMENT:
            remedy = f"{about}: the server is too busy, or a proxy does not reach it ({status}); try again"
        elif status >= 500:
            remedy = f"{about}: the server failed ({status}); its log has the reason (`server.log` of a local one)"
        else:
            remedy = f"{about}: the server answered {status}: {body[:300]}"
        passing, failed = status in FOR_A_MOMENT, status >= 500
        kind = UnansweredError if passing else ServerFailedError if failed else StudioError
        return kind(f"{self.url}: {remedy}")
