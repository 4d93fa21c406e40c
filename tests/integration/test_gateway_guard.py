"""What the guard lets through and what not, tried with SQL that is written to confuse it.

The engine's own parse decides: so it does not matter how a statement is spelled.
"""

from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.gateway_process import GatewayProcess

SECRET = "5ecret-of-somebody-else"
FEW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
NASTY = [
    "'",
    '"',
    "`",
    "\\",
    "$$",
    "$a$",
    "--",
    "/*",
    "*/",
    "#",
    ";",
    "(",
    ")",
    "\n",
    "\t",
    "é",
    "😀",
]
HOSTILE = ["file('x')", "system.processes", "INTO OUTFILE 'x'", "url(", "SETTINGS readonly=0"]

text = st.lists(st.sampled_from([*NASTY, *HOSTILE, " ", "a", "x'"]), max_size=6).map("".join)
comment = st.one_of(
    st.just(" "),
    text.map(lambda t: f" /* {t.replace('*/', '').replace('/*', '')} */ "),
    text.map(lambda t: " -- " + t.replace("\n", "") + "\n"),
    text.map(lambda t: " #! " + t.replace("\n", "") + "\n"),
)


def escaped(value: str, quote: str) -> str:
    return quote + value.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


def doubled(value: str, quote: str) -> str:
    return quote + value.replace("\\", "\\\\").replace(quote, quote * 2) + quote


literal = text.flatmap(
    lambda value: st.tuples(
        st.just(value),
        st.sampled_from(
            [escaped(value, "'"), doubled(value, "'")]
            + ([f"$tag${value}$tag$"] if "$" not in value else [])
        ),
    )
)
name = text.filter(bool).flatmap(
    lambda value: st.sampled_from(
        [escaped(value, "`"), doubled(value, "`"), escaped(value, '"'), doubled(value, '"')]
    )
)


def cased(word: str) -> st.SearchStrategy[str]:
    """A keyword in any mixture of cases."""
    return st.tuples(*(st.sampled_from([c.lower(), c.upper()]) for c in word)).map("".join)


function = st.sampled_from(["file", "`file`", '"file"'])


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outside") / "secret"
    path.write_text(SECRET)
    return path


def reaching(path: Path) -> st.SearchStrategy[str]:
    """A column, table or clause by which a statement would read or write a file."""
    call = st.tuples(function, comment).map(lambda p: f"{p[0]}{p[1]}('{path}')")
    return st.one_of(
        call,
        call.map(lambda c: f"(SELECT {c})"),
        call.map(lambda c: f"arrayMap(x -> {c}, [1])"),
        st.just(f"arrayMap(file, ['{path}'])"),
        st.just(f"arrayMap(`file`, ['{path}'])"),
        st.just(f"(SELECT * FROM file('{path}', 'LineAsString'))"),
        st.just(f"(SELECT * APPLY(file) FROM (SELECT '{path}'))"),
        st.just("(SELECT count() FROM system.processes)"),
        st.just("1 IN system.processes"),
        st.just('(SELECT count() FROM `system` . "users")'),
        st.just("(SELECT 1 SETTINGS log_comment = 'x')"),
    )


@FEW
@given(data=st.data())
def test_no_spelling_hides_what_reaches_out(
    gateway: GatewayProcess, secret: Path, data: st.DataObject
) -> None:
    gaps = [data.draw(comment) for _ in range(4)]
    word = data.draw(cased("SELECT"))
    columns = [f"1 AS {data.draw(name)}", data.draw(literal)[1], data.draw(reaching(secret))]
    columns = data.draw(st.permutations(columns))
    end = data.draw(st.sampled_from(["", ";", " FORMAT TSV", f" INTO OUTFILE '{secret}x'"]))
    sql = f"{gaps[0]}{word}{gaps[1]}{f',{gaps[2]}'.join(columns)}{gaps[3]}{end}"
    with gateway.reader() as reader:
        answer = reader.post("/", content=sql)
    assert answer.status_code >= 400, sql
    assert SECRET not in answer.text
    assert list(secret.parent.iterdir()) == [secret]


@FEW
@given(data=st.data())
def test_hostile_words_within_quotes_and_comments_are_only_words(
    gateway: GatewayProcess, data: st.DataObject
) -> None:
    gaps = [data.draw(comment) for _ in range(3)]
    value, spelled = data.draw(literal)
    word = data.draw(cased("SELECT"))
    sql = (
        f"{gaps[0]}{word}{gaps[1]}{spelled} AS {data.draw(name)}{gaps[2]} FORMAT JSONCompactEachRow"
    )
    with gateway.reader() as reader:
        answer = reader.post("/", content=sql)
    assert answer.status_code == 200, (sql, answer.text)
    assert answer.json() == [value]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS `x'`, file('/etc/passwd')",
        "SELECT 1 AS `x'`, name FROM system.users WHERE name != ''",
        "SELECT 1 AS `x'` INTO OUTFILE 'out'",
        "SELECT 1 AS `x'`, * FROM merge('system', '^users$')",
        "SELECT 1 AS `x'`, * FROM Python(params) WHERE '' = ''",
        "SELECT arrayMap(file, ['/etc/passwd'])",
        "SELECT arrayMap({f:Identifier}, ['/etc/passwd'])",
        "SELECT * APPLY file FROM (SELECT '/etc/passwd')",
        "SELECT COLUMNS('a') APPLY(x -> file(x)) FROM (SELECT '/etc/passwd' AS a)",
        "SELECT * REPLACE (file('/etc/passwd') AS a) FROM (SELECT 1 AS a)",
        "SELECT 1 IN url('http://127.0.0.1:1/')",
        "SELECT * FROM viewExplain('EXPLAIN', '', (SELECT file('/etc/passwd')))",
        "SELECT * FROM viewIfPermitted(SELECT 1 ELSE url('http://127.0.0.1:1/'))",
        "SELECT * FROM loop(system.users)",
        "SELECT * FROM eval('SELECT 1')",
        "SELECT * FROM fuzzQuery('SELECT 1')",
        "SELECT * FROM filesystem('/')",
        "SELECT 1 WHERE 1 IN system.processes",
        "SELECT * FROM {t:Identifier}",
        "SHOW COLUMNS FROM processes FROM system",
        "SHOW INDEX FROM users FROM system",
        "SHOW CREATE TABLE system.processes",
        "DESCRIBE TABLE (SELECT file('/etc/passwd'))",
        "DESCRIBE TABLE `system`.`processes`",
        "SHOW CLUSTERS",
        "SHOW MERGES",
        "SHOW PROCESSLIST",
        "EXPLAIN TABLE OVERRIDE mysql('127.0.0.1:1', 'd', 't', 'u', 'p') COLUMNS (a String)",
        "EXPLAIN CURRENT TRANSACTION",
        "SELECT dictGet('d', 'a', 1)",
        "SELECT joinGet('t', 'a', 1)",
        "SELECT aiGenerate('c', 'x')",
        "SELECT getServerSetting('users_config')",
        "SELECT 1 PARALLEL WITH SELECT 2",
        "EXECUTE AS default SELECT 1",
    ],
)
def test_siblings_of_known_holes_are_refused(reader: httpx.Client, sql: str) -> None:
    params = {"param_f": "file", "param_t": "system.processes"}
    answer = reader.post("/", params=params, content=sql)
    assert answer.status_code in (400, 403), answer.text
    assert answer.headers["x-clickhouse-exception-code"] in ("164", "62")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CASE 1 WHEN 1 THEN 2 END, EXTRACT(YEAR FROM now()), INTERVAL 1 DAY, [1, 2][1]",
        "SELECT sumIf(number, number > 1), uniqExact(number), argMax(number, 1) FROM numbers(9)",
        "SELECT sum(number) OVER (ORDER BY number) FROM numbers(3)",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3)"
        " SELECT n FROM r",
        "SELECT a.number FROM numbers(3) AS a ASOF JOIN numbers(3) AS b"
        " ON a.number = b.number AND a.number >= b.number",
        "SELECT * FROM (SELECT 1 AS a) ARRAY JOIN [1, 2] AS b ORDER BY b LIMIT 1 WITH TIES",
        "SELECT number FROM numbers(3) ORDER BY number WITH FILL FROM 0 TO 5 STEP 1",
        "SELECT number % 2 AS k, count() FROM numbers(9) GROUP BY GROUPING SETS ((k), ())",
        "SELECT * EXCEPT (b) REPLACE (2 AS a) APPLY toString FROM (SELECT 1 AS a, 2 AS b)",
        "SELECT 1::Decimal(3, 2), '{\"a\": 1}'::JSON, ('a', 1)::Tuple(x String, y UInt8)",
        "(SELECT 1 UNION DISTINCT SELECT 2) INTERSECT SELECT 1",
        "SELECT user(), currentDatabase(), version(), hostName(), timezone()",
        "SELECT quantile(0.9)(number), any(number) RESPECT NULLS FROM numbers(10)",
        "SELECT 1 FORMAT JSON SETTINGS output_format_json_quote_64bit_integers = 0",
        "SELECT count() FROM numbers(10) SETTINGS max_threads = 1, max_execution_time = 5",
        "SELECT * FROM values('a UInt8, b String', (1, 'x')) AS v, view(SELECT 1) AS w",
        "EXPLAIN PIPELINE SELECT 1",
        "SHOW SETTINGS LIKE 'max_threads'",
        "SHOW TABLES LIKE 'a%' LIMIT 3 FORMAT JSON",
        "SELECT file, upper(file), concat(file, url), url FROM (SELECT 'a' AS file, 'b' AS url)",
    ],
)
def test_what_an_honest_client_writes_is_answered(reader: httpx.Client, sql: str) -> None:
    answer = reader.post("/", content=sql)
    assert answer.status_code == 200, answer.text


LONG = "a" * 2_000


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT polygonsIntersectionCartesian([[[(0., 0.)]]], [[[(0., 0.)]]])",
        "SELECT POLYGONSUNIONCARTESIAN([[[(0., 0.)]]], [[[(0., 0.)]]])",
        "SELECT h3kRing(599686042433355775, 1000)",
        "SELECT editDistance('a', 'b')",
        "SELECT kolmogorovSmirnovTest('two-sided', 'exact')(number, number % 2) FROM numbers(9)",
        "SELECT KolmogorovSmirnovTestIf(number, number % 2, 1) FROM numbers(9)",
        "SELECT kolmogorovSmirnovTestArrayState([number], [1]) OVER () FROM numbers(9)",
        "SELECT arrayReduce('kolmogorovSmirnovTest', [1., 2.], [0, 1])",
        "SELECT levenshteinDistance('a', 'b')",
        "SELECT arrayMap(editDistance, ['a'], ['b'])",
        "SELECT arrayMap((a, b) -> `editDistance`(a, b), ['a'], ['b'])",
        "SELECT * APPLY(soundex) FROM (SELECT arraySimilarity([1], [2], [1.], [1.]))",
        "WITH x AS (SELECT seriesDecomposeSTL([1., 2.], 1)) SELECT * FROM x",
        "SELECT parseQueryToJSON('SELECT 1')",
        f"SELECT 'a' LIKE '{LONG}'",
        "SELECT 'a' LIKE concat('a', 'b')",
        "SELECT 'a' NOT ILIKE repeat('%a', 50000)",
        "SELECT arrayCount(x -> match('a', concat('(a?){', toString(x), '}')), range(2000))",
        "SELECT arrayMap(match, ['a'], ['b'])",
        "SELECT 'a' REGEXP toString(1)",
        f"SELECT multiMatchAny('a', ['{LONG}'])",
        "SELECT replaceRegexpAll('a', toString(number), 'b') FROM numbers(2)",
    ],
)
def test_what_limits_do_not_bound_is_not_a_readers(gateway: GatewayProcess, sql: str) -> None:
    with gateway.reader() as reader:
        answer = reader.post("/", content=sql)
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (403, "164")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'abc' LIKE '%b%', match('abc', '^a'), 'abc' NOT ILIKE 'B%'",
        "SELECT extractAll('a1b2', '[0-9]'), replaceRegexpOne('abc', 'b', 'x')",
        "SELECT match('abc', {pattern:String})",
        "SELECT arraySort(x -> -x, [1, 2]), position('abc', 'b'), cityHash64('a')",
    ],
)
def test_what_an_analyst_searches_for_is_found(gateway: GatewayProcess, sql: str) -> None:
    with gateway.reader() as reader:
        answer = reader.post("/", content=sql, params={"param_pattern": "b"})
    assert answer.status_code == 200, answer.text


def test_a_pattern_in_a_parameter_is_bounded_too(gateway: GatewayProcess) -> None:
    with gateway.reader() as reader:
        asked = {"param_pattern": LONG}
        answer = reader.post("/", content="SELECT match('a', {pattern:String})", params=asked)
    assert answer.status_code == 403


def test_a_format_of_python_objects_is_none_here(gateway: GatewayProcess) -> None:
    with gateway.reader() as reader:
        answer = reader.post("/", content="SELECT 1 FORMAT DataFrame")
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (404, "73")
