"""`stance init`: a new workspace."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli._options import Common, new_app, verb
from toolkit.cli._output import emit
from toolkit.steps.init import init_workspace

app = new_app()


@verb(app, "init", example="stance init mycampaign")
def _init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Made if it is not there.")],
    *,
    common: Common,
) -> None:
    """Write a new workspace: codebooks, targets, a campaign of your own, and the sample."""
    emit(init_workspace(directory), common)
