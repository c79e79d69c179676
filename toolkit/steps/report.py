"""The step that writes the report."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import msgspec

from toolkit.campaigns.progress import state_of
from toolkit.campaigns.simulation import MODEL
from toolkit.files import read_json, read_jsonl, write_text
from toolkit.labels.ledger import latest
from toolkit.records import Annotation, Annotator, Article, Dropped, Example, Gold, Item, Paragraph
from toolkit.report.facts import (
    AnnotatorRow,
    CorpusFacts,
    OutletCount,
    QuestionFacts,
    ReportFacts,
    Simulation,
    TargetRow,
    UnresolvedItem,
    WorkFacts,
)
from toolkit.report.page import render_page
from toolkit.report.shares import label_shares, unresolved_share
from toolkit.runs import versions
from toolkit.splitting.certificate import Certificate
from toolkit.steps.build import agreement_file_of, build_inputs, build_outputs, examples_of, gold_of
from toolkit.steps.common import (
    Outcome,
    annotations_of,
    annotators_of,
    articles_of,
    clusters_of,
    finish,
    items_of,
    paragraphs_of,
    withdrawn_of,
)
from toolkit.steps.plan import frame_of
from toolkit.steps.scores import scores_of
from toolkit.workspace import CampaignConfig

_TO_READ = 50  # unresolved items that the page shows


def report_step(campaign: CampaignConfig) -> Outcome:
    """Write one offline page about a campaign."""
    path = campaign.at("report.html")
    write_text(path, render_page(report_facts(campaign)))
    outcome = Outcome(line=str(path), facts={"schema": 1, "report": str(path)})
    return finish(campaign, "report", report_inputs(campaign), report_outputs(campaign), outcome)


def report_inputs(campaign: CampaignConfig) -> list[Path]:
    """What the report depends on."""
    names = ("agreement.json", "frame.json", "dropped.jsonl", "baseline/scores.json")
    return [*build_inputs(campaign), *build_outputs(campaign), *(campaign.at(name) for name in names)]


def report_outputs(campaign: CampaignConfig) -> list[Path]:
    """The page."""
    return [campaign.at("report.html")]


def report_facts(campaign: CampaignConfig) -> ReportFacts:
    """Everything that the page says, read from the files of the campaign."""
    examples, items = examples_of(campaign), items_of(campaign)
    annotations, annotators = annotations_of(campaign), annotators_of(campaign)
    unresolved = _unresolved(campaign, examples)
    certificate = campaign.at("dataset") / "certificate.json"
    scores = scores_of(campaign)
    return ReportFacts(
        name=campaign.name,
        title=campaign.file.title,
        description=campaign.file.description,
        language=campaign.file.language,
        seed=campaign.file.seed,
        codebook=campaign.codebook,
        versions=versions(),
        simulation=_simulation(annotations, annotators),
        corpus=_corpus(campaign, items),
        work=_work(campaign, items, annotations, annotators),
        targets=_targets(items),
        questions=_questions(campaign, gold_of(campaign)),
        certificate=msgspec.convert(read_json(certificate), Certificate) if certificate.exists() else None,
        scores=scores,
        scored_question=scores.question if scores else "",
        unresolved=tuple(unresolved[:_TO_READ]),
        unresolved_total=len(unresolved),
    )


def _simulation(annotations: Sequence[Annotation], annotators: Mapping[str, Annotator]) -> Simulation:
    used = sorted({annotation.annotator for annotation in annotations})
    simulated = [annotators[name] for name in used if name in annotators and annotators[name].kind == "simulated"]
    if not simulated:
        return Simulation(extent="none")
    truths = {annotator.details.get("truth", "latent") for annotator in simulated}
    return Simulation(
        extent="all" if len(simulated) == len(used) else "some",
        annotators=len(simulated),
        error_model=MODEL,
        truth="intended" if truths == {"intended"} else "random" if truths == {"latent"} else "both",
    )


def _corpus(campaign: CampaignConfig, items: Mapping[str, Item]) -> CorpusFacts:
    articles, paragraphs = articles_of(campaign), paragraphs_of(campaign)
    clusters = clusters_of(campaign)
    dates = sorted(article.published[:10] for article in articles.values() if article.published)
    dropped = read_jsonl(campaign.at("dropped.jsonl"), Dropped, f"stance segment {campaign.path}")
    return CorpusFacts(
        articles=len(articles),
        period=(dates[0], dates[-1]) if dates else None,
        outlets=_outlets(articles, paragraphs, items),
        roles=dict(Counter(paragraph.role for paragraph in paragraphs).most_common()),
        asked_roles=campaign.file.sample.roles,
        dropped=dict(sorted(Counter(row.reason for row in dropped).items())),
        clusters=len({row.cluster for row in clusters}),
        clustered_articles=len(clusters),
    )


def _outlets(
    articles: Mapping[str, Article], paragraphs: Sequence[Paragraph], items: Mapping[str, Item]
) -> tuple[OutletCount, ...]:
    name = {article.id: article.outlet or "unknown" for article in articles.values()}
    of_articles = Counter(name.values())
    of_paragraphs = Counter(name[paragraph.article_id] for paragraph in paragraphs)
    of_items = Counter(name.get(item.article_id, "unknown") for item in items.values())
    return tuple(
        OutletCount(name=outlet, articles=count, paragraphs=of_paragraphs[outlet], items=of_items[outlet])
        for outlet, count in sorted(of_articles.items())
    )


def _work(
    campaign: CampaignConfig,
    items: Mapping[str, Item],
    annotations: Sequence[Annotation],
    annotators: Mapping[str, Annotator],
) -> WorkFacts:
    states, state = latest(annotations), state_of(items, annotations, withdrawn_of(campaign))
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    counts: Counter[tuple[str, str]] = Counter()
    for annotation in states:
        counts[annotation.annotator, annotation.state] += 1
        if annotation.seconds is not None and annotation.state == "submitted":
            seconds[annotation.annotator].append(annotation.seconds)
    return WorkFacts(
        items=len(items),
        selection=frame_of(campaign).selection,
        votes_asked=dict(sorted(Counter(item.votes for item in items.values()).items())),
        annotations=state.votes,
        left_out=state.left_out,
        short_items=state.open_items + state.short_items,
        annotators=tuple(
            AnnotatorRow(
                pseudonym=name,
                kind=annotators[name].kind if name in annotators else "human",
                answered=counts[name, "submitted"],
                skipped=counts[name, "skipped"],
                median_seconds=median(seconds[name]) if seconds[name] else None,
            )
            for name in sorted({annotation.annotator for annotation in states})
        ),
    )


def _targets(items: Mapping[str, Item]) -> tuple[TargetRow, ...]:
    counts = Counter((item.target.title, item.target.note) for item in items.values())
    return tuple(TargetRow(title=title, note=note, items=n) for (title, note), n in sorted(counts.items()))


def _questions(campaign: CampaignConfig, gold: Sequence[Gold]) -> tuple[QuestionFacts, ...]:
    items, seed = items_of(campaign), campaign.file.seed
    cluster_of = {row.article_id: row.cluster for row in clusters_of(campaign)}
    clusters = {item.id: cluster_of.get(item.article_id, item.article_id) for item in items.values()}
    chances = {item.id: item.propensity for item in items.values()}
    agreement = agreement_file_of(campaign)
    found = []
    for question in campaign.codebook.choices:
        rows = [row for row in gold if row.question == question.name]
        found.append(
            QuestionFacts(
                name=question.name,
                agreement=agreement.questions[question.name],
                labels=dict(Counter(row.label for row in rows if row.label is not None)),
                statuses=dict(sorted(Counter(row.status for row in rows).items())),
                shares=label_shares(rows, question.gold_labels, clusters, chances, seed),
                unresolved=unresolved_share(rows, clusters, chances, seed),
            )
        )
    return tuple(found)


def _unresolved(campaign: CampaignConfig, examples: Sequence[Example]) -> list[UnresolvedItem]:
    return [
        UnresolvedItem(
            question=question.name,
            headline=example.headline,
            text=example.text,
            target=example.target,
            votes=example.answers[question.name].votes,
        )
        for question in campaign.codebook.choices
        for example in examples
        if example.answers[question.name].status == "unresolved"
        and example.answers[question.name].votes
        # where an earlier question is unresolved, this one follows it: the item stands in the list once
        and all(example.answers[earlier].label is not None for earlier in question.when)
    ]
