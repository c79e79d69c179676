"""How a server is reached: its address as it may be shown and stored, and the header that opens it."""

import base64
import json
import threading
import time
import urllib.parse
from collections.abc import Generator
from typing import Any

import httpx

from toolkit.errors import StudioError

_EXAMPLE = "http://127.0.0.1:8080"
_EARLY = 30.0  # seconds before its end in which a bearer is renewed


def plain_url(url: str) -> str:
    """The address of a server as it may be shown and stored: no credentials, no query, no slash at the end.

    >>> plain_url("HTTP://ann:secret@studio.example:8080/ls/?token=1")
    'http://studio.example:8080/ls'

    Raises:
        StudioError: that is no http address.
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
    """Whether an address is on this very machine.

    >>> is_local("http://127.0.0.1:8080"), is_local("https://studio.example")
    (True, False)
    """
    return urllib.parse.urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


class Bearer(httpx.Auth):
    """Both kinds of token: personal ones are exchanged for a bearer of five minutes, legacy ones sent as they are."""

    requires_response_body = True

    def __init__(self, url: str, token: str) -> None:
        self._refresh_url = f"{url}/api/token/refresh/"
        self._token = token
        self._legacy = _claims(token).get("token_type") != "refresh"
        self._lock = threading.Lock()
        self._access = ""
        self._ends = 0.0  # on the clock that is never set

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Put the header in, renewing the bearer first where its time is over, and once more where it is refused."""
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
                if self._access == used:  # or else another thread has renewed it meanwhile
                    self._keep((yield self._refresh()))
            request.headers["Authorization"] = f"Bearer {self._access}"
            yield request  # it was refused, so that nothing is done twice

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
        # How long it is good for, not until when: neither a clock that is wrong nor one that is set back matters.
        self._ends = time.monotonic() + max(0.0, _number(self._access, "exp") - _number(self._access, "iat"))


def refuse_bearer(url: str, token: str) -> None:
    """Refuse what personal tokens are exchanged for: it ends after five minutes.

    Raises:
        StudioError: the token is such a bearer.
    """
    if _claims(token).get("token_type") == "access":
        raise StudioError(
            f"{url}: that is a bearer of five minutes and not the token of an account; set LABEL_STUDIO_API_KEY to the "
            "access token on the page of your account there"
        )


def refusal_of(token: str) -> str:
    """What to set in place of a token that a server does not accept, and why it may not."""
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
    """What a JSON web token says of itself; nothing for any other token."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
