"""Accounts on a Label Studio server: signed up through the invitation link, with a token each, kept in one file.

Label Studio has no other way to make an account with a password that works. The password is written to the keys
before the account is made, so that whoever is interrupted between the two can simply run it again.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
from msgspec import Struct

from toolkit.errors import DataError, StudioError
from toolkit.files import locked, read_json, write_json
from toolkit.studio.access import plain_url
from toolkit.studio.client import Studio
from toolkit.studio.transport import TIMEOUT

# Domains that can never receive mail. What an account is stands in its address, so that the server itself remembers.
PEOPLE = "annotators.invalid"
SIMULATED = "simulated.invalid"


class Account(Struct, frozen=True, kw_only=True):
    """What it takes to act as somebody on the server."""

    email: str
    password: str
    token: str = ""  # empty until the server has given one
    user_id: int | None = None


class Keys(Struct, frozen=True, kw_only=True):
    """All accounts that we made on a server: a file of mode 600."""

    admin: Account | None = None  # None on a server of the user's own
    annotators: dict[str, Account] = {}  # by pseudonym


def read_keys(path: Path) -> Keys:
    """The keys in a file; none where there is no such file."""
    if not path.exists():
        return Keys()
    try:
        return msgspec.convert(read_json(path), Keys)
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: {error}; restore the file, or delete it to have new accounts made") from error


def write_keys(path: Path, keys: Keys) -> None:
    """Write the keys so that nobody else can read them."""
    write_json(path, keys, mode=0o600)


def new_account(email: str) -> Account:
    """An account that does not exist yet, with a password that nobody has seen."""
    return Account(email=email, password=secrets.token_urlsafe(18))


def ensure_annotators(
    studio: Studio, pseudonyms: Iterable[str], domain: str, keys_file: Path, progress: Callable[[str], None]
) -> dict[str, Account]:
    """The accounts of these annotators, made where they are missing; may be interrupted and run again.

    Args:
        studio: the server, with the token of any member.
        pseudonyms: who is wanted.
        domain: PEOPLE or SIMULATED; with the pseudonym it makes the e-mail address.
        keys_file: where passwords and tokens are kept, with mode 600.
        progress: told about each account that is made.

    Raises:
        StudioError: the server refuses, or has an account of that name that is not in the keys.
    """
    wanted = list(dict.fromkeys(pseudonyms))
    with locked(keys_file):
        for pseudonym in wanted:
            keys = read_keys(keys_file)
            known = keys.annotators.get(pseudonym) or new_account(f"{pseudonym}@{domain}")
            if not known.email.endswith(f"@{domain}"):
                raise StudioError(f"{keys_file}: {pseudonym} is {known.email} already; choose another pseudonym")
            if _works(studio.url, known):
                continue
            _keep(keys_file, pseudonym, known)
            _keep(keys_file, pseudonym, _signed_up(studio, known))
            progress(f"account {known.email}")
        return {pseudonym: read_keys(keys_file).annotators[pseudonym] for pseudonym in wanted}


def _keep(keys_file: Path, pseudonym: str, account: Account) -> None:
    keys = read_keys(keys_file)
    write_keys(keys_file, msgspec.structs.replace(keys, annotators={**keys.annotators, pseudonym: account}))


def _works(url: str, account: Account) -> bool:
    if not account.token or account.user_id is None:
        return False
    with Studio(url, account.token) as studio:
        try:
            return studio.whoami().id == account.user_id
        except StudioError:
            return False


def _signed_up(studio: Studio, account: Account) -> Account:
    with _browsing(studio.url) as browser:
        if not _posted(browser, studio.invitation(), account, allow_newsletters="false"):
            # An account of that address is there: ours if the password opens it.
            browser.cookies.clear()
            if not _posted(browser, "/user/login/", account):
                raise StudioError(
                    f"{studio.url}: {account.email} has an account there whose password is not in the keys; restore "
                    "the keys or choose another pseudonym"
                )
        return _with_token(browser, account)


def logged_in(url: str, account: Account) -> Account:
    """The account with a fresh token and its number.

    Raises:
        StudioError: the password is not accepted.
    """
    with _browsing(plain_url(url)) as browser:
        if not _posted(browser, "/user/login/", account):
            raise StudioError(f"{plain_url(url)}: the password of {account.email} is not accepted; restore the keys")
        return _with_token(browser, account)


@contextmanager
def _browsing(url: str) -> Iterator[httpx.Client]:
    try:
        with httpx.Client(base_url=url, trust_env=False, timeout=TIMEOUT) as browser:
            yield browser
    except httpx.HTTPStatusError as error:
        path, status = error.request.url.path, error.response.status_code
        raise StudioError(f"{url}: {path} was answered {status}; are accounts made elsewhere on this server?") from None
    except httpx.HTTPError as error:
        raise StudioError(f"{url}: cannot be reached ({type(error).__name__}); is it running?") from None


def _posted(browser: httpx.Client, path: str, account: Account, **more: str) -> bool:
    """Send a form as a browser does; whether it was taken."""
    browser.get(path).raise_for_status()  # sets the cookie against forgery
    form = {"email": account.email, "password": account.password, "csrfmiddlewaretoken": _csrf(browser), **more}
    response = browser.post(path, data=form, headers={"Referer": str(browser.base_url)})
    if response.status_code >= 400:
        response.raise_for_status()
    return response.is_redirect  # a form that is refused comes back with status 200


def _csrf(browser: httpx.Client) -> str:
    return browser.cookies.get("csrftoken") or ""


def _with_token(browser: httpx.Client, account: Account) -> Account:
    headers = {"X-CSRFToken": _csrf(browser), "Referer": str(browser.base_url)}
    response = browser.post("/api/token/", json={}, headers=headers)
    if response.status_code == 409:
        # One token an account, and it is shown once: it was lost on its way to the keys. The list shows tokens
        # without their signature, which is no good for signing in but good enough for revoking.
        for listed in browser.get("/api/token/").raise_for_status().json():
            revoked = browser.post("/api/token/blacklist/", json={"refresh": listed["token"]}, headers=headers)
            revoked.raise_for_status()
        response = browser.post("/api/token/", json={}, headers=headers)
    token = response.raise_for_status().json()["token"]
    user_id = browser.get("/api/current-user/whoami").raise_for_status().json()["id"]
    return msgspec.structs.replace(account, token=token, user_id=user_id)
