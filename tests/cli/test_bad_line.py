"""Push, pull and status over a bad line to a bad server: a clear message, and never a lost vote."""

import base64
import hashlib
import hmac
import json
import secrets
import shutil
from collections import Counter

import httpx
import pytest
from support.between import between

from toolkit.files import read_json
from toolkit.people import PEOPLE, read_keys
from toolkit.studio.accounts import ensure_annotators
from toolkit.studio.http.client import Studio
from toolkit.tables import read_table

pytestmark = pytest.mark.server

PAGE = b"<!doctype html><html><body>Welcome to the hotel, room 7</body></html>"
VERBS = ["push", "pull"]


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A workspace with six items, made once."""
    from toolkit.runs import silent
    from toolkit.steps.init import init_workspace
    from toolkit.steps.plan import plan_campaign
    from toolkit.steps.segment import segment_campaign
    from toolkit.workspace import read_campaign

    root = tmp_path_factory.mktemp("line") / "w"
    init_workspace(root)
    path = root / "schemas" / "demo.toml"
    path.write_text(path.read_text().replace("items = 240", "items = 6"))
    segment_campaign(read_campaign(path), silent)
    plan_campaign(read_campaign(path))
    return root


@pytest.fixture(scope="module")
def account(studio_server, studio_directory):
    """An annotator's."""
    with Studio(studio_server.url, read_keys(studio_directory / "keys.json").admin.token) as studio:
        made = ensure_annotators(studio, ("line-ann",), PEOPLE, studio_directory / "keys.json", lambda _: None)
    return made["line-ann"]


@pytest.fixture
def ann(studio_server, account):
    """The server's own interface for an annotator."""
    with httpx.Client(base_url=studio_server.url, trust_env=False, timeout=60) as http:
        body = {"refresh": account.token}
        bearer = http.post("/api/token/refresh/", json=body).raise_for_status().json()["access"]
        http.headers["Authorization"] = f"Bearer {bearer}"  # good for five minutes
        yield http


class FakeCampaign:
    """A campaign on the session's server, one vote in its ledger and one that was not pulled yet."""

    def __init__(self, stance, root, name, ann):
        self._stance, self._ann = stance, ann
        self.root, self.path = root, root / "schemas" / "demo.toml"
        self.directory = root / "data" / "labeled" / name
        (root / "data" / "labeled" / "demo").rename(self.directory)
        self.path.write_text(self.path.read_text().replace('name = "demo"', f'name = "{name}"', 1))
        self.run("push")
        (project,) = read_json(self.directory / "studio.json")["projects"]
        self.project = project["id"]
        self.vote(0)
        self.run("pull")
        self.vote(1)

    def again(self, stance, ann):
        """The same campaign in another test."""
        self._stance, self._ann = stance, ann
        return self

    def vote(self, number):
        """Answer the task of that number, by hand."""
        part = {"from_name": "stance", "to_name": "text", "type": "choices", "value": {"choices": ["neutral"]}}
        body = {"result": [part], "lead_time": 4}
        self._ann.post(f"/api/tasks/{self.tasks()[number]['id']}/annotations/", json=body).raise_for_status()

    def tasks(self):
        listed = self._ann.get("/api/tasks/", params={"project": self.project, "fields": "all", "page_size": 100})
        return sorted(listed.raise_for_status().json()["tasks"], key=lambda task: task["id"])

    def there(self):
        """What the server has, read without our client."""
        return Counter((task["id"], vote["id"]) for task in self.tasks() for vote in task["annotations"])

    def ledger(self):
        return read_table(self.directory / "annotations.jsonl")

    def run(self, verb, *options):
        said = self._stance(verb, self.path, "-q", *options)
        assert said.code == 0, said.err
        return said

    def told(self, verb, *options):
        """Run a command that says something."""
        said = self._stance(verb, self.path, *options)
        assert said.code == 0, said.err
        return said.out

    def refused(self, verb):
        """The message of a command that cannot do what it should, after which nothing is lost or changed."""
        before = self.there(), (self.directory / "annotations.jsonl").read_bytes()
        said = self._stance(verb, self.path)
        assert (said.code, said.out) == (1, "")
        assert "Traceback" not in said.err
        (message,) = (line for line in said.err.splitlines() if line.startswith("stance: "))
        assert (self.there(), (self.directory / "annotations.jsonl").read_bytes()) == before
        assert " votes by 1 annotator, " in self.told("status")
        return message

    def is_whole(self):
        """Both votes are there and come into the ledger by an honest way."""
        self.run("push")
        self.run("pull")
        assert sorted(self.there().values()) == [1, 1]
        found = [(row["origin"]["annotation"], row["state"]) for row in self.ledger()]
        assert sorted(found) == sorted((vote, "submitted") for _, vote in self.there())


@pytest.fixture
def make(stance, planned, tmp_path_factory, ann, studio_directory, monkeypatch):
    monkeypatch.setenv("STANCE_STUDIO", str(studio_directory))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)

    def made():
        root = tmp_path_factory.mktemp("campaign") / "w"
        shutil.copytree(planned, root)
        return FakeCampaign(stance, root, f"line-{secrets.token_hex(4)}", ann)

    return made


@pytest.fixture
def campaign(make):
    """A campaign of the test's own."""
    return make()


@pytest.fixture(scope="module")
def shared():
    """The campaign of all tests that are refused and leave it as it was, once there is one."""
    return []


@pytest.fixture
def untouched(make, shared, stance, ann):
    """A campaign that many tests have together, since they change nothing; at the end of each it is whole."""
    if not shared:
        shared.append(make())
    return shared[0].again(stance, ann)


@pytest.fixture
def elsewhere(monkeypatch, studio_directory):
    """Let the campaign's server be that of the user: an address and a token."""

    def at(url, token=None):
        admin = read_keys(studio_directory / "keys.json").admin
        monkeypatch.setenv("LABEL_STUDIO_URL", url)
        monkeypatch.setenv("LABEL_STUDIO_API_KEY", token or admin.token)

    def back():
        monkeypatch.delenv("LABEL_STUDIO_URL")
        monkeypatch.delenv("LABEL_STUDIO_API_KEY")

    at.back = back
    return at


@pytest.fixture
def spoiled(studio_server, elsewhere):
    """A proxy before the server, by which commands go."""
    with between(studio_server.url) as proxy:
        elsewhere(proxy.url)
        yield proxy


# --- tokens --------------------------------------------------------------------------------------------------------


def claims(token):
    head, body, _ = token.split(".")
    return head, json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def signed(head, body, key):
    text = f"{head}.{base64.urlsafe_b64encode(json.dumps(body, separators=(',', ':')).encode()).decode().rstrip('=')}"
    mark = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mark).decode().rstrip('=')}"


def a_bearer(url, _directory, admin):
    return httpx.post(f"{url}/api/token/refresh/", json={"refresh": admin.token}, trust_env=False).json()["access"]


def a_legacy_one_that_is_wrong(_url, _directory, _admin):
    return "0123456789abcdef" * 2 + "01234567"


def one_that_has_expired(_url, directory, admin):
    """Made by the server's own key, so that nothing but its end is against it."""
    lines = (directory / "data" / ".env").read_text().splitlines()
    key = next(line.partition("=")[2] for line in lines if line.startswith("SECRET_KEY")).strip("'\"")
    head, body = claims(admin.token)
    assert signed(head, body, key) == admin.token
    return signed(head, body | {"exp": 1_600_000_000, "iat": 1_500_000_000}, key)


def of_another_server(_url, _directory, admin):
    head, body = claims(admin.token)
    return signed(head, body, "another key")


def of_somebody_who_was_taken_out(url, directory, admin):
    name = f"line-{secrets.token_hex(4)}"
    with Studio(url, admin.token) as studio:
        account = ensure_annotators(studio, (name,), PEOPLE, directory / "keys.json", lambda _: None)[name]
        studio.remove_member(account.user_id)
    return account.token


TOKENS = {
    a_bearer: "a bearer of five minutes and not the token of an account",
    a_legacy_one_that_is_wrong: "it is a legacy token and those are switched off",
    one_that_has_expired: "the token has expired; make a new one on the page of your account",
    of_another_server: "this one was withdrawn, or another server gave it",
    of_somebody_who_was_taken_out: "taken out of the organization there",
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("token", TOKENS)
def test_a_token_that_is_no_good(untouched, elsewhere, studio_server, studio_directory, token, verb):
    given = token(studio_server.url, studio_directory, read_keys(studio_directory / "keys.json").admin)
    elsewhere(studio_server.url, given)
    message = untouched.refused(verb)
    assert message.startswith(f"stance: {studio_server.url}: ")
    assert TOKENS[token] in message
    assert given not in message
    elsewhere.back()
    untouched.is_whole()


# --- pages in place of answers -------------------------------------------------------------------------------------


def page_for(part, status):
    """A proxy that gives its own page for all addresses that hold something."""

    def instead(_method, path):
        return (status, PAGE, "text/html") if part in path else None

    return instead


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", [200, 302, 404, 502])
def test_a_page_in_place_of_every_answer(untouched, spoiled, elsewhere, monkeypatch, status, verb):
    monkeypatch.setattr("toolkit.studio.http.retrying.WAITS", (0.0,))
    spoiled.before = page_for("/", status)
    message = untouched.refused(verb)
    assert message.startswith(f"stance: {spoiled.url}: ")
    assert {502: "a proxy does not reach it (502)", 302: "elsewhere (302); use"}.get(
        status, f"a page of HTML came in place of the answer about its version ({status})"
    ) in message
    assert "hotel" not in message
    elsewhere.back()
    untouched.is_whole()


@pytest.mark.parametrize(("verb", "part"), [
    ("push", "/api/projects/?"), ("push", "/api/projects/validate"), ("push", "/api/tasks/"), ("push", "/api/current"),
    ("pull", "/api/projects/?"), ("pull", "/api/projects/counts"), ("pull", "/api/tasks/"), ("pull", "/api/users"),
])  # fmt: skip
@pytest.mark.parametrize("status", [200, 404])
def test_a_page_in_place_of_some_answers(untouched, spoiled, elsewhere, verb, part, status):
    spoiled.before = page_for(part, status)
    message = untouched.refused(verb)
    assert message.startswith(f"stance: {spoiled.url}: a page of HTML came in place of the answer about ")
    elsewhere.back()
    untouched.is_whole()


@pytest.mark.parametrize("status", [200, 404])
def test_a_page_that_says_not_found_deletes_no_task(campaign, spoiled, elsewhere, status):
    first, second = (task["data"]["item_id"] for task in campaign.tasks()[:2])
    (campaign.directory / "withdrawn.jsonl").write_text(
        "".join(
            json.dumps({"item_id": item, "reason": "r", "time": "2026-03-01T00:00:00Z"}) + "\n" for item in [second]
        )
    )
    number = campaign.tasks()[1]["id"]
    # The list has lost the vote, so that push believes the task to be untouched and looks at it.
    spoiled.after = lambda exchange: without_votes(exchange) if exchange.path.startswith("/api/tasks/?") else exchange
    spoiled.before = page_for(f"/api/tasks/{number}/", status)
    assert "a page of HTML" in campaign.refused("push")
    (campaign.directory / "withdrawn.jsonl").unlink()
    assert first
    elsewhere.back()
    campaign.is_whole()


def changed_json(exchange, change):
    content = json.loads(exchange.content)
    change(content)
    exchange.content = json.dumps(content).encode()
    return exchange


def without_votes(exchange):
    def change(page):
        for task in page["tasks"]:
            if "annotations" in task:
                task["annotations"] = []

    return changed_json(exchange, change) if exchange.status == 200 else exchange


# --- servers of other versions -------------------------------------------------------------------------------------


def saying(release):
    """A server that says that it is another version, or nothing of its version where that is None."""
    said = {} if release is None else {"release": release}

    def instead(_method, path):
        return (200, json.dumps(said).encode(), "application/json") if path.startswith("/api/version") else None

    return instead


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("release", ["1.22.0", "0.4.1.post1"])
def test_an_older_server_is_refused_and_not_touched(untouched, spoiled, elsewhere, verb, release):
    spoiled.before = saying(release)
    message = untouched.refused(verb)
    assert f"{spoiled.url}: Label Studio {release} is older than 1.23" in message
    assert "`stance pull CAMPAIGN --from FILE`" in message
    assert {path for _, path in spoiled.asked} == {"/api/version/"}
    elsewhere.back()
    untouched.is_whole()


@pytest.mark.parametrize(("release", "named"), [("1.24.0", "Label Studio 1.24.0"), (None, "does not say its version")])
def test_a_newer_server_is_worked_with_and_said(campaign, spoiled, elsewhere, release, named):
    spoiled.before = saying(release)
    for verb in VERBS:
        said = campaign.told(verb)
        assert named in said
        assert "tested with 1.23: compare the number of votes" in said
    elsewhere.back()
    assert "tested with" not in campaign.told("pull")
    campaign.is_whole()


def left_out(name, inside):
    """A server whose answers about tasks lack a field."""

    def after(exchange):
        if exchange.status != 200 or not exchange.path.startswith("/api/tasks/") or exchange.method != "GET":
            return exchange

        def change(said):
            for task in said.get("tasks", [said]) if isinstance(said, dict) else []:
                places = task.get("annotations", []) if inside else [task]
                for place in places:
                    place.pop(name, None)

        return changed_json(exchange, change)

    return after


@pytest.mark.parametrize(("verb", "name", "inside"), [
    ("push", "annotations", False), ("push", "data", False), ("push", "id", True),
    ("pull", "annotations", False), ("pull", "data", False), ("pull", "result", True),
])  # fmt: skip
def test_a_server_that_answers_otherwise_is_refused(untouched, spoiled, elsewhere, verb, name, inside):
    spoiled.after = left_out(name, inside)
    (untouched.directory / "pull.json").unlink(missing_ok=True)  # so that everything is read
    message = untouched.refused(verb)
    assert f"{spoiled.url}: the answer about " in message
    assert "is not that of Label Studio 1.23" in message
    elsewhere.back()
    untouched.is_whole()


def test_a_task_that_tells_nothing_of_its_votes_is_not_deleted(campaign, spoiled, elsewhere):
    item, number = campaign.tasks()[1]["data"]["item_id"], campaign.tasks()[1]["id"]
    row = {"item_id": item, "reason": "r", "time": "2026-03-01T00:00:00Z"}
    (campaign.directory / "withdrawn.jsonl").write_text(json.dumps(row) + "\n")
    lacking = left_out("annotations", False)

    def after(exchange):
        return without_votes(exchange) if exchange.path.startswith("/api/tasks/?") else lacking(exchange)

    spoiled.after = after
    assert "is not that of Label Studio 1.23" in campaign.refused("push")
    assert number in {task["id"] for task in campaign.tasks()}
    (campaign.directory / "withdrawn.jsonl").unlink()
    elsewhere.back()
    campaign.is_whole()


def test_the_project_of_that_number_on_another_server(campaign, ann):
    """As after LABEL_STUDIO_URL was set wrongly, or a server was set up anew: the number is somebody else's."""
    body = {"title": "Others", "label_config": "<View/>"}
    other = ann.post("/api/projects/", json=body).raise_for_status().json()["id"]
    path = campaign.directory / "studio.json"
    right = path.read_text()
    path.write_text(right.replace(f'"id":{campaign.project},', f'"id":{other},').replace(
        f'"id": {campaign.project},', f'"id": {other},'
    ))  # fmt: skip
    assert path.read_text() != right
    message = campaign.refused("pull")
    assert f"/projects/{other}: that project is not this campaign's" in message
    path.write_text(right)
    campaign.is_whole()


# --- changed by hand -----------------------------------------------------------------------------------------------


def test_settings_and_labels_that_somebody_changed_are_said_by_pull_and_put_back_by_push(campaign, ann):
    config = ann.get(f"/api/projects/{campaign.project}/").json()["label_config"]
    changed = {"label_config": config.replace('alias="neutral"', 'alias="fine"'), "maximum_annotations": 7}
    ann.patch(f"/api/projects/{campaign.project}/", json=changed).raise_for_status()
    told = campaign.told("pull")
    assert (
        f"somebody changed settings of project {campaign.project} (label_config, maximum_annotations); `stance push` "
        "restores them"
    ) in told
    assert "somebody changed settings" in campaign.told("pull")
    assert "1 project updated" in campaign.told("push")
    assert "somebody changed settings" not in campaign.told("pull")
    campaign.is_whole()


def test_what_somebody_emptied_is_filled_again(campaign, ann):
    empty = dict.fromkeys(("title", "description", "sampling", "skip_queue"))
    ann.patch(f"/api/projects/{campaign.project}/", json=empty).raise_for_status()
    assert "(skip_queue, sampling); `stance push` restores them" in campaign.told("pull")
    assert "0 items pushed, 6 already there" in campaign.told("push")
    assert None not in [ann.get(f"/api/projects/{campaign.project}/").json()[name] for name in empty]
    campaign.is_whole()


def test_tasks_that_somebody_deleted_and_others_that_somebody_added(campaign, ann):
    tasks = campaign.tasks()
    lost = [row["id"] for row in tasks[0]["annotations"]]
    campaign.run("pull")
    for task in (tasks[0], tasks[2]):
        ann.delete(f"/api/tasks/{task['id']}/").raise_for_status()
    strange = [{"data": {**tasks[1]["data"], "item_id": None}}]
    ann.post(f"/api/projects/{campaign.project}/import", json=strange).raise_for_status()
    told = campaign.told("push")
    assert "1 item is asked again because an answered task was deleted on the server; the ledger keeps" in told
    assert "1 task of another item left as it is" in told
    facts = json.loads(campaign.told("pull", "--json", "-q"))
    assert (facts["unknown_tasks"], facts["incomplete"]) == (1, {})
    states = {row["origin"]["annotation"]: row["state"] for row in campaign.ledger()}
    assert [states[number] for number in lost] == ["deleted"]
    assert sorted(states.values()) == ["deleted", "submitted"]
    assert [row["answers"] for row in campaign.ledger()] == [{"stance": "neutral"}] * 3  # what was said stays
    assert campaign.told("status").startswith("1 of ")


# --- clocks and addresses ------------------------------------------------------------------------------------------


def test_a_server_whose_clock_ran_backwards(campaign, spoiled, elsewhere):
    def long_ago(exchange):
        exchange.date = "Thu, 01 Mar 2001 12:00:00 GMT"
        return exchange

    spoiled.after = long_ago
    book = campaign.root / "schemas" / "stance.toml"
    book.write_text(book.read_text().replace('version = "1.', 'version = "2.', 1))
    campaign.run("push")
    screens = read_json(campaign.directory / "studio.json")["screens"]
    assert [screen["since"] for screen in screens] == sorted(screen["since"] for screen in screens)
    assert len(screens) == 2
    assert "the server's clock was set back" in campaign.told("pull")
    campaign.told("status")
    elsewhere.back()
    campaign.is_whole()


def test_an_address_in_capitals_is_the_same_server(campaign, elsewhere, studio_server):
    elsewhere(studio_server.url.replace("http://127.0.0.1", "HTTP://LocalHost"))
    assert "0 items pushed, 6 already there" in campaign.told("push")
    campaign.run("pull")
    before = campaign.ledger()
    elsewhere(studio_server.url.replace("http://127.0.0.1", "http://localhost"))
    assert "0 items pushed, 6 already there" in campaign.told("push")
    facts = json.loads(campaign.told("pull", "--json", "-q"))
    assert (facts["new"], facts["full_reread"]) == (0, {})
    assert campaign.ledger() == before
    elsewhere.back()
    campaign.is_whole()


def test_a_dead_server_says_nothing_against_the_ledger(campaign, elsewhere):
    before = campaign.told("status")
    elsewhere("http://127.0.0.1:9", "no token at all")
    assert campaign.told("status") == before
