"""The JSON Schemas of the records, written to a directory: ``python -m toolkit.steps.schemas schemas``."""

import sys
from pathlib import Path

from toolkit.files import write_json
from toolkit.records import RECORDS, schema_of


def write_schemas(directory: Path) -> list[Path]:
    """Write one ``NAME.schema.json`` for each record."""
    paths = []
    for record in RECORDS:
        path = directory / f"{record.__name__.lower()}.schema.json"
        write_json(path, {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema_of(record)})
        paths.append(path)
    return paths


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
