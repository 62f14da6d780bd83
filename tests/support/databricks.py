"""A Databricks for tests: the connector's own Thrift service over HTTP, with Arrow results that a test gives."""

import threading
from collections import abc
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.needed import driver
from tests.support.stand_in import Answering, standing_in

TOKEN = "dapi-token-of-the-tests"
_THRIFT = "application/x-thrift"


@dataclass
class Cluster:
    """What the server knows: the answer to every statement, and what was asked of it.

    `types` are the names of Thrift's types, such as `STRING_TYPE`, of the columns of `table`, a table of pyarrow.
    """

    table: Any = None
    types: tuple[str, ...] = ()
    error: str = ""
    #: Whether a statement runs until it is cancelled.
    silent: bool = False
    statements: list[str] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)


def column(kind: str, value: Any) -> tuple[str, Any]:
    """A type as Databricks writes it: Thrift's name for it, and the value in a column of Arrow."""
    arrow = driver("pyarrow")
    name, _, rest = kind.partition("(")
    types = {
        "bigint": arrow.int64(),
        "date": arrow.date32(),
        "float": arrow.float32(),
        "timestamp": arrow.timestamp("us", "Etc/UTC"),
        "timestamp_ntz": arrow.timestamp("us"),
    }
    if rest:
        types["decimal"] = arrow.decimal128(*(int(part) for part in rest.rstrip(")").split(",")))
    known = "timestamp" if name == "timestamp_ntz" else name
    if name == "date" and isinstance(value, int):
        return "DATE_TYPE", arrow.array([value], arrow.int32()).cast(arrow.date32())
    return f"{known.upper()}_TYPE", arrow.array([value], types.get(name))


class Service:
    """The calls that the connector makes."""

    def __init__(self, cluster: Cluster) -> None:
        ttypes = driver("databricks.sql.thrift_api.TCLIService.ttypes")
        self.cluster, self.t = cluster, ttypes
        self.fine = ttypes.TStatus(ttypes.TStatusCode.SUCCESS_STATUS)
        self.number = ttypes.THandleIdentifier(b"0" * 16, b"1" * 16)

    def OpenSession(self, _: Any) -> Any:
        """A session."""
        version = self.t.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V6
        handle = self.t.TSessionHandle(self.number, version)
        return self.t.TOpenSessionResp(self.fine, version, handle, initialNamespace=None)

    def CloseSession(self, _: Any) -> Any:
        """Closed."""
        return self.t.TCloseSessionResp(self.fine)

    def ExecuteStatement(self, asked: Any) -> Any:
        """A statement begins; its result is asked for later."""
        self.cluster.statements.append(asked.statement)
        kind = self.t.TOperationType.EXECUTE_STATEMENT
        handle = self.t.TOperationHandle(self.number, kind, True)
        return self.t.TExecuteStatementResp(self.fine, handle)

    def GetOperationStatus(self, _: Any) -> Any:
        """Done, failed, or running for as long as nobody cancels it."""
        states, cluster = self.t.TOperationState, self.cluster
        if cluster.error:
            return self.t.TGetOperationStatusResp(
                self.fine, states.ERROR_STATE, displayMessage=cluster.error
            )
        if not cluster.silent:
            return self.t.TGetOperationStatusResp(self.fine, states.FINISHED_STATE)
        done = cluster.cancelled.wait(0.1)
        state = states.CANCELED_STATE if done else states.RUNNING_STATE
        return self.t.TGetOperationStatusResp(self.fine, state)

    def CancelOperation(self, _: Any) -> Any:
        """Noted."""
        self.cluster.cancelled.set()
        return self.t.TCancelOperationResp(self.fine)

    def CloseOperation(self, _: Any) -> Any:
        """Closed."""
        return self.t.TCloseOperationResp(self.fine)

    def GetResultSetMetadata(self, _: Any) -> Any:
        """The columns, and Arrow's schema of them."""
        return self.t.TGetResultSetMetadataResp(
            self.fine,
            self.t.TTableSchema(list(self._columns())),
            resultFormat=self.t.TSparkRowSetType.ARROW_BASED_SET,
            lz4Compressed=False,
            arrowSchema=self.cluster.table.schema.serialize().to_pybytes(),
        )

    def _columns(self) -> abc.Iterator[Any]:
        for place, (name, kind) in enumerate(
            zip(self.cluster.table.column_names, self.cluster.types, strict=True)
        ):
            known = getattr(self.t.TTypeId, kind)
            arrow = self.cluster.table.schema.field(place).type
            told = None
            if kind == "DECIMAL_TYPE":
                value = self.t.TTypeQualifierValue
                told = self.t.TTypeQualifiers(
                    {
                        "precision": value(i32Value=arrow.precision),
                        "scale": value(i32Value=arrow.scale),
                    }
                )
            entry = self.t.TTypeEntry(self.t.TPrimitiveTypeEntry(known, told))
            yield self.t.TColumnDesc(name, self.t.TTypeDesc([entry]), place + 1, None)

    def FetchResults(self, _: Any) -> Any:
        """All rows at once, in batches as the table has them."""
        batches = [
            self.t.TSparkArrowBatch(batch.serialize().to_pybytes(), batch.num_rows)
            for batch in self.cluster.table.to_batches()
        ]
        rows = self.t.TRowSet(0, [], arrowBatches=batches)
        return self.t.TFetchResultsResp(self.fine, False, rows, self.GetResultSetMetadata(None))


@contextmanager
def databricks(cluster: Cluster) -> abc.Iterator[tuple[str, dict[str, Any]]]:
    """The URL of a server with these answers, and the options by which the driver does without encryption."""
    protocol = driver("thrift.protocol.TBinaryProtocol").TBinaryProtocol
    memory = driver("thrift.transport.TTransport").TMemoryBuffer
    service = driver("databricks.sql.thrift_api.TCLIService.TCLIService")
    processor = service.Processor(Service(cluster))

    class Handler(Answering):
        def do_POST(self) -> None:
            asked = self.body()
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                words = {"X-Thriftserver-Error-Message": "Invalid access token."}
                return self.answer(403, _THRIFT, b"", words)
            answer = memory()
            processor.process(protocol(memory(asked)), protocol(answer))
            return self.answer(200, _THRIFT, answer.getvalue())

    with standing_in(Handler) as port:
        place = f"127.0.0.1:{port}"
        options = {
            "_connection_uri": f"http://{place}/sql/1.0/warehouses/1",
            "enable_telemetry": False,
        }
        yield f"databricks://token:{TOKEN}@{place}?http_path=/sql/1.0/warehouses/1", options
