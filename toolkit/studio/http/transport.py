"""Connection to a server: one HTTP client with our token; every failure is a `StudioError` with its remedy.

Tokens are sent to the server only: no message, log or record contains one.
"""

import base64
import contextlib
import json
import re
import ssl
import threading
import time
import urllib.parse
from collections.abc import Generator, Iterator
from typing import Any, Self, TypeVar

import httpx
import msgspec

from toolkit.errors import StudioError, UnansweredError
from toolkit.studio.http.retrying import FOR_A_MOMENT, Retrying

_EXAMPLE = "http://127.0.0.1:8080"
_EARLY = 30.0  # seconds before expiry at which a bearer is renewed


def plain_url(url: str) -> str:
    """Return the address of a server without credentials, query and trailing slash, safe to show and store.

    >>> plain_url("HTTP://ann:secret@studio.example:8080/ls/?token=1")
    'http://studio.example:8080/ls'

    Raises:
        StudioError: the text is not an http address.
    """
    try:
        parts = urllib.parse.urlsplit(url.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise StudioError(f"the address of Label Studio cannot be read ({error}); it looks like {_EXAMPLE}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise StudioError(
            f"{parts.hostname or url.split('@')[-1]!r} is no address of Label Studio; it looks like {_EXAMPLE}"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


def is_local(url: str) -> bool:
    """Return whether an address is on this machine.

    >>> is_local("http://127.0.0.1:8080"), is_local("https://studio.example")
    (True, False)
    """
    return urllib.parse.urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


class Bearer(httpx.Auth):
    """Authentication: personal tokens are exchanged for a bearer of five minutes, legacy tokens are sent unchanged."""

    requires_response_body = True

    def __init__(self, url: str, token: str) -> None:
        self._refresh_url = f"{url}/api/token/refresh/"
        self._token = token
        self._legacy = _claims(token).get("token_type") != "refresh"
        self._lock = threading.Lock()
        self._access = ""
        self._ends = 0.0  # on the monotonic clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header; renew the bearer when it has expired, and once more when it is refused."""
        if self._legacy:
            request.headers["Authorization"] = f"Token {self._token}"
            yield request
            return
        with self._lock:
            if time.monotonic() > self._ends - _EARLY:
                self._keep((yield self._refresh()))
        used = self._access
        request.headers["Authorization"] = f"Bearer {used}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            with self._lock:
                if self._access == used:  # otherwise another thread renewed it meanwhile
                    self._keep((yield self._refresh()))
            request.headers["Authorization"] = f"Bearer {self._access}"
            yield request  # safe to repeat: the server refused the first one

    def _refresh(self) -> httpx.Request:
        return httpx.Request("POST", self._refresh_url, json={"refresh": self._token})

    def _keep(self, response: httpx.Response) -> None:
        place = plain_url(self._refresh_url).removesuffix("/api/token/refresh")
        if response.status_code == httpx.codes.UNAUTHORIZED and 0 < _number(self._token, "exp") < time.time():
            raise StudioError(f"{place}: the token has expired; make a new one on the page of your account there")
        response.raise_for_status()
        try:
            self._access = str(response.json()["access"])
        except (ValueError, KeyError, TypeError) as error:
            raise StudioError(f"{place}: the answer is not that of Label Studio; check the address") from error
        # A lifetime, not an expiry time: a wrong clock, or one that is set back, has no effect.
        self._ends = time.monotonic() + max(0.0, _number(self._access, "exp") - _number(self._access, "iat"))


def refuse_bearer(url: str, token: str) -> None:
    """Refuse a short-lived bearer given as a token: it expires after five minutes.

    Raises:
        StudioError: the token is such a bearer.
    """
    if _claims(token).get("token_type") == "access":
        raise StudioError(
            f"{url}: that is a bearer of five minutes and not the token of an account; set LABEL_STUDIO_API_KEY to the "
            "access token on the page of your account there"
        )


def refusal_of(token: str) -> str:
    """Return why a server may not accept a token, and what to set instead."""
    if _claims(token).get("token_type") == "refresh":
        return "the access token of your account there: this one was withdrawn, or another server gave it"
    return (
        "the access token of your account there: this one is wrong, or it is a legacy token and those are switched off "
        "(Organization, API Tokens Settings)"
    )


def _number(token: str, claim: str) -> float:
    value = _claims(token).get(claim, 0)
    return float(value) if isinstance(value, int | float) else 0.0


def _claims(token: str) -> dict[str, Any]:
    """Return the claims of a JSON web token; empty for any other token."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


# --- versions ---------------------------------------------------------------------------------------------------------


TESTED = (1, 23)
_NAMED = ".".join(map(str, TESTED))


def refuse_older(url: str, release: str) -> None:
    """Refuse a server that lacks features that push and pull need.

    Raises:
        StudioError: the server is older than the tested version.
    """
    if _parts(release) < TESTED:
        raise StudioError(
            f"{url}: Label Studio {release} is older than {_NAMED}, which this needs, and nothing was changed; upgrade "
            "it (back up first), or export its votes as JSON and bring them in by `stance pull CAMPAIGN --from FILE`"
        )


def doubt_about(url: str, release: str) -> str:
    """Return a warning about an untested server version; "" if there is none.

    >>> doubt_about("http://studio.example", "1.23.2")
    ''
    >>> doubt_about("http://studio.example", "1.24.0")
    'http://studio.example is Label Studio 1.24.0 and this was tested with 1.23: compare the number of votes there'
    """
    if _parts(release) == TESTED:
        return ""
    server = f"Label Studio {release}" if release else "a Label Studio that does not say its version"
    return f"{url} is {server} and this was tested with {_NAMED}: compare the number of votes there"


def _parts(release: str) -> tuple[int, ...]:
    """Return the first two numbers of a version; an unreadable version sorts after all others."""
    match = re.match(r"(\d+)\.(\d+)", release)
    return tuple(map(int, match.groups())) if match else (10**6, 0)


# --- requests ---------------------------------------------------------------------------------------------------------


T = TypeVar("T")

_OF_ANOTHER = (62, 64)  # codes of OpenSSL: the certificate is for another name, or for another IP address
_EXPIRED = 10
TIMEOUT = httpx.Timeout(120.0, connect=10.0)  # importing a batch and listing a page are single, long requests


class ServerFailedError(StudioError):
    """The server failed: it answered with status 500 or higher."""


def is_page(response: httpx.Response) -> bool:
    """Return whether a response is an HTML page, which the API sends only on failure."""
    return response.content[:200].lstrip().startswith(b"<")


def _reason_of(error: BaseException) -> str:
    """Why a server cannot be reached, and what to do."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    failure = next((link for link in chain if isinstance(link, ssl.SSLError)), None)
    if isinstance(failure, ssl.SSLCertVerificationError):
        reason = failure.verify_message.rstrip(".")
        if failure.verify_code in _OF_ANOTHER:
            return f"its certificate is that of another name ({reason}); set LABEL_STUDIO_URL to the name that it has"
        if failure.verify_code == _EXPIRED:
            return "its certificate has expired; whoever runs the server renews it"
        return (
            f"its certificate is not trusted ({reason}); if the server is your own, set SSL_CERT_FILE to the file of "
            "its certificate, or of the authority that signed it (PEM)"
        )
    if failure is not None:
        return f"no secure connection ({failure.reason or 'TLS'}); if the server has no certificate, use http://"
    return (
        f"cannot be reached ({type(error).__name__}); is it running? `stance studio start` starts a local one, "
        "LABEL_STUDIO_URL names another"
    )


class Transport:
    """HTTP requests to one server by one account."""

    def __init__(self, url: str, token: str) -> None:
        self.url = plain_url(url)
        if not token.isascii() or not token.strip():
            raise StudioError(f"{self.url}: no usable API token; set LABEL_STUDIO_API_KEY to that of your account")
        self._token = token.strip()
        refuse_bearer(self.url, self._token)
        auth = Bearer(self.url, self._token)
        # On a kept-alive connection the server's two small packets wait 40 ms for each other, half the time of a
        # response. A new connection costs nothing on the loopback address, but much across a network.
        headers = {"Connection": "close"} if is_local(self.url) else {}
        # The environment is ignored: a proxy set there would also be used for 127.0.0.1.
        self._http = httpx.Client(
            base_url=self.url, auth=auth, headers=headers, trust_env=False, timeout=TIMEOUT, transport=Retrying()
        )

    def close(self) -> None:
        """Close the connections."""
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
            # A proxy's "not found" is not the server's: existing objects would seem to be deleted.
            if response.status_code not in allowed or is_page(response):
                response.raise_for_status()
            if is_page(response):
                raise self._refused(about or path, response.status_code, "<")
        return response

    @contextlib.contextmanager
    def _speaking(self, about: str) -> Iterator[None]:
        """Convert network errors into a `StudioError` about the named object on the server."""
        try:
            yield
        except httpx.HTTPStatusError as error:
            raise self._refused(about, error.response.status_code, error.response.text) from None
        except httpx.TimeoutException as error:
            raise UnansweredError(
                f"{self.url}: no answer in time about {about}; try again, what was done is kept"
            ) from error
        except httpx.HTTPError as error:
            # After a refused connection nothing can have arrived; after any other error that is unknown.
            kind = StudioError if isinstance(error, httpx.ConnectError) else UnansweredError
            raise kind(f"{self.url}: {_reason_of(error)}") from error
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
