"""The lab over HTTP/1.1, on the loopback interface, with kept connections."""

from __future__ import annotations

import os
import socket
import sys
import threading

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from . import faults
from .server import Lab
from .wire import Answer


#: headers that this server writes itself
_OURS = frozenset(("content-length", "transfer-encoding", "connection", "server", "date"))


class Handler(WSGIRequestHandler):
    """One connection. werkzeug itself would close it after each answer."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # headers and body in one packet
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request."""
        if self.headers.get("Expect", "").lower().strip() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        self.environ = self.make_environ()
        try:
            answer = self.server.app.handle(self.environ)
        except faults.DropConnection:
            self._drop()
            return
        self._write(answer)

    def _write(self, answer: Answer) -> None:
        bare = self.command == "HEAD" or answer.status in (204, 304)
        names = {name.lower() for name in answer.headers}
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() in _OURS:
                continue
            self.send_header(name, str(value).replace("\r", "").replace("\n", " "))
        if answer.status != 204:
            length = answer.headers.get("Content-Length") if bare else len(answer.body)
            self.send_header("Content-Length", str(length or 0))
        if "connection" in names:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if not bare:
            self.wfile.write(answer.body)
        self.wfile.flush()

    def _drop(self) -> None:
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the client was faster

    def version_string(self) -> str:
        """As AWS's own servers name themselves, more or less."""
        return "Server"

    def log(self, type: str, message: str, *args: object) -> None:
        """No log of requests: /_lab/events has them."""


class Server(ThreadedWSGIServer):
    """A thread per connection; none of them keeps the process alive."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no error of ours."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


def serve(lab: Lab, listener: socket.socket) -> int:
    """Serve the lab on a listening socket, in a thread. The port."""
    server = Server("127.0.0.1", 0, lab, Handler, fd=listener.fileno())
    listener.close()
    lab.port = server.port
    os.environ["MOTO_PORT"] = str(server.port)  # where moto calls itself
    threading.Thread(target=server.serve_forever, name="serve", daemon=True).start()
    return server.port
