/* common/setting_list.h - X(symbol, key, spark alias, scope, kind, initial, low, high, help).
 * A key that is here is honoured somewhere: tests/unit/common/test_settings.c looks for a use of each symbol.
 * PROCESS: fixed at the start, each process has its own. STATEMENT: the session's, shipped with its tasks. */
X(BATCH_ROWS, "weft.sql.batchRows", "", STATEMENT, INT, "2048", 1, 4096,
  "Rows of a batch that a scan or exchange gives")
X(SLOTS, "weft.task.slots", "", PROCESS, INT, "0", 0, 1024,
  "Tasks that run at once in this process; 0 is one a core")
X(MEMORY, "weft.memory.limit", "spark.executor.memory", PROCESS, BYTES, "0", 0, INT64_MAX,
  "Memory that data may take in this process; 0 is 70 % of what the cgroup or machine has")
X(SCRATCH, "weft.scratch.dir", "spark.local.dir", PROCESS, TEXT, "/tmp", 0, 0,
  "Folders for spilled data, comma separated")
X(EXCHANGE_COMPRESS, "weft.exchange.compress", "", PROCESS, TEXT, "auto", 0, 0,
  "LZ4 for what a worker sends of its blocks: auto (to other hosts only), always or never")
X(SHUFFLE_PARTITIONS, "weft.sql.shuffle.partitions", "spark.sql.shuffle.partitions", STATEMENT, INT, "0", 0,
  65536, "Partitions of an exchange by hash, rounded up to a power of two; 0 is chosen by measured bytes")
X(BROADCAST_BYTES, "weft.sql.autoBroadcastJoinThreshold", "spark.sql.autoBroadcastJoinThreshold", STATEMENT,
  BYTES, "0", -1, INT64_MAX,
  "Largest build side that every task shares; 0 is by the memory limit and by what moves less, -1 never")
X(EXCHANGE_RELAY, "weft.exchange.relayThreshold", "", STATEMENT, BYTES, "1m", -1, INT64_MAX,
  "What all workers read and few hold is passed on from one to the other from so many bytes on; -1 never")
X(PARTITION_OVERWRITE, "weft.sql.sources.partitionOverwriteMode", "spark.sql.sources.partitionOverwriteMode",
  STATEMENT, TEXT, "STATIC", 0, 0,
  "INSERT OVERWRITE of a partitioned table: STATIC replaces all partitions that the statement may mean, "
  "DYNAMIC only those that it gives rows for")
X(BUCKETING, "weft.sql.sources.bucketing.enabled", "spark.sql.sources.bucketing.enabled", STATEMENT, BOOL,
  "true", 0, 1,
  "Of a table in buckets only those are read that a condition on their column leaves, and joins, "
  "groups and windows by the columns need no exchange")
X(AUTO_BUCKETED_SCAN, "weft.sql.sources.bucketing.autoBucketedScan.enabled",
  "spark.sql.sources.bucketing.autoBucketedScan.enabled", STATEMENT, BOOL, "true", 0, 1,
  "Tables in buckets are read by them where that saves an exchange; false: always, by a task each")
X(COALESCE_BUCKETS, "weft.sql.bucketing.coalesceBucketsInJoin.enabled",
  "spark.sql.bucketing.coalesceBucketsInJoin.enabled", STATEMENT, BOOL, "false", 0, 1,
  "A join reads a table in buckets as one in fewer where their number divides it")
X(COALESCE_RATIO, "weft.sql.bucketing.coalesceBucketsInJoin.maxBucketRatio",
  "spark.sql.bucketing.coalesceBucketsInJoin.maxBucketRatio", STATEMENT, INT, "4", 1, 65536,
  "How many times fewer they may be")
X(NESTED_PRUNING, "weft.sql.optimizer.nestedSchemaPruning.enabled",
  "spark.sql.optimizer.nestedSchemaPruning.enabled", STATEMENT, BOOL, "true", 0, 1,
  "Of a nested column of Parquet only those fields are read that the statement names")
X(FILE_RECORDS, "weft.sql.files.maxRecordsPerFile", "spark.sql.files.maxRecordsPerFile", STATEMENT, INT, "0",
  0, INT64_MAX, "Most rows of a file that a task writes; 0 is any number")
X(FILE_BYTES, "weft.sql.files.maxBytes", "", STATEMENT, BYTES, "0", 0, INT64_MAX,
  "A task begins another file when the one that it writes has so many bytes; 0 is never")
X(ANSI, "weft.sql.ansi.enabled", "spark.sql.ansi.enabled", STATEMENT, BOOL, "true", 0, 1,
  "Overflow, bad casts and division by zero are errors; false gives NULL")
X(CHAR_PADDING, "weft.sql.readSideCharPadding", "spark.sql.readSideCharPadding", STATEMENT, BOOL, "true", 0,
  1, "Columns of CHAR are filled with blanks where they are read, too")
X(CHAR_AS_STRING, "weft.sql.legacy.charVarcharAsString", "spark.sql.legacy.charVarcharAsString", STATEMENT,
  BOOL, "false", 0, 1, "CHAR and VARCHAR are STRING of any length")
X(LEGACY_INTERVAL, "weft.sql.legacy.interval.enabled", "spark.sql.legacy.interval.enabled", STATEMENT, BOOL,
  "false", 0, 1, "Literals, and differences of dates and timestamps, are INTERVAL without fields")
X(TIME_TYPE, "weft.sql.timeType.enabled", "spark.sql.timeType.enabled", STATEMENT, BOOL, "false", 0, 1,
  "Casts to TIME and functions of it; without, as in Spark, there are only its literals and current_time()")
X(NANOS_TYPES, "weft.sql.timestampNanosTypes.enabled", "spark.sql.timestampNanosTypes.enabled", STATEMENT,
  BOOL, "false", 0, 1,
  "Timestamps of seven to nine digits behind the second keep them; without they have six")
X(ESCAPED_STRINGS, "weft.sql.parser.escapedStringLiterals", "spark.sql.parser.escapedStringLiterals",
  STATEMENT, BOOL, "false", 0, 1, "Backslashes in strings of a query stand for themselves")
X(DOUBLE_QUOTED_NAMES, "weft.sql.ansi.doubleQuotedIdentifiers", "spark.sql.ansi.doubleQuotedIdentifiers",
  STATEMENT, BOOL, "false", 0, 1, "What stands in double quotes is a name, not a string")
X(GROUP_BY_ALIASES, "weft.sql.groupByAliases", "spark.sql.groupByAliases", STATEMENT, BOOL, "true", 0, 1,
  "GROUP BY may name aliases of the select list")
X(GROUP_BY_ORDINAL, "weft.sql.groupByOrdinal", "spark.sql.groupByOrdinal", STATEMENT, BOOL, "true", 0, 1,
  "A whole number in GROUP BY is a place in the select list; false: a constant")
X(ORDER_BY_ORDINAL, "weft.sql.orderByOrdinal", "spark.sql.orderByOrdinal", STATEMENT, BOOL, "true", 0, 1,
  "A whole number in ORDER BY is a place in the select list; false: a constant")
X(TIMESTAMP_TYPE, "weft.sql.timestampType", "spark.sql.timestampType", STATEMENT, TEXT, "TIMESTAMP_LTZ", 0, 0,
  "What TIMESTAMP means, in types and literals: TIMESTAMP_LTZ or TIMESTAMP_NTZ")
X(IGNORE_CORRUPT_FILES, "weft.sql.files.ignoreCorruptFiles", "spark.sql.files.ignoreCorruptFiles", STATEMENT,
  BOOL, "false", 0, 1, "Of a file that cannot be read to its end what was read counts; false: an error")
X(IGNORE_MISSING_FILES, "weft.sql.files.ignoreMissingFiles", "spark.sql.files.ignoreMissingFiles", STATEMENT,
  BOOL, "false", 0, 1, "A file that is gone when it is read has no rows; false: an error")
X(HAVING_AS_WHERE, "weft.sql.legacy.parser.havingWithoutGroupByAsWhere",
  "spark.sql.legacy.parser.havingWithoutGroupByAsWhere", STATEMENT, BOOL, "false", 0, 1,
  "HAVING without GROUP BY is WHERE, as before Spark 2.4")
X(UNNAMED_VIEW_COLUMNS, "weft.sql.legacy.allowAutoGeneratedAliasForView",
  "spark.sql.legacy.allowAutoGeneratedAliasForView", STATEMENT, BOOL, "false", 0, 1,
  "Views that outlive the session may have columns that the engine names; false: they need an alias")
X(SUBSTITUTE, "weft.sql.variable.substitute", "spark.sql.variable.substitute", STATEMENT, BOOL, "true", 0, 1,
  "${key} in a statement becomes the value of the setting; false: it stays")
X(SETOPS_PRECEDENCE, "weft.sql.legacy.setopsPrecedence.enabled", "spark.sql.legacy.setopsPrecedence.enabled",
  STATEMENT, BOOL, "false", 0, 1,
  "Set operations are carried out as they stand; false: INTERSECT before the others")
X(BANG_EQUALS_NOT, "weft.sql.legacy.bangEqualsNot", "spark.sql.legacy.bangEqualsNot", STATEMENT, BOOL,
  "false", 0, 1, "! may stand for NOT everywhere, as in a ! IN (…)")
X(ASOF_JOIN, "weft.sql.join.asofJoin.enabled", "spark.sql.join.asofJoin.enabled", STATEMENT, BOOL, "false", 0,
  1, "ASOF JOIN … MATCH_CONDITION may be written; without it is refused, as in Spark")
X(BIN_BY, "weft.sql.binByRelationOperator.enabled", "spark.sql.binByRelationOperator.enabled", STATEMENT,
  BOOL, "false", 0, 1, "BIN BY may be written; without it is refused, as in Spark")
X(CTE_PRECEDENCE, "weft.sql.legacy.ctePrecedencePolicy", "spark.sql.legacy.ctePrecedencePolicy", STATEMENT,
  TEXT, "CORRECTED", 0, 0,
  "A name that a nested WITH defines again is the nested one; EXCEPTION: it is refused")
X(TIME_PARSER, "weft.sql.legacy.timeParserPolicy", "spark.sql.legacy.timeParserPolicy", STATEMENT, TEXT,
  "CORRECTED", 0, 0,
  "Patterns of dates and times; LEGACY: of Spark 2; EXCEPTION: a text that only Spark 2 reads is an error")
X(PARQUET_REBASE, "weft.sql.parquet.datetimeRebaseModeInRead", "spark.sql.parquet.datetimeRebaseModeInRead",
  STATEMENT, TEXT, "CORRECTED", 0, 0,
  "LEGACY: old dates of Parquet files of others than Spark are of the Julian calendar; EXCEPTION: an error")
X(PARQUET_REBASE_INT96, "weft.sql.parquet.int96RebaseModeInRead", "spark.sql.parquet.int96RebaseModeInRead",
  STATEMENT, TEXT, "CORRECTED", 0, 0, "The same of timestamps of 96 bits")
X(PARQUET_MERGE, "weft.sql.parquet.mergeSchema", "spark.sql.parquet.mergeSchema", STATEMENT, BOOL, "false", 0,
  1, "The columns of all Parquet files that are read together; false: of one of them")
X(PRECISION_LOSS, "weft.sql.decimalOperations.allowPrecisionLoss",
  "spark.sql.decimalOperations.allowPrecisionLoss", STATEMENT, BOOL, "true", 0, 1,
  "Decimals of more than 38 digits lose digits behind the point, down to six; false: those before it")
X(REGEX_COLUMNS, "weft.sql.parser.quotedRegexColumnNames", "spark.sql.parser.quotedRegexColumnNames",
  STATEMENT, BOOL, "false", 0, 1, "`x` in a select list stands for every column whose name matches it")
X(TIME_ZONE, "weft.sql.session.timeZone", "spark.sql.session.timeZone", STATEMENT, TEXT, "UTC", 0, 0,
  "Session time zone")
X(TASK_ATTEMPTS, "weft.task.maxFailures", "spark.task.maxFailures", STATEMENT, INT, "4", 1, 100,
  "Attempts of one task before its job fails")
X(LOCALITY_WAIT, "weft.locality.wait", "spark.locality.wait", STATEMENT, MS, "100ms", 0, 3600000,
  "Most time that a task waits for a slot where what it reads lies; no longer than fetching that takes")
X(FAIL_FIRST_ATTEMPT, "weft.test.failFirstAttempt", "", STATEMENT, BOOL, "false", 0, 1,
  "Test: attempt 0 of every task fails after its last output; blocks pass through their serialised form")
X(SERIALIZE, "weft.test.serialize", "", STATEMENT, BOOL, "false", 0, 1,
  "Test: orders, reports, plans and blocks pass through their serialised form")
X(LOSE_BLOCKS, "weft.test.loseBlocks", "", STATEMENT, BOOL, "false", 0, 1,
  "Test: the first block of every stage is lost when it is first read")
X(COMMIT_DELAY, "weft.test.commitDelay", "", STATEMENT, MS, "0", 0, 60000,
  "Test: so much time passes before each file of a commit is moved or deleted")
X(ANSWER_DELAY, "weft.test.answerDelay", "", STATEMENT, MS, "0", 0, 60000,
  "Test: so much time passes between the record of how a write, or a failure, has ended and its answer")
X(HASH_ZERO, "weft.test.hashZero", "", STATEMENT, BOOL, "false", 0, 1, "Test: every key hashes to 0")
X(FORCE_SPILL, "weft.test.forceSpill", "", STATEMENT, BOOL, "false", 0, 1,
  "Test: every operator that can spill does")
X(SEED, "weft.test.seed", "", STATEMENT, INT, "0", 0, INT64_MAX, "Test: seed that orders task launches")
X(LATE_DECODE, "weft.scan.lateDecode", "", STATEMENT, BOOL, "true", 0, 1,
  "Decode unfiltered columns for survivors only")
X(SORT_BY_RANGE, "weft.sort.byRange", "", STATEMENT, BOOL, "true", 0, 1,
  "Several tasks give the last step of a large ORDER BY, each a range of the keys; else one does")
X(DYNAMIC_FILTERS, "weft.join.dynamicFilters", "", STATEMENT, BOOL, "true", 0, 1,
  "Filter the probe scan by the build keys")
X(COMPACTION, "weft.exec.compaction", "", STATEMENT, BOOL, "true", 0, 1,
  "Compact batches when few rows are selected")
X(NARROW_DECIMALS, "weft.exec.narrowDecimals", "", STATEMENT, BOOL, "true", 0, 1,
  "Decimals in 64 bits while values fit")
X(PARTIAL_GIVE_UP, "weft.agg.partialGiveUp", "", STATEMENT, BOOL, "true", 0, 1,
  "Partial aggregation stops where it does not reduce")
X(FINEST_SET, "weft.agg.finestSet", "", STATEMENT, BOOL, "true", 0, 1,
  "Rows are grouped by the finest grouping set, the others made from its groups")
X(PAGE_CACHE, "weft.scan.pageCache", "", STATEMENT, BYTES, "0", 0, INT64_MAX,
  "Decompressed pages kept between scans")
X(EVENT_LOG, "weft.eventLog.path", "spark.eventLog.dir", STATEMENT, TEXT, "", 0, 0,
  "File for the jobs' JSON event lines; in a folder: its file events.jsonl")
X(MAX_SPLIT_BYTES, "weft.sql.files.maxPartitionBytes", "spark.sql.files.maxPartitionBytes", STATEMENT, BYTES,
  "134217728", 1, INT64_MAX, "Most compressed bytes of a scan task that has more than 4096 rows")
X(RECURSION_LEVELS, "weft.sql.cteRecursionLevelLimit", "spark.sql.cteRecursionLevelLimit", STATEMENT, INT,
  "100", -1, 1000000, "Rounds of WITH RECURSIVE without MAX RECURSION LEVEL; -1 is no limit")
X(RECURSION_ROWS, "weft.sql.cteRecursionRowLimit", "spark.sql.cteRecursionRowLimit", STATEMENT, INT,
  "1000000", -1, INT64_MAX, "Rows of WITH RECURSIVE without a LIMIT over it; -1 is no limit")
X(WAREHOUSE, "weft.sql.warehouse.dir", "spark.sql.warehouse.dir", STATEMENT, TEXT, "weft-warehouse", 0, 0,
  "Folder of the tables that CREATE TABLE makes without a LOCATION")
X(SQL_PATH_ENABLED, "weft.sql.path.enabled", "spark.sql.path.enabled", STATEMENT, BOOL, "false", 0, 1,
  "SET PATH says where names of functions and tables are looked for")
X(SQL_PATH, "weft.sql.path", "", STATEMENT, TEXT, "", 0, 0,
  "Where names are looked for, as SET PATH has left it; empty: as Spark does without it")
X(SCRIPTING, "weft.sql.scripting.enabled", "spark.sql.scripting.enabled", STATEMENT, BOOL, "true", 0, 1,
  "There are scripts, BEGIN … END")
X(SCRIPT_CURSORS, "weft.sql.scripting.cursorEnabled", "spark.sql.scripting.cursorEnabled", STATEMENT, BOOL,
  "false", 0, 1, "Scripts have cursors")
X(SCRIPT_CONTINUE, "weft.sql.scripting.continueHandlerEnabled", "spark.sql.scripting.continueHandlerEnabled",
  STATEMENT, BOOL, "false", 0, 1, "Scripts have CONTINUE handlers")
X(CURRENT_DATABASE, "weft.sql.currentDatabase", "", STATEMENT, TEXT, "default", 0, 0,
  "Database of tables that are named without one; USE sets it")
X(CODEC, "weft.sql.parquet.compression.codec", "spark.sql.parquet.compression.codec", STATEMENT, TEXT,
  "snappy", 0, 0, "Codec of written Parquet: none, snappy, zstd, gzip, lz4_raw, brotli")
X(SPILL_SEED, "weft.test.spillSeed", "", STATEMENT, INT, "0", 0, INT64_MAX,
  "Test: forceSpill spills at about every second chance, by this seed; 0 is at every one")
X(PLAN_WORKERS, "weft.test.planWorkers", "", STATEMENT, INT, "0", 0, 1000,
  "Test: plan as for a cluster of so many workers like this process; 0 is as it is")
X(TASK_DELAY, "weft.test.taskDelay", "", STATEMENT, MS, "0", 0, 3600000,
  "Test: every task takes so much longer, after its last row")
X(CLIENT_RETURN, "weft.client.returnTimeout", "", PROCESS, MS, "60s", 0, INT64_MAX / 1000000,
  "A client whose connection broke tries so long to come back; what it ran is lost to it then")
X(SCRIPTS, "weft.script.enabled", "", PROCESS, BOOL, "true", 0, 1,
  "Tasks may run the commands of TRANSFORM here; false at first in a process with keys")
X(FETCH_AHEAD, "weft.test.fetchAhead", "", PROCESS, BOOL, "true", 0, 1,
  "Test: pages of other workers are read ahead; false: each reader has one at a time")
X(INFER_PIECE, "weft.test.inferPieceBytes", "", STATEMENT, BYTES, "4m", 1, INT64_MAX,
  "Test: bytes of the pieces in which CSV and JSON files are read when their types are inferred")
X(VIEW_BINDING_MODE, "weft.sql.legacy.viewSchemaBindingMode", "spark.sql.legacy.viewSchemaBindingMode",
  STATEMENT, BOOL, "true", 0, 1, "Views may be made WITH SCHEMA; without, none has a mode that is shown")
X(VIEW_COMPENSATION, "weft.sql.legacy.viewSchemaCompensation", "spark.sql.legacy.viewSchemaCompensation",
  STATEMENT, BOOL, "true", 0, 1, "Views are made WITH SCHEMA COMPENSATION; false: BINDING")
X(STORE_ASSIGNMENT, "weft.sql.storeAssignmentPolicy", "spark.sql.storeAssignmentPolicy", STATEMENT, TEXT,
  "ANSI", 0, 0, "What INSERT takes for a column: ANSI; STRICT, types that lose nothing; LEGACY, "
  "what a cast without ANSI takes")
X(DEFAULT_COLUMNS, "weft.sql.defaultColumn.enabled", "spark.sql.defaultColumn.enabled", STATEMENT, BOOL,
  "true", 0, 1, "Columns may have a DEFAULT, and rows may say it")
X(DEFAULT_NULLS, "weft.sql.defaultColumn.useNullsForMissingDefaultValues",
  "spark.sql.defaultColumn.useNullsForMissingDefaultValues", STATEMENT, BOOL, "true", 0, 1,
  "INSERT gives NULL to a column that it does not name and that has no DEFAULT; without, it fails")
