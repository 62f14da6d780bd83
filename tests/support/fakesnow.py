"""A fakesnow for tests: Snowflake's SQL on DuckDB's engine, behind the HTTP that the connector speaks.

It needs other versions of what we need ourselves, so it has an environment of its own: see `make snowflake`.
"""

import os
import subprocess
from collections import abc
from contextlib import closing, contextmanager
from typing import Any

import pytest

from tests.support.needed import driver

#: What it lacks or says otherwise than Snowflake: the connector asks a login for two tokens, and puts an error's number
#: before its words itself.
_SERVER = """
import importlib, json, re, socket
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

server = importlib.import_module("fakesnow.server")

async def login(request):
    told = json.loads((await server.login_request(request)).body)
    told["data"] |= {"masterToken": "master", "masterValidityInSeconds": 14400}
    told["data"] |= {"sessionId": 1, "validityInSeconds": 3600}
    return JSONResponse(told)

async def query(request):
    answer = await server.query_request(request)
    told = json.loads(answer.body)
    if not told["success"]:
        told["message"] = re.sub(r"\\A\\d{6} \\(\\w+\\): ", "", told["message"])
    return JSONResponse(told, answer.status_code)

own = [
    Route("/session/v1/login-request", login, methods=["POST"]),
    Route("/queries/v1/query-request", query, methods=["POST"]),
]
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
app = Starlette(routes=[*own, *server.routes])
uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[listening])
"""


@contextmanager
def fakesnow(*statements: str) -> abc.Iterator[tuple[str, dict[str, Any]]]:
    """The URL of a server where these statements were run, and the options by which the connector finds it.

    Without one, or without the connector, tests are skipped.
    """
    python = os.environ.get("SYNC_TEST_FAKESNOW")
    if python is None:
        pytest.skip("SYNC_TEST_FAKESNOW names no Python that has it: see make snowflake")
    connector = driver("snowflake.connector")
    driver("snowflake.sqlalchemy")
    with subprocess.Popen(
        [python, "-I", "-c", _SERVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            options = {"host": "127.0.0.1", "port": port, "protocol": "http"}
            place = {"user": "reader", "password": "any", "account": "shop-eu"}
            place |= {"database": "SHOP", "schema": "PUBLIC"}
            own = {"enable_server_session_keep_alive_auto_detection": False}
            with closing(connector.connect(**place, **options, **own)) as connection:
                for statement in statements:
                    connection.cursor().execute(statement)
            yield "snowflake://reader:any@shop-eu/SHOP/PUBLIC", options
        finally:
            process.terminate()
