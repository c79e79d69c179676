"""What tests of several rooms share: a real Label Studio, started once for the session."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from toolkit.studio.http.client import Studio
from toolkit.studio.server.local import ServerState, open_studio, start_server, stop_server

settings.register_profile("patient", deadline=None)  # how long an example takes is the machine's business
settings.load_profile("patient")


def silent(_: object) -> None:
    """A progress callback that says nothing."""


@pytest.fixture(scope="session")
def studio_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the session's server."""
    return tmp_path_factory.mktemp("studio") / "server"


@pytest.fixture(scope="session")
def studio_server(studio_directory: Path) -> Iterator[ServerState]:
    """A Label Studio that runs for the whole session; its first start on a machine takes a minute more."""
    if importlib.util.find_spec("label_studio") is None:
        pytest.skip("label-studio is not installed; `pip install 'stance-toolkit[server]'`")
    yield start_server(studio_directory, silent)
    stop_server(studio_directory)


@pytest.fixture(scope="session")
def studio(studio_server: ServerState, studio_directory: Path) -> Iterator[Studio]:
    """The session's server with the rights of its administrator."""
    assert studio_server.pid
    with open_studio(studio_directory) as opened:
        yield opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Under `make verify` a test that skips for want of the public data has failed."""
    report = yield
    if os.environ.get("STANCE_VERIFY") and item.get_closest_marker("shared") and report.skipped:
        report.outcome = "failed"
    return report
