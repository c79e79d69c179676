"""The step that brings votes from files into a campaign's ledger."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from toolkit.campaigns.progress import state_line
from toolkit.codebook import Codebook
from toolkit.errors import DataError, UsageError
from toolkit.exchange.import_votes import Imported, ImportRequest, Kind, import_lines
from toolkit.exchange.label_config import ADJUDICATION_REASON
from toolkit.exchange.submissions import without_withdrawn
from toolkit.exchange.vote_files import VoteFile, read_vote_files
from toolkit.files import append_jsonl, locked, mend_jsonl, read_jsonl
from toolkit.people import (
    ERASURE_RECORDS,
    Keys,
    SourceNames,
    WithdrawnPeople,
    named_accounts,
    read_erasure_records,
    read_keys,
)
from toolkit.records import Annotation, Annotator, Item
from toolkit.steps.common import Outcome, annotators_of, finish, items_of, paragraphs_of
from toolkit.steps.outside import Wanted
from toolkit.steps.status import campaign_state
from toolkit.store import Store
from toolkit.studio.pull.differences import role_of
from toolkit.studio.server.connection import campaign_key, studio_directory, studio_file_of
from toolkit.times import now
from toolkit.workspace import CampaignConfig

_SHOWN = 10  # items that are named where they belong to nothing


class _Found(Struct, frozen=True, kw_only=True):
    lines: list[Annotation]
    reflagged: list[Annotation]
    known: int
    by_text: int
    unmatched: list[str]
    doubles: int
    empty: int
    withdrawn: int


def import_files_step(campaign: CampaignConfig, files: Sequence[Path], wanted: Wanted) -> Outcome:
    """Append to the ledger what files hold and the ledger has not."""
    read = read_vote_files(files, wanted.columns, None)
    _refuse_verdicts(campaign, read)
    ledger = campaign.at("annotations.jsonl")
    with locked(campaign.at("pull")):
        mend_jsonl(ledger)
        known = read_jsonl(ledger, Annotation) if ledger.exists() else []
        found = _import(campaign, read, wanted, known)
        append_jsonl(ledger, [*found.lines, *found.reflagged])
        ledger.touch()
    return _outcome(campaign, read, found)


def _import(campaign: CampaignConfig, read: Sequence[VoteFile], wanted: Wanted, known: list[Annotation]) -> _Found:
    items, observed = items_of(campaign), now()
    read, withdrawn = _without_withdrawn(campaign, read, items)
    names = SourceNames(campaign.at("keys.outside.json"), "outside", "", {})
    names.avoid(read_erasure_records(campaign.at(ERASURE_RECORDS)))
    names.reserve([*annotators_of(campaign), *(each.annotator for file in read for each in file.submissions)])
    kinds = _Kinds(campaign, wanted)
    imported = []
    for file in read:
        if _is_own_export(file, items):
            names.know(_own_accounts(campaign))
        for each in file.submissions:
            kinds.add(names.name_of(each.annotator))
        request = _request(campaign, file, items, _Reading(wanted=wanted, kinds=kinds.found))
        one = import_lines(file.submissions, request, known, names.name_of, observed)
        _check_matched(file, one)
        known = [*known, *one.annotations, *one.reflagged]
        imported.append(one)
    kinds.remember({line.annotator for one in imported for line in one.annotations})
    names.save()
    return _Found(
        lines=[line for one in imported for line in one.annotations],
        reflagged=[line for one in imported for line in one.reflagged],
        known=sum(one.known for one in imported),
        by_text=sum(one.by_text for one in imported),
        unmatched=[each.item for one in imported for each in one.unmatched],
        doubles=sum(file.doubles for file in read),
        empty=sum(file.sheet.empty for file in read if file.sheet) + sum(one.empty for one in imported),
        withdrawn=withdrawn,
    )


def _without_withdrawn(
    campaign: CampaignConfig, read: Sequence[VoteFile], items: dict[str, Item]
) -> tuple[list[VoteFile], int]:
    """The files without what people gave who withdrew, and how much that is."""
    erasure_records = read_erasure_records(campaign.at(ERASURE_RECORDS))
    server = studio_file_of(campaign).server if campaign.at("studio.json").exists() else ""
    kept, count = [], 0
    for file in read:
        withdrawn = WithdrawnPeople(erasure_records, server if _is_own_export(file, items) else "")
        submissions, number = without_withdrawn(file.submissions, withdrawn)
        if submissions or not number:
            kept.append(msgspec.structs.replace(file, submissions=submissions))
        count += number
    return kept, count


class _Reading(Struct, frozen=True, kw_only=True):
    wanted: Wanted
    kinds: Mapping[str, Kind]


class _Kinds:
    """What annotators are: as the campaign knows them, else as the user says, else people."""

    def __init__(self, campaign: CampaignConfig, wanted: Wanted) -> None:
        self._campaign = campaign
        self._said = wanted.kind
        self._known = {name: annotator.kind for name, annotator in annotators_of(campaign).items()}
        self.found: dict[str, Kind] = {}

    def add(self, name: str) -> None:
        """Find out what an annotator is.

        Raises:
            DataError: the campaign knows otherwise.
        """
        known = self._known.get(name)
        if known and self._said and known != self._said:
            raise DataError(
                f"{self._campaign.at('annotators.jsonl')}: {name} is {known}, but the file is said to be from "
                f"{self._said}; give --kind {known}, or another name"
            )
        self.found[name] = known or self._said or "human"

    def remember(self, names: set[str]) -> None:
        """Say who answers, before their answers are written."""
        new = [Annotator(pseudonym=name, kind=self.found[name]) for name in sorted(names - self._known.keys())]
        append_jsonl(self._campaign.at("annotators.jsonl"), new)
        self._campaign.at("annotators.jsonl").touch()


def _refuse_verdicts(campaign: CampaignConfig, read: Sequence[VoteFile]) -> None:
    """Refuse what adjudicators answered: they have seen more than annotators, and decide instead of voting."""
    for file in read:
        if any(ADJUDICATION_REASON in each.answers for each in file.submissions):
            raise DataError(
                f"{file.path}: it holds decisions of adjudicators; run `stance adjudicate pull {campaign.path}`"
            )


def _request(campaign: CampaignConfig, file: VoteFile, items: dict[str, Item], reading: _Reading) -> ImportRequest:
    texts = {paragraph.id: paragraph.text for paragraph in paragraphs_of(campaign)}
    if file.sheet and file.sheet.about.campaign != campaign_key(Store(campaign)):
        raise DataError(f"{file.path}: a sheet of the campaign {file.sheet.about.campaign}, not of this one")
    stands = studio_file_of(campaign) if campaign.at("studio.json").exists() else None
    return ImportRequest(
        items=items,
        texts={item.id: texts.get(item.unit_id, "") for item in items.values()},
        codebook=campaign.codebook,
        columns=_columns(file, reading.wanted, campaign.codebook),
        kinds=reading.kinds,
        source=file.sheet.about.file if file.sheet else file.path.name,
        server=stands.server if stands else "",
        projects={project.id: role_of(project) for project in stands.projects} if stands else {},
        administrator=_administrator(campaign),
    )


def _columns(file: VoteFile, wanted: Wanted, codebook: Codebook) -> dict[str, str]:
    """Which column of a file answers which question."""
    found = list(dict.fromkeys(name for each in file.submissions for name in each.answers))
    asked = [question.name for question in codebook.questions]
    label = wanted.columns.label or ("label" if wanted.columns.wide else None)
    named = [name for name in asked if name in found]
    if file.sheet or (label is None and named):
        return {name: name for name in (found if file.sheet else named)}
    if label is None and "label" not in found:
        raise DataError(f"{file.path}: no column for a question of the codebook ({', '.join(asked)}); --label names it")
    label = label or "label"
    if label not in found and file.submissions:
        raise DataError(f"{file.path}: no column {label!r} with an answer; there are {', '.join(found)}")
    question = wanted.questions or ((label,) if label in asked else tuple(asked) if len(asked) == 1 else ())
    if len(question) != 1 or question[0] not in asked:
        raise UsageError(f"--question says what the column {label!r} answers: {', '.join(asked)}")
    return {label: question[0]}


def _is_own_export(file: VoteFile, items: dict[str, Item]) -> bool:
    return any(each.number is not None and each.item in items for each in file.submissions)


def _own_accounts(campaign: CampaignConfig) -> dict[str, str]:
    """The pseudonyms of the accounts where the campaign stands: those that a pull has named, and those that we made."""
    if not campaign.at("studio.json").exists():
        return {}
    made = {account.user_id: name for name, account in _keys(campaign).annotators.items()}
    names = {
        **named_accounts(campaign.at("keys.json")),
        **{number: name for number, name in made.items() if number is not None},
    }
    return {f"account {number}": name for number, name in names.items()}


def _administrator(campaign: CampaignConfig) -> str:
    admin = _keys(campaign).admin if campaign.at("studio.json").exists() else None
    return f"account {admin.user_id}" if admin and admin.user_id is not None else ""


def _keys(campaign: CampaignConfig) -> Keys:
    places = (campaign.at("keys.server.json"), studio_directory(campaign.root) / "keys.json")
    return read_keys(next((path for path in places if path.exists()), places[0]))


def _check_matched(file: VoteFile, one: Imported) -> None:
    if file.submissions and len(one.unmatched) == len(file.submissions):
        first = one.unmatched[0]
        raise DataError(
            f"{file.path}: none of its {len(file.submissions)} votes is on an item of the campaign, by id or "
            f"by text; the first is on {first.item!r}: --item and --text name the columns"
        )


def _outcome(campaign: CampaignConfig, read: Sequence[VoteFile], found: _Found) -> Outcome:
    state = campaign_state(campaign)
    states = Counter(line.state for line in found.lines)
    flags = Counter(flag.code for line in found.lines for flag in line.flags)
    facts = {
        "schema": 1,
        "files": [str(file.path) for file in read],
        "new": len(found.lines),
        "states": dict(sorted(states.items())),
        "flags": dict(sorted(flags.items())),
        "known": found.known,
        "doubles": found.doubles,
        "by_text": found.by_text,
        "empty": found.empty,
        "withdrawn": found.withdrawn,
        "unmatched": len(found.unmatched),
        "unmatched_items": list(dict.fromkeys(found.unmatched))[:_SHOWN],
        "state": msgspec.to_builtins(state),
    }
    words = {
        "known before": found.known,
        "twice in a file": found.doubles,
        "lines reflagged": len(found.reflagged),
        "matched by text": found.by_text,
        "not of this campaign": len(found.unmatched),
        "rows still empty": found.empty,
        "left out, of people who withdrew": found.withdrawn,
    }
    said = [f"{number} {word}" for word, number in words.items() if number]
    said += [f"{number} flagged {code}" for code, number in sorted(flags.items())]
    line = "; ".join([f"{len(found.lines)} new lines in the ledger", *said, state_line(state)])
    outputs = [campaign.at("annotations.jsonl"), campaign.at("annotators.jsonl")]
    return finish(campaign, "pull --from", [file.path for file in read], outputs, Outcome(line=line, facts=facts))
