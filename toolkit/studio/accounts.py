"""Accounts on a Label Studio server: signed up through the invitation link, one token each, stored in one file.

Label Studio has no other way to create an account with a working password. The password is written to the keys file
before the account is created, so an interrupted run can be repeated.
"""

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
from msgspec import Struct

from toolkit.errors import DataError, StudioError, UsageError
from toolkit.files import locked
from toolkit.people import PEOPLE, Account, AccountNames, Keys, is_pseudonym, read_keys, write_keys
from toolkit.studio.http.client import Studio
from toolkit.studio.http.transport import TIMEOUT, plain_url


class AccountRequest(Struct, frozen=True, kw_only=True):
    """A person who needs an account."""

    pseudonym: str
    email: str
    languages: tuple[str, ...] = ()


class ListedAccount(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An account in the list of accounts."""

    pseudonym: str
    email: str
    languages: tuple[str, ...] = ()
    locked: bool = False
    password: str = ""  # only if passwords are shown

    def line(self) -> str:
        """Return the account as a row of text."""
        return "\t".join(filter(None, (self.pseudonym, self.email, self.password, "locked out" if self.locked else "")))


def listed_account(pseudonym: str, account: Account) -> ListedAccount:
    """Return the list entry of an account, without its password."""
    return ListedAccount(pseudonym=pseudonym, email=account.email, languages=account.languages, locked=account.locked)


def listed_with_password(pseudonym: str, account: Account) -> ListedAccount:
    """Return the list entry of an account, with its password unless the account is locked."""
    password = "" if account.locked else account.password
    return msgspec.structs.replace(listed_account(pseudonym, account), password=password)


def new_account(email: str) -> Account:
    """Return the data of an account to be created, with a random password."""
    return Account(email=email, password=secrets.token_urlsafe(18))


def ensure_annotators(
    studio: Studio, pseudonyms: Iterable[str], domain: str, keys_file: Path, progress: Callable[[str], None]
) -> dict[str, Account]:
    """Return the accounts of annotators, creating missing ones; an interrupted run can be repeated.

    Args:
        studio: the server, with the token of any member.
        pseudonyms: the annotators.
        domain: PEOPLE or SIMULATED; with the pseudonym it makes the e-mail address.
        keys_file: the file for passwords and tokens, mode 600.
        progress: called with a message for each created account.

    Raises:
        StudioError: the server refuses, or has an account with that address that is not in the keys file.
    """
    people = [AccountRequest(pseudonym=name, email=f"{name}@{domain}") for name in pseudonyms]
    return ensure_accounts(studio, people, keys_file, progress)


def ensure_accounts(
    studio: Studio, people: Iterable[AccountRequest], keys_file: Path, progress: Callable[[str], None]
) -> dict[str, Account]:
    """Return the accounts of people, creating missing ones; an interrupted run can be repeated.

    Raises:
        StudioError: the server refuses or has an account with that address that is not in the keys file, or an account
            is locked.
    """
    requests = {person.pseudonym: person for person in people}
    with locked(keys_file):
        for pseudonym, person in requests.items():
            account = _requested_account(read_keys(keys_file), person, keys_file)
            if not _works(studio.url, account):
                _keep(keys_file, pseudonym, account)
                account = _signed_up(studio, account)
                progress(f"account {account.email}")
            if account != read_keys(keys_file).annotators.get(pseudonym):
                _keep(keys_file, pseudonym, account)
        return {pseudonym: read_keys(keys_file).annotators[pseudonym] for pseudonym in requests}


def _requested_account(keys: Keys, person: AccountRequest, keys_file: Path) -> Account:
    account = keys.annotators.get(person.pseudonym) or new_account(person.email)
    if not same_address(account.email, person.email):
        raise StudioError(f"{keys_file}: {person.pseudonym} is {account.email} already; choose another pseudonym")
    if account.locked:
        raise StudioError(f"{keys_file}: {person.pseudonym} is locked out for good; choose another pseudonym")
    for pseudonym, other in keys.annotators.items():
        if pseudonym != person.pseudonym and same_address(other.email, account.email):
            raise StudioError(f"{keys_file}: {other.email} is {pseudonym} already; an address is one account")
    return msgspec.structs.replace(account, languages=person.languages or account.languages)


def same_address(address: str, other: str) -> bool:
    """Return whether two e-mail addresses belong to one account: the server ignores case."""
    return address.strip().lower() == other.strip().lower()


def people_in(rows: Iterable[Mapping[str, object]], where: str) -> list[AccountRequest]:
    """Read people from table rows with ``pseudonym`` and, optionally, ``languages`` and ``email``.

    Raises:
        DataError: a row has no usable pseudonym, or two rows name the same person.
    """
    people: list[AccountRequest] = []
    for number, row in enumerate(rows, 2):
        person = _person(row, f"{where}:{number}")
        for other in people:
            if other.pseudonym == person.pseudonym or same_address(other.email, person.email):
                raise DataError(
                    f"{where}:{number}: {person.pseudonym}, {person.email} is an account of an earlier line too; "
                    "capitals make no other address"
                )
        people.append(person)
    return people


def _person(row: Mapping[str, object], where: str) -> AccountRequest:
    pseudonym = str(row.get("pseudonym") or "").strip()
    if not is_pseudonym(pseudonym):
        raise DataError(
            f"{where}: {pseudonym!r} in column `pseudonym`; small letters, digits, hyphens and underscores are needed"
        )
    email = str(row.get("email") or "").strip().lower() or f"{pseudonym}@{PEOPLE}"
    if email.count("@") != 1 or email.startswith("@") or email.endswith("@") or email != "".join(email.split()):
        raise DataError(f"{where}: {email!r} is no e-mail address; leave it empty for one that cannot receive mail")
    languages = tuple(re.split(r"[\s,;]+", str(row.get("languages") or "").strip()))
    return AccountRequest(pseudonym=pseudonym, email=email, languages=tuple(filter(None, languages)))


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
    with browsing(studio.url) as browser:
        if not posted(browser, studio.invitation(), account, allow_newsletters="false"):
            # An account with that address exists; it is ours if the password works.
            browser.cookies.clear()
            if not posted(browser, "/user/login/", account):
                raise StudioError(
                    f"{studio.url}: {account.email} has an account there whose password is not in the keys; restore "
                    "the keys or choose another pseudonym"
                )
        return _with_token(browser, account)


def logged_in(url: str, account: Account) -> Account:
    """Return the account with a new token and its number.

    Raises:
        StudioError: the password is not accepted.
    """
    with browsing(plain_url(url)) as browser:
        if not posted(browser, "/user/login/", account):
            raise StudioError(f"{plain_url(url)}: the password of {account.email} is not accepted; restore the keys")
        return _with_token(browser, account)


@contextmanager
def browsing(url: str) -> Iterator[httpx.Client]:
    """Open an HTTP client with cookies that raises our errors."""
    try:
        with httpx.Client(base_url=url, trust_env=False, timeout=TIMEOUT) as browser:
            yield browser
    except httpx.HTTPStatusError as error:
        path, status = error.request.url.path, error.response.status_code
        raise StudioError(f"{url}: {path} was answered {status}; are accounts made elsewhere on this server?") from None
    except httpx.HTTPError as error:
        raise StudioError(f"{url}: cannot be reached ({type(error).__name__}); is it running?") from None


def posted(browser: httpx.Client, path: str, account: Account, **more: str) -> bool:
    """Submit a form as a browser does; return whether the server accepted it."""
    browser.get(path).raise_for_status()  # sets the CSRF cookie
    form = {"email": account.email, "password": account.password, "csrfmiddlewaretoken": csrf_token(browser), **more}
    response = browser.post(path, data=form, headers={"Referer": str(browser.base_url)})
    if response.status_code >= 400:
        response.raise_for_status()
    return response.is_redirect  # a rejected form is returned with status 200


def csrf_token(browser: httpx.Client) -> str:
    """Return the CSRF token that the server requires in a form."""
    return browser.cookies.get("csrftoken") or ""


def _with_token(browser: httpx.Client, account: Account) -> Account:
    headers = {"X-CSRFToken": csrf_token(browser), "Referer": str(browser.base_url)}
    response = browser.post("/api/token/", json={}, headers=headers)
    if response.status_code == 409:
        revoke_tokens(browser)  # one token per account, shown once: this one never reached the keys file
        response = browser.post("/api/token/", json={}, headers=headers)
    token = response.raise_for_status().json()["token"]
    user_id = browser.get("/api/current-user/whoami").raise_for_status().json()["id"]
    return msgspec.structs.replace(account, token=token, user_id=user_id)


def revoke_tokens(browser: httpx.Client) -> None:
    """Revoke all tokens of the signed-in account."""
    headers = {"X-CSRFToken": csrf_token(browser), "Referer": str(browser.base_url)}
    # The list shows tokens without their signature: enough to revoke them, not to sign in.
    for listed in browser.get("/api/token/").raise_for_status().json():
        browser.post("/api/token/blacklist/", json={"refresh": listed["token"]}, headers=headers).raise_for_status()
    browser.post("/api/current-user/reset-token", headers=headers).raise_for_status()


def need_account(studio: Studio, accounts: AccountNames, name: str) -> None:
    """Refuse an adjudicator who cannot sign in, before anything moves on the server.

    Raises:
        UsageError: nothing was moved.
    """
    names = sorted(filter(None, (accounts.known_name(*user) for user in studio.users().items())))
    if name not in names:
        raise UsageError(
            f"--by {name}: {studio.url} has no account {name}; `stance studio users add` makes one. "
            f"Accounts: {', '.join(names) or 'none'}"
        )


# --- locking accounts ---------------------------------------------------------------------------------------------


SetPassword = Callable[[str, str], None]  # e-mail address, new password


def lock_out(studio: Studio, name: str, keys_file: Path, set_password: SetPassword | None) -> Account:
    """Lock an account permanently: password, sessions, tokens and membership; an interrupted run can be repeated.

    Args:
        studio: the server, with the token of another account that remains.
        name: a pseudonym in the keys file, or an e-mail address.
        keys_file: records that the account is locked.
        set_password: None where passwords cannot be set: on a server of the user's own.

    Raises:
        StudioError: the account does not exist or is ours, or its password could not be changed; in the last case
            everything else is done, and the message has the command for the server's administrator.
    """
    with locked(keys_file):
        pseudonym, account = _account_on_server(studio, name, keys_file)
        if set_password:
            account = msgspec.structs.replace(account, password=secrets.token_urlsafe(18))
            set_password(account.email, account.password)
        revoked = _revoked(studio.url, account)
        studio.remove_member(account.user_id or 0)
        account = msgspec.structs.replace(account, password="", token="", locked=True)
        keys = read_keys(keys_file)
        write_keys(keys_file, msgspec.structs.replace(keys, annotators={**keys.annotators, pseudonym: account}))
    if set_password is None or not revoked:
        raise StudioError(
            f"{studio.url}: {account.email} is no member any more{', and has no token' if revoked else ''}, but can "
            f"still sign in until you run `label-studio reset_password --username {account.email}` where the server "
            "runs"
        )
    return account


def _account_on_server(studio: Studio, name: str, keys_file: Path) -> tuple[str, Account]:
    annotators = read_keys(keys_file).annotators
    pseudonym = (
        name if name in annotators else next((n for n in annotators if same_address(annotators[n].email, name)), name)
    )
    account = annotators.get(pseudonym) or Account(email=name, password="")
    accounts = studio.users()
    number = next((n for n, email in accounts.items() if same_address(email, account.email)), account.user_id)
    if number is None:
        listed = ", ".join(annotators) or "nobody"
        raise StudioError(f"{studio.url}: no account {name!r}; {keys_file} has {listed}, others go by their address")
    email = accounts.get(number, account.email)  # as the server spells it
    if number == studio.whoami().id:
        raise StudioError(f"{studio.url}: {email} is the account that you use; take another one to lock it out")
    return pseudonym, msgspec.structs.replace(account, email=email, user_id=number)


def _revoked(url: str, account: Account) -> bool:
    """Revoke all tokens of an account whose password we have; return whether that was possible."""
    if not account.password:
        return False
    with browsing(url) as browser:
        if not posted(browser, "/user/login/", account):
            return False
        revoke_tokens(browser)
        browser.get("/logout/")
    return True
