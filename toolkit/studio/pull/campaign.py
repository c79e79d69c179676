"""Pull of a campaign: changes since the last pull, in full, or repeatedly while people work."""

import contextlib
import http.server
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from toolkit.campaigns.state import CampaignState
from toolkit.errors import StudioError
from toolkit.files import locked
from toolkit.labels.ledger import latest, stale_counts
from toolkit.people import ERASURE_RECORDS, AccountNames, read_erasure_records
from toolkit.runs import Progress, silent
from toolkit.store import Store
from toolkit.studio.http.client import Studio
from toolkit.studio.http.transport import is_local
from toolkit.studio.pull.annotations import Pulled, pull_annotations
from toolkit.studio.pull.ledger_index import Cursor, LedgerFile, read_cursor, write_cursor
from toolkit.studio.pull.reading import PullRequest, ScreenSince
from toolkit.studio.push.projects import changed_settings
from toolkit.studio.server.connection import connect
from toolkit.studio.state import campaign_state
from toolkit.times import utc
from toolkit.words import plural
from toolkit.workspace import CampaignConfig, read_campaign

_PAUSE = 2.0  # seconds, the shortest pause between two pulls: answers come in groups


class PullResult(CampaignState, frozen=True, kw_only=True):
    """The result of a pull and the state of the annotation."""

    new: int  # lines added to the ledger
    unchanged: int  # annotations and drafts that the ledger had
    tasks: int  # tasks read
    unknown_tasks: int  # tasks that show no item of the campaign
    withdrawn: int  # annotations of people who withdrew; left out
    full_reread: dict[str, str]  # fully read project -> reason; "" at the first pull
    incomplete: dict[str, str]  # project -> difference from the server's counts
    changed_settings: dict[str, tuple[str, ...]]  # project -> settings that differ from what a push set
    warning: str  # about the version of the server
    stale: dict[str, int]  # number of annotations by their earlier codebook

    def line(self) -> str:
        """Format the number of new lines, the warnings and the state."""
        return "; ".join((f"{plural(self.new, 'new line')} in the ledger", *self._remarks(), super().line()))

    def _remarks(self) -> Iterator[str]:
        if self.withdrawn:
            yield f"{plural(self.withdrawn, 'answer')} of people who withdrew left out"
        for project, reason in self.full_reread.items():
            if reason:
                yield f"project {project} was read in full: {reason}"
        for project, reason in self.incomplete.items():
            yield f"project {project} may be incomplete: {reason}; pull again when fewer people work"
        for project, names in self.changed_settings.items():
            yield f"somebody changed settings of project {project} ({', '.join(names)}); `stance push` restores them"
        if self.warning:
            yield self.warning


@contextlib.contextmanager
def open_pull(campaign: CampaignConfig) -> Iterator["CampaignPull"]:
    """Open a connection for one or several pulls of a campaign."""
    studio, keys_file = connect(campaign.root)
    with studio:
        yield CampaignPull(campaign, studio, keys_file)


class CampaignPull:
    """A campaign and its server; each pull reads the campaign's files again, since items may be added."""

    def __init__(self, campaign: CampaignConfig, studio: Studio, keys_file: Path) -> None:
        self.studio = studio
        self._keys_file = keys_file
        self.store = Store(read_campaign(campaign.path))
        self._warning = ""
        self._changed: dict[int, tuple[str, ...]] = {}

    def since_last(self, progress: Progress) -> Pulled:
        """Append the changes since the last pull to the ledger."""
        path = self.store.path("pull.json")
        return self._pull(progress, lambda ledger: read_cursor(path, self.store.studio.server, ledger.size))

    def everything(self, progress: Progress) -> Pulled:
        """Read everything on the server and append what the ledger lacks."""
        return self._pull(progress, lambda _: None)

    def _pull(self, progress: Progress, cursor_for: Callable[[LedgerFile], Cursor | None]) -> Pulled:
        self.store = store = Store(read_campaign(self.store.campaign.path))
        file, items = store.studio, store.items
        self._warning = self.studio.greet()
        self._changed = changed_settings(self.studio, file.campaign, file.projects, items)
        with store.lock(), locked(store.path("pull")):
            names = AccountNames(store.campaign.directory, self._keys_file)
            store.check_recorded("annotations.jsonl")
            ledger = LedgerFile(store.path("annotations.jsonl"), store.campaign.file.studio.batch, names.save)
            pulled = pull_annotations(
                self.studio,
                _request(store),
                ledger,
                cursor_for(ledger),
                names.pseudonym_of,
                lambda done, total: progress("pulled", done, total),
            )
            names.save()
            store.path("annotations.jsonl").touch()
            write_cursor(store.path("pull.json"), pulled.cursor)
        return pulled

    def result(self, pulled: Pulled) -> PullResult:
        """Return the result of a pull and the current state; the answers themselves are not kept in memory."""
        states = latest(LedgerFile(self.store.path("annotations.jsonl")).states())
        state = campaign_state(self.store, states)
        return PullResult(
            **{name: getattr(state, name) for name in state.__struct_fields__},
            new=pulled.new,
            unchanged=pulled.unchanged,
            tasks=pulled.tasks,
            unknown_tasks=pulled.unknown_tasks,
            withdrawn=pulled.withdrawn,
            full_reread={str(number): reason for number, reason in pulled.full_reread.items()},
            incomplete={str(number): reason for number, reason in pulled.incomplete.items()},
            changed_settings={str(number): names for number, names in self._changed.items()},
            warning=self._warning,
            stale=stale_counts(states, self.store.studio.codebook),
        )


def _request(store: Store) -> PullRequest:
    file = store.studio
    return PullRequest(
        server=file.server,
        projects=file.projects,
        items=store.items,
        codebook=store.campaign.codebook,
        codebook_ref=file.codebook,
        screens=tuple(ScreenSince(since=utc(screen.since), codebook_ref=screen.codebook) for screen in file.screens),
        erasure_records=read_erasure_records(store.path(ERASURE_RECORDS)),
    )


# --- the webhook ------------------------------------------------------------------------------------------------------


_NAME = "stance-bell"  # part of the address; identifies our own webhooks


class WebhookListener:
    """A wait for calls of the webhook."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def notify(self) -> None:
        """Wake the waiting thread, now or at its next wait."""
        self._rung.set()

    def wait(self, seconds: float) -> bool:
        """Wait for a notification up to a time limit; return whether one came."""
        rung = self._rung.wait(seconds)
        self._rung.clear()
        return rung


@contextlib.contextmanager
def webhook_listener(studio: Studio, projects: Iterable[int]) -> Iterator[tuple[WebhookListener, bool]]:
    """Open a listener for the answers in projects; the flag says whether the server calls it.

    The server calls it if it runs on this machine with ``SSRF_PROTECTION_ENABLED=false``.
    """
    listener = WebhookListener()
    if not is_local(studio.url):
        yield listener, False
        return
    secret = secrets.token_urlsafe(16)
    with _listening(listener, secret) as url:
        hooks = _hang(studio, projects, url)
        try:
            yield listener, bool(hooks)
        finally:
            with contextlib.suppress(StudioError):  # a server that is down makes no more calls
                for hook in hooks:
                    studio.remove_hook(hook)


def _hang(studio: Studio, projects: Iterable[int], url: str) -> list[int]:
    made = []
    for project in projects:
        hook = studio.add_hook(project, url)
        if hook is None:
            break
        made.append(hook.id)
    if made:
        _take_down_old(studio, url)
    return made


def _take_down_old(studio: Studio, url: str) -> None:
    """Remove webhooks of killed runs: each would delay every answer until its call fails."""
    for hook in studio.hooks():
        if f"/{_NAME}/" in hook.url and hook.url != url and not _answers(hook.url):
            studio.remove_hook(hook.id)


def _answers(url: str) -> bool:
    import httpx

    try:
        return httpx.post(url, trust_env=False, timeout=2).is_success
    except httpx.HTTPError:
        return False


@contextlib.contextmanager
def _listening(listener: WebhookListener, secret: str) -> Iterator[str]:
    path = f"/{_NAME}/{secret}"

    class _Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Notify the listener if the call uses its secret path."""
            is_valid = secrets.compare_digest(self.path.encode(), path.encode())
            if is_valid:
                listener.notify()
            self.send_response(204 if is_valid else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write no log."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{path}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# --- following -------------------------------------------------------------------------------------------------------


def follow(pull: CampaignPull, interval: float, report: Callable[[str], None]) -> None:
    """Pull repeatedly until interrupted.

    An unreachable server is waited for; the next pull gets the answers given meanwhile.

    Args:
        pull: the campaign's pull.
        interval: seconds between two pulls; a server on this machine can trigger one earlier.
        report: called with a line after each pull with new data.
    """
    with webhook_listener(pull.studio, (project.id for project in pull.store.studio.projects)) as (listener, is_called):
        when = f"at each answer, and every {interval:g} s" if is_called else f"every {interval:g} s"
        report(f"following {when}; Ctrl-C ends it with a full pull")
        with contextlib.suppress(KeyboardInterrupt):
            _follow(pull, interval, listener, report)
    report("reading everything once more, as a check")


def _follow(pull: CampaignPull, interval: float, listener: WebhookListener, report: Callable[[str], None]) -> None:
    is_away, took = False, 0.0
    while True:
        if listener.wait(max(interval, took)):
            time.sleep(max(_PAUSE, took))
        began = time.monotonic()
        try:
            pulled = pull.since_last(silent)
        except StudioError as error:
            if not is_away:
                report(f"{error}; trying again every {interval:g} s")
            is_away = True
            continue
        if is_away:
            report(f"{pull.studio.url} is there again")
        is_away = False
        if pulled.new:
            report(pull.result(pulled).line())
        took = time.monotonic() - began  # leaves half of the time to others, however large the ledger is
