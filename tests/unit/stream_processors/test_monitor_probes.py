"""Probes over HTTP, against a server that tells from where it is asked."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from stream_processors.monitor.probes import page, scrape


@contextmanager
def served(callers: list[int]) -> Iterator[str]:
    """The address of a server that notes the port from which each question comes."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            callers.append(self.client_address[1])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_probe_keeps_its_connection_and_shares_it_with_no_other() -> None:
    callers: list[int] = []
    with served(callers) as url:
        probes = [page(url), page(url), scrape("api", url)]
        for _ in range(2):
            for look in probes:
                assert look() == []
    assert len(set(callers)) == len(probes)
    assert callers[: len(probes)] == callers[len(probes) :]
