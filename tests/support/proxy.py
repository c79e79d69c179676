"""A proxy that does to requests and replies what networks do, by a seed."""

import contextlib
import random
import socket
import threading
import time
from collections import Counter

KINDS = ("drop", "delay", "duplicate", "truncate", "hold")


class FaultyProxy:
    """Forwards HTTP to a server on loopback, and spoils a share of it.

    drop: the request never arrives, or its reply never comes back. delay: either is late, but in time. duplicate: the
    request arrives twice, and one of the replies comes back. truncate: half of either is cut off. hold: either is kept
    until the client has given up; a request that was held still arrives then.
    """

    def __init__(self, port, *, seed, rate, hold):
        self._target = ("127.0.0.1", port)
        self._random = random.Random(seed)  # noqa: S311 - a seeded draw
        self._rate = rate
        self._patience = hold  # seconds, longer than the client waits
        self._lock = threading.Lock()
        self.spoiled = Counter()  # kind -> how many have taken effect
        self.requests = 0
        self._under_way = 0
        self.on = True
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._socket.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def settle(self):
        """Wait until nothing is under way any more."""
        while self._under_way:
            time.sleep(0.05)

    def _draw(self):
        """What happens to the next request: a kind and which way, or nothing."""
        with self._lock:
            self.requests += 1
            if not self.on or self._random.random() >= self._rate:
                return None, None
            fewest = min(self.spoiled[kind] for kind in KINDS)  # so that each kind gets its share
            kind = self._random.choice([kind for kind in KINDS if self.spoiled[kind] <= fewest + 3])
            return kind, self._random.choice(("request", "reply"))

    def _took_effect(self, kind):
        with self._lock:
            self.spoiled[kind] += 1

    def _serve(self, client):
        with self._counted(), client, contextlib.suppress(OSError):
            request = read_message(client)
            if not request:
                return
            kind, side = self._draw()
            if kind is None:
                client.sendall(self._exchange(request))
            else:
                getattr(self, f"_{kind}")(client, request, side)
                self._took_effect(kind)

    @contextlib.contextmanager
    def _counted(self):
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def _exchange(self, request):
        with socket.create_connection(self._target, timeout=120) as server:
            server.sendall(request)
            return read_to_end(server)

    def _drop(self, _client, request, side):
        if side == "reply":
            self._exchange(request)

    def _delay(self, client, request, side):
        if side == "request":
            time.sleep(0.2)
        reply = self._exchange(request)
        if side == "reply":
            time.sleep(0.2)
        client.sendall(reply)

    def _duplicate(self, client, request, side):
        replies = [self._exchange(request), self._exchange(request)]
        client.sendall(replies[side == "reply"])

    def _truncate(self, client, request, side):
        if side == "request":
            with socket.create_connection(self._target, timeout=120) as server:
                server.sendall(request[: len(request) // 2])
        else:
            reply = self._exchange(request)
            client.sendall(reply[: len(reply) // 2])

    def _hold(self, client, request, side):
        if side == "reply":
            self._exchange(request)
        time.sleep(self._patience)
        if side == "request":
            client.close()
            self._exchange(request)


def read_message(connection):
    """A whole request: its head, and as much of a body as the head says."""
    connection.settimeout(120)
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), None)
    if length is None and any(line.startswith(b"transfer-encoding:") for line in lines):
        while not body.endswith(b"0\r\n\r\n"):
            body += connection.recv(65536)
    while len(body) < (length or 0):
        body += connection.recv(65536)
    if b"connection: close" not in head.lower():
        head += b"\r\nConnection: close"  # the end of the reply is then the end of the connection
    return head + b"\r\n\r\n" + body


def read_to_end(connection):
    """A whole reply of a server that closes behind it."""
    data = b""
    while more := connection.recv(65536):
        data += more
    return data
