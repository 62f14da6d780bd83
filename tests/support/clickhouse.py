"""A ClickHouse for tests: the real engine in a process of its own (chdb), behind the HTTP that its clients speak."""

import subprocess
import sys
from collections import abc
from contextlib import contextmanager

from tests.support.needed import driver

_SERVER = """
import sys, threading, urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from chdb import session

engine = session.Session()
one_at_a_time = threading.Lock()

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(200, b"Ok.\\n")

    def do_POST(self):
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        sql = asked.get("query", "") + body
        if asked.get("readonly") == "2" and sql.split()[0].lower() in ("insert", "create", "drop"):
            return self.answer(500, b"Code: 164. DB::Exception: Cannot execute query in readonly mode. (READONLY)")
        form = self.headers.get("X-ClickHouse-Format") or asked.get("default_format") or "TabSeparated"
        if " format " in sql.lower():
            sql, _, form = sql.rstrip().rpartition(" ")
            sql = sql.rstrip()[: -len("FORMAT")]
        try:
            with one_at_a_time:
                found = engine.query(sql, form.strip()).bytes()
            self.answer(200, found, form)
        except Exception as error:
            self.answer(500, str(error).encode())

    def answer(self, status, body, form=""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Format", form)
        self.end_headers()
        self.wfile.write(body)

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


@contextmanager
def clickhouse() -> abc.Iterator[int]:
    """The port of a server on 127.0.0.1; without the engine or the driver tests are skipped."""
    for module in ("chdb", "clickhouse_connect"):
        driver(module)
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()
