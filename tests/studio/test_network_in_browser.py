"""Nothing leaves the machine: what pages ask for while annotators and leaders use them, in a real browser."""

import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolkit.people import read_keys
from toolkit.studio.push.items import push_items

BROWSER = Path("/usr/bin/chromium")

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not BROWSER.exists(), reason=f"no {BROWSER}; `apt-get install chromium` adds it"),
]


@pytest.fixture
def project(studio, push_request) -> int:
    (pushed,) = push_items(studio, push_request(2), lambda _d, _t: None).projects
    return pushed.id


@pytest.fixture
def hosts() -> set[str]:
    """The hosts that were asked for anything."""
    return set()


@pytest.fixture
def page(hosts) -> Iterator:
    """A browser that has never been here, and can reach nothing but this machine."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        apart = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        browser = playwright.chromium.launch(executable_path=str(BROWSER), headless=True, args=["--no-sandbox", apart])
        context = browser.new_context()

        def note(request) -> None:
            if not request.url.startswith(("data:", "blob:")):
                hosts.add(urllib.parse.urlsplit(request.url).netloc)

        context.on("request", note)
        yield context.new_page()
        browser.close()


@pytest.mark.parametrize("who", ["admin", "ann-2"])
@pytest.mark.usefixtures("accounts")
def test_no_page_that_annotators_or_leaders_use_asks_another_host(page, hosts, studio, studio_directory, project, who):
    from playwright.sync_api import expect

    keys = read_keys(studio_directory / "keys.json")
    account = keys.admin if who == "admin" else keys.annotators[who]
    assert account is not None
    page.goto(f"{studio.url}/user/login/")
    page.fill("input[name=email]", account.email)
    page.fill("input[name=password]", account.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(re.compile(r"/projects|/$"))
    expect(page.get_by_text("Harbours").first).to_be_visible(timeout=60_000)
    page.goto(f"{studio.url}/projects/{project}/data")
    expect(page.get_by_text("Label All Tasks").first).to_be_visible(timeout=60_000)
    page.goto(f"{studio.url}/projects/{project}/data?labeling=1")
    expect(page.locator(".stance-item")).to_be_visible(timeout=60_000)
    for path, words in (
        (f"/projects/{project}/settings/labeling", "Labeling Interface"),
        ("/organization", "Members"),
        ("/user/account", "Access Token"),
    ):
        page.goto(studio.url + path)
        expect(page.get_by_text(words).first).to_be_visible(timeout=60_000)
        page.wait_for_load_state("networkidle")
    assert hosts == {urllib.parse.urlsplit(studio.url).netloc}
