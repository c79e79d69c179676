"""The command line, run in this process."""

import contextlib
import io
import sys
from types import SimpleNamespace

from toolkit.cli import main


def stance(*words):
    """Run the command in this process."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["stance", *map(str, words)]
    code = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.argv = before
    return SimpleNamespace(code=code, out=out.getvalue(), err=err.getvalue())
