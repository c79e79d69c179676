"""Locking somebody out of a server for good; what they have answered stays theirs.

Deleting the account would take its name off its annotations, so that is never done. Taking the membership away is not
enough either: after a new sign-in the server lets them read everything again. So the password goes first.
"""

import secrets
from collections.abc import Callable
from pathlib import Path

import msgspec

from toolkit.errors import StudioError
from toolkit.files import locked
from toolkit.studio.accounts import (
    Account,
    browsing,
    posted,
    read_keys,
    revoke_tokens,
    same_address,
    write_keys,
)
from toolkit.studio.http.client import Studio

SetPassword = Callable[[str, str], None]  # e-mail address, new password


def lock_out(studio: Studio, name: str, keys_file: Path, set_password: SetPassword | None) -> Account:
    """Lock an account out for good: password, sessions, tokens and membership; may be interrupted and run again.

    Args:
        studio: the server, with the rights of somebody else who stays.
        name: a pseudonym of the keys, or an e-mail address.
        keys_file: remembers that the account is locked.
        set_password: None where we cannot set passwords: on a server of the user's own.

    Raises:
        StudioError: there is no such account, it is ours, or its password could not be changed; then all else is
            done, and the message has the command for whoever runs the server.
    """
    with locked(keys_file):
        pseudonym, account = _found(studio, name, keys_file)
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


def _found(studio: Studio, name: str, keys_file: Path) -> tuple[str, Account]:
    known = read_keys(keys_file).annotators
    pseudonym = name if name in known else next((n for n in known if same_address(known[n].email, name)), name)
    account = known.get(pseudonym) or Account(email=name, password="")
    accounts = studio.users()
    number = next((n for n, email in accounts.items() if same_address(email, account.email)), account.user_id)
    if number is None:
        listed = ", ".join(known) or "nobody"
        raise StudioError(f"{studio.url}: no account {name!r}; {keys_file} has {listed}, others go by their address")
    email = accounts.get(number, account.email)  # as the server writes it
    if number == studio.whoami().id:
        raise StudioError(f"{studio.url}: {email} is the account that you use; take another one to lock it out")
    return pseudonym, msgspec.structs.replace(account, email=email, user_id=number)


def _revoked(url: str, account: Account) -> bool:
    """Take all tokens away from an account whose password we have; whether that was possible."""
    if not account.password:
        return False
    with browsing(url) as browser:
        if not posted(browser, "/user/login/", account):
            return False
        revoke_tokens(browser)
        browser.get("/logout/")
    return True
