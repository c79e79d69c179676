"""The only reader and writer of tables: CSV, TSV, JSONL, Parquet and XLSX, packed or not.

`cell_text` reads a cell in one way for all formats, and reading gives back what was written. A row is returned or an
error names it.
"""

from toolkit.tables.cells import JOINT, cell_text, cell_texts, comma_separated, guarded, sheet_text, unguarded
from toolkit.tables.reading import (
    SUFFIXES,
    CsvRows,
    Row,
    column,
    csv_rows,
    opened_parquet,
    opened_workbook,
    quote_mark,
    read_table,
    rows_in,
)
from toolkit.tables.writing import (
    Removal,
    check_table_name,
    without_column,
    without_rows,
    write_new_sheet,
    write_people_table,
    write_table,
    written_table,
)

__all__ = [
    "JOINT",
    "SUFFIXES",
    "CsvRows",
    "Removal",
    "Row",
    "cell_text",
    "cell_texts",
    "check_table_name",
    "column",
    "comma_separated",
    "csv_rows",
    "guarded",
    "opened_parquet",
    "opened_workbook",
    "quote_mark",
    "read_table",
    "rows_in",
    "sheet_text",
    "unguarded",
    "without_column",
    "without_rows",
    "write_new_sheet",
    "write_people_table",
    "write_table",
    "written_table",
]
