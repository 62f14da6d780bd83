"""The query that feeds a mapping, and its errors with the mapping's file and line."""

import re
from collections import abc
from contextlib import contextmanager
from dataclasses import dataclass

from sync.engine.read.fingerprints import HashedQuery
from sync.errors import ConfigError, ConfigProblem, SourceError, Unreachable
from sync.mapping import options
from sync.mapping.environment import WAREHOUSE_URL
from sync.mapping.loader import LoadedMapping
from sync.warehouse.fingerprints import NoFingerprints
from sync.warehouse.result import Result
from sync.warehouse.statement import Offence
from sync.warehouse.warehouse import Warehouse, WritesError

_READ_ONLY = "take it out; what has to be prepared in the warehouse is prepared there, not here"

#: What databases say of a login that they refuse.
_LOGIN = re.compile(
    r"password|authenticat|access denied|log ?in|credential|permission denied|unauthori[sz]ed", re.I
)


@dataclass(frozen=True, slots=True)
class MappingQuery:
    """A mapping's query on its warehouse."""

    loaded: LoadedMapping
    warehouse: Warehouse
    sql: str

    @classmethod
    def open(cls, loaded: LoadedMapping) -> "MappingQuery":
        """The query of a mapping; nothing is connected yet.

        Raises:
            ConfigError: the warehouse's URL is wrong, or its driver is missing.
        """
        wanted = loaded.mapping.source
        try:
            source = Warehouse.open(
                wanted.url.get_secret_value(),
                options.revealed(wanted.options),
                wanted.timeout,
                tuple(options.secrets(wanted.options)),
            )
        except ConfigError as error:
            raise ConfigError(*(cls._at(loaded, problem) for problem in error.problems)) from error
        sql = source.table(wanted.table) if wanted.table is not None else wanted.query or ""
        return cls(loaded, source, sql)

    @staticmethod
    def _at(loaded: LoadedMapping, problem: ConfigProblem) -> ConfigProblem:
        return loaded.problem_at(("source", "url"), problem.message, problem.hint)

    @contextmanager
    def execute(self) -> abc.Iterator[Result]:
        """Run the query; the connection is closed when the block ends.

        Raises:
            ConfigError: the query does something else than read; nothing was sent to the warehouse.
            SourceError: the warehouse refused or broke off; the message says in which file and line.
        """
        doubtful = self.doubtful()
        with self.placing(), self.warehouse.query(self.sql, doubtful=doubtful) as result:
            yield result

    @contextmanager
    def placing(self) -> abc.Iterator[None]:
        """Let what the warehouse refuses in here name file and line. Errors as in `execute`."""
        try:
            yield
        except WritesError as error:
            raise ConfigError(self._refusal(Offence(error.message, 0))) from error
        except SourceError as error:
            raise self._placed(error) from error

    def fingerprints(self) -> HashedQuery | str:
        """The query as its warehouse hashes it; or why that cannot be, in a sentence. Errors as in `execute`."""
        with self.placing():
            found = self.warehouse.fingerprints(self.sql)
        return found.problem if isinstance(found, NoFingerprints) else found

    def doubtful(self) -> bool:
        """Whether no parser can tell if the query reads, so that the server has to; a table is read by our own words.

        Raises:
            ConfigError: it does something else.
        """
        if self.loaded.mapping.source.table is not None:
            return False
        judgement = self.warehouse.judge(self.sql)
        if judgement.offence is not None:
            raise ConfigError(self._refusal(judgement.offence))
        return not judgement.known

    @property
    def unguarded(self) -> bool:
        """Whether nothing but the user's rights keeps the query from writing; ConfigError as in `doubtful`."""
        return not self.warehouse.dialect.guards and self.doubtful()

    def _refusal(self, offence: Offence) -> ConfigProblem:
        message = f"{offence.message}: a source query is one statement that reads"
        return self.loaded.problem_in_query(offence.position, message, _READ_ONLY)

    def _placed(self, error: SourceError) -> SourceError:
        wanted = self.loaded.mapping.source
        names = ("dbt_model", "query", "query_file", "table")
        which = next((name for name in names if getattr(wanted, name) is not None), "query")
        place = self.loaded.problem_at(("source", which), "")
        return type(error)(f"{place.file}:{place.line}: {error.message}", self._hint(error))

    def _whence(self) -> str:
        """What says where the warehouse is and who asks: variables, or the mapping's own URL where they say nothing."""
        loaded = self.loaded
        own = loaded.document.data["source"].get("url")
        url = loaded.variables_of("source", "url") or ("source.url" if own else WAREHOUSE_URL)
        told = loaded.variables_of("source", "options")
        return f"{url} and {told}" if told else url

    def _hint(self, error: SourceError) -> str:
        """A login that was refused may be one whose password only looks like an encoding."""
        hint = error.hint
        if isinstance(error, Unreachable):
            hint = f"look at {self._whence()}: {hint}"
        names = self.loaded.encoded
        if not names or not _LOGIN.search(error.message):
            return hint
        told = f"{' and '.join(names)} looks percent-encoded and is taken as such; if it is not, write its % as %25"
        return f"{told}; {hint}" if hint else told
