"""`init`: a new workspace."""

from pathlib import Path

from toolkit.errors import DataError
from toolkit.runs import Result
from toolkit.workspace import packaged_workspace


class InitResult(Result, frozen=True, kw_only=True):
    """What a new workspace consists of."""

    directory: str
    files: list[str]

    def line(self) -> str:
        """Where the workspace is, and the next command."""
        return (
            f"{self.directory}: workspace with the sample campaign, schemas/demo.toml, and a campaign to fill in, "
            "schemas/campaign.toml; next, in it: `stance ingest YOUR_TEXTS -o data/raw/articles.jsonl`"
        )


def init_workspace(directory: Path) -> InitResult:
    """Write a new workspace from the files that the package carries.

    Raises:
        DataError: a file is there already; none is touched.
    """
    source = packaged_workspace()
    names = [
        *sorted(path.relative_to(source) for path in (source / "schemas").iterdir() if path.is_file()),
        *sorted(path.relative_to(source) for path in (source / "data" / "raw").iterdir() if path.is_file()),
    ]
    present = [name for name in names if (directory / name).exists()]
    if present:
        raise DataError(f"{directory / present[0]}: the file exists; name a directory without a workspace")
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes((source / name).read_bytes())
    (directory / "data" / "labeled").mkdir(parents=True, exist_ok=True)
    return InitResult(directory=str(directory), files=[str(name) for name in names])
