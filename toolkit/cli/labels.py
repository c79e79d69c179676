"""Verbs from gold to a dataset."""

import typer

from toolkit.cli.common import AsJson, CampaignPath, Quiet, campaign_at, emit, example
from toolkit.steps import build as dataset


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    app.command("build", epilog=example("stance build schemas/demo.toml"))(_build)
    app.command("card", epilog=example("stance card schemas/demo.toml"))(_card)


def _build(source: CampaignPath, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Gold and votes into a dataset that `datasets.load_dataset` opens offline."""
    emit(dataset.build_step(campaign_at(source)), as_json, quiet)


def _card(source: CampaignPath, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Write the dataset card anew, from facts."""
    emit(dataset.card_step(campaign_at(source)), as_json, quiet)
