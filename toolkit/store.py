"""Every file of a campaign by its name: read once a step, written whole, under the lock of the campaign.

A step makes one `Store`, reads through it and writes through it. What was read is kept until it is written again.
"""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from filelock import FileLock, Timeout

from toolkit.errors import DataError
from toolkit.files import append_jsonl, explain, read_json, read_jsonl, write_json, write_jsonl, write_text
from toolkit.records import (
    Adjudication,
    AdjudicationRequest,
    Annotation,
    Annotator,
    Assignment,
    Clustered,
    Gold,
    Item,
    Paragraph,
    Revision,
    SplitRow,
    StudioFile,
    Withdrawal,
)
from toolkit.runs import (
    ACCEPTED,
    Result,
    Run,
    check_recorded,
    commit_of,
    digests,
    last_run,
    last_writer,
    record_run,
    versions,
)
from toolkit.times import now
from toolkit.workspace import CampaignConfig

R = TypeVar("R", bound=msgspec.Struct)
S = TypeVar("S", bound=Result)

_PATIENCE = 600.0  # seconds for which a verb waits for another one
_LOCK = ".campaign.lock"
# Files that a step refuses where they are not as the last run left them; lines may be added to those that are True.
_RECORDED = {"annotations.jsonl": True, "items.jsonl": True, "splits.jsonl": True, "gold.jsonl": False}


class Store:
    """The files of one campaign."""

    def __init__(self, campaign: CampaignConfig) -> None:
        self.campaign = campaign
        self._cache: dict[str, Any] = {}
        self._written: set[str] = set()  # by this store, and not on record yet

    def path(self, name: str) -> Path:
        """Where a file of the campaign lies: ``items.jsonl``."""
        return self.campaign.at(name)

    def has(self, name: str) -> bool:
        """Whether a file or directory of the campaign is there."""
        return self.path(name).exists()

    # --- any file, by record -----------------------------------------------------------------------------------------

    def rows(self, name: str, record: type[R], made_by: str = "") -> list[R]:
        """The records of a JSONL file.

        Args:
            name: of the file.
            record: of a line.
            made_by: the verb that writes the file; where it is given the file must be there, else none is no rows.
        """
        if name not in self._cache:
            path = self.path(name)
            if name in _RECORDED:
                self.check_recorded(name)
            command = f"stance {made_by} {self.campaign.path}" if made_by else ""
            self._cache[name] = read_jsonl(path, record, command) if made_by or path.exists() else []
        rows: list[R] = self._cache[name]
        return rows

    def check_recorded(self, name: str) -> None:
        """Refuse a file or directory that is not as the last run left it; see `toolkit.runs.check_recorded`."""
        if name not in self._written:
            is_appended = _RECORDED.get(name, False)
            check_recorded(self.path("runs.jsonl"), self.path(name), self.campaign.root, appended=is_appended)

    def fact(self, name: str, record: type[R], made_by: str) -> R:
        """The record in a JSON file.

        Args:
            name: of the file.
            record: its type.
            made_by: the verb that writes the file.

        Raises:
            DataError: the file is damaged or holds no such record.
            MissingFileError: there is no such file.
        """
        if name not in self._cache:
            path, command = self.path(name), f"stance {made_by} {self.campaign.path}"
            try:
                self._cache[name] = msgspec.convert(read_json(path, command), record)
            except msgspec.ValidationError as error:
                raise DataError(f"{path}: {explain(str(error), record)}; run `{command}` again") from error
        value: R = self._cache[name]
        return value

    def optional_fact(self, name: str, record: type[R], made_by: str) -> R | None:
        """The record in a JSON file as `fact` gives it; None where there is no such file."""
        return self.fact(name, record, made_by) if self.has(name) else None

    def write_rows(self, name: str, rows: Iterable[msgspec.Struct]) -> int:
        """Write a JSONL file whole and return the number of its rows."""
        self._cache.pop(name, None)
        self._written.add(name)
        return write_jsonl(self.path(name), rows)

    def append_rows(self, name: str, rows: Iterable[msgspec.Struct]) -> int:
        """Append rows to a JSONL file and return how many; they are on disk when this returns."""
        self._cache.pop(name, None)
        self._written.add(name)
        return append_jsonl(self.path(name), rows)

    def write_fact(self, name: str, value: Any, mode: int = 0o644) -> None:  # noqa: ANN401 - whatever JSON can hold
        """Write a JSON file whole."""
        self._cache.pop(name, None)
        write_json(self.path(name), value, mode)

    def write_text(self, name: str, text: str) -> None:
        """Write a text file whole."""
        self._cache.pop(name, None)
        write_text(self.path(name), text)

    def forget(self, *names: str) -> None:
        """Read these files again when they are next asked for; all files where none is named."""
        for name in names or tuple(self._cache):
            self._cache.pop(name, None)

    # --- the files of the layout -------------------------------------------------------------------------------------

    @property
    def paragraphs(self) -> list[Paragraph]:
        """The paragraphs of all articles."""
        return self.rows("paragraphs.jsonl", Paragraph, "segment")

    @property
    def clusters(self) -> dict[str, str]:
        """From article to its cluster of near-duplicates; an article that is not there is its own."""
        return {row.article_id: row.cluster for row in self.rows("clusters.jsonl", Clustered, "segment")}

    @property
    def items(self) -> dict[str, Item]:
        """The items by id, in their order."""
        return {item.id: item for item in self.rows("items.jsonl", Item, "plan")}

    @property
    def splits(self) -> list[SplitRow]:
        """The split of each group of articles."""
        return self.rows("splits.jsonl", SplitRow, "plan")

    @property
    def revisions(self) -> list[Revision]:
        """The history of the paragraphs from one segmentation to the next, oldest first."""
        return self.rows("versions.jsonl", Revision)

    @property
    def was_shown(self) -> bool:
        """Whether annotators may have seen the items: they were pushed, or there are answers."""
        ledger = self.path("annotations.jsonl")
        return self.has("studio.json") or (ledger.exists() and ledger.stat().st_size > 0)

    @property
    def assignments(self) -> list[Assignment]:
        """Which annotator is asked for which item, where the campaign names them."""
        return self.rows("assignments.jsonl", Assignment)

    @property
    def sheets(self) -> list[Assignment]:
        """Which annotator was sent which item in a spreadsheet; none before the first."""
        return self.rows("sheets.jsonl", Assignment)

    @property
    def studio(self) -> StudioFile:
        """Where the campaign stands on Label Studio.

        Raises:
            MissingFileError: nothing was pushed yet.
        """
        return self.fact("studio.json", StudioFile, "push")

    @property
    def pushed(self) -> StudioFile | None:
        """Where the campaign stands on Label Studio; None before the first push."""
        return self.optional_fact("studio.json", StudioFile, "push")

    @property
    def is_without_server(self) -> bool:
        """Whether the votes come from files alone: nothing was pushed to a server, but sheets were written or read."""
        return not self.has("studio.json") and any(self.last_run(step) for step in ("push --to", "pull --from"))

    @property
    def annotations(self) -> list[Annotation]:
        """The ledger: every state of every annotation that was seen.

        Raises:
            MissingFileError: nothing was pulled yet.
        """
        return self.rows("annotations.jsonl", Annotation, "pull")

    @property
    def ledger(self) -> list[Annotation]:
        """The ledger; empty before the first pull."""
        return self.annotations if self.has("annotations.jsonl") else []

    @property
    def annotators(self) -> dict[str, Annotator]:
        """The annotators by pseudonym; a later line replaces an earlier one."""
        return {row.pseudonym: row for row in self.rows("annotators.jsonl", Annotator)}

    @property
    def withdrawn(self) -> frozenset[str]:
        """The items that were withdrawn and not restored."""
        last = {row.item_id: row for row in self.rows("withdrawn.jsonl", Withdrawal)}
        return frozenset(item_id for item_id, row in last.items() if not row.restored)

    @property
    def gold(self) -> list[Gold]:
        """The gold labels."""
        return self.rows("gold.jsonl", Gold, "aggregate")

    @property
    def adjudications(self) -> list[Adjudication]:
        """All adjudications in the order in which they came; none before the first."""
        return self.rows("adjudications.jsonl", Adjudication)

    @property
    def adjudication_requests(self) -> list[AdjudicationRequest]:
        """All requests to adjudicators on a server, in their order; none before the first."""
        return self.rows("adjudication_requests.jsonl", AdjudicationRequest)

    # --- writing -----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the campaign's lock: one verb writes at a time. A verb that holds it may take it again.

        Raises:
            DataError: another verb has held it for ten minutes.
        """
        path = self.path(_LOCK)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(path, timeout=_PATIENCE, is_singleton=True):
                yield
        except Timeout as error:
            raise DataError(
                f"{self.campaign.directory}: another stance command has been writing this campaign for ten minutes; "
                "wait until it ends, or end it, and run this command again"
            ) from error

    # --- the record of runs ------------------------------------------------------------------------------------------

    def record(self, step: str, inputs: Iterable[Path], outputs: Iterable[Path], result: S) -> S:
        """Record a run of a step in ``runs.jsonl`` and return its result."""
        root = self.campaign.root
        run = Run(
            step=step,
            time=now(),
            versions=versions(),
            seed=self.campaign.file.seed,
            commit=commit_of(root),
            inputs=digests([self.campaign.path.resolve(), *inputs], root),
            outputs=digests(outputs, root),
            facts=result.facts(),
        )
        record_run(self.path("runs.jsonl"), run)
        return result

    def record_as_is(self, step: str) -> None:
        """Record the files that a step refuses where they are not on record, as they are after a deliberate change."""
        names = (*_RECORDED, "dataset/data")
        self.record(step, [], [self.path(name) for name in names if self.has(name)], Result())

    def last_run(self, step: str) -> Run | None:
        """The latest run of a step, or None."""
        return last_run(self.path("runs.jsonl"), step)

    def is_current(self, step: str, inputs: Iterable[Path], outputs: Iterable[Path]) -> bool:
        """Whether the last run of a step had these inputs and left these outputs, under these versions."""
        run = self.last_run(step)
        if run is None or run.versions != versions() or run.seed != self.campaign.file.seed:
            return False
        root = self.campaign.root
        is_same_input = run.inputs == digests([self.campaign.path.resolve(), *inputs], root)
        left = {name: self._last_left(name, run) for name in run.outputs}
        return is_same_input and left == digests(outputs, root)

    def _last_left(self, name: str, run: Run) -> str:
        """The hash of an output of a run, or of what a person has put in its place and recorded."""
        writer = last_writer(self.path("runs.jsonl"), name)
        return writer.outputs[name] if writer is not None and writer.step == ACCEPTED else run.outputs[name]
