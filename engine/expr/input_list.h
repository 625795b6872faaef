/* engine/expr/input_list.h - X(function, first, last, types, status, said): the arguments from first to
 * last (0: to the end), counted from 1, are of these types before anything is cast. By the name of the
 * function or aggregate. What is said: of DATATYPE_MISMATCH (UNEXPECTED_INPUT_TYPE) the types, else the whole
 * message. */
/* Functions of lambdas: the last argument is what the lambda gives. */
X("aggregate", 1, 1, IS(ARRAY), DATATYPE_MISMATCH, "\"ARRAY\"")
X("array_sort", 1, 1, IS(ARRAY), DATATYPE_MISMATCH, "\"ARRAY\"")
X("exists", 1, 1, IS(ARRAY), DATATYPE_MISMATCH, "\"ARRAY\"")
X("filter", 1, 1, IS(ARRAY), DATATYPE_MISMATCH, "\"ARRAY\"")
X("forall", 1, 1, IS(ARRAY), DATATYPE_MISMATCH, "\"ARRAY\"")
X("transform", 1, 1, IS(ARRAY), DATATYPE_MISMATCH, "\"ARRAY\"")
X("zip_with", 1, 2, IS(ARRAY), DATATYPE_MISMATCH, "\"ARRAY\"")
X("map_filter", 1, 1, IS(MAP), DATATYPE_MISMATCH, "\"MAP\"")
X("transform_keys", 1, 1, IS(MAP), DATATYPE_MISMATCH, "\"MAP\"")
X("transform_values", 1, 1, IS(MAP), DATATYPE_MISMATCH, "\"MAP\"")
X("map_zip_with", 1, 2, IS(MAP), DATATYPE_MISMATCH, "\"MAP\"")
X("exists", 2, 2, IS(BOOLEAN) | NONE, DATATYPE_MISMATCH, "\"BOOLEAN\"")
X("filter", 2, 2, IS(BOOLEAN) | NONE, DATATYPE_MISMATCH, "\"BOOLEAN\"")
X("forall", 2, 2, IS(BOOLEAN) | NONE, DATATYPE_MISMATCH, "\"BOOLEAN\"")
X("map_filter", 2, 2, IS(BOOLEAN) | NONE, DATATYPE_MISMATCH, "\"BOOLEAN\"")
/* Arrays and maps. */
X("array_append", 1, 1, IS(ARRAY), DATATYPE_MISMATCH, "\"ARRAY\"")
X("array_prepend", 1, 1, IS(ARRAY), DATATYPE_MISMATCH, "\"ARRAY\"")
X("array_insert", 1, 1, IS(ARRAY), DATATYPE_MISMATCH_ARRAY_DIFF,
  "an array, then a value of the type of its elements, is required")
X("array_remove", 1, 1, IS(ARRAY), DATATYPE_MISMATCH_ARRAY_DIFF,
  "an array, then a value of the type of its elements, is required")
X("array_insert", 2, 2, IS(TINYINT) | IS(SMALLINT) | IS(INT), DATATYPE_MISMATCH, "\"INT\"")
X("array_contains", 1, 1, ~NONE, DATATYPE_MISMATCH_NULL_TYPE, "Null typed values cannot be used as arguments")
X("array_position", 1, 1, ~NONE, DATATYPE_MISMATCH_NULL_TYPE, "Null typed values cannot be used as arguments")
X("array_join", 2, 3, TEXT | NONE, DATATYPE_MISMATCH, "\"STRING\"")
X("array_repeat", 2, 2, IS(INT) | NONE, DATATYPE_MISMATCH, "\"INT\"")
X("element_at", 1, 1, IS(ARRAY) | IS(MAP), DATATYPE_MISMATCH, "\"ARRAY\" or \"MAP\"")
X("try_element_at", 1, 1, IS(ARRAY) | IS(MAP), DATATYPE_MISMATCH, "\"ARRAY\" or \"MAP\"")
X("map_concat", 1, 0, ~NONE, DATATYPE_MISMATCH_MAP_CONCAT, "maps of one type are required")
X("map_contains_key", 1, 1, IS(MAP), MAP_FUNCTION_TYPES,
  "a map, then a value of the type of its keys, is required")
X("map_contains_key", 2, 2, ~NONE, DATATYPE_MISMATCH_NULL_TYPE,
  "Null typed values cannot be used as arguments")
X("(array_concat)", 1, 0, ~IS(MAP), DATATYPE_MISMATCH, "\"STRING\" or \"BINARY\" or \"ARRAY\"")
X("(array_concat)", 1, 0, IS(ARRAY) | NONE, DATATYPE_MISMATCH_DATA_DIFF,
  "arrays do not go together with other types")
/* Texts and bytes. */
X("base64", 1, 1, TEXT | BYTES | NONE, DATATYPE_MISMATCH, "\"BINARY\"")
X("crc32", 1, 1, TEXT | BYTES | NONE, DATATYPE_MISMATCH, "\"BINARY\"")
X("decode", 1, 1, TEXT | BYTES | NONE, DATATYPE_MISMATCH, "\"BINARY\"")
X("md5", 1, 1, TEXT | BYTES | NONE, DATATYPE_MISMATCH, "\"BINARY\"")
X("sha1", 1, 1, TEXT | BYTES | NONE, DATATYPE_MISMATCH, "\"BINARY\"")
X("sha2", 1, 1, TEXT | BYTES | NONE, DATATYPE_MISMATCH, "\"BINARY\"")
X("to_base32", 1, 1, TEXT | BYTES | NONE, DATATYPE_MISMATCH, "\"BINARY\"")
X("bitmap_count", 1, 1, BYTES, DATATYPE_MISMATCH, "\"BINARY\"")
X("mask", 1, 0, TEXT | NONE, DATATYPE_MISMATCH, "\"STRING\"")
X("parse_url", 1, 0, TEXT | NONE, DATATYPE_MISMATCH, "\"STRING\"")
X("try_parse_url", 1, 0, TEXT | NONE, DATATYPE_MISMATCH, "\"STRING\"")
X("soundex", 1, 0, TEXT | NONE, DATATYPE_MISMATCH, "\"STRING\"")
X("format_number", 1, 1, NUMERIC | NONE, DATATYPE_MISMATCH, "\"NUMERIC\"")
X("format_number", 2, 2, IS(INT) | TEXT | NONE, DATATYPE_MISMATCH, "\"INT\" or \"STRING\"")
X("assert_true", 1, 1, IS(BOOLEAN) | NONE, DATATYPE_MISMATCH, "\"BOOLEAN\"")
X("variant_delete", 2, 0, TEXT | NONE, DATATYPE_MISMATCH, "\"STRING\"")
X("variant_array_append", 2, 2, TEXT | NONE, DATATYPE_MISMATCH, "\"STRING\"")
X("variant_insert", 2, 2, TEXT | NONE, DATATYPE_MISMATCH, "\"STRING\"")
X("variant_set", 2, 2, TEXT | NONE, DATATYPE_MISMATCH, "\"STRING\"")
X("try_variant_array_append", 2, 2, TEXT | NONE, DATATYPE_MISMATCH, "\"STRING\"")
X("try_variant_insert", 2, 2, TEXT | NONE, DATATYPE_MISMATCH, "\"STRING\"")
X("try_variant_set", 2, 2, TEXT | NONE, DATATYPE_MISMATCH, "\"STRING\"")
X("variant_array_append", 3, 3, ~IS(INTERVAL), DATATYPE_MISMATCH_CAST,
  "cannot cast \"INTERVAL\" to \"VARIANT\"")
X("variant_insert", 3, 3, ~IS(INTERVAL), DATATYPE_MISMATCH_CAST, "cannot cast \"INTERVAL\" to \"VARIANT\"")
X("variant_set", 3, 3, ~IS(INTERVAL), DATATYPE_MISMATCH_CAST, "cannot cast \"INTERVAL\" to \"VARIANT\"")
X("try_variant_array_append", 3, 3, ~IS(INTERVAL), DATATYPE_MISMATCH_CAST,
  "cannot cast \"INTERVAL\" to \"VARIANT\"")
X("try_variant_insert", 3, 3, ~IS(INTERVAL), DATATYPE_MISMATCH_CAST,
  "cannot cast \"INTERVAL\" to \"VARIANT\"")
X("try_variant_set", 3, 3, ~IS(INTERVAL), DATATYPE_MISMATCH_CAST, "cannot cast \"INTERVAL\" to \"VARIANT\"")
X("vector_norm", 2, 2, IS(FLOAT), DATATYPE_MISMATCH, "\"FLOAT\"")
X("vector_normalize", 2, 2, IS(FLOAT), DATATYPE_MISMATCH, "\"FLOAT\"")
/* Times. */
X("time_from_micros", 1, 1, INTEGRAL | NONE, DATATYPE_MISMATCH, "\"INTEGRAL\"")
X("time_from_millis", 1, 1, INTEGRAL | NONE, DATATYPE_MISMATCH, "\"INTEGRAL\"")
X("time_from_seconds", 1, 1, NUMERIC | NONE, DATATYPE_MISMATCH, "\"NUMERIC\"")
X("to_time", 1, 2, TEXT | NONE, DATATYPE_MISMATCH, "\"STRING\"")
X("try_to_time", 1, 2, TEXT | NONE, DATATYPE_MISMATCH, "\"STRING\"")
X("date_add", 1, 1, ~IS(TIME), DATATYPE_MISMATCH, "\"DATE\"")
X("date_sub", 1, 1, ~IS(TIME), DATATYPE_MISMATCH, "\"DATE\"")
X("timestamp_micros", 1, 1, INTEGRAL | NONE, DATATYPE_MISMATCH, "\"INTEGRAL\"")
X("timestamp_millis", 1, 1, INTEGRAL | NONE, DATATYPE_MISMATCH, "\"INTEGRAL\"")
X("timestamp_nanos", 1, 1, INTEGRAL | IS(DECIMAL) | NONE, DATATYPE_MISMATCH, "\"INTEGRAL\" or \"DECIMAL\"")
X("timestamp_seconds", 1, 1, NUMERIC | NONE, DATATYPE_MISMATCH, "\"NUMERIC\"")
X("unix_date", 1, 1, IS(DATE) | NONE, DATATYPE_MISMATCH, "\"DATE\"")
X("unix_micros", 1, 1, MOMENT | NONE, DATATYPE_MISMATCH, "\"TIMESTAMP\" or \"TIMESTAMP_NTZ\"")
X("unix_millis", 1, 1, MOMENT | NONE, DATATYPE_MISMATCH, "\"TIMESTAMP\" or \"TIMESTAMP_NTZ\"")
X("unix_seconds", 1, 1, MOMENT | NONE, DATATYPE_MISMATCH, "\"TIMESTAMP\" or \"TIMESTAMP_NTZ\"")
X("to_unix_timestamp", 1, 1, TEXT | IS(DATE) | MOMENT | NONE, DATATYPE_MISMATCH,
  "\"STRING\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\"")
X("unix_timestamp", 1, 1, TEXT | IS(DATE) | MOMENT | NONE, DATATYPE_MISMATCH,
  "\"STRING\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\"")
X("to_unix_timestamp", 2, 2, TEXT | NONE, DATATYPE_MISMATCH, "\"STRING\"")
X("unix_timestamp", 2, 2, TEXT | NONE, DATATYPE_MISMATCH, "\"STRING\"")
/* Aggregates and generators; the percentage of percentile_cont() is its second argument here. */
X("approx_percentile", 2, 2, NUMERIC | TEXT | IS(ARRAY) | NONE, DATATYPE_MISMATCH,
  "\"DOUBLE\" or \"ARRAY<DOUBLE>\"")
X("percentile", 2, 2, NUMERIC | TEXT | IS(ARRAY) | NONE, DATATYPE_MISMATCH, "\"DOUBLE\" or \"ARRAY<DOUBLE>\"")
X("percentile_cont", 2, 2, NUMERIC | TEXT | IS(ARRAY) | NONE, DATATYPE_MISMATCH,
  "\"DOUBLE\" or \"ARRAY<DOUBLE>\"")
X("percentile_disc", 2, 2, NUMERIC | TEXT | IS(ARRAY) | NONE, DATATYPE_MISMATCH,
  "\"DOUBLE\" or \"ARRAY<DOUBLE>\"")
X("approx_percentile", 3, 3, INTEGRAL | NONE, DATATYPE_MISMATCH, "\"INTEGRAL\"")
X("count_min_sketch", 2, 3, IS(DOUBLE) | NONE, DATATYPE_MISMATCH, "\"DOUBLE\"")
X("count_min_sketch", 4, 4, IS(INT) | IS(BIGINT) | NONE, DATATYPE_MISMATCH, "\"INT\" or \"BIGINT\"")
X("histogram_numeric", 2, 2, NUMERIC | TEXT | NONE, DATATYPE_MISMATCH, "\"INT\"")
X("listagg", 2, 2, ~(IS(ARRAY) | IS(MAP) | IS(STRUCT)), DATATYPE_MISMATCH, "\"STRING\" or \"BINARY\"")
X("stack", 1, 1, IS(INT), DATATYPE_MISMATCH, "\"INT\"")
