"""The options that several verbs share, and the decorator that makes a function a verb."""

import functools
import inspect
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import Struct
from typer.core import TyperArgument, TyperCommand, TyperGroup

from toolkit.errors import DataError, ToolkitError, UsageError

if TYPE_CHECKING:
    from toolkit.workspace import CampaignConfig

Several = list[str] | None
# Where these are left out, the only campaign that has a directory under data/labeled is taken.
CampaignPath = Annotated[
    Path, typer.Argument(metavar="CAMPAIGN", help="A campaign file; default: the only one that has data.")
]
Source = Annotated[
    Path,
    typer.Argument(metavar="SOURCE", help="A campaign file (default: the only one that has data), or your own file."),
]
# The same for verbs that take no SOURCE for granted: theirs must be given.
NamedCampaign = Annotated[Path, typer.Argument(metavar="CAMPAIGN", help="A campaign file, e.g. schemas/demo.toml.")]
NamedSource = Annotated[Path, typer.Argument(metavar="SOURCE", help="A campaign file, or a table of your own.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write.")]

# --- columns and rules of a table of votes ---------------------------------------------------------------------------

Item = Annotated[str, typer.Option("--item", help="The column with the item.")]
Annotator = Annotated[str, typer.Option("--annotator", help="The column with the annotator.")]
LabelColumn = Annotated[str, typer.Option("--label", help="The column with the label.")]
Wide = Annotated[Several, typer.Option("--wide", help="Columns that are an annotator each; then a row is an item.")]
Cluster = Annotated[
    str | None, typer.Option("--cluster", help="The column of what intervals resample; default: the item.")
]
Time = Annotated[str | None, typer.Option("--time", help="The column that says which repeated vote is the latest.")]
Allowed = Annotated[Several, typer.Option("--labels", help="The labels that are allowed; others are an error.")]
Map = Annotated[Several, typer.Option("--map", help="Labels that are meant otherwise: old=new,… or a table old,new.")]

# --- labels and clusters of a table of predictions -------------------------------------------------------------------

Labels = Annotated[Several, typer.Option("--labels", help="Labels that count, comma-separated or repeated.")]
Polar = Annotated[Several, typer.Option("--polar", help="The labels of f_avg.")]
ClusterColumn = Annotated[str | None, typer.Option("--cluster", help="The column of what intervals resample.")]

# --- what every verb takes -------------------------------------------------------------------------------------------


class Common(Struct, frozen=True, kw_only=True):
    """The options of every verb."""

    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    chosen_seed: int | None = None  # None: not given

    @property
    def seed(self) -> int:
        """The seed of every random choice; 0 unless given."""
        return self.chosen_seed or 0


def _print_version(is_given: bool) -> None:
    if is_given:
        import importlib.metadata

        print(importlib.metadata.version("stance-toolkit"))
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
]

_COMMON = {
    "as_json": Annotated[bool, typer.Option("--json", help="One JSON object of facts on stdout, and nothing else.")],
    "quiet": Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")],
    "verbose": Annotated[bool, typer.Option("--verbose", "-v", help="Print the time taken, and where an error arose.")],
    "chosen_seed": Annotated[int | None, typer.Option("--seed", help="The seed of every random choice; default: 0.")],
    "version": Version,
}


class Verb(TyperCommand):
    """A verb whose usage line names its arguments in the standard way: ``CAMPAIGN``, ``[FILE]``, ``INPUT...``."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401
        """The words of the usage line after the name of the verb."""
        return usage_pieces(self, ctx)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002
        """Write the example in one piece, so that it can be copied."""
        write_example(self, formatter)


class VerbGroup(TyperGroup):
    """A verb with verbs of its own; one-liners are printed whole."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401
        """The words of the usage line after the name of the verb."""
        return [*usage_pieces(self, ctx), self.subcommand_metavar]

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002
        """Write the example in one piece, so that it can be copied."""
        write_example(self, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write the verbs with the whole first sentence of each."""
        verbs = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, verb.get_short_help_str(1000)) for name, verb in verbs if verb is not None and not verb.hidden]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


def write_example(verb: TyperCommand | TyperGroup, formatter: Any) -> None:  # noqa: ANN401
    """Write the last line of a verb's help, without a line break in it."""
    if verb.epilog:
        formatter.write_paragraph()
        formatter.write(f"  {verb.epilog}\n")


def usage_pieces(verb: TyperCommand | TyperGroup, ctx: Any) -> list[str]:  # noqa: ANN401
    """``[OPTIONS]`` and the arguments of a verb; those that may be left out stand in brackets."""
    pieces = [verb.options_metavar] if verb.options_metavar else []
    for parameter in verb.get_params(ctx):
        if isinstance(parameter, TyperArgument):
            name = parameter.metavar or str(parameter.name).upper()
            several = "..." if parameter.nargs != 1 and not name.endswith("...") else ""
            pieces.append(f"{name}{several}" if parameter.required else f"[{name.strip('[]')}{several}]")
    return pieces


def new_app(**settings: Any) -> typer.Typer:  # noqa: ANN401
    """An empty command with the settings of the house; further settings are those of `typer.Typer`."""
    return typer.Typer(
        cls=VerbGroup, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, **settings
    )


def verb(app: typer.Typer, name: str, *, example: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a verb of a command: it takes the common options as one argument ``common``.

    Args:
        app: the command.
        name: of the verb.
        example: a command that works; the last line of the verb's help.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        command: Callable[..., None] = app.command(name, cls=Verb, epilog=f"Example: {example}")(with_common(function))
        return command

    return register


def with_common(function: Callable[..., None]) -> Callable[..., None]:
    """The function with ``--json``, ``--quiet``, ``--verbose``, ``--seed`` and ``--version`` for its ``common``."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def run(**options: Any) -> None:  # noqa: ANN401
        options.pop("version")
        common = Common(**{name: options.pop(name) for name in _COMMON if name != "version"})
        start = time.perf_counter()
        try:
            if "source" in options and options["source"] is None:
                options["source"] = only_campaign()
            _check_outputs(options)
            function(**options, common=common)
        except ToolkitError:
            if common.verbose:
                traceback.print_exc()
            raise
        if common.verbose:
            print(f"{time.perf_counter() - start:.1f} s", file=sys.stderr)

    own = [_or_only_campaign(parameter) for name, parameter in signature.parameters.items() if name != "common"]
    shared = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None if name == "chosen_seed" else False,
            annotation=annotation,
        )
        for name, annotation in _COMMON.items()
    ]
    parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own] + shared
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _check_outputs(options: Mapping[str, Any]) -> None:
    """Refuse an output over an input, or over a file of a campaign, before anything is read."""
    output = options.get("output")
    if isinstance(output, Path):
        from toolkit.overwriting import check_output

        check_output(output, {name: value for name, value in options.items() if name != "output"})


def _or_only_campaign(parameter: inspect.Parameter) -> inspect.Parameter:
    """A source that may be left out, where its annotation is one of those that say so."""
    may_be_missing = parameter.annotation in (CampaignPath, Source) and parameter.default is parameter.empty
    return parameter.replace(default=None) if may_be_missing else parameter


NoAnswer = Annotated[Several, typer.Option("--no-answer", help="Labels that are no answer: missing, and counted.")]
Sets = Annotated[bool, typer.Option("--sets", help="Labels such as a;b are sets: their order does not matter.")]


# --- what the values of options mean ---------------------------------------------------------------------------------


def is_campaign(path: Path) -> bool:
    """Whether a source is a campaign file."""
    return path.suffix == ".toml"


def values_of(option: Sequence[str] | None) -> tuple[str, ...]:
    """The values of an option that is repeated or holds several, separated by commas.

    A value that holds a comma stands in quotation marks.
    """
    from toolkit.tables import comma_separated

    return tuple(part.strip() for value in option or () for part in comma_separated(value) if part.strip())


def mapping_of(option: Sequence[str] | None) -> dict[str, str]:
    """The labels that ``--map`` renames, from ``old=new,…`` or the names of tables with the columns old and new.

    Spaces count: a label may differ from the intended one by a space.

    >>> mapping_of(["Neutral=neutral,agress=agrees"])
    {'Neutral': 'neutral', 'agress': 'agrees'}

    Raises:
        UsageError: a value is neither pairs nor a table.
        DataError: a table lacks a column, or a label has two new names.
    """
    mapping: dict[str, str] = {}
    for value in option or ():
        for old, new in _pairs_in(value) if "=" in value else _pairs_of_table(Path(value)):
            if mapping.setdefault(old, new) != new:
                raise DataError(f"--map: {old!r} has two new names, {mapping[old]!r} and {new!r}; name one")
    return mapping


def _pairs_in(value: str) -> Iterator[tuple[str, str]]:
    for part in value.split(","):
        old, sign, new = part.partition("=")
        if not sign or not old or not new:
            raise UsageError(f"--map {part!r}: name pairs old=new, or a table with the columns old and new")
        yield old, new


def _pairs_of_table(path: Path) -> list[tuple[str, str]]:
    from toolkit.tables import column, read_table

    rows = read_table(path)
    cells = zip(column(rows, "old", path), column(rows, "new", path), strict=True)
    return [(str(old), str(new)) for old, new in cells]


def only_campaign() -> Path:
    """The only campaign of this directory that has data; its name goes to stderr."""
    from toolkit.workspace import campaigns_with_data

    paths = campaigns_with_data(Path())
    if len(paths) != 1:
        names = f"these have data: {', '.join(map(str, paths))}" if paths else "none in this directory has data yet"
        raise UsageError(f"name a campaign, e.g. schemas/demo.toml; {names}")
    print(f"campaign: {paths[0]}", file=sys.stderr)
    return paths[0]


def campaign_at(path: Path) -> "CampaignConfig":
    """The campaign in a file, checked."""
    from toolkit.steps.check import open_campaign

    _need_campaign(path)
    return open_campaign(path)


def unchecked_campaign_at(path: Path) -> "CampaignConfig":
    """The campaign in a file, whatever is wrong with what it names: for verbs that only read, and to erase."""
    from toolkit.workspace import read_campaign

    _need_campaign(path)
    return read_campaign(path)


def _need_campaign(path: Path) -> None:
    if not is_campaign(path):
        raise UsageError(f"{path}: a campaign file (.toml) is needed here")
