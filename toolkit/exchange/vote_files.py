"""Files of votes, several as one, and their import into the ledger of a campaign.

A file is an export, a table, or a sheet of the toolkit that came back; `exports` and `sheets` read a single part.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from toolkit.campaigns.display import ShownItem
from toolkit.campaigns.state import CampaignState, state_line
from toolkit.codebook import Codebook
from toolkit.errors import DataError, MissingFileError, UsageError
from toolkit.exchange.exports import SUFFIXES, is_stored_annotation, read_submissions
from toolkit.exchange.import_votes import Imported, ImportRequest, Kind, import_lines
from toolkit.exchange.label_config import ADJUDICATION_REASON
from toolkit.exchange.results import label_text
from toolkit.exchange.sheets import (
    About,
    ReadSheet,
    SheetRequest,
    read_sheet,
    unanswerable,
    write_codes,
    write_plain_sheet,
    write_sheet,
)
from toolkit.exchange.submissions import (
    NameOf,
    Submission,
    chosen_question,
    with_distinct_items,
    with_one_name_a_person,
    with_servers,
    without_doubles,
)
from toolkit.exchange.task_data import ColumnMap
from toolkit.files import suffix_of
from toolkit.labels.eligibility import ProjectRole
from toolkit.people import is_pseudonym
from toolkit.records import Annotation, Annotator, Item
from toolkit.runs import Result
from toolkit.words import plural
from toolkit.workspace import CampaignConfig

# Names of files, of which only the kind that is written can be meant.
_FILE_SUFFIXES = (".csv", ".tsv", ".xls", ".xlsx", ".ods", ".json", ".jsonl", ".parquet")
_NAMED = 10  # items that are named where they belong to nothing


class VoteFile(Struct, frozen=True, kw_only=True):
    """A file of votes, read."""

    path: Path
    submissions: list[Submission]
    doubles: int  # annotations that occurred twice
    sheet: ReadSheet | None  # where it is a sheet that the toolkit wrote

    @property
    def questions(self) -> list[str]:
        """The questions or columns with an answer, in the order of their first."""
        return list(dict.fromkeys(name for row in self.submissions for name in row.answers))

    @property
    def is_export(self) -> bool:
        """Whether it holds annotations of a server, by their numbers."""
        return any(row.number is not None for row in self.submissions)


def read_vote_files(paths: Sequence[Path], columns: ColumnMap, output: Path | None) -> list[VoteFile]:
    """The votes in some files; a directory stands for the files of votes in it, except the output.

    Raises:
        DataError: a file holds no votes, or a column is missing.
    """
    files = [path for path in paths if not path.is_dir()]
    for folder in (path for path in paths if path.is_dir()):
        members = sorted(path for path in folder.iterdir() if _is_vote_file(path) and path != output)
        if not members:
            raise DataError(f"{folder}: no file of votes; known are {', '.join(SUFFIXES)}")
        files += members
    return [_read_file(path, columns) for path in dict.fromkeys(files)]


def _is_vote_file(path: Path) -> bool:
    # "~$" begins the name of a file that is open in a spreadsheet program.
    hidden = path.name.startswith((".", "~$")) or path.name.endswith(".keys.json")
    return (path.suffix.lower() in SUFFIXES or is_stored_annotation(path)) and not hidden


def _read_file(path: Path, columns: ColumnMap) -> VoteFile:
    if not path.exists():
        raise MissingFileError(f"{path}: no such file")
    sheet = read_sheet(path) if suffix_of(path) == ".xlsx" else None
    rows = sheet.submissions if sheet else read_submissions(path, columns)
    submissions, doubles = without_doubles(rows)
    if not submissions and not sheet:
        raise DataError(f"{path}: no votes in it")
    return VoteFile(path=path, submissions=submissions, doubles=doubles, sheet=sheet)


def merged_submissions(files: Sequence[VoteFile]) -> tuple[list[Submission], int]:
    """The submissions of several files, each annotation once, and how many occurred twice.

    A person and a task have one name in all files; tasks of two projects or servers have names of their own.
    """
    parts = with_servers([file.submissions for file in files])
    rows = with_one_name_a_person([row for part in parts for row in part])
    submissions, doubles = without_doubles(with_distinct_items(rows))
    return submissions, doubles + sum(file.doubles for file in files)


def table_question(files: Sequence[VoteFile], columns: ColumnMap, named: Sequence[str]) -> str:
    """The question whose answers are the labels of a table of votes.

    Of tables the column ``label`` is taken where nobody names another; of exports it may be a column of the data.
    """
    if columns.label or columns.wide:
        named = [columns.label or "label"]
    elif not named and any("label" in file.questions for file in files) and not any(file.is_export for file in files):
        named = ["label"]
    questions = list(dict.fromkeys(name for file in files for name in file.questions))
    where = ", ".join(str(file.path) for file in files)
    if len(questions) == 1 and not named and _looks_like_data([row for file in files for row in file.submissions]):
        raise UsageError(f"{where}: {questions[0]!r} may be data; if it holds answers, give --question {questions[0]}")
    if questions and len(named) == 1 and named[0] not in questions and any(map(_is_flat, files)):
        raise UsageError(
            f"{where}: no question {named[0]!r}; there are {', '.join(questions)}; answers to a question that is named "
            "like another column are in the export as JSON"
        )
    return chosen_question(questions, named, where)


def _is_flat(file: VoteFile) -> bool:
    return file.is_export and not any(row.project for row in file.submissions)


def _looks_like_data(rows: Sequence[Submission]) -> bool:
    """Whether the only column that a flat export offers is the same in each row of a task and another in each task."""
    if any(row.has_plain_answers for row in rows):
        return False
    pairs = {(row.item, label_text([value for values in row.answers.values() for value in values])) for row in rows}
    return 1 < len({item for item, _ in pairs}) == len(pairs) == len({label for _, label in pairs})


# --- into a campaign -------------------------------------------------------------------------------------------------


class ImportOptions(Struct, frozen=True, kw_only=True):
    """How files of votes are read, as the user says it."""

    columns: ColumnMap = ColumnMap()
    questions: tuple[str, ...] = ()
    kind: Kind | None = None  # of the annotators; None: as the campaign has them, else people


class SourceNaming(Protocol):
    """Gives pseudonyms to annotators, whatever a source calls them."""

    def name_of(self, account: str) -> str:
        """The pseudonym of an annotator."""


class ImportTarget(Struct, frozen=True, kw_only=True):
    """The campaign into which files are imported."""

    key: str
    path: str  # of the campaign file, for messages
    items: Mapping[str, Item]
    texts: Mapping[str, str]  # by item id
    codebook: Codebook
    kinds: Mapping[str, Kind]  # of the annotators that the campaign has
    server: str = ""  # where the campaign stands, if it was pushed
    projects: Mapping[int, ProjectRole] = {}  # there
    accounts: Mapping[str, str] = {}  # there, as submissions name them -> pseudonym
    administrator: str = ""  # as submissions name the account that runs the campaign there
    has_withdrawn: Callable[[str, str], bool] = lambda account, server: False  # noqa: ARG005


class ImportedVotes(Result, frozen=True, kw_only=True):
    """The votes that files brought into the ledger of a campaign."""

    files: tuple[str, ...]
    new: int
    states: dict[str, int]  # of the new lines
    flags: dict[str, int]
    known: int = 0
    doubles: int = 0
    reflagged: int = 0
    by_text: int = 0
    empty: int = 0
    withdrawn: int = 0
    unmatched: int = 0
    unmatched_items: tuple[str, ...] = ()  # some of them
    state: CampaignState | None = None

    def line(self) -> str:
        """The new lines, and what the files held besides."""
        counts = {
            "recorded before": self.known,
            "twice in a file": self.doubles,
            "lines with other flags": self.reflagged,
            "matched by text": self.by_text,
            "not of this campaign": self.unmatched,
            "rows without an answer": self.empty,
            "of people who withdrew, left out": self.withdrawn,
        }
        parts = [f"{plural(self.new, 'new line')} in the ledger"]
        parts += [f"{number} {what}" for what, number in counts.items() if number]
        parts += [f"{number} flagged {code}" for code, number in self.flags.items()]
        return "; ".join([*parts, *([state_line(self.state)] if self.state else [])])


class ImportedFiles(Struct, frozen=True, kw_only=True):
    """What files bring: lines for the ledger, new annotators, and the counts of both."""

    lines: list[Annotation]
    annotators: list[Annotator]
    votes: ImportedVotes


def import_files(
    files: Sequence[VoteFile],
    target: ImportTarget,
    ledger: Sequence[Annotation],
    options: ImportOptions,
    names: SourceNaming,
    observed: str,
) -> ImportedFiles:
    """What files hold and the ledger of a campaign has not.

    Args:
        files: in their order.
        target: the campaign.
        ledger: its lines.
        options: as the user gives them.
        names: for annotators whose accounts the campaign does not know.
        observed: this moment.

    Raises:
        DataError: a file is none of the campaign's, or holds decisions of adjudicators.
    """
    imports: list[Imported] = []
    kinds: dict[str, Kind] = {}
    lines: list[Annotation] = []
    withdrawn = 0
    for file in files:
        own = file.is_export and any(row.item in target.items for row in file.submissions)
        server, accounts = (target.server, target.accounts) if own else ("", {})
        name_of = _named_by(accounts, names)
        rows = [row for row in file.submissions if not target.has_withdrawn(row.annotator, server)]
        withdrawn += len(file.submissions) - len(rows)
        if file.submissions and not rows:
            continue
        left = msgspec.structs.replace(file, submissions=rows)
        kinds |= {name: _kind(name, target, options) for name in {name_of(row.annotator) for row in rows}}
        part = import_lines(rows, _request(left, target, options, kinds), [*ledger, *lines], name_of, observed)
        _check_matched(left, part)
        lines += [*part.annotations, *part.reflagged]
        imports.append(part)
    fresh = [line for part in imports for line in part.annotations]
    answered = sorted({line.annotator for line in fresh} - target.kinds.keys())
    return ImportedFiles(
        lines=lines,
        annotators=[Annotator(pseudonym=name, kind=kinds[name]) for name in answered],
        votes=_summary(files, imports, fresh, withdrawn),
    )


def _named_by(accounts: Mapping[str, str], names: SourceNaming) -> NameOf:
    return lambda account: accounts.get(account) or names.name_of(account)


def _summary(
    files: Sequence[VoteFile], imports: Sequence[Imported], fresh: Sequence[Annotation], withdrawn: int
) -> ImportedVotes:
    unmatched = [row.item for part in imports for row in part.unmatched]
    return ImportedVotes(
        files=tuple(str(file.path) for file in files),
        new=len(fresh),
        states=dict(sorted(Counter(line.state for line in fresh).items())),
        flags=dict(sorted(Counter(flag.code for line in fresh for flag in line.flags).items())),
        known=sum(part.known for part in imports),
        doubles=sum(file.doubles for file in files),
        reflagged=sum(len(part.reflagged) for part in imports),
        by_text=sum(part.by_text for part in imports),
        empty=sum(file.sheet.empty for file in files if file.sheet) + sum(part.empty for part in imports),
        withdrawn=withdrawn,
        unmatched=len(unmatched),
        unmatched_items=tuple(dict.fromkeys(unmatched))[:_NAMED],
    )


def _kind(name: str, target: ImportTarget, options: ImportOptions) -> Kind:
    """What an annotator is: as the campaign has it, else as the user says, else a person."""
    recorded = target.kinds.get(name)
    if recorded and options.kind and recorded != options.kind:
        raise DataError(
            f"annotators.jsonl: {name} is {recorded}, but the file is said to be from {options.kind}; "
            f"give --kind {recorded}, or another name"
        )
    return recorded or options.kind or "human"


def _request(file: VoteFile, target: ImportTarget, options: ImportOptions, kinds: Mapping[str, Kind]) -> ImportRequest:
    """The request to import one file.

    Raises:
        DataError: it is a sheet of another campaign, or holds decisions of adjudicators, who have seen the votes.
    """
    if ADJUDICATION_REASON in file.questions:
        raise DataError(f"{file.path}: it holds decisions of adjudicators; run `stance adjudicate pull {target.path}`")
    if file.sheet and file.sheet.about.campaign != target.key:
        raise DataError(f"{file.path}: a sheet of the campaign {file.sheet.about.campaign}, not of this one")
    return ImportRequest(
        items=target.items,
        texts=target.texts,
        codebook=target.codebook,
        columns=answer_columns(file, options, target.codebook),
        kinds=kinds,
        source=file.sheet.about.file if file.sheet else file.path.name,
        server=target.server,
        projects=target.projects,
        administrator=target.administrator,
    )


def answer_columns(file: VoteFile, options: ImportOptions, codebook: Codebook) -> dict[str, str]:
    """The question that each column of a file answers.

    Raises:
        DataError: no column answers a question of the codebook.
        UsageError: a column is named and its question is not.
    """
    columns, names = file.questions, [question.name for question in codebook.questions]
    label = options.columns.label or ("label" if options.columns.wide else None)
    named = [name for name in names if name in columns]
    if file.sheet or (label is None and named):
        return {name: name for name in (columns if file.sheet else named)}
    if label is None and ("label" not in columns or file.is_export):
        raise DataError(f"{file.path}: no column for a question of the codebook ({', '.join(names)}); --label names it")
    label = label or "label"
    if label not in columns and file.submissions:
        raise DataError(f"{file.path}: no column {label!r} with an answer; there are {', '.join(columns)}")
    question = options.questions or ((label,) if label in names else tuple(names) if len(names) == 1 else ())
    if len(question) != 1 or question[0] not in names:
        raise UsageError(f"--question says what the column {label!r} answers: {', '.join(names)}")
    return {label: question[0]}


def _check_matched(file: VoteFile, part: Imported) -> None:
    if file.submissions and len(part.unmatched) == len(file.submissions):
        raise DataError(
            f"{file.path}: none of its {len(file.submissions)} votes is on an item of the campaign, by id or "
            f"by text; the first is on {part.unmatched[0].item!r}: --item and --text name the columns"
        )


# --- sheets for several people ---------------------------------------------------------------------------------------


SheetFormat = Literal["xlsx", "csv"]


class SheetsWritten(Result, frozen=True, kw_only=True):
    """Sheets for people who annotate without a server."""

    files: dict[str, str]  # by annotator
    items: dict[str, int]
    questions_left_out: tuple[str, ...]
    next_command: str

    def line(self) -> str:
        """The files, and what cannot be asked in them."""
        parts = [", ".join(f"{self.files[name]} ({plural(n, 'item')})" for name, n in self.items.items())]
        parts += [f"not asked there: {', '.join(self.questions_left_out)}"] if self.questions_left_out else []
        return "; ".join([*parts, f"next: `{self.next_command}`"])


def sheet_paths(to: Path, names: Sequence[str], suffix: SheetFormat) -> dict[str, Path]:
    """The file of each annotator: in a directory, or the one file that is named.

    Raises:
        UsageError: one file for several people, or of another format.
        DataError: a file exists that holds answers, or something else.
    """
    is_file = to.suffix.lower() == f".{suffix}"
    if (to.suffix.lower() in _FILE_SUFFIXES and not is_file) or (is_file and len(names) != 1):
        raise UsageError(f"--to {to}: a directory for {len(names)} people, or a file .{suffix} for a single one")
    paths = {name: to if is_file else to / f"{name}.{suffix}" for name in names}
    for path in paths.values():
        _refuse_if_answered(path)
    return paths


def _refuse_if_answered(path: Path) -> None:
    if not path.exists():
        return
    remedy = "pull it and move it away, or name another place"
    if path.suffix == ".csv":
        raise DataError(f"{path}: the file exists; {remedy}")
    try:
        sheet = read_sheet(path)
    except DataError:
        sheet = None
    if sheet is None or sheet.submissions:
        content = f"{len(sheet.submissions)} answers" if sheet else "something else"
        raise DataError(f"{path}: the file exists and holds {content}; {remedy}")


def check_sheet_annotators(names: Sequence[str]) -> None:
    """Refuse names that are no pseudonyms.

    Raises:
        UsageError: a name is not written like part.
    """
    for name in names:
        if not is_pseudonym(name):
            raise UsageError(f"--annotators {name}: a pseudonym of small letters, digits and hyphens is needed")


def write_sheets(
    campaign: CampaignConfig, key: str, to: Path, suffix: SheetFormat, items: Mapping[str, Sequence[ShownItem]]
) -> SheetsWritten:
    """Write the sheet of each annotator; beside a plain table a text that lists its codes.

    Args:
        campaign: whose items they are.
        key: of the campaign on servers.
        to: a directory, or a file where there is one annotator.
        suffix: of the files.
        items: by annotator, in their order.
    """
    paths = sheet_paths(to, list(items), suffix)
    show = campaign.file.studio.show
    neighbours = ("previous", "next") if "neighbours" in show else ()
    for name, path in paths.items():
        about = About(campaign=key, annotator=name, codebook=campaign.codebook.ref, file=f"{name}.xlsx")
        request = SheetRequest(
            about=about,
            codebook=campaign.codebook,
            language=campaign.file.language,
            items=tuple(items[name]),
            context=("source", *(part for part in ("headline", "note") if part in show), *neighbours),
        )
        if suffix == "xlsx":
            write_sheet(path, request)
        else:
            write_plain_sheet(path, request)
            write_codes(path.with_name("codes.txt"), request)
    return SheetsWritten(
        files={name: str(path) for name, path in paths.items()},
        items={name: len(lot) for name, lot in items.items()},
        questions_left_out=tuple(unanswerable(campaign.codebook)),
        next_command=f"stance pull {campaign.path} --from {to}",
    )
