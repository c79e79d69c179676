"""How far a campaign is, with the accounts of its server: the state that `run`, `status`, `push` and `pull` go by."""

from collections.abc import Sequence
from pathlib import Path

from toolkit.campaigns.state import CampaignState, may_be_asked, state_of_votes
from toolkit.errors import UsageError
from toolkit.labels.ledger import latest, settle
from toolkit.people import AccountNames, read_keys
from toolkit.records import Annotation
from toolkit.store import Store
from toolkit.studio.http.client import Studio
from toolkit.studio.http.transport import is_local
from toolkit.studio.push.projects import find_projects
from toolkit.studio.server.connection import studio_directory
from toolkit.words import plural


def campaign_state(store: Store, states: Sequence[Annotation] | None = None) -> CampaignState:
    """The votes against those that are asked for, by the ledger as it was last pulled, and who may still be asked.

    Args:
        store: of the campaign.
        states: the latest state of each annotation, where it was read already.
    """
    seen = latest(store.ledger) if states is None else states
    options, withdrawn = store.campaign.file.studio, store.withdrawn
    is_queue = store.pushed is not None and options.layout == "shared"
    asked = may_be_asked(store.assignments, store.sheets, is_queue, annotator_accounts(store))
    tiebreak = store.campaign.codebook if options.tiebreak else None
    ledger = settle(seen, store.items, None, withdrawn)
    return state_of_votes(store.items, seen, ledger, withdrawn, asked, tiebreak)


def votes_state(store: Store) -> CampaignState:
    """The votes against those that are asked for, whoever may still be asked: the same wherever it is computed."""
    states, options, withdrawn = latest(store.ledger), store.campaign.file.studio, store.withdrawn
    tiebreak = store.campaign.codebook if options.tiebreak else None
    return state_of_votes(store.items, states, settle(states, store.items, None, withdrawn), withdrawn, None, tiebreak)


def annotator_accounts(store: Store) -> frozenset[str] | None:
    """The accounts that can sign in on the campaign's local server, by pseudonym.

    Returns:
        None where the campaign is on a server of the user's own, which has accounts that only it knows, or on none.
    """
    pushed, keys = store.pushed, studio_directory(store.campaign.root) / "keys.json"
    if pushed is None or not keys.exists() or not is_local(pushed.server):
        return None
    return frozenset(name for name, account in read_keys(keys).annotators.items() if not account.locked)


def tiebreak_accounts(store: Store, studio: Studio, keys_file: Path) -> frozenset[str] | None:
    """Who can sign in to break a tie, by pseudonym: never the account that manages the campaign.

    Returns:
        None where the campaign breaks no ties.
    """
    if not store.campaign.file.studio.tiebreak:
        return None
    accounts, names = read_keys(keys_file).annotators, AccountNames(store.campaign.directory, keys_file)
    manager = studio.whoami().id
    members = {names.known_name(*user) for user in studio.users().items() if user[0] != manager}
    return frozenset(name for name in members if name and not (name in accounts and accounts[name].locked))


def refuse_new_server(store: Store, studio: Studio) -> None:
    """Refuse a server that the campaign is not on, where people have answered on the one that it is on.

    Raises:
        UsageError: nothing was moved.
    """
    pushed = store.pushed
    if pushed is None or pushed.is_at(studio.url):
        return
    if find_projects(studio, pushed.campaign):
        return  # the same server by another address
    answers = sum(row.origin is not None and pushed.is_at(row.origin.server) for row in latest(store.ledger))
    if answers:
        raise UsageError(
            f"{studio.url}: the campaign is on {pushed.server}, from where the ledger holds "
            f"{plural(answers, 'annotation')}; check LABEL_STUDIO_URL, or move the campaign with --to-new-server"
        )
