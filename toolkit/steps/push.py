"""The step that brings items to Label Studio."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from toolkit.campaigns.display import ShownItem, replaced_characters
from toolkit.campaigns.progress import restorations, withdrawals
from toolkit.codebook import Codebook
from toolkit.files import append_jsonl, read_jsonl, write_json, write_text
from toolkit.labels.ledger import latest
from toolkit.records import Annotation, StudioFile
from toolkit.steps.common import Outcome, Progress, finish, items_of, ledger_of, paragraphs_of, withdrawn_of
from toolkit.steps.plan import assignments_of
from toolkit.steps.segment import counts_of, placed_items, told_outdated
from toolkit.steps.showing import shown_of
from toolkit.steps.tiebreak import disputes_of
from toolkit.store import Store
from toolkit.studio.config import label_config
from toolkit.studio.push.items import PushReport, PushRequest, push_items
from toolkit.studio.push.revision import differences
from toolkit.studio.server.connection import campaign_key, connect, server_key, studio_file_of
from toolkit.workspace import CampaignConfig

_NAMED = 5  # items that a line names; the facts have all


def withdraw_items(campaign: CampaignConfig, item_ids: Sequence[str], reason: str) -> int:
    """Ask nobody about some items any more, and return how many are new; the next push takes them out.

    Raises:
        UsageError: the campaign has no such item, or there is no reason.
    """
    store = Store(campaign)
    with store.lock():
        return store.append_rows("withdrawn.jsonl", withdrawals(item_ids, store.items, store.withdrawn, reason))


def restore_items(campaign: CampaignConfig, item_ids: Sequence[str], reason: str) -> int:
    """Ask about withdrawn items again, and return how many; their answers count again.

    Raises:
        UsageError: the campaign has no such item, or it is not withdrawn, or there is no reason.
    """
    store = Store(campaign)
    with store.lock():
        return store.append_rows("withdrawn.jsonl", restorations(item_ids, store.items, store.withdrawn, reason))


def push_step(campaign: CampaignConfig, progress: Progress) -> Outcome:
    """Bring the items to Label Studio, each once, in the layout of the campaign."""
    paragraphs, states = paragraphs_of(campaign), latest(ledger_of(campaign))
    placed = placed_items(campaign, list(items_of(campaign).values()), paragraphs)
    studio, _ = connect(campaign.root)
    request = _request(campaign, studio.url, shown_of(campaign, placed.items, paragraphs), states)
    changes = _changes(request.codebook, request.earlier)
    with studio:
        doubt = studio.greet()
        if changes is not None:  # kept before the server knows it: what annotators saw can always be looked up
            append_jsonl(campaign.at("codebooks.jsonl"), [request.codebook])
        report = push_items(studio, request, lambda done, total: progress("pushed", done, total))
    server = server_key(_before(campaign), report.server, report.projects, report.screens)
    file = StudioFile(
        server=server,
        address=report.server if report.server != server else "",
        campaign=request.campaign,
        codebook=campaign.codebook.ref,
        projects=report.projects,
        screens=report.screens,
    )
    config = label_config(campaign.codebook, campaign.file.language, show=campaign.file.studio.show)
    write_text(campaign.at("label_config.xml"), config + "\n")
    write_json(campaign.at("studio.json"), file)
    counts, replaced = counts_of(placed), replaced_characters(request.items)
    facts = {
        "schema": 1,
        **msgspec.to_builtins(report),
        **_revision(request, report, states, changes or []),
        "placed": counts,
        "replaced_characters": replaced,
        "doubt": doubt,
    }
    spoilt = f"{replaced} characters that cannot be shown are replaced on the screen" if replaced else ""
    said = filter(None, (_line(report, facts), told_outdated(counts), spoilt, doubt))
    outcome = Outcome(line="; ".join(said), facts=facts)
    return finish(campaign, "push", push_inputs(campaign), push_outputs(campaign), outcome)


def push_inputs(campaign: CampaignConfig) -> list[Path]:
    """What a push depends on."""
    names = ["paragraphs.jsonl", "items.jsonl", "assignments.jsonl", "withdrawn.jsonl"]
    names += ["annotations.jsonl"] if campaign.file.studio.tiebreak else []
    return [campaign.beside(campaign.file.codebook), *map(campaign.at, names)]


def push_outputs(campaign: CampaignConfig) -> list[Path]:
    """What a push writes."""
    return [campaign.at("studio.json"), campaign.at("label_config.xml"), campaign.at("codebooks.jsonl")]


# --- what is to stand there ------------------------------------------------------------------------------------------


def _request(
    campaign: CampaignConfig, url: str, shown: Sequence[ShownItem], states: Sequence[Annotation]
) -> PushRequest:
    options = campaign.file.studio
    before = _before(campaign)
    here = before if before is not None and before.is_at(url) else None
    return PushRequest(
        campaign=campaign_key(Store(campaign)),
        title=options.title or campaign.file.title,
        codebook=campaign.codebook,
        language=campaign.file.language,
        items=tuple(shown),
        unshown=tuple(sorted(items_of(campaign).keys() - {each.item.id for each in shown})),
        layout=options.layout,
        assignments=tuple(assignments_of(campaign)) if options.layout == "blind" else (),
        disputes=tuple(disputes_of(campaign, states)) if options.tiebreak else (),
        withdrawn=tuple(sorted(withdrawn_of(campaign))),
        earlier=tuple(_codebooks(campaign)),
        show=options.show,
        answered=_answered(states, here.server) if here else (),
        known=here.projects if here else (),
        screens=here.screens if here else (),
        batch=options.batch,
    )


def _before(campaign: CampaignConfig) -> StudioFile | None:
    return studio_file_of(campaign) if campaign.at("studio.json").exists() else None


def _answered(states: Iterable[Annotation], url: str) -> tuple[tuple[int, str], ...]:
    """The items that the ledger has annotations of, by project."""
    origins = [(state.origin, state.item_id) for state in states if state.state not in ("deleted", "draft")]
    return tuple(sorted({(origin.project, item) for origin, item in origins if origin and origin.server == url}))


def _codebooks(campaign: CampaignConfig) -> list[Codebook]:
    path = campaign.at("codebooks.jsonl")
    return read_jsonl(path, Codebook) if path.exists() else []


# --- what is said of it ----------------------------------------------------------------------------------------------


def _changes(codebook: Codebook, earlier: Sequence[Codebook]) -> list[str] | None:
    """What is new in the codebook since the one that was pushed last; None where it is that one."""
    if earlier and earlier[-1].ref == codebook.ref:
        return None
    return differences(earlier[-1], codebook) if earlier else []


def _revision(
    request: PushRequest, report: PushReport, states: Iterable[Annotation], changes: Sequence[str]
) -> dict[str, Any]:
    """What changes for whom: the annotations in the ledger that were given to another codebook."""
    before = [s for s in states if s.state == "submitted" and s.codebook != request.codebook.ref]
    return {
        "codebook": request.codebook.ref,
        "changes": list(changes),
        "given_before": len(before),
        "annotators_before": sorted({state.annotator for state in before}),
        "versions": len({screen.codebook for screen in report.screens}),
    }


def _line(report: PushReport, facts: dict[str, Any]) -> str:
    numbers = {
        "twins removed": report.removed,
        "answered twins merged": report.merged,
        "taken out": report.taken_out,
        "tasks put right": report.refreshed,
        "projects set anew": report.reset,
        "tasks of no item of ours left alone": report.unknown,
    }
    said = [f"{report.created} items pushed, {report.present} were there"]
    said += [f"{number} {what}" for what, number in numbers.items() if number or what == "twins removed"]
    if facts["changes"]:
        people = ", ".join(facts["annotators_before"]) or "nobody"
        said.append(
            f"codebook {facts['codebook']}: {'; '.join(facts['changes'])} ({facts['given_before']} annotations "
            f"in the ledger were given before, by {people})"
        )
    said += _doubts(report)
    return f"{', '.join(said)}: {', '.join(project.url for project in report.projects)}"


def _doubts(report: PushReport) -> Iterable[str]:
    if report.kept:
        yield f"{len(report.kept)} not asked any more but answered, so left there ({_named(report.kept)})"
    if report.twins:
        yield f"{len(report.twins)} items twice, somebody is at work on them: push again later ({_named(report.twins)})"
    if report.vanished:
        yield (
            f"{len(report.vanished)} items asked again since their answered tasks were deleted on the server; the "
            f"ledger keeps the answers, `stance pull` marks them deleted ({_named(report.vanished)})"
        )


def _named(items: Sequence[str]) -> str:
    return ", ".join(items[:_NAMED]) + (", …" if len(items) > _NAMED else "")
