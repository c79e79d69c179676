"""Steps from files to articles, their near-duplicates, and from paragraphs to items: ingest, duplicates, plan."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from toolkit.articles.intake import Rules
from toolkit.articles.journal import Tally
from toolkit.articles.near_duplicates import cluster_articles
from toolkit.articles.origins import agencies_of
from toolkit.articles.outlets import outlets_of
from toolkit.articles.reading import Request, ingest, ingest_anew, read_articles
from toolkit.campaigns.planning import plan_items, stratum_of, target_from_field
from toolkit.campaigns.sampling import Frame, describe_frame, stratified_sample
from toolkit.errors import ConfigError, DataError, UsageError
from toolkit.files import column as table_column
from toolkit.files import (
    digest_of_file,
    read_json,
    read_jsonl,
    read_table,
    suffix_of,
    write_json,
    write_jsonl,
    write_table,
)
from toolkit.records import Article, Clustered, Item, Paragraph, SplitRow, Target
from toolkit.runs import last_run
from toolkit.splitting.groups import draw_test_set, group_articles
from toolkit.steps.common import Outcome, Progress, articles_of, clusters_of, finish, items_of, paragraphs_of
from toolkit.steps.init import carried
from toolkit.steps.paragraphs import counts_of, placed_items, segment_inputs, told_outdated, was_put_to_people
from toolkit.workspace import Campaign


class Wanted(Struct, frozen=True, kw_only=True):
    """What a user wants read, and as what."""

    inputs: tuple[Path, ...]  # files and folders
    columns: dict[str, str] = {}  # field of an article -> column of a table
    constants: dict[str, str] = {}  # field -> value for articles that have none of their own
    languages: tuple[str, ...] = ()  # (): any
    min_words: int = 0


def ingest_step(wanted: Wanted, output: Path, restart: bool, progress: Progress) -> Outcome:
    """Read files and folders into one file of articles, with what was left out beside it.

    Args:
        wanted: what is read, and as what.
        output: a ``.jsonl`` file.
        restart: forget what an interrupted reading left, instead of going on with it.
        progress: is told how far the reading is.
    """
    if output.suffix != ".jsonl":
        raise UsageError(f"{output}: articles are written as .jsonl; name the file so")
    tables = _tables_of(output)
    rules = Rules(
        constants=wanted.constants,
        languages=wanted.languages,
        min_words=wanted.min_words,
        outlets=outlets_of(read_table(path) if (path := tables / "outlets.csv").exists() else ()),
        agencies=agencies_of(
            read_table(path if (path := tables / "agencies.csv").exists() else carried("agencies.csv"))
        ),
    )
    request = Request(inputs=wanted.inputs, columns=wanted.columns, rules=rules)
    tally = (ingest_anew if restart else ingest)(request, output, progress)
    return Outcome(line=_ingested(tally, output), facts=_ingest_facts(tally, output))


def _tables_of(output: Path) -> Path:
    """The schemas of the workspace that an output lies in, else of the one we are in."""
    above = [parent / "schemas" for parent in output.resolve().parents]
    return next((path for path in above if (path / "outlets.csv").exists()), Path("schemas"))


def _ingest_facts(tally: Tally, output: Path) -> dict[str, Any]:
    counts = {
        name: dict(sorted(getattr(tally, name).items())) for name in ("dropped", "repairs", "languages", "origins")
    }
    return {"schema": 1, "articles": tally.articles, **counts, "resumed": tally.resumed, "output": str(output)}


def _ingested(tally: Tally, output: Path) -> str:
    repairs = f"; repaired: {_told(tally.repairs)}" if tally.repairs else ""
    resumed = " (gone on with after an interruption)" if tally.resumed else ""
    return f"{output}: {tally.articles} articles{resumed}; left out: {_told(tally.dropped)}{repairs}"


def _told(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {reason}" for reason, n in sorted(reasons.items())) or "none"


def duplicates_source(
    path: Path, output: Path | None, columns: Mapping[str, str], threshold: float, progress: Progress
) -> tuple[Outcome, list[Clustered]]:
    """The articles of a file that have a near-duplicate; to a file if one is named.

    Args:
        path: a ``.jsonl`` file of articles, or a table.
        output: ``.jsonl``, ``.csv``, ``.tsv`` or ``.parquet``.
        columns: ``text`` and ``id`` -> column of a table; rows without an id are known by their number.
        threshold: Jaccard index of word 5-grams.
        progress: is told what is being done.
    """
    progress(f"reading {path.name}", 0, 0)
    lone = not columns and suffix_of(path) == ".jsonl"
    articles = read_articles([path]) if lone else _articles_of_table(path, columns)
    progress(f"comparing {len(articles)} articles", 0, 0)
    clusters = cluster_articles(articles, threshold)
    if output is not None:
        write_table(output, [msgspec.to_builtins(row) for row in clusters])
    count = len({row.cluster for row in clusters})
    facts = {
        "schema": 1,
        "articles": len(articles),
        "empty": sum(not article.text.strip() for article in articles),
        "threshold": threshold,
        "clustered": len(clusters),
        "kinds": dict(sorted(Counter(row.kind for row in clusters).items())),
        "clusters": count,
    }
    return Outcome(line=f"{len(clusters)} of {len(articles)} articles in {count} clusters", facts=facts), clusters


def _articles_of_table(path: Path, columns: Mapping[str, str]) -> list[Article]:
    rows = read_table(path)
    texts = table_column(rows, columns.get("text", "text"), path)
    numbered = "id" not in columns and bool(rows) and "id" not in rows[0]
    names = range(1, len(rows) + 1) if numbered else table_column(rows, columns.get("id", "id"), path)
    found: dict[str, Article] = {}
    for number, (name, text) in enumerate(zip(names, texts, strict=True), 1):
        if name in (None, ""):
            raise DataError(f"{path}, row {number}: no id; name a column with ids by --id")
        if not isinstance(text, str | None):
            raise DataError(f"{path}, row {number}: the text is {text!r}; name the column with texts by --text")
        if str(name) in found:
            raise DataError(
                f"{path}, row {number}: a second row with the id {str(name)!r}; name another column by --id"
            )
        found[str(name)] = Article(id=str(name), text=text or "")
    return list(found.values())


def plan_step(campaign: Campaign) -> Outcome:
    """Sample paragraphs, put their targets to them, and fix the test set; a plan that was pushed is never changed."""
    codebook = campaign.codebook  # a broken one is found here, before anything is asked
    if _was_pushed_as_asked_for(campaign):
        return _keep_plan(campaign)
    articles, paragraphs = articles_of(campaign), paragraphs_of(campaign)
    frame, items = _items(campaign, articles, paragraphs)
    clusters = clusters_of(campaign)
    groups = group_articles([item.article_id for item in items], clusters)
    splits = draw_test_set(groups, campaign.file.plan.test_share, campaign.file.seed)
    _write_plan(campaign, frame, items, splits)
    facts = {**_plan_facts(campaign, frame, items, splits), "codebook": codebook.ref}
    line = (
        f"{len(items)} items of {frame.paragraphs} paragraphs, {facts['votes']} votes to ask for; "
        f"test set: {facts['test_items']} items of {facts['test_articles']} articles"
    )
    if facts["without_note"]:
        line += (
            f"; {facts['without_note']} items tell annotators nothing of who the target was: their articles have no "
            f"date (`published`) or {campaign.file.targets_file} has no period for it"
        )
    outcome = Outcome(line=line, facts=facts)
    return finish(campaign, "plan", plan_inputs(campaign), plan_outputs(campaign), outcome)


def _plan_facts(campaign: Campaign, frame: Frame, items: Sequence[Item], splits: Sequence[SplitRow]) -> dict[str, Any]:
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


def _asked_for(campaign: Campaign) -> dict[str, Any]:
    """What the campaign asks of its plan; the articles aside."""
    file, targets = campaign.file, campaign.beside(campaign.file.targets_file)
    asked = {
        "sample": file.sample,
        "plan": {name: value for name, value in asdict(file.plan).items() if name != "validation_share"},
        "targets": file.targets,
        "target_from": file.target_from,
        "targets_file": digest_of_file(targets) if targets.exists() else None,
        "language": file.language,
        "seed": file.seed,
    }
    return dict(msgspec.json.decode(msgspec.json.encode(asked)))  # as the record of the run gives it back


def _was_pushed_as_asked_for(campaign: Campaign) -> bool:
    """Whether annotators may have seen the plan, and nothing else is asked of it: then edits of articles do not count.

    Where the files of the plan or its run are lost, it is made anew and compared.
    """
    if not was_put_to_people(campaign) or not all(path.exists() for path in plan_outputs(campaign)):
        return False
    run = last_run(campaign.at("runs.jsonl"), "plan")
    return run is not None and run.facts.get("asked_for") == _asked_for(campaign)


def _keep_plan(campaign: Campaign) -> Outcome:
    """Leave a plan that was pushed as it is, and say what became of its paragraphs."""
    items = list(items_of(campaign).values())
    counts = counts_of(placed_items(campaign, items, paragraphs_of(campaign)))
    splits = read_jsonl(campaign.at("splits.jsonl"), SplitRow)
    facts = {
        **_plan_facts(campaign, frame_of(campaign), items, splits),
        "codebook": campaign.codebook.ref,
        "placed": counts,
    }
    told = told_outdated(counts)
    line = f"{len(items)} items, pushed already and kept; articles that came later are not in them"
    outcome = Outcome(line=f"{line}; {told}" if told else line, facts=facts)
    return finish(campaign, "plan", plan_inputs(campaign), plan_outputs(campaign), outcome)


def plan_inputs(campaign: Campaign) -> list[Path]:
    """What the plan depends on."""
    targets = campaign.beside(campaign.file.targets_file)
    return [*segment_inputs(campaign), campaign.at("paragraphs.jsonl"), campaign.at("clusters.jsonl"), targets]


def plan_outputs(campaign: Campaign) -> list[Path]:
    """What planning writes."""
    return [campaign.at(name) for name in ("frame.json", "items.jsonl", "splits.jsonl")]


def _items(
    campaign: Campaign, articles: Mapping[str, Article], paragraphs: Sequence[Paragraph]
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
    items = plan_items(
        chosen, lambda name: targets_for(campaign, articles[name]), campaign.file.plan.votes, frame.selection
    )
    return frame, items


def _without_note(campaign: Campaign, items: Sequence[Item]) -> int:
    """Items without a note though their target has periods."""
    dated = {target.id for target in campaign.targets.targets if target.periods}
    return sum(item.target.id in dated and not item.target.note for item in items)


def targets_for(campaign: Campaign, article: Article) -> list[Target]:
    """The targets that annotators are asked about in an article."""
    if campaign.file.target_from:
        return [target_from_field(article, campaign.file.target_from)]
    try:
        entries = [campaign.targets.entry(name) for name in campaign.file.targets]
    except ConfigError as error:
        raise ConfigError(f"{campaign.beside(campaign.file.targets_file)}: {error}") from error
    return [entry.on(article.published, campaign.file.language) for entry in entries]


def _write_plan(campaign: Campaign, frame: Frame, items: Sequence[Item], splits: Sequence[SplitRow]) -> None:
    path = campaign.at("items.jsonl")
    if was_put_to_people(campaign):  # what annotators may have seen is not changed any more
        if read_jsonl(path, Item) == items and read_jsonl(campaign.at("splits.jsonl"), SplitRow) == splits:
            return
        raise ConfigError(
            f"{path}: this plan was pushed already, and the new one differs (articles, targets, options or seed); "
            "restore what was changed, or give the campaign another name"
        )
    write_json(campaign.at("frame.json"), frame)
    write_jsonl(campaign.at("splits.jsonl"), splits)
    write_jsonl(path, items)


def frame_of(campaign: Campaign) -> Frame:
    """What was sampled from."""
    return msgspec.convert(read_json(campaign.at("frame.json"), f"stance plan {campaign.path}"), Frame)
