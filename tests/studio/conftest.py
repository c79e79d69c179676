"""A small codebook, items of an invented country, accounts, and a way to the server that is not ours."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import Struct
from support.codebooks import every_kind

from toolkit.campaigns.display import Shown, ShownItem
from toolkit.codebook import Codebook
from toolkit.files import read_jsonl, write_jsonl
from toolkit.people import PEOPLE, Account, read_keys
from toolkit.records import Annotation, Item, Target
from toolkit.studio.accounts import ensure_annotators
from toolkit.studio.http.client import Studio
from toolkit.studio.pull.annotations import Pulled, pull_annotations
from toolkit.studio.pull.ledger_index import LedgerFile, read_cursor, write_cursor
from toolkit.studio.pull.reading import Pseudonyms, PullRequest, ScreenSince
from toolkit.studio.push.items import PushRequest, push_items
from toolkit.studio.server.local import ServerState

ANNOTATORS = ("ann-1", "ann-2", "ann-3")


@pytest.fixture(scope="session")
def book() -> Codebook:
    """A codebook with every kind of question, and conditions on one and on two others."""
    return every_kind()


@pytest.fixture
def campaign() -> str:
    """The key of a campaign that no other test has on the server."""
    return f"test-{secrets.token_hex(6)}"


def _shown_item(number: int, votes: int) -> ShownItem:
    target = Target(id="gov-selmara", title="the government of Selmara", note="Governing: the Harbour Union")
    item = Item(
        id=f"item-{number}", unit_id=f"p{number}", article_id=f"a{number // 3}", target=target, votes=votes,
        selection="all", propensity=1,
    )  # fmt: skip
    shown = Shown(
        headline="Harbour dues <b>rise</b>",
        note="Governing: the Harbour Union",
        previous="The council of Varn met on Monday.",
        text=f"Quay {number} will cost more & sooner.\nBoats \N{SPEEDBOAT} and rafts \N{CANOE} wait.",
        next="Nobody was asked.",
    )
    return ShownItem(item=item, shown=shown)


@pytest.fixture
def push_request(campaign: str, book: Codebook) -> Callable[..., PushRequest]:
    """A request for so many items of a harbour in Selmara, for so many votes each."""

    def request(count: int, votes: int = 2, codebook: Codebook = book, batch: int = 200) -> PushRequest:
        items = tuple(_shown_item(number, votes) for number in range(count))
        return PushRequest(
            campaign=campaign, title="Harbours", codebook=codebook, language="en", items=items, batch=batch
        )

    return request


@pytest.fixture(scope="session")
def accounts(studio: Studio, studio_directory: Path) -> dict[str, Account]:
    """Three annotators of the session's server."""
    return ensure_annotators(studio, ANNOTATORS, PEOPLE, studio_directory / "keys.json", lambda _: None)


class Raw:
    """The server's own interface for one account, without anything of ours in between."""

    def __init__(self, url: str, token: str) -> None:
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=60)
        access = self.http.post("/api/token/refresh/", json={"refresh": token}).raise_for_status().json()["access"]
        self.http.headers["Authorization"] = f"Bearer {access}"

    def get(self, path: str, **params: Any) -> Any:
        return self.http.get(path, params=params).raise_for_status().json()

    def tasks(self, project: int) -> list[dict[str, Any]]:
        """All tasks of a project, oldest first."""
        listed = self.get("/api/tasks", project=project, fields="all", page_size=1000)["tasks"]
        return sorted(listed, key=lambda task: task["id"])

    def vote(self, task: int, *parts: dict[str, Any], **more: Any) -> int:
        """Send an annotation and return its number."""
        body = {"result": list(parts), "lead_time": 4.5, **more}
        answer = self.http.post(f"/api/tasks/{task}/annotations/", json=body)
        number: int = answer.raise_for_status().json()["id"]
        return number

    def change(self, annotation: int, *parts: dict[str, Any], **more: Any) -> None:
        """Edit an annotation."""
        body = {"result": list(parts)} | more if parts else more
        self.http.patch(f"/api/annotations/{annotation}/", json=body).raise_for_status()

    def delete(self, path: str) -> None:
        self.http.delete(path).raise_for_status()


@pytest.fixture
def raw(studio_server: ServerState, studio_directory: Path) -> Iterator[Callable[[str], Raw]]:
    """The server's own interface for an annotator, or for the administrator."""
    opened: list[Raw] = []

    def open_as(who: str = "admin") -> Raw:
        keys = read_keys(studio_directory / "keys.json")
        account = keys.admin if who == "admin" else keys.annotators[who]
        assert account is not None
        opened.append(Raw(studio_server.url, account.token))
        return opened[-1]

    yield open_as
    for each in opened:
        each.http.close()


@pytest.fixture
def choice() -> Callable[..., dict[str, Any]]:
    """A part of a result as a browser sends it."""

    def part(question: str, *labels: str) -> dict[str, Any]:
        return {"from_name": question, "to_name": "text", "type": "choices", "value": {"choices": list(labels)}}

    return part


class Found(Struct):
    """What a pull found, and the lines that it appended."""

    annotations: list[Annotation]
    pulled: Pulled


class PushedCampaign:
    """A campaign of a test: pushed, answered by hand, and pulled into a ledger."""

    def __init__(self, studio: Studio, request: PushRequest, directory: Path) -> None:
        self.studio = studio
        self.request = request
        self.projects = push_items(studio, request, lambda _d, _t: None).projects
        self.project = self.projects[0].id
        self.path = directory / "annotations.jsonl"
        self.screens: tuple[ScreenSince, ...] = ()
        self.batch = 3
        self.before_append: Callable[[], None] = lambda: None
        self.in_full = False

    @property
    def ledger(self) -> list[Annotation]:
        return read_jsonl(self.path, Annotation) if self.path.exists() else []

    @ledger.setter
    def ledger(self, lines: list[Annotation]) -> None:
        write_jsonl(self.path, lines)

    def pull(self, pseudonym_of: Pseudonyms = lambda _id, email: email.split("@")[0]) -> Found:
        """Pull as `stance pull` does, from where the last pull ended or, where that is wanted, in full."""
        had = len(self.ledger)
        ledger, cursor_path = LedgerFile(self.path, self.batch, self.before_append), self.path.with_name("pull.json")
        request = self.pull_request()
        cursor = None if self.in_full else read_cursor(cursor_path, request.server, ledger.size)
        pulled = pull_annotations(self.studio, request, ledger, cursor, pseudonym_of, lambda _d, _t: None)
        write_cursor(cursor_path, pulled.cursor)
        return Found(annotations=self.ledger[had:], pulled=pulled)

    def pull_request(self) -> PullRequest:
        return PullRequest(
            server="http://studio.example",
            projects=self.projects,
            items={each.item.id: each.item for each in self.request.items},
            codebook=self.request.codebook,
            codebook_ref="stance@0.1#abc",
            screens=self.screens,
        )


@pytest.fixture
def make_campaign(
    studio: Studio, push_request: Callable[..., PushRequest], tmp_path: Path
) -> Callable[[int, int], PushedCampaign]:
    """Push so many items for so many votes each, to be answered by hand and pulled."""
    return lambda items, votes: PushedCampaign(studio, push_request(items, votes), tmp_path)
