"""Certificates that are not trusted: servers of our own on the loopback address, with certificates made here."""

import shutil
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from toolkit.errors import StudioError
from toolkit.studio.http.client import Studio

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")


class _NoUsers(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"[]"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that refuses the certificate ends the connection; that is the test."""


@pytest.fixture
def serve(tmp_path):
    servers = []

    def start(name=None):
        """Serve under a self-signed certificate for a name, or none at all; return the address."""
        server = _Quiet(("127.0.0.1", 0), _NoUsers)
        if name:
            files = [str(tmp_path / "key.pem"), str(tmp_path / "cert.pem")]
            kind = "IP" if name[0].isdigit() else "DNS"
            command = [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-keyout",
                files[0],
                "-out",
                files[1],
            ]
            command += ["-days", "2", "-subj", "/CN=desk.example", "-addext", f"subjectAltName={kind}:{name}"]
            subprocess.run(command, check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(files[1], files[0])
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"https://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def refusal(url):
    with pytest.raises(StudioError) as refused, Studio(url, "0123456789abcdef0123456789abcdef01234567") as studio:
        studio.users()
    return str(refused.value)


def test_a_self_signed_certificate_is_said_with_what_to_set(serve, tmp_path, monkeypatch):
    url = serve("127.0.0.1")
    message = refusal(url)
    assert message.startswith(f"{url}: its certificate is not trusted (self-signed certificate)")
    assert "set SSL_CERT_FILE to the file of its certificate" in message
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    with Studio(url, "0123456789abcdef0123456789abcdef01234567") as studio:
        assert studio.users() == {}


def test_a_certificate_of_another_name_is_said(serve, tmp_path, monkeypatch):
    url = serve("desk.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    assert "its certificate is that of another name" in refusal(url)


def test_a_server_without_tls_is_said(serve):
    assert "if the server has no certificate, use http://" in refusal(serve())
