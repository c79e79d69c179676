"""Steps for votes from outside a campaign: any project of a server, exports made by hand, tables, spreadsheets."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from toolkit.errors import DataError, MissingFileError, StudioError, UsageError
from toolkit.exchange.exports import SUFFIXES, ColumnMap, read_submissions
from toolkit.exchange.filled_sheets import ReadSheet, plain_rows, read_sheet
from toolkit.exchange.import_votes import Kind
from toolkit.exchange.label_config import ConfigQuestion, read_label_config
from toolkit.exchange.submissions import Submission, VoteRow, chosen_question, twins, vote_rows, without_doubles
from toolkit.steps.common import Outcome, Progress
from toolkit.steps.naming import Names
from toolkit.steps.rows import check_table_name, write_votes
from toolkit.steps.tombstones import Withdrawn, beside_table, read_tombstones
from toolkit.studio.http.client import Studio
from toolkit.studio.pull.external_project import ExternalProject, open_project, project_address, submissions_of

_EVERY = 500  # tasks between two words of progress


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be read, as the user says it."""

    columns: ColumnMap = ColumnMap()
    questions: tuple[str, ...] = ()
    kind: Kind | None = None  # of whoever gave the votes; None: as is known of each, else a person


class ReadFile(Struct, frozen=True, kw_only=True):
    """A file of votes, read."""

    path: Path
    submissions: list[Submission]
    doubles: int  # annotations that were there once too often
    sheet: ReadSheet | None  # where it is a sheet that the toolkit wrote


# --- a project that the toolkit did not make -----------------------------------------------------------------------


def pull_project_step(address: str, wanted: Wanted, output: Path, progress: Progress) -> Outcome:
    """The votes on one question of any project, as a table."""
    check_table_name(output)
    url, number = project_address(address)
    with Studio(url, _token(url)) as studio:
        project = open_project(studio, number)
        where = f"{studio.url}/projects/{number}"
        found = read_label_config(project.label_config, where)
        question = chosen_question([each.name for each in found], wanted.questions, where)
        about = next(each for each in found if each.name == question)
        foreign = ExternalProject(
            project=number, item=wanted.columns.item, text=wanted.columns.text or _only_column(about)
        )
        emails = {f"account {user}": email for user, email in studio.users().items()}
        names = Names(_keys_beside(output), "person", studio.url, emails)
        submissions = _told(submissions_of(studio, foreign), project.task_number, progress)
        return _write_votes(submissions, question, names, output, {"project": number, "text": foreign.text})


def _token(url: str) -> str:
    token = os.environ.get("LABEL_STUDIO_API_KEY")
    if not token:
        raise StudioError(f"{url}: no token; set LABEL_STUDIO_API_KEY to that of your account there, of either kind")
    return token


def _only_column(question: ConfigQuestion) -> str | None:
    return question.columns[0] if len(question.columns) == 1 else None


def _keys_beside(output: Path) -> Path:
    return output.with_name(f"{output.stem}.keys.json")


def _told(submissions: Iterable[Submission], tasks: int, progress: Progress) -> Iterator[Submission]:
    place, count = "", 0
    for each in submissions:
        if each.where != place:
            place, count = each.where, count + 1
            if count % _EVERY == 0:
                progress("answered tasks", count, tasks)
        yield each


def _write_votes(
    submissions: Iterable[Submission], question: str, names: Names, output: Path, more: dict[str, Any]
) -> Outcome:
    tally: Counter[str] = Counter()
    items: set[str] = set()
    tombstones = read_tombstones(beside_table(output))
    names.avoid(tombstones)
    submissions = _staying(submissions, Withdrawn(tombstones, names.server), tally)
    rows = write_votes(output, _seen(vote_rows(submissions, question, names.name_of, tally), items))
    keys = _keys_beside(output) if names.save() else None
    facts = {
        "schema": 1,
        "output": str(output),
        "question": question,
        "rows": rows,
        "items": len(items),
        "annotators": len(names.used),
        **{state: tally[state] for state in ("submitted", "skipped", "draft", "repeat", "unanswered", "withdrawn")},
        "keys": str(keys) if keys else None,
        **more,
    }
    votes = tally["submitted"] - tally["unanswered"]
    line = (
        f"{output}: {rows} rows on {question}, {votes} votes on {len(items)} items by "
        f"{len(names.used)} annotators, {_left_out(tally)}" + (f"; {keys} says who they are" if keys else "")
    )
    return Outcome(line=line, facts=facts)


def _staying(submissions: Iterable[Submission], withdrawn: Withdrawn, tally: Counter[str]) -> Iterator[Submission]:
    """What people gave who did not withdraw; the tally counts the rest."""
    for each in submissions:
        if withdrawn.has(each.annotator):
            tally["withdrawn"] += 1
        else:
            yield each


def _seen(rows: Iterable[VoteRow], items: set[str]) -> Iterator[VoteRow]:
    """The rows, and the items that have a vote set down."""
    for row in rows:
        if row.state == "submitted" and row.label is not None:
            items.add(row.item)
        yield row


def _left_out(tally: Counter[str]) -> str:
    words = {"skipped": "skips", "draft": "drafts", "repeat": "repeated votes", "unanswered": "without an answer to it"}
    words["withdrawn"] = "of people who withdrew"
    said = [f"{tally[state]} {word}" for state, word in words.items() if tally[state]]
    return ", ".join(said) or "nothing left out"


# --- files ---------------------------------------------------------------------------------------------------------


def pull_files_step(files: Sequence[Path], wanted: Wanted, output: Path) -> Outcome:
    """The votes on one question in exports, tables and sheets, as one table."""
    check_table_name(output)
    read = read_files(files, wanted.columns, output)
    submissions, doubles = without_doubles(each for file in read for each in file.submissions)
    doubles += sum(file.doubles for file in read)
    found = list(dict.fromkeys(name for each in submissions for name in each.answers))
    question = chosen_question(found, _asked(found, wanted), ", ".join(str(file.path) for file in read))
    alike = twins(submissions)
    more = {"files": [str(file.path) for file in read], "doubles": doubles, "twins": [list(group) for group in alike]}
    names = Names(_keys_beside(output), "person", "", {})
    names.reserve(each.annotator for each in submissions)
    outcome = _write_votes(submissions, question, names, output, more)
    said = [f"{doubles} annotations were there twice"] if doubles else []
    said += [f"{len(alike)} groups of items have the same words"] if alike else []
    return Outcome(line="; ".join([outcome.line, *said]), facts=outcome.facts)


def _asked(found: Sequence[str], wanted: Wanted) -> Sequence[str]:
    if wanted.columns.label or wanted.columns.wide:
        return [wanted.columns.label or "label"]
    return wanted.questions or (["label"] if "label" in found else [])


def read_files(files: Sequence[Path], columns: ColumnMap, output: Path | None) -> list[ReadFile]:
    """All that the files hold; a directory stands for the files of votes in it, the output aside."""
    return [_read_file(path, columns) for path in _expanded(files, output)]


def _expanded(files: Sequence[Path], output: Path | None) -> list[Path]:
    paths: dict[Path, None] = {}
    for file in files:
        inside = [file]
        if file.is_dir():
            inside = sorted(path for path in file.iterdir() if _is_votes(path) and path != output)
        if not inside:
            raise DataError(f"{file}: no file of votes in it; known are {', '.join(SUFFIXES)}")
        paths |= dict.fromkeys(inside)
    return list(paths)


def _is_votes(path: Path) -> bool:
    hidden = path.name.startswith((".", "~$")) or path.name.endswith(
        ".keys.json"
    )  # "~$": open in a spreadsheet program
    return path.suffix.lower() in SUFFIXES and not hidden


def _read_file(path: Path, columns: ColumnMap) -> ReadFile:
    if not path.exists():
        raise MissingFileError(f"{path}: no such file")
    sheet = read_sheet(path) if path.suffix.lower() == ".xlsx" else None
    found = sheet.submissions if sheet else read_submissions(path, columns, plain_rows)
    submissions, doubles = without_doubles(found)
    if not submissions and not sheet:
        raise DataError(f"{path}: no votes in it")
    return ReadFile(path=path, submissions=submissions, doubles=doubles, sheet=sheet)


def check_one_campaign(sources: Sequence[str]) -> None:
    """Refuse more than one campaign.

    Raises:
        UsageError: there are several.
    """
    if len(sources) > 1:
        raise UsageError(f"one campaign at a time, not {', '.join(sources)}")
