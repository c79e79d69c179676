"""Items that nobody is to be asked about any more."""

from collections.abc import Sequence

from toolkit.errors import UsageError
from toolkit.files import append_jsonl
from toolkit.records import Withdrawal
from toolkit.runs import now
from toolkit.steps.common import items_of, withdrawn_of
from toolkit.workspace import Campaign


def withdraw(campaign: Campaign, item_ids: Sequence[str], reason: str) -> int:
    """Note that nobody is to be asked about some items any more; how many are new. The next push takes them out.

    Raises:
        UsageError: there is no such item in the campaign, or no reason.
    """
    if not reason.strip():
        raise UsageError("items are withdrawn for a reason, which is kept with them; give it by --reason")
    items, known, time = items_of(campaign), withdrawn_of(campaign), now()
    for name in item_ids:
        if name not in items:
            raise UsageError(f"{campaign.at('items.jsonl')}: no item {name!r}; this file has the ids of all")
    new = [name for name in dict.fromkeys(item_ids) if name not in known]
    rows = [Withdrawal(item_id=name, reason=reason, time=time) for name in new]
    return append_jsonl(campaign.at("withdrawn.jsonl"), rows)
