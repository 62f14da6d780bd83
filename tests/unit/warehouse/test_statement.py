"""What a statement does, by a parser that knows the dialects."""

import pytest

from sync.warehouse.statement import Judgement, Offence, begins_to_read, judge, verb


@pytest.mark.parametrize(
    ("grammar", "sql"),
    [
        ("postgres", "table accounts"),
        ("postgres", "values (1, 'a')"),
        ("postgres", "((select 1))"),
        ("postgres", "-- it's first\n/* and; */ select 1; -- last"),
        ("postgres", "select $$; delete from t$$ ; ;\n"),
        ("postgres", "with recursive a as (select 1 union all select 2) select * from a"),
        ("postgres", 'select \'insert into t\', "delete" from "update"'),
        ("postgres", "select x->>'a', y::int8 from t tablesample system (1) where z @> '{}'"),
        ("postgres", "select distinct on (a) * from t order by a"),
        ("postgres", "select 'nextval(' as a, nextval from t"),
        ("duckdb", "from accounts"),
        ("duckdb", "from t select a qualify row_number() over (partition by a) = 1"),
        ("duckdb", "pivot t on x using sum(y)"),
        ("duckdb", "select * exclude (a) from 'x.parquet'"),
        ("duckdb", "summarize t"),
        ("duckdb", "describe t"),
        ("mysql", "select /*+ max_execution_time(5) */ a from t"),
        ("mysql", "values row(1)"),
        ("tsql", "select top 5 [order] from t option (recompile)"),
        ("snowflake", "select a:b::string from t, lateral flatten(input => c)"),
        ("bigquery", "select as struct 1 a from `p.d.t` for system_time as of x"),
        ("bigquery", "from t |> where a > 1 |> select b"),
        ("clickhouse", "select * from t final settings max_threads = 1"),
        ("clickhouse", "with 1 as x select x"),
        ("databricks", "select a:b from delta.`/x` version as of 1"),
        ("trino", "select * from t for version as of 1"),
        ("sqlite", "select * from t indexed by x"),
        ("redshift", "select a.b[0] from t"),
        ("nobody", "select 1"),
    ],
)
def test_reads(grammar, sql):
    """Queries of every dialect are known as what they are."""
    assert judge(sql, grammar).offence is None


@pytest.mark.parametrize(
    ("grammar", "sql", "message", "position"),
    [
        ("duckdb", "attach 'x.db' as x", "ATTACH is no query", 0),
        ("duckdb", "copy (select 1) to 'x'", "COPY is no query", 0),
        ("duckdb", "call f()", "CALL is no query", 0),
        ("duckdb", "checkpoint", "CHECKPOINT is no query", 0),
        ("duckdb", "install x", "INSTALL is no query", 0),
        ("duckdb", "load x", "LOAD is no query", 0),
        ("duckdb", "set threads = 1", "SET is no query", 0),
        ("duckdb", "use x", "USE is no query", 0),
        ("duckdb", "vacuum", "VACUUM is no query", 0),
        ("duckdb", "pragma version", "PRAGMA is no query", 0),
        ("sqlite", "pragma table_info('x')", "PRAGMA is no query", 0),
        ("sqlite", "replace into t values (1)", "REPLACE is no query", 0),
        ("sqlite", "reindex", "REINDEX is no query", 0),
        ("postgres", "insert into t values (1) returning a", "INSERT is no query", 0),
        ("postgres", "create table t as select 1", "CREATE is no query", 0),
        ("postgres", "explain analyze delete from t", "EXPLAIN is no query", 0),
        ("postgres", "do $$ begin end $$", "DO is no query", 0),
        ("postgres", "notify x", "NOTIFY is no query", 0),
        ("postgres", "merge into t using u on a = b when matched then delete", "MERGE is no query", 0),
        ("postgres", "select 1;\n delete from t", "a second statement begins here", 11),
        ("postgres", "commit; select 1", "a second statement begins here", 8),
        (
            "postgres",
            "with gone as (delete from t returning x) select x from gone",
            "DELETE does more than read",
            14,
        ),
        ("postgres", "with a as (insert into t values (1) returning x) table a", "INSERT does more than read", 11),
        ("postgres", "select a into t2 from t", "INTO does more than read", 9),
        ("tsql", "select top 5 a into t2 from t", "INTO does more than read", 15),
        ("tsql", "exec sp_who", "EXEC is no query", 0),
        ("tsql", "with x as (select 1 a) update t set a = 1", "WITH is no query", 0),
        ("postgres", "select nextval('s')", "the function nextval does more than read", 7),
        ("postgres", "select pg_catalog.lo_import('x')", "the function lo_import does more than read", 18),
        ("duckdb", "select * from force_checkpoint()", "the function force_checkpoint does more than read", 14),
        ("duckdb", "from sqlite_attach('x')", "the function sqlite_attach does more than read", 5),
        ("mysql", "with x as (select 1) delete from t", "WITH is no query", 0),
        ("snowflake", "copy into @s from t", "COPY is no query", 0),
        ("bigquery", "export data options(uri='gs://x') as select 1", "EXPORT is no query", 0),
        ("bigquery", "declare x int64; select 1", "a second statement begins here", 17),
        ("clickhouse", "optimize table t", "OPTIMIZE is no query", 0),
        ("nobody", "delete from t", "DELETE is no query", 0),
        ("tsql", "select next value for s", "NEXTVALUEFOR does more than read", 0),
        ("snowflake", "select s.nextval", "nextval does more than read", 9),
    ],
)  # fmt: skip
def test_writes(grammar, sql, message, position):
    """Whatever else a statement does is told, at its place."""
    assert judge(sql, grammar) == Judgement(True, Offence(message, position))


@pytest.mark.parametrize(
    ("sql", "position"),
    [
        ("select a into outfile '/tmp/x' from t", 9),
        ("select 1 INTO\nDUMPFILE 'x'", 9),
        ("select 1 /*!50000 into outfile '/tmp/x' */", 18),
        ("select 1 /*M! into outfile '/tmp/x' */", 14),
    ],
)
def test_files(sql, position):
    """Of what the parser does not know, files of the server are seen all the same: MySQL writes them while it reads."""
    assert judge(sql, "mysql") == Judgement(False, Offence("INTO writes a file", position))


@pytest.mark.parametrize(
    "sql", ["select (((", "select 'open", "select 1 frm t frm u", "kill query where 1"]
)
def test_unknown(sql):
    """Where it cannot parse, the parser says nothing."""
    assert judge(sql, "clickhouse") == Judgement(False)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("-- a\n /* b */ ( Select 1", True),
        ("from t", True),
        ("kill query", False),
        ("", False),
        ("selection", False),
    ],
)
def test_first_word(sql, expected):
    """For want of better: by the first word."""
    assert begins_to_read(sql) is expected


@pytest.mark.parametrize(
    ("sql", "word", "position"),
    [
        ("select 1 as id delete from t", "DELETE", 15),
        ("select 1 as id\nexec sp_x", "EXEC", 15),
        ("select 1 if 1 = 1 drop table t", "DROP", 18),
        ("select a from t update t set a = 1", "UPDATE", 16),
    ],
)
def test_verbs(sql, word, position):
    """SQL Server takes statements with nothing between them: what cannot be parsed is looked through for verbs."""
    assert judge(sql, "tsql") == Judgement(False)
    assert verb(sql, "tsql") == Offence(f"{word} does more than read", position)


@pytest.mark.parametrize(
    "sql",
    [
        "select 1 frm t frm u",
        "select [delete], \"update\" frm t 'drop' u",
        "select insert(a) frm t frm u",
    ],
)
def test_no_verbs(sql):
    """Names and texts in quotes are none, nor are functions."""
    assert verb(sql, "tsql") is None
