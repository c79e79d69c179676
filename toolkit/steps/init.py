"""A new workspace from the files that the package carries."""

from pathlib import Path

import toolkit
from toolkit.errors import DataError
from toolkit.steps.common import Outcome


def _carried() -> Path:
    """Where the package's own schemas and sample lie: inside the wheel, or in the checkout."""
    package = Path(toolkit.__file__).parent
    inside = package / "_workspace"
    return inside if inside.is_dir() else package.parent


def carried(name: str) -> Path:
    """A file of ``schemas/`` as the package carries it."""
    return _carried() / "schemas" / name


def init_step(directory: Path) -> Outcome:
    """Write a new workspace; a file that is there already is never touched."""
    source = _carried()
    names = [
        *sorted(path.relative_to(source) for path in (source / "schemas").iterdir() if path.is_file()),
        *sorted(path.relative_to(source) for path in (source / "data" / "raw").iterdir() if path.is_file()),
    ]
    taken = [name for name in names if (directory / name).exists()]
    if taken:
        raise DataError(f"{directory / taken[0]}: is there already; name a directory without a workspace")
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes((source / name).read_bytes())
    (directory / "data" / "labeled").mkdir(parents=True, exist_ok=True)
    line = (
        f"{directory}: a workspace with the sample campaign, schemas/demo.toml, and one to fill in, "
        "schemas/campaign.toml; next, in it: `stance ingest YOUR_TEXTS -o data/raw/articles.jsonl`"
    )
    return Outcome(line=line, facts={"schema": 1, "directory": str(directory), "files": [str(name) for name in names]})
