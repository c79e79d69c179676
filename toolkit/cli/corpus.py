"""Verbs from files to items."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from toolkit.cli.common import (
    AsJson,
    CampaignPath,
    Output,
    Put,
    Quiet,
    Source,
    bar_beside_rows,
    campaign_at,
    emit,
    emit_rows,
    example,
    is_campaign,
    note,
    rows_out,
    shown_progress,
)
from toolkit.errors import UsageError
from toolkit.segmentation.lengths import Limits
from toolkit.steps import ingest as corpus
from toolkit.steps import init, segmenting
from toolkit.steps import plan as planning
from toolkit.steps.common import Outcome, Progress
from toolkit.steps.segment import segment_step


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    app.command("init", epilog=example("stance init mycampaign"))(_init)
    app.command("ingest", epilog=example("stance ingest texts/ -o data/raw/mine.jsonl --set outlet=chronicle"))(_ingest)
    app.command("segment", epilog=example("stance segment schemas/demo.toml"))(_segment)
    app.command("duplicates", epilog=example("stance duplicates data/raw/sample.jsonl -o clusters.jsonl"))(_duplicates)
    app.command("plan", epilog=example("stance plan schemas/demo.toml"))(_plan)


def _init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Made if it is not there.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write a new workspace: codebooks, targets, a campaign of your own, and the sample."""
    emit(init.init_step(directory), as_json, quiet)


def _ingest(
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT...", help="Files and folders.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="A .jsonl file of articles.")],
    text: Annotated[str | None, typer.Option("--text", help="The column with the text.")] = None,
    ident: Annotated[str | None, typer.Option("--id", help="The column with the id.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="FIELD=COLUMN", help="A field from a column; may be repeated."),
    ] = None,
    constant: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="The same value for all; may be repeated.")
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option("--language", metavar="CODE", help="Keep only this one, e.g. en; may be repeated."),
    ] = None,
    min_words: Annotated[int, typer.Option("--min-words", min=0, help="Leave out articles with fewer words.")] = 0,
    restart: Annotated[bool, typer.Option("--restart", help="Forget what an interrupted reading left.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Read texts, pages, crawls, JSON lines, tables and datasets on disk into one file of articles.

    What is left out stands in NAME.dropped.jsonl beside it, each with its reason. After an interruption the same
    command goes on where it stopped.
    """
    columns = _pairs(column, "--column")
    columns |= {field: name for field, name in (("text", text), ("id", ident)) if name}
    wanted = corpus.Wanted(
        inputs=tuple(inputs),
        columns=columns,
        constants=_pairs(constant, "--set"),
        languages=_codes(language),
        min_words=min_words,
    )
    emit(corpus.ingest_step(wanted, output, restart, shown_progress(quiet)), as_json, quiet)


def _codes(given: list[str] | None) -> tuple[str, ...]:
    codes = [code.strip().lower() for several in given or () for code in several.split(",") if code.strip()]
    for code in codes:
        if not (len(code) in (2, 3) and code.isalpha()):
            raise UsageError(f"--language {code}: a code of ISO 639-1 is needed, e.g. --language en")
    return tuple(sorted(set(codes)))


def _pairs(given: list[str] | None, option: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in given or ()]
    for name, sign, _ in pairs:
        if not sign:
            raise UsageError(f"{option} {name}: FIELD=VALUE is needed, e.g. {option} outlet=chronicle")
    return {name: value for name, _, value in pairs}


def _segment(
    source: Source,
    output: Output = None,
    text: Annotated[str | None, typer.Option("--text", help="The table's column with the text.")] = None,
    ident: Annotated[str | None, typer.Option("--id", help="The table's column with the id of the article.")] = None,
    readable: Annotated[
        bool, typer.Option("--readable", help="Divide long and join tiny paragraphs, by the limits of each language.")
    ] = False,
    longest: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Divide what is longer, in characters, between sentences.")
    ] = None,
    shortest: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Put a shorter sentence to the paragraph below it.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The articles as they were, or their paragraphs: say what became of each."),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Name the rule behind each role.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Cut articles into paragraphs with exact offsets and roles; of a file of your own, as JSON lines on stdout.

    A campaign names its limits in its file, under [paragraphs]; segmented again after an edit, it says which paragraphs
    are the same, moved, changed, new or gone, and which labels follow. A file of your own does so with --against.
    """
    limits = Limits(readable=readable, longest=longest, shortest=shortest)
    columns = {field: name for field, name in (("text", text), ("id", ident)) if name}
    if is_campaign(source):
        if output or explain or against or columns or limits != Limits():
            raise UsageError(
                "options other than --json and --quiet go with a file of your own, not with a campaign; "
                f"limits of length stand in {source}, under [paragraphs]"
            )
        emit(segment_step(campaign_at(source), shown_progress(quiet)), as_json, quiet)
        return
    if limits.contradiction:
        raise UsageError(f"--shortest and --longest: {limits.contradiction}")
    if against and explain:
        raise UsageError("--explain names the rule behind a role, and --against shows no roles; leave one of them out")
    work, table = _work(source, against, explain)
    with rows_out(output, as_json, table) as put:
        outcome = work(segmenting.Cutting(columns=columns, limits=limits), put, bar_beside_rows(output, quiet))
    _tell(outcome, output, as_json, quiet)


def _work(
    source: Path, against: Path | None, explain: bool
) -> tuple[Callable[[segmenting.Cutting, Put, Progress], Outcome], Mapping[str, type]]:
    """What is done with a file of one's own, and the columns of what comes of it."""
    if against:
        return partial(segmenting.compare_sources, source, against), segmenting.REVISION_COLUMNS
    if explain:
        return partial(segmenting.explain_source, source), segmenting.EXPLAINED_COLUMNS
    return partial(segmenting.segment_source, source), segmenting.PARAGRAPH_COLUMNS


def _tell(outcome: Outcome, output: Path | None, as_json: bool, quiet: bool) -> None:
    if output is None and not as_json:
        note(outcome, quiet)
    else:
        emit(Outcome(line=f"{outcome.line}: {output}", facts=outcome.facts), as_json, quiet)


def _duplicates(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="Articles (.jsonl), or a table: .csv, .tsv, .jsonl, .parquet.")
    ],
    output: Output = None,
    text: Annotated[str | None, typer.Option("--text", help="The table's column with the text.")] = None,
    ident: Annotated[str | None, typer.Option("--id", help="The column with the id; else the row's number.")] = None,
    threshold: Annotated[
        float, typer.Option(min=0.2, max=1.0, help="The Jaccard index of word 5-grams from which two texts are near.")
    ] = 0.5,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Find articles that are the same, nearly the same, or one within the other."""
    columns = {field: name for field, name in (("text", text), ("id", ident)) if name}
    outcome, rows = corpus.duplicates_source(source, output, columns, threshold, bar_beside_rows(output, quiet))
    if output is None and not as_json:
        emit_rows([msgspec.to_builtins(row) for row in rows])
        note(outcome, quiet)
    else:
        emit(outcome, as_json, quiet)


def _plan(source: CampaignPath, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Sample paragraphs, put their targets to them, and fix the test set."""
    outcome: Outcome = planning.plan_step(campaign_at(source))
    emit(outcome, as_json, quiet)
