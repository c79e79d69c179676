"""The command line: parse, call one step, print, exit code."""

from toolkit.cli.app import main

__all__ = ["main"]
