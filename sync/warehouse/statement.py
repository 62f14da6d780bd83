"""What a statement does, told by a parser that knows the dialects: a source query is one that reads."""

import logging
import re
from collections import abc
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Any


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Statements that give rows and change nothing. `Query` is SELECT in all its forms.
_READ = ("Query", "Values", "Pivot", "Show", "Describe", "Summarize")
#: What changes something, wherever it stands in a statement: in a CTE, as a part of it (SELECT … INTO).
_WRITE = _words(
    "Insert Update Delete Merge Create Drop Alter Into Copy Command Attach Detach Set Use TruncateTable LoadData Pragma"
    " Export Put Execute Grant Kill Transaction Commit Rollback NextValueFor"
)
#: Functions that change something though they stand in a SELECT.
_WRITERS: abc.Mapping[str, frozenset[str]] = {
    "postgres": _words(
        "nextval setval set_config lo_creat lo_create lo_import lo_export lo_unlink lo_put lo_from_bytea lowrite"
        " dblink_exec pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile pg_switch_wal pg_notify"
        " pg_create_restore_point pg_logical_emit_message pg_promote pg_create_physical_replication_slot"
        " pg_create_logical_replication_slot pg_drop_replication_slot pg_logical_slot_get_changes"
    ),
    "duckdb": _words(
        "nextval setval checkpoint force_checkpoint import_database copy_database add_parquet_key enable_logging"
        " disable_logging truncate_duckdb_logs write_log sqlite_attach postgres_attach mysql_attach postgres_execute"
        " mysql_execute sqlite_execute load_aws_credentials ducklake_add_data_files ducklake_cleanup_old_files"
        " ducklake_expire_snapshots ducklake_merge_adjacent_files ducklake_set_option ducklake_flush_inlined_data"
    ),
    "mysql": _words("nextval setval"),
    "sqlite": _words("load_extension writefile edit"),
    "snowflake": _words(
        "system$cancel_query system$cancel_all_queries system$abort_session system$abort_transaction"
        " system$pipe_force_resume system$user_task_cancel_ongoing_executions"
    ),
}
#: The first word of a statement that reads, after comments and brackets.
_BEGINS = re.compile(
    r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/|\()*(?:select|with|values|table|from)\b", re.I | re.S
)
#: Words that begin a statement that writes: SQL Server takes several without anything between them.
_VERBS = _words(
    "insert update delete merge create drop alter truncate exec execute grant revoke deny backup restore bulk begin"
    " commit kill shutdown into call"
)
#: Comments that MySQL carries out.
_CARRIED_OUT = re.compile(r"/\*M?!\d{0,6}(?P<sql>.*?)\*/", re.S)
#: A file on the server, which read-only transactions do not keep from being written.
_TO_FILE = re.compile(r"\binto\s+(?:outfile|dumpfile)\b", re.I)


@dataclass(frozen=True, slots=True)
class Offence:
    """Why a statement is none that reads, and at which character, from 0, that shows."""

    message: str
    position: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a parser says of a statement; `known` is False where it cannot read it."""

    known: bool
    offence: Offence | None = None


def judge(sql: str, grammar: str) -> Judgement:
    """Whether a statement in a dialect, by the parser's name for it, is one that reads."""
    import sqlglot  # a third of a second, which only those pay who send a query
    from sqlglot.errors import SqlglotError

    grammar = grammar if sqlglot.Dialect.get(grammar) else ""
    if grammar in ("mysql", "doris", "starrocks"):
        sql = _CARRIED_OUT.sub(_as_sql, sql)
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # it has words for what it cannot read
    try:
        tokens = sqlglot.tokenize(sql, read=grammar)
    except (SqlglotError, ValueError):
        return Judgement(False, _by_words(sql))
    offence = _several(tokens) or _writer(tokens, grammar)
    if offence:
        return Judgement(True, offence)
    try:
        roots: list[Any] = [root for root in sqlglot.parse(sql, read=grammar) if root is not None]
    except (SqlglotError, RecursionError):
        return Judgement(False, _by_words(sql))
    return Judgement(True, _written(roots, tokens))


def bare(sql: str, grammar: str) -> str:
    """A statement that `judge` knows without its last semicolon, and what stands behind that, which is no statement."""
    import sqlglot

    tokens: list[Any] = sqlglot.tokenize(sql, read=grammar if sqlglot.Dialect.get(grammar) else "")
    ends = next((t.start for t in tokens if t.token_type.name == "SEMICOLON"), len(sql))
    return sql[:ends]


def sets(sql: str, grammar: str, word: str) -> bool:
    """Whether a statement that `judge` knows sets something by a clause of this name, outside of all brackets."""
    import sqlglot

    depth, tokens = 0, list(sqlglot.tokenize(sql, read=grammar))
    for clause, _, equals in zip(tokens, tokens[1:], tokens[2:], strict=False):
        depth += {"L_PAREN": 1, "R_PAREN": -1}.get(clause.token_type.name, 0)
        if depth == 0 and clause.text.lower() == word and equals.token_type.name == "EQ":
            return True
    return False


def begins_to_read(sql: str) -> bool:
    """Whether the first word is one of a query; no proof, for where there is no better one."""
    return _BEGINS.match(sql) is not None


def verb(sql: str, grammar: str) -> Offence | None:
    """A word that writes, where the parser cannot read the statement and no server tells; names in quotes are none."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        tokens: list[Any] = sqlglot.tokenize(
            sql, read=grammar if sqlglot.Dialect.get(grammar) else ""
        )
    except (SqlglotError, ValueError):
        return None
    for token, following in zip_longest(tokens, tokens[1:]):
        word, quoted = token.text.lower(), sql[token.start] in "\"`['"
        called = following is not None and following.token_type.name == "L_PAREN"
        if word in _VERBS and not quoted and not called:
            return Offence(f"{word.upper()} does more than read", token.start)
    return None


def _as_sql(comment: re.Match[str]) -> str:
    """What a comment holds, with as many characters before and behind it."""
    before = comment.start("sql") - comment.start()
    return " " * before + comment["sql"] + "  "


def _by_words(sql: str) -> Offence | None:
    found = _TO_FILE.search(sql)
    return Offence("INTO writes a file", found.start()) if found else None


def _several(tokens: abc.Sequence[Any]) -> Offence | None:
    """Where a second statement begins."""
    ended = False
    for token in tokens:
        if token.token_type.name == "SEMICOLON":
            ended = True
        elif ended:
            return Offence("a second statement begins here", token.start)
    return None


def _writer(tokens: abc.Sequence[Any], grammar: str) -> Offence | None:
    """A call of a function that writes."""
    writers = _WRITERS.get(grammar, frozenset())
    for token, following in pairwise(tokens):
        if token.token_type.name == "DOT" and following.text.lower() == "nextval":
            return Offence("nextval does more than read", following.start)
        name = token.text.lower()
        if name in writers and following.token_type.name == "L_PAREN" and not _is_text(token):
            return Offence(f"the function {name} does more than read", token.start)
    return None


def _is_text(token: Any) -> bool:
    return "STRING" in token.token_type.name


def _written(roots: abc.Iterable[Any], tokens: abc.Sequence[Any]) -> Offence | None:
    """What is no query, or holds something else than reading."""
    from sqlglot import exp

    for root in roots:
        if isinstance(root, exp.Semicolon):  # a comment behind the last one
            continue
        if not isinstance(root, _classes(_READ)):
            return Offence(f"{tokens[0].text.upper()} is no query", tokens[0].start)
        node = next((node for node in root.walk() if isinstance(node, _classes(_WRITE))), None)
        if node is not None:
            word = type(node).__name__.upper()
            place = next((token.start for token in tokens if token.text.upper() == word), 0)
            return Offence(f"{word} does more than read", place)
    return None


def _classes(names: abc.Iterable[str]) -> tuple[Any, ...]:
    """The parser's classes of these names, as far as its version has them."""
    from sqlglot import exp

    return tuple(getattr(exp, name) for name in names if hasattr(exp, name))
