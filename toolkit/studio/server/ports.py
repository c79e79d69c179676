"""Ports of this machine."""

import secrets
import socket
from collections.abc import Iterable

from toolkit.errors import StudioError

PORTS = range(20_000, 32_000)  # below those that systems give to outgoing connections


def free_port(first: Iterable[int] = ()) -> int:
    """A port that nobody listens on: one of the first named if it is free, or else any.

    Raises:
        StudioError: none of those that were tried is free.
    """
    tried = [*first, *secrets.SystemRandom().sample(PORTS, 20)]
    for port in tried:
        if is_free(port):
            return port
    raise StudioError(f"no free port among {len(tried)} from {PORTS.start} to {PORTS.stop}; name one")


def is_free(port: int) -> bool:
    """Whether nobody listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    # Label Studio looks at localhost, where another address may be served as well.
    with socket.socket() as caller:
        caller.settimeout(1)
        return caller.connect_ex(("localhost", port)) != 0
