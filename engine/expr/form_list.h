/* engine/expr/form_list.h - X(name, help, example, result): what Spark lists among its functions and has no
 * entry in function_list.h, since the grammar or the analyser makes something else of it: operators of truth,
 * CASE, casts by the name of a type, functions that give tables. In the order of SHOW FUNCTIONS. */
X("!", "! a: whether a is not true", "SELECT ! true", "false")
X("and", "a AND b: whether both are true", "SELECT true AND false", "false")
X("between", "a [NOT] BETWEEN b AND c: whether a >= b and a <= c", "SELECT 2 BETWEEN 1 AND 3", "true")
X("bigint", "bigint(a): a cast to BIGINT", "SELECT bigint('7')", "7")
X("binary", "binary(a): a cast to BINARY", "SELECT hex(binary('a'))", "61")
X("boolean", "boolean(a): a cast to BOOLEAN", "SELECT boolean('yes')", "true")
X("case",
  "CASE a WHEN b THEN c [WHEN ...]* [ELSE d] END: c of the first b that equals a, else d\n"
  "CASE WHEN a THEN b [WHEN ...]* [ELSE c] END: b of the first a that is true, else c",
  "SELECT CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END", "two")
X("cast", "cast(a AS type), a :: type: a as a value of the type", "SELECT cast('10' AS INT)", "10")
X("coalesce", "coalesce(a, b, ...): the first that is not NULL", "SELECT coalesce(NULL, 1)", "1")
X("collations", "collations(): a table of the collations that there are",
  "SELECT name FROM collations() LIMIT 1", "UTF8_BINARY")
X("date", "date(a): a cast to DATE", "SELECT date('2020-01-31')", "2020-01-31")
X("decimal", "decimal(a): a cast to DECIMAL(10,0)", "SELECT decimal('12')", "12")
X("double", "double(a): a cast to DOUBLE", "SELECT double('1.5')", "1.5")
X("float", "float(a): a cast to FLOAT", "SELECT float('1.5')", "1.5")
X("grouping", "grouping(a): 1 where ROLLUP, CUBE or GROUPING SETS has left the column out, else 0",
  "SELECT grouping(a), count(*) FROM VALUES (1) AS t(a) GROUP BY ROLLUP (a) ORDER BY 1", "0\t1\n1\t1")
X("grouping_id", "grouping_id([a, ...]): the grouping() of all columns as the bits of one number",
  "SELECT grouping_id(), count(*) FROM VALUES (1) AS t(a) GROUP BY ROLLUP (a) ORDER BY 1", "0\t1\n1\t1")
X("if", "if(a, b, c): b where a is true, else c", "SELECT if(1 < 2, 'a', 'b')", "a")
X("ifnull", "ifnull(a, b): b where a is NULL, else a", "SELECT ifnull(NULL, 1)", "1")
X("in", "a [NOT] IN (b, c, ...): whether a equals one of them", "SELECT 1 IN (1, 2)", "true")
X("int", "int(a): a cast to INT", "SELECT int('7')", "7")
X("isnotnull", "isnotnull(a): whether a is not NULL", "SELECT isnotnull(1)", "true")
X("isnull", "isnull(a): whether a is NULL", "SELECT isnull(1)", "false")
X("not", "NOT a: whether a is not true", "SELECT NOT true", "false")
X("nullif", "nullif(a, b): NULL where a equals b, else a", "SELECT nullif(1, 2)", "1")
X("nullifzero", "nullifzero(a): NULL where a is 0, else a", "SELECT nullifzero(0)", "NULL")
X("nvl", "nvl(a, b): b where a is NULL, else a", "SELECT nvl(NULL, 1)", "1")
X("nvl2", "nvl2(a, b, c): b where a is not NULL, else c", "SELECT nvl2(NULL, 1, 2)", "2")
X("or", "a OR b: whether one of them is true", "SELECT true OR false", "true")
X("range", "range([start,] end [, step [, tasks]]): a table of the numbers from start up to, without, end",
  "SELECT * FROM range(2)", "0\n1")
X("session_window",
  "session_window(time, gap): the span of the rows that follow one another within the gap; in GROUP BY",
  "SELECT count(*) FROM VALUES (timestamp'2020-01-01 00:00:00') AS t(a) GROUP BY session_window(a, '1 hour')",
  "1")
X("smallint", "smallint(a): a cast to SMALLINT", "SELECT smallint('7')", "7")
X("sql_keywords", "sql_keywords(): a table of the words of the grammar, and whether they are reserved",
  "SELECT keyword FROM sql_keywords() LIMIT 1", "ADD")
X("string", "string(a): a cast to STRING", "SELECT string(7)", "7")
X("struct", "struct(a, b, ...): a struct of these fields, called by their names or col1, col2 ...",
  "SELECT struct(1, 'a')", "{1, a}")
X("time", "time(a): a cast to TIME(6)", "SELECT time('12:30:00')", "12:30:00")
X("timestamp", "timestamp(a): a cast to TIMESTAMP", "SELECT timestamp('2020-01-31')", "2020-01-31 00:00:00")
X("tinyint", "tinyint(a): a cast to TINYINT", "SELECT tinyint('7')", "7")
X("when", "CASE WHEN a THEN b [WHEN ...]* [ELSE c] END: b of the first a that is true, else c",
  "SELECT CASE WHEN 1 > 2 THEN 'a' ELSE 'b' END", "b")
X("window", "window(time, width [, slide [, start]]): the spans of time into which a row falls; in GROUP BY",
  "SELECT count(*) FROM VALUES (timestamp'2020-01-01 00:00:00') AS t(a) GROUP BY window(a, '1 hour')", "1")
X("zeroifnull", "zeroifnull(a): 0 where a is NULL, else a", "SELECT zeroifnull(NULL)", "0")
