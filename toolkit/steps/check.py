"""Check: all that is wrong with a campaign, its codebook, its targets, its outlets and the files it names, at once."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from toolkit.articles.origins import agencies_of
from toolkit.articles.outlets import outlets_of
from toolkit.configuration import Finding, finding, raise_findings
from toolkit.errors import ConfigError, DataError, UsageError
from toolkit.runs import ACCEPTED, Result
from toolkit.store import Store
from toolkit.studio.config import label_config
from toolkit.tables import read_table
from toolkit.workspace import CampaignConfig, campaign_findings, read_campaign


class CheckResult(Result, frozen=True, kw_only=True):
    """What is wrong with a campaign."""

    campaign: str
    findings: tuple[Finding, ...]

    @property
    def has_errors(self) -> bool:
        """Whether something stops the verbs that write."""
        return any(row.level == "error" for row in self.findings)

    def line(self) -> str:
        """The findings, a line each."""
        if not self.findings:
            return f"{self.campaign}: no problems"
        return "\n".join(f"{row.level}: {row}" for row in self.findings)


def check_campaign(path: Path) -> CheckResult:
    """Everything that is wrong with a campaign and the files that it names."""
    return CheckResult(campaign=str(path), findings=tuple(_findings(path)))


class AcceptResult(Result, frozen=True, kw_only=True):
    """The files that were recorded as they are."""

    accepted: tuple[str, ...]

    def line(self) -> str:
        """The files."""
        return f"recorded as they are: {', '.join(self.accepted)}"


def accept_files(campaign: CampaignConfig, names: Sequence[str]) -> AcceptResult:
    """Record files of a campaign as they are, after they were changed on purpose.

    Args:
        campaign: whose files they are.
        names: of files in its directory: ``gold.jsonl``, ``dataset/data``.

    Raises:
        UsageError: the campaign has no such file.
    """
    store = Store(campaign)
    with store.lock():
        for name in names:
            if not store.path(name).resolve().is_relative_to(campaign.directory.resolve()) or not store.has(name):
                raise UsageError(f"--accept {name}: no such file in {campaign.directory}; name one as it stands there")
        result = AcceptResult(accepted=tuple(names))
        return store.record(ACCEPTED, [], [store.path(name) for name in names], result)


def open_campaign(path: Path) -> CampaignConfig:
    """The campaign in a file, checked; every verb that writes begins so.

    Raises:
        ConfigError: something is wrong with it, its codebook, its targets or its outlets; a line for each.
        MissingFileError: there is no such file.
    """
    campaign = read_campaign(path)
    raise_findings(_findings(path))
    return campaign


def _findings(path: Path) -> Iterator[Finding]:
    campaign, findings = campaign_findings(path)
    yield from findings
    tables = path.resolve().parent
    for name, read in (("outlets", outlets_of), ("agencies", agencies_of)):
        table = tables / f"{name}.csv"
        if table.exists():
            try:
                read(read_table(table))
            except (ConfigError, DataError) as error:
                yield finding(name, table, str(error).removeprefix(f"{table}: ").removeprefix(f"{name}: "))
    if campaign is not None and not any(row.level == "error" for row in findings):
        yield from _screen_findings(campaign)


def _screen_findings(campaign: CampaignConfig) -> Iterator[Finding]:
    """What Label Studio cannot show; a warning, since answers may come by files alone."""
    try:
        label_config(campaign.codebook, campaign.file.language, show=campaign.file.studio.show)
    except ConfigError as error:
        row = finding("screen", campaign.beside(campaign.file.codebook), str(error))
        yield msgspec.structs.replace(row, level="warning")
