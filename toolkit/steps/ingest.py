"""`ingest`: files and folders into one file of articles."""

from pathlib import Path

from msgspec import Struct

from toolkit.articles.origins import agencies_of
from toolkit.articles.outlets import outlets_of
from toolkit.articles.reading.journal import IngestCounts, dropped_path
from toolkit.articles.reading.normalise import AcceptanceRules
from toolkit.articles.reading.reader import IngestRequest, Progress, ingest, ingest_anew
from toolkit.errors import UsageError
from toolkit.runs import Result
from toolkit.tables import read_table
from toolkit.words import plural, tally
from toolkit.workspace import packaged_workspace


class IngestOptions(Struct, frozen=True, kw_only=True):
    """What is read, and which articles are kept."""

    columns: dict[str, str] = {}  # field of an article -> column of a table
    constants: dict[str, str] = {}  # field -> value for articles that have none
    languages: tuple[str, ...] = ()  # (): any
    min_words: int = 0
    restart: bool = False  # delete what an interrupted run left, instead of continuing it


class IngestResult(Result, frozen=True, kw_only=True):
    """What ingesting gives."""

    articles: int
    dropped: dict[str, int]  # reason -> articles
    repairs: dict[str, int]
    languages: dict[str, int]
    origins: dict[str, int]
    resumed: bool
    output: str

    def line(self) -> str:
        """The counts of articles, drops with their reasons, and repairs."""
        resumed = " (continued after an interruption)" if self.resumed else ""
        repairs = f"; repaired: {tally(self.repairs)}" if self.repairs else ""
        listed = f" (listed in {dropped_path(Path(self.output))})" if self.dropped else ""
        counts = f"{plural(self.articles, 'article')}{resumed}; left out: {tally(self.dropped)}"
        return f"{self.output}: {counts}{repairs}{listed}"


def ingest_files(inputs: tuple[Path, ...], output: Path, options: IngestOptions, progress: Progress) -> IngestResult:
    """Read files and folders into one file of articles, and list what is left out in ``NAME.dropped.jsonl``.

    Args:
        inputs: files and folders.
        output: a ``.jsonl`` file.
        options: what is read, and which articles are kept.
        progress: gets the state of the reading.
    """
    if output.suffix != ".jsonl":
        raise UsageError(f"{output}: articles are written as .jsonl; give the file that suffix")
    if output.is_dir():
        raise UsageError(f"{output}: is a directory; name a file in it")
    request = IngestRequest(inputs=inputs, columns=options.columns, rules=_rules(options, _schemas_of(output)))
    counts = (ingest_anew if options.restart else ingest)(request, output, progress)
    return _result(counts, output)


def _rules(options: IngestOptions, schemas: Path) -> AcceptanceRules:
    outlets, agencies = schemas / "outlets.csv", schemas / "agencies.csv"
    if not agencies.exists():
        agencies = packaged_workspace() / "schemas" / "agencies.csv"
    return AcceptanceRules(
        constants=options.constants,
        languages=options.languages,
        min_words=options.min_words,
        outlets=outlets_of(read_table(outlets) if outlets.exists() else ()),
        agencies=agencies_of(read_table(agencies)),
    )


def _schemas_of(output: Path) -> Path:
    """The schemas of the workspace that holds the output, else of the current directory."""
    above = [parent / "schemas" for parent in output.resolve().parents]
    return next((path for path in above if (path / "outlets.csv").exists()), Path("schemas"))


def _result(counts: IngestCounts, output: Path) -> IngestResult:
    return IngestResult(
        articles=counts.articles,
        dropped=dict(sorted(counts.dropped.items())),
        repairs=dict(sorted(counts.repairs.items())),
        languages=dict(sorted(counts.languages.items())),
        origins=dict(sorted(counts.origins.items())),
        resumed=counts.resumed,
        output=str(output),
    )
