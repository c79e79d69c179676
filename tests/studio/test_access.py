import base64
import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import StudioError
from toolkit.studio.http.transport import Bearer, is_local, plain_url


@pytest.mark.parametrize(
    ("given_url", "shown"),
    [
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("  https://Studio.Example/ls//", "https://studio.example/ls"),
        ("https://ann:s3cret@studio.example", "https://studio.example"),
        ("http://[::1]:8080/projects/3/data?tab=1#x", "http://[::1]:8080/projects/3/data"),
    ],
)
def test_an_address_is_shown_without_credentials_and_decoration(given_url, shown):
    assert plain_url(given_url) == shown


@pytest.mark.parametrize("wrong", ["", "studio.example:8080", "ftp://studio.example", "http://", "http://a:b@c:port"])
def test_what_is_no_address_is_refused_with_an_example(wrong):
    with pytest.raises(StudioError, match=r"http://127\.0\.0\.1:8080") as refusal:
        plain_url(wrong)
    assert "a:b" not in str(refusal.value)


@given(st.text(alphabet=st.characters(codec="ascii", exclude_characters="@/?#[]\\\t\n\r"), min_size=1))
def test_a_password_in_an_address_never_shows(password):
    assert plain_url(f"http://ann:{password}@studio.example/x") == "http://studio.example/x"


def test_only_this_machine_is_local():
    assert is_local("http://localhost:1")
    assert is_local("http://[::1]:1")
    assert not is_local("http://127.0.0.1.example")


def token(**claims: object) -> str:
    return f"head.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.sign"


class Server:
    """A server of our own that hands out bearers and takes the newest one only; it notes what it was asked."""

    def __init__(self, seconds: float, issued: float = 0.0) -> None:
        self.seconds, self.issued, self.count, self.asked = seconds, issued, 0, []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path == "/api/token/refresh/":
            self.count += 1
            bearer = token(iat=self.issued, exp=self.issued + self.seconds, n=self.count)
            return httpx.Response(200, json={"access": bearer})
        newest = f"Bearer {token(iat=self.issued, exp=self.issued + self.seconds, n=self.count)}"
        return httpx.Response(200 if request.headers["Authorization"] == newest else 401)

    def client(self, refresh: str) -> httpx.Client:
        url = "http://studio.example"
        return httpx.Client(base_url=url, auth=Bearer(url, refresh), transport=httpx.MockTransport(self))


def test_a_bearer_is_renewed_when_its_time_is_over_and_not_before():
    # Faked: the server's own bearers are good for five minutes, which no test can wait for.
    long, short = Server(seconds=300), Server(seconds=20)
    for server in (long, short):
        with server.client(token(token_type="refresh")) as client:
            assert [client.get("/x").status_code for _ in range(3)] == [200] * 3
    assert long.asked == ["/api/token/refresh/", "/x", "/x", "/x"]
    assert short.asked == ["/api/token/refresh/", "/x"] * 3


def test_a_clock_that_is_wrong_by_years_does_no_harm():
    server = Server(seconds=300, issued=4_000_000_000)
    with server.client(token(token_type="refresh")) as client:
        assert [client.get("/x").status_code for _ in range(2)] == [200, 200]
    assert server.asked == ["/api/token/refresh/", "/x", "/x"]


def test_a_bearer_that_is_refused_is_renewed_once():
    server = Server(seconds=300)
    with server.client(token(token_type="refresh")) as client:
        client.get("/x")
        server.count += 1  # the server has forgotten the bearer, as after a change of its key
        server.asked.clear()
        assert client.post("/y", json={"a": 1}).status_code == 200
    assert server.asked == ["/y", "/api/token/refresh/", "/y"]


def test_a_token_that_has_expired_is_said_to_have():
    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401)

    old = token(token_type="refresh", exp=1_000_000_000)
    auth = Bearer("http://studio.example/ls", old)
    expired = pytest.raises(StudioError, match=r"^http://studio\.example/ls: the token has expired")
    with httpx.Client(auth=auth, transport=httpx.MockTransport(refuse)) as client, expired as refusal:
        client.get("http://studio.example/ls/x")
    assert old not in str(refusal.value)


def test_a_legacy_token_is_sent_as_it_is():
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["Authorization"])
        return httpx.Response(401)

    with httpx.Client(auth=Bearer("http://s.example", "0" * 40), transport=httpx.MockTransport(answer)) as client:
        client.get("http://s.example/x")
    assert asked == [f"Token {'0' * 40}"]
