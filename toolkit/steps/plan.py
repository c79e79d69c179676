"""The step from paragraphs to items: which are asked about, of how many or of whom, and which are the test set."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from toolkit.campaigns.assignment import assign, in_force
from toolkit.campaigns.planning import joining, plan_items, stratum_of, target_from_field, with_overlap
from toolkit.campaigns.sampling import Frame, describe_frame, stratified_sample
from toolkit.errors import ConfigError, DataError
from toolkit.files import append_jsonl, digest_of_file, mend_jsonl, read_json, read_jsonl, write_json, write_jsonl
from toolkit.labels.ledger import latest
from toolkit.records import Article, Assignment, Item, Paragraph, SplitRow, Target
from toolkit.runs import last_run
from toolkit.splitting.groups import draw_test_set, group_articles, joining_rows
from toolkit.steps.common import Outcome, articles_of, clusters_of, finish, items_of, ledger_of, paragraphs_of
from toolkit.steps.segment import counts_of, placed_items, segment_inputs, told_outdated, was_put_to_people
from toolkit.workspace import CampaignConfig


class _Plan(Struct, frozen=True, kw_only=True):
    frame: Frame
    items: list[Item]
    splits: list[SplitRow]
    paragraphs: list[Paragraph]


def plan_step(campaign: CampaignConfig) -> Outcome:
    """Sample paragraphs, put their targets to them, and fix the test set; to one that was pushed items only join."""
    codebook = campaign.codebook  # a broken one is found here, before anything is asked
    if _was_pushed_as_asked_for(campaign):
        return _keep_plan(campaign)
    articles, paragraphs = articles_of(campaign), paragraphs_of(campaign)
    frame, items = _items(campaign, articles, paragraphs)
    clusters = clusters_of(campaign)
    groups = group_articles([item.article_id for item in items], clusters)
    splits = draw_test_set(groups, campaign.file.plan.test_share, campaign.file.seed)
    joined = _write_plan(campaign, _Plan(frame=frame, items=items, splits=splits, paragraphs=paragraphs))
    items, splits = list(items_of(campaign).values()), read_jsonl(campaign.at("splits.jsonl"), SplitRow)
    assigned = _assign(campaign)
    plan_facts = _plan_facts(campaign, frame, items, splits)
    facts = {**plan_facts, "codebook": codebook.ref, "joined": joined, "assigned": assigned}
    line = (
        f"{len(items)} items of {frame.paragraphs} paragraphs, {facts['votes']} votes to ask for; "
        f"test set: {facts['test_items']} items of {facts['test_articles']} articles"
    )
    line += f"; {joined} items joined those that were pushed" if joined else ""
    line += f"; {assigned} assignments to {len(campaign.file.studio.annotators)} annotators" if assigned else ""
    if facts["without_note"]:
        line += (
            f"; {facts['without_note']} items tell annotators nothing of who the target was: their articles have no "
            f"date (`published`) or {campaign.file.targets_file} has no period for it"
        )
    outcome = Outcome(line=line, facts=facts)
    return finish(campaign, "plan", plan_inputs(campaign), plan_outputs(campaign), outcome)


def _plan_facts(
    campaign: CampaignConfig, frame: Frame, items: Sequence[Item], splits: Sequence[SplitRow]
) -> dict[str, Any]:
    in_test = {article for row in splits if row.split == "test" for article in row.articles}
    return {
        "schema": 1,
        "items": len(items),
        "votes": sum(item.votes for item in items),
        "articles": len({item.article_id for item in items}),
        "test_articles": len(in_test),
        "test_items": sum(item.article_id in in_test for item in items),
        "left_out": frame.left_out,
        "without_note": _without_note(campaign, items),
        "asked_for": _asked_for(campaign),
    }


def _asked_for(campaign: CampaignConfig) -> dict[str, Any]:
    """What the campaign asks of its plan; what is in the files of articles aside."""
    file, targets = campaign.file, campaign.beside(campaign.file.targets_file)
    asked = {
        "sample": file.sample,
        "plan": {name: value for name, value in asdict(file.plan).items() if name != "validation_share"},
        "articles": file.articles,
        "targets": file.targets,
        "target_from": file.target_from,
        "targets_file": digest_of_file(targets) if targets.exists() else None,
        "language": file.language,
        "seed": file.seed,
    }
    return dict(msgspec.json.decode(msgspec.json.encode(asked)))  # as the record of the run gives it back


def _was_pushed_as_asked_for(campaign: CampaignConfig) -> bool:
    """Whether annotators may have seen the plan, and nothing else is asked of it: then edits of articles do not count.

    Where the files of the plan or its run are lost, it is made anew and compared.
    """
    if not was_put_to_people(campaign) or not all(path.exists() for path in plan_outputs(campaign)):
        return False
    run = last_run(campaign.at("runs.jsonl"), "plan")
    return run is not None and run.facts.get("asked_for") == _asked_for(campaign)


def _keep_plan(campaign: CampaignConfig) -> Outcome:
    """Leave a plan that was pushed as it is, and say what became of its paragraphs."""
    items = list(items_of(campaign).values())
    counts = counts_of(placed_items(campaign, items, paragraphs_of(campaign)))
    splits = read_jsonl(campaign.at("splits.jsonl"), SplitRow)
    facts = {
        **_plan_facts(campaign, frame_of(campaign), items, splits),
        "codebook": campaign.codebook.ref,
        "placed": counts,
        "assigned": _assign(campaign),
    }
    told = told_outdated(counts)
    line = f"{len(items)} items, pushed already and kept; articles that came later are not in them"
    outcome = Outcome(line=f"{line}; {told}" if told else line, facts=facts)
    return finish(campaign, "plan", plan_inputs(campaign), plan_outputs(campaign), outcome)


def plan_inputs(campaign: CampaignConfig) -> list[Path]:
    """What the plan depends on."""
    targets = campaign.beside(campaign.file.targets_file)
    return [*segment_inputs(campaign), campaign.at("paragraphs.jsonl"), campaign.at("clusters.jsonl"), targets]


def plan_outputs(campaign: CampaignConfig) -> list[Path]:
    """What planning writes."""
    names = ["frame.json", "items.jsonl", "splits.jsonl"]
    if campaign.file.studio.layout == "blind":
        names.append("assignments.jsonl")
    return [campaign.at(name) for name in names]


def _items(
    campaign: CampaignConfig, articles: Mapping[str, Article], paragraphs: Sequence[Paragraph]
) -> tuple[Frame, list[Item]]:
    options, seed = campaign.file.sample, campaign.file.seed
    stratum = {name: stratum_of(article, options.stratify) for name, article in articles.items()}
    asked = [paragraph for paragraph in paragraphs if paragraph.role in options.roles]
    if not asked:
        raise DataError(
            f"{campaign.path}: no paragraph has one of the roles {', '.join(options.roles)}; nothing to ask"
        )
    chosen = stratified_sample(asked, lambda paragraph: stratum[paragraph.article_id], options.items, seed)
    sizes = Counter(stratum[paragraph.article_id] for paragraph in asked)
    frame = describe_frame(paragraphs, options.roles, chosen, dict(sizes), seed)
    plan = campaign.file.plan
    items = plan_items(chosen, lambda name: targets_for(campaign, articles[name]), plan.votes, frame.selection)
    if plan.overlap_votes is not None:
        items = with_overlap(items, plan.overlap_share, plan.overlap_votes, seed)
    return frame, items


def _without_note(campaign: CampaignConfig, items: Sequence[Item]) -> int:
    """Items without a note though their target has periods."""
    dated = {target.id for target in campaign.targets.targets if target.periods}
    return sum(item.target.id in dated and not item.target.note for item in items)


def targets_for(campaign: CampaignConfig, article: Article) -> list[Target]:
    """The targets that annotators are asked about in an article."""
    if campaign.file.target_from:
        return [target_from_field(article, campaign.file.target_from)]
    try:
        entries = [campaign.targets.entry(name) for name in campaign.file.targets]
    except ConfigError as error:
        raise ConfigError(f"{campaign.beside(campaign.file.targets_file)}: {error}") from error
    return [entry.on(article.published, campaign.file.language) for entry in entries]


def _write_plan(campaign: CampaignConfig, plan: _Plan) -> int:
    """Write a plan, or let it join the one that people have seen; how many items joined."""
    if was_put_to_people(campaign):
        return _join_plan(campaign, plan)
    write_json(campaign.at("frame.json"), plan.frame)
    write_jsonl(campaign.at("splits.jsonl"), plan.splits)
    write_jsonl(campaign.at("items.jsonl"), plan.items)
    return 0


def _join_plan(campaign: CampaignConfig, plan: _Plan) -> int:
    """Add what a plan has more than the one that people have seen; what they may have seen is not changed any more."""
    _refuse_other_votes(campaign)
    for name in ("items.jsonl", "splits.jsonl"):
        mend_jsonl(campaign.at(name))  # a joining that was interrupted is done again
    before = list(items_of(campaign).values())
    present = {paragraph.id for paragraph in plan.paragraphs}
    added = joining([item for item in before if item.unit_id in present], plan.items)
    if added is None:
        raise ConfigError(
            f"{campaign.at('items.jsonl')}: this plan was pushed already, and the new one takes items away or changes "
            "them (articles, targets, options or seed); restore what was changed, ask for more `items` so that the old "
            "ones are among them, or give the campaign another name"
        )
    followed = {item.unit_id for item in placed_items(campaign, before, plan.paragraphs).items}
    known = {item.id for item in before}
    added = [item for item in added if item.id in known or item.unit_id not in followed]
    splits = read_jsonl(campaign.at("splits.jsonl"), SplitRow)
    groups = group_articles([item.article_id for item in (*before, *added)], clusters_of(campaign))
    append_jsonl(campaign.at("splits.jsonl"), joining_rows(splits, groups))
    append_jsonl(campaign.at("items.jsonl"), added)
    write_json(campaign.at("frame.json"), plan.frame)
    return sum(item.id not in known for item in added)


def _refuse_other_votes(campaign: CampaignConfig) -> None:
    """How many are asked for an item is told to the server when it is pushed, and stays."""
    run, plan = last_run(campaign.at("runs.jsonl"), "plan"), campaign.file.plan
    before = (run.facts.get("asked_for") or {}).get("plan", {}) if run else {}
    for name, now in (("votes", plan.votes), ("overlap_votes", plan.overlap_votes)):
        if before.get(name, now) != now:
            raise ConfigError(
                f"{campaign.path}: [plan] {name}: the items were pushed already and are asked of {before[name]}, "
                f"not {now}; put that back, or give the campaign another name"
            )


# --- who is asked for what -------------------------------------------------------------------------------------------


def assignments_of(campaign: CampaignConfig) -> list[Assignment]:
    """What each annotator of a campaign in which people are named is asked for and still is to do, or has done."""
    path = campaign.at("assignments.jsonl")
    rows = read_jsonl(path, Assignment, f"stance plan {campaign.path}")
    return in_force(rows, campaign.file.studio.annotators, _answered(campaign))


def _assign(campaign: CampaignConfig) -> int:
    """Bring the assignments up to date where people are named; how many were added."""
    options, path = campaign.file.studio, campaign.at("assignments.jsonl")
    if options.layout != "blind":
        return 0
    mend_jsonl(path)
    before = read_jsonl(path, Assignment) if path.exists() else []
    items = list(items_of(campaign).values())
    new = assign(items, options.annotators, campaign.file.seed, before, _answered(campaign))
    append_jsonl(path, new)
    return len(new)


def _answered(campaign: CampaignConfig) -> set[tuple[str, str]]:
    states = latest(ledger_of(campaign))
    return {(state.item_id, state.annotator) for state in states if state.state in ("submitted", "skipped")}


def frame_of(campaign: CampaignConfig) -> Frame:
    """What was sampled from."""
    return msgspec.convert(read_json(campaign.at("frame.json"), f"stance plan {campaign.path}"), Frame)
