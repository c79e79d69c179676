"""Items: the sampled paragraphs, each with its target and the number of votes to ask for."""

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.campaigns.sampling import Frame, SampledParagraph, describe_frame, stratified_sample
from toolkit.codebook import TargetRegistry
from toolkit.errors import ConfigError, DataError
from toolkit.files import digest, digest_of_file
from toolkit.records import ASKED_ROLES, Article, Item, Paragraph, Target
from toolkit.workspace import CampaignConfig

# --- fields of articles ----------------------------------------------------------------------------------------------


def article_field(article: Article, path: str) -> Any:  # noqa: ANN401 - any field of any article
    """A field of an article by its path: ``outlet``, ``meta.genre``; None where it has no value.

    Raises:
        DataError: an article has no such field at all.
    """
    first, _, rest = path.partition(".")
    if first not in Article.__struct_fields__:
        raise DataError(f"unknown field {path!r}; Article has {', '.join(Article.__struct_fields__)}")
    value = getattr(article, first)
    for part in rest.split(".") if rest else ():
        value = value.get(part) if isinstance(value, dict) else None
    return value


def stratum_of(article: Article, fields: Iterable[str]) -> str:
    """The stratum of an article's paragraphs: the values of some of its fields."""
    return " / ".join(str(article_field(article, field) or "-") for field in fields)


def target_from_field(article: Article, path: str) -> Target:
    """The target that a field of an article names.

    Raises:
        DataError: the article has nrow.
    """
    value = article_field(article, path)
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"article {article.id}: no target in {path!r}; give it one or leave the article out")
    return Target(id=digest("target\n" + value.strip(), 12), title=value.strip())


def targets_for(campaign: CampaignConfig, article: Article) -> list[Target]:
    """The targets that annotators are asked about in an article.

    Raises:
        ConfigError: the registry lacks a target that the campaign names.
        DataError: the campaign takes targets from a field, and the article has nrow.
    """
    if campaign.file.target_from:
        return [target_from_field(article, campaign.file.target_from)]
    try:
        entries = [campaign.targets.entry(name) for name in campaign.file.targets]
    except ConfigError as error:
        raise ConfigError(f"{campaign.beside(campaign.file.targets_file)}: {error}") from error
    return [entry.on(article.published, campaign.file.language) for entry in entries]


# --- items -----------------------------------------------------------------------------------------------------------


def draw_items(
    campaign: CampaignConfig, articles: Mapping[str, Article], paragraphs: Sequence[Paragraph]
) -> tuple[Frame, list[Item]]:
    """Draw the sample of a campaign and make its items; with them, what was sampled from.

    Raises:
        DataError: no paragraph has a role that is asked about.
    """
    options, plan, seed = campaign.file.sample, campaign.file.plan, campaign.file.seed
    stratum = {name: stratum_of(article, options.stratify) for name, article in articles.items()}
    eligible = [paragraph for paragraph in paragraphs if paragraph.role in options.roles]
    if not eligible:
        roles = ", ".join(options.roles)
        raise DataError(f"{campaign.path}: no paragraph has one of the roles {roles}; name others in [sample] roles")
    sample = stratified_sample(eligible, lambda paragraph: stratum[paragraph.article_id], options.items, seed)
    sizes = Counter(stratum[paragraph.article_id] for paragraph in eligible)
    frame = describe_frame(paragraphs, options.roles, sample, dict(sizes), seed)
    items = plan_items(sample, lambda name: targets_for(campaign, articles[name]), plan.votes, frame.selection)
    if plan.overlap_votes is not None:
        items = with_overlap(items, plan.overlap_share, plan.overlap_votes, seed)
    return frame, items


def plan_items(
    sample: Sequence[SampledParagraph], targets_of: Callable[[str], Sequence[Target]], votes: int, selection: str
) -> list[Item]:
    """One item per sampled paragraph and target, in the order of the sample.

    Args:
        sample: the paragraphs.
        targets_of: the targets of an article, by its id.
        votes: how many to ask for.
        selection: how the sample was drawn.
    """
    return [
        Item(
            id=digest(f"item\n{row.paragraph.id}\n{target.id}\nmain"),
            unit_id=row.paragraph.id,
            article_id=row.paragraph.article_id,
            target=target,
            votes=votes,
            selection=selection,
            stratum=row.stratum,
            propensity=row.propensity,
        )
        for row in sample
        for target in targets_of(row.paragraph.article_id)
    ]


def with_overlap(items: Sequence[Item], share: float, votes: int, seed: int) -> list[Item]:
    """The items, with another number of votes for a random share of them.

    Most items can then have one vote, while agreement is measured on a random part.

    Args:
        items: the plan, in order.
        share: of the items, rounded to whole items.
        votes: how many to ask for on that share.
        seed: of the draw.
    """
    ids = sorted(item.id for item in items)
    drawn = set(random.Random(f"overlap {seed}").sample(ids, round(share * len(ids))))  # noqa: S311 - a seeded draw
    return [msgspec.structs.replace(item, votes=votes) if item.id in drawn else item for item in items]


def added_items(before: Sequence[Item], planned: Sequence[Item], taken: Collection[str] = ()) -> list[Item] | None:
    """The lines that a plan adds to the one that annotators work on; None where it removes or changes an item.

    The chance of being chosen may change when more items are drawn; the number of votes stays as it was pushed. A line
    that records such a change is added too, and replaces the earlier one.

    Args:
        before: the items that annotators may have seen.
        planned: the items of the new plan.
        taken: paragraphs that need no new item, since labels of another item follow to them.
    """
    by_id = {item.id: item for item in planned}
    if any(item.id not in by_id or _question(item) != _question(by_id[item.id]) for item in before):
        return None
    old = {item.id: item for item in before}
    updated = [msgspec.structs.replace(by_id[item.id], votes=item.votes) for item in before]
    new = [item for item in planned if item.id not in old and item.unit_id not in taken]
    return [item for item in updated if item != old[item.id]] + new


def _question(item: Item) -> tuple[str, str, str, Target]:
    return item.unit, item.unit_id, item.article_id, item.target


def count_without_note(items: Iterable[Item], registry: TargetRegistry) -> int:
    """The number of items without a note on the target, though the target has periods."""
    dated = {target.id for target in registry.targets if target.periods}
    return sum(item.target.id in dated and not item.target.note for item in items)


# --- what a plan depends on ------------------------------------------------------------------------------------------


class PlanRequest(Struct, frozen=True, kw_only=True):
    """What a campaign file asks of its plan, as the record of a run keeps it; articles are not part of it."""

    sample: dict[str, Any]
    plan: dict[str, Any]
    articles: list[str]
    targets: list[str]
    target_from: str | None
    targets_file: str | None  # SHA-256
    language: str
    seed: int


def plan_request(campaign: CampaignConfig) -> PlanRequest:
    """What a campaign file asks of its plan."""
    file, targets = campaign.file, campaign.beside(campaign.file.targets_file)
    plan = _as_json(file.plan)
    del plan["validation_share"]
    return PlanRequest(
        sample=_as_json(file.sample),
        plan=plan,
        articles=list(file.articles),
        targets=list(file.targets),
        target_from=file.target_from,
        targets_file=digest_of_file(targets) if targets.exists() else None,
        language=file.language,
        seed=file.seed,
    )


def _as_json(options: Struct) -> dict[str, Any]:
    return dict(msgspec.json.decode(msgspec.json.encode(options)))


def recorded_request(facts: Mapping[str, Any]) -> PlanRequest | None:
    """The request in the facts of a run of `plan`; None where an earlier version recorded none.

    Version 0.1.0 had no role `lead`: its default roles stand for the present ones.
    """
    if "asked_for" not in facts:
        return None
    request = msgspec.convert(facts["asked_for"], PlanRequest)
    if request.sample.get("roles") != list(ASKED_ROLES[1:]):
        return request
    return msgspec.structs.replace(request, sample={**request.sample, "roles": list(ASKED_ROLES)})


def refuse_other_votes(recorded: PlanRequest | None, request: PlanRequest, campaign: CampaignConfig) -> None:
    """Refuse another number of votes for items that were pushed: the server has the number, and keeps it.

    Raises:
        ConfigError: the number differs.
    """
    before = recorded.plan if recorded else {}
    for name in ("votes", "overlap_votes"):
        present = request.plan[name]
        if before.get(name, present) != present:
            raise ConfigError(
                f"{campaign.path}: [plan] {name}: the items were pushed already with {name} = {before[name]}, "
                f"not {present}; restore that, or give the campaign another name"
            )
