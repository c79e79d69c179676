"""Items that nobody is to be asked about any more, and those that are asked about again."""

from collections.abc import Sequence

from toolkit.errors import UsageError
from toolkit.files import append_jsonl
from toolkit.records import Withdrawal
from toolkit.steps.common import items_of, withdrawn_of
from toolkit.times import now
from toolkit.workspace import CampaignConfig


def withdraw(campaign: CampaignConfig, item_ids: Sequence[str], reason: str) -> int:
    """Note that nobody is to be asked about some items any more; how many are new. The next push takes them out.

    Raises:
        UsageError: there is no such item in the campaign, or no reason.
    """
    _check(campaign, item_ids, reason)
    known, time = withdrawn_of(campaign), now()
    new = [name for name in dict.fromkeys(item_ids) if name not in known]
    rows = [Withdrawal(item_id=name, reason=reason, time=time) for name in new]
    return append_jsonl(campaign.at("withdrawn.jsonl"), rows)


def restore(campaign: CampaignConfig, item_ids: Sequence[str], reason: str) -> int:
    """Take the withdrawal of some items back; how many were withdrawn. The next push asks about them again.

    What was answered about them counts again, and both reasons stay in the file.

    Raises:
        UsageError: there is no such item in the campaign, or it was not withdrawn, or no reason.
    """
    _check(campaign, item_ids, reason)
    known, time = withdrawn_of(campaign), now()
    for name in item_ids:
        if name not in known:
            raise UsageError(f"{campaign.at('withdrawn.jsonl')}: item {name!r} is not withdrawn; nothing was changed")
    rows = [Withdrawal(item_id=name, reason=reason, time=time, restored=True) for name in dict.fromkeys(item_ids)]
    return append_jsonl(campaign.at("withdrawn.jsonl"), rows)


def _check(campaign: CampaignConfig, item_ids: Sequence[str], reason: str) -> None:
    if not reason.strip():
        raise UsageError("items are withdrawn and restored for a reason, which is kept with them; give it by --reason")
    items = items_of(campaign)
    for name in item_ids:
        if name not in items:
            raise UsageError(f"{campaign.at('items.jsonl')}: no item {name!r}; this file has the ids of all")
