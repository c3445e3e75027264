"""A web shop behind real sockets: a public address on a street that ends on this machine."""

import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpcore
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chalicelib.wiring import utc_now


class Shop:
    """What one server on this machine saw, and how it answers.

    Args:
        folder: where its certificate and key lie; None answers plain HTTP.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.connections = 0
        self.hosts: list[str] = []  #: the Host header of each call
        self.names: list[str | None] = []  #: the name each connection asked a certificate for
        self.status = 200
        self.headers: Mapping[str, str] = {}
        self.is_endless = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if folder is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")
            tls.sni_callback = lambda sock, name, context: self.names.append(name)
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = int(self._server.server_address[1])

    @contextmanager
    def open(self) -> Iterator["Shop"]:
        """Answer calls until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        shop = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                shop.connections += 1
                super().setup()

            def handle(self) -> None:
                with suppress(OSError):  # whoever called went away
                    super().handle()

            def do_GET(self) -> None:
                shop.hosts.append(self.headers["Host"])
                self.send_response(shop.status)
                for name, value in shop.headers.items():
                    self.send_header(name, value)
                if shop.is_endless:
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    while True:
                        self.wfile.write(b"400\r\n" + b"a" * 1024 + b"\r\n")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


class Street(httpcore.NetworkBackend):
    """A network where the given addresses are servers of this machine, and no others exist."""

    def __init__(self, shops: Mapping[str, Shop]) -> None:
        self.dialled: list[str] = []
        self._shops = shops
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the server at an address."""
        self.dialled.append(host)
        if host not in self._shops:
            raise httpcore.ConnectError(f"nobody is at {host}")
        at = self._shops[host].port
        return self._sockets.connect_tcp("127.0.0.1", at, timeout, local_address, socket_options)


def write_certificate(folder: Path, *names: str) -> ssl.SSLContext:
    """Write a certificate for some names, and its key; returns whom to trust to believe it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A test's own authority")])
    now = utc_now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return ssl.create_default_context(cafile=str(folder / "cert.pem"))
