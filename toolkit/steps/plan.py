"""`plan`: which paragraphs annotators are asked about, how many or which annotators, and the test set."""

from collections.abc import Sequence
from pathlib import Path

from toolkit.articles.reading.reader import read_articles
from toolkit.campaigns import planning
from toolkit.campaigns.assignment import answered_pairs, assign
from toolkit.campaigns.label_transfer import TransferCounts, carried_items
from toolkit.campaigns.sampling import Frame
from toolkit.dataset.metadata import gaps
from toolkit.errors import ConfigError
from toolkit.files import mend_jsonl
from toolkit.records import Clustered, Item
from toolkit.runs import Result
from toolkit.splitting.groups import added_rows, draw_test_set, group_articles
from toolkit.steps.segment import segment_inputs
from toolkit.store import Store
from toolkit.words import plural
from toolkit.workspace import CampaignConfig


class PlanResult(Result, frozen=True, kw_only=True, omit_defaults=True):
    """What planning gives."""

    items: int
    votes: int  # to ask for
    articles: int
    test_articles: int
    test_items: int
    left_out: dict[str, int]  # role -> paragraphs that nobody is asked about
    without_note: int  # items that tell annotators nothing of the target's time
    asked_for: planning.PlanRequest
    codebook: str
    assigned: int  # new assignments
    paragraphs: int  # of the roles that are asked about
    joined: int | None = None  # items added to a plan that was pushed; absent where the plan is kept
    placed: TransferCounts | None = None  # of the items of a plan that is kept
    gaps: tuple[str, ...] = ()  # what the campaign file lacks before its dataset can be published

    def line(self) -> str:
        """The counts, and what the plan lacks."""
        names = ", ".join(gap.split("`")[1] for gap in self.gaps)
        gap_note = [f"to fill in before publishing: {names}"] if names else []
        if self.placed is not None:
            kept = f"{plural(self.items, 'item')}, pushed already and kept"
            return "; ".join(filter(None, [kept, self.placed.line(), *gap_note]))
        test = f"test set: {plural(self.test_items, 'item')} of {plural(self.test_articles, 'article')}"
        parts = [f"{plural(self.items, 'item')} of {plural(self.paragraphs, 'paragraph')}, {self.votes} votes", test]
        if self.joined:
            parts.append(f"{plural(self.joined, 'item')} added to those that were pushed")
        if self.assigned:
            parts.append(plural(self.assigned, "assignment"))
        if self.without_note:
            cause = "the article has no date (`published`), or the targets file no period for it"
            parts.append(f"{plural(self.without_note, 'item')} without a note on the target: {cause}")
        return "; ".join(parts + gap_note)


def plan_campaign(campaign: CampaignConfig) -> PlanResult:
    """Draw the items of a campaign and fix its test set; a plan that was pushed is kept, or gets more items."""
    store, request = Store(campaign), planning.plan_request(campaign)
    _ = campaign.codebook  # a broken codebook is an error before annotators are asked
    run = store.last_run("plan")
    recorded = planning.recorded_request(run.facts) if run else None
    is_kept = store.was_shown and recorded == request and all(path.exists() for path in plan_outputs(campaign))
    with store.lock():
        joined = None if is_kept else _write_plan(store, recorded, request)
        placed = carried_items(store).counts if is_kept else None
        assigned = _assign(store)
        items, frame = list(store.items.values()), store.fact("frame.json", Frame, "plan")
        in_test = {article for row in store.splits if row.split == "test" for article in row.articles}
        result = PlanResult(
            items=len(items),
            votes=sum(item.votes for item in items),
            articles=len({item.article_id for item in items}),
            test_articles=len(in_test),
            test_items=sum(item.article_id in in_test for item in items),
            left_out=frame.left_out,
            without_note=planning.count_without_note(items, campaign.targets),
            asked_for=request,
            codebook=campaign.codebook.ref,
            assigned=assigned,
            paragraphs=frame.paragraphs,
            joined=joined,
            placed=placed,
            gaps=tuple(gaps(campaign)),
        )
        return store.record("plan", plan_inputs(campaign), plan_outputs(campaign), result)


def plan_inputs(campaign: CampaignConfig) -> list[Path]:
    """The files that the plan depends on."""
    targets = campaign.beside(campaign.file.targets_file)
    return [*segment_inputs(campaign), campaign.at("paragraphs.jsonl"), campaign.at("clusters.jsonl"), targets]


def plan_outputs(campaign: CampaignConfig) -> list[Path]:
    """The files that planning writes."""
    named = ["assignments.jsonl"] if campaign.file.studio.layout == "blind" else []
    return [campaign.at(name) for name in ("frame.json", "items.jsonl", "splits.jsonl", *named)]


def _write_plan(store: Store, recorded: planning.PlanRequest | None, request: planning.PlanRequest) -> int:
    """Write a new plan, or add its new items to the one that annotators saw; return how many were added."""
    campaign = store.campaign
    articles = {article.id: article for article in read_articles(campaign.article_files)}
    frame, items = planning.draw_items(campaign, articles, store.paragraphs)
    if store.was_shown:
        planning.refuse_other_votes(recorded, request, campaign)
        return _add_to_plan(store, frame, items)
    groups = group_articles([item.article_id for item in items], store.rows("clusters.jsonl", Clustered, "segment"))
    store.write_fact("frame.json", frame)
    store.write_rows("splits.jsonl", draw_test_set(groups, campaign.file.plan.test_share, campaign.file.seed))
    store.write_rows("items.jsonl", items)
    return 0


def _add_to_plan(store: Store, frame: Frame, items: Sequence[Item]) -> int:
    for name in ("items.jsonl", "splits.jsonl"):
        mend_jsonl(store.path(name))  # an interrupted addition is repeated
    before = store.items
    carried, present = carried_items(store), {paragraph.id for paragraph in store.paragraphs}
    standing = [item for item in before.values() if item.unit_id in present]
    added = planning.added_items(standing, items, {item.unit_id for item in carried.items})
    if added is None:
        raise ConfigError(
            f"{store.path('items.jsonl')}: this plan was pushed already, and the new one takes items away or changes "
            "them (articles, targets, options or seed); restore what was changed, ask for more `items` so that the old "
            "ones are among them, or give the campaign another name"
        )
    groups = group_articles(
        [item.article_id for item in (*before.values(), *added)], store.rows("clusters.jsonl", Clustered, "segment")
    )
    store.append_rows("splits.jsonl", added_rows(store.splits, groups))
    store.append_rows("items.jsonl", added)
    store.write_fact("frame.json", frame)
    return sum(item.id not in before for item in added)


def _assign(store: Store) -> int:
    """Add the assignments that are missing where the campaign names its annotators; return how many."""
    options, name = store.campaign.file.studio, "assignments.jsonl"
    if options.layout != "blind":
        return 0
    mend_jsonl(store.path(name))
    items, seed, answered = list(store.items.values()), store.campaign.file.seed, answered_pairs(store.ledger)
    return store.append_rows(name, assign(items, options.annotators, seed, store.assignments, answered))
