"""`stance ingest`: texts, pages, tables and datasets into articles."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli._options import Common, new_app, verb
from toolkit.cli._output import emit, shown_progress
from toolkit.errors import UsageError
from toolkit.steps.ingest import IngestOptions, ingest_files

app = new_app()


@verb(app, "ingest", example="stance ingest texts/ -o data/raw/mine.jsonl --set outlet=chronicle")
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
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="A value where there is none; may be repeated."),
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option("--language", metavar="CODE", help="Keep only this language, e.g. en; may be repeated."),
    ] = None,
    min_words: Annotated[int, typer.Option("--min-words", min=0, help="Leave out articles with fewer words.")] = 0,
    restart: Annotated[bool, typer.Option("--restart", help="Start over after an interruption.")] = False,
    *,
    common: Common,
) -> None:
    """Read texts, pages, crawls, JSON lines, tables and datasets on disk into one file of articles.

    NAME.dropped.jsonl, in the same folder, lists what is left out, with reasons. After an interruption the same command
    continues.
    """
    columns = _pairs(column, "--column")
    columns |= {field: name for field, name in (("text", text), ("id", ident)) if name}
    options = IngestOptions(
        columns=columns,
        constants=_pairs(constant, "--set"),
        languages=_codes(language),
        min_words=min_words,
        restart=restart,
    )
    emit(ingest_files(tuple(inputs), output, options, shown_progress(common)), common)


def _codes(given: list[str] | None) -> tuple[str, ...]:
    codes = [code.strip().lower() for several in given or () for code in several.split(",") if code.strip()]
    for code in codes:
        if not (len(code) in (2, 3) and code.isalpha()):
            raise UsageError(f"--language {code}: expected a code of ISO 639-1, e.g. --language en")
    return tuple(sorted(set(codes)))


def _pairs(given: list[str] | None, option: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in given or ()]
    for name, sign, _ in pairs:
        if not sign:
            raise UsageError(f"{option} {name}: expected FIELD=VALUE, e.g. {option} outlet=chronicle")
    return {name: value for name, _, value in pairs}
