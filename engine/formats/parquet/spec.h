/* engine/formats/parquet/spec.h - the numbers of the Parquet format, as parquet.thrift of
 * apache/parquet-format (2.11) names them. Reader and writer share them. */
#ifndef WEFT_FORMATS_PARQUET_SPEC_H
#define WEFT_FORMATS_PARQUET_SPEC_H

typedef enum weft_pq_physical {
    WEFT_PQ_BOOLEAN = 0,
    WEFT_PQ_INT32 = 1,
    WEFT_PQ_INT64 = 2,
    WEFT_PQ_INT96 = 3,
    WEFT_PQ_FLOAT = 4,
    WEFT_PQ_DOUBLE = 5,
    WEFT_PQ_BYTE_ARRAY = 6,
    WEFT_PQ_FIXED = 7, /* FIXED_LEN_BYTE_ARRAY */
    WEFT_PQ_PHYSICAL_COUNT
} weft_pq_physical;

typedef enum weft_pq_repetition {
    WEFT_PQ_REQUIRED = 0,
    WEFT_PQ_OPTIONAL = 1,
    WEFT_PQ_REPEATED = 2
} weft_pq_repetition;

typedef enum weft_pq_encoding {
    WEFT_PQ_PLAIN = 0,
    WEFT_PQ_PLAIN_DICTIONARY = 2,
    WEFT_PQ_RLE = 3,
    WEFT_PQ_BIT_PACKED = 4,
    WEFT_PQ_DELTA_BINARY_PACKED = 5,
    WEFT_PQ_DELTA_LENGTH_BYTE_ARRAY = 6,
    WEFT_PQ_DELTA_BYTE_ARRAY = 7,
    WEFT_PQ_RLE_DICTIONARY = 8,
    WEFT_PQ_BYTE_STREAM_SPLIT = 9
} weft_pq_encoding;

typedef enum weft_pq_codec {
    WEFT_PQ_UNCOMPRESSED = 0,
    WEFT_PQ_SNAPPY = 1,
    WEFT_PQ_GZIP = 2,
    WEFT_PQ_LZO = 3,
    WEFT_PQ_BROTLI = 4,
    WEFT_PQ_LZ4 = 5, /* deprecated: framed as Hadoop does */
    WEFT_PQ_ZSTD = 6,
    WEFT_PQ_LZ4_RAW = 7
} weft_pq_codec;

typedef enum weft_pq_page_type {
    WEFT_PQ_DATA_PAGE = 0,
    WEFT_PQ_INDEX_PAGE = 1,
    WEFT_PQ_DICTIONARY_PAGE = 2,
    WEFT_PQ_DATA_PAGE_V2 = 3
} weft_pq_page_type;

/* ConvertedType, the older annotation. */
typedef enum weft_pq_converted {
    WEFT_PQ_CONVERTED_UTF8 = 0,
    WEFT_PQ_CONVERTED_MAP = 1,
    WEFT_PQ_CONVERTED_MAP_KEY_VALUE = 2,
    WEFT_PQ_CONVERTED_LIST = 3,
    WEFT_PQ_CONVERTED_ENUM = 4,
    WEFT_PQ_CONVERTED_DECIMAL = 5,
    WEFT_PQ_CONVERTED_DATE = 6,
    WEFT_PQ_CONVERTED_TIME_MILLIS = 7,
    WEFT_PQ_CONVERTED_TIME_MICROS = 8,
    WEFT_PQ_CONVERTED_TIMESTAMP_MILLIS = 9,
    WEFT_PQ_CONVERTED_TIMESTAMP_MICROS = 10,
    WEFT_PQ_CONVERTED_UINT_8 = 11,
    WEFT_PQ_CONVERTED_UINT_16 = 12,
    WEFT_PQ_CONVERTED_UINT_32 = 13,
    WEFT_PQ_CONVERTED_UINT_64 = 14,
    WEFT_PQ_CONVERTED_INT_8 = 15,
    WEFT_PQ_CONVERTED_INT_16 = 16,
    WEFT_PQ_CONVERTED_INT_32 = 17,
    WEFT_PQ_CONVERTED_INT_64 = 18,
    WEFT_PQ_CONVERTED_JSON = 19,
    WEFT_PQ_CONVERTED_BSON = 20,
    WEFT_PQ_CONVERTED_INTERVAL = 21
} weft_pq_converted;

/* LogicalType: the field numbers of the union. */
typedef enum weft_pq_logical {
    WEFT_PQ_LOGICAL_STRING = 1,
    WEFT_PQ_LOGICAL_MAP = 2,
    WEFT_PQ_LOGICAL_LIST = 3,
    WEFT_PQ_LOGICAL_ENUM = 4,
    WEFT_PQ_LOGICAL_DECIMAL = 5,
    WEFT_PQ_LOGICAL_DATE = 6,
    WEFT_PQ_LOGICAL_TIME = 7,
    WEFT_PQ_LOGICAL_TIMESTAMP = 8,
    WEFT_PQ_LOGICAL_INTEGER = 10,
    WEFT_PQ_LOGICAL_NULL = 11, /* UNKNOWN */
    WEFT_PQ_LOGICAL_JSON = 12,
    WEFT_PQ_LOGICAL_BSON = 13,
    WEFT_PQ_LOGICAL_UUID = 14,
    WEFT_PQ_LOGICAL_FLOAT16 = 15,
    WEFT_PQ_LOGICAL_VARIANT = 16
} weft_pq_logical;

typedef enum weft_pq_unit { WEFT_PQ_MILLIS = 1, WEFT_PQ_MICROS = 2, WEFT_PQ_NANOS = 3 } weft_pq_unit;

/* Field types of the thrift compact protocol. */
typedef enum weft_thrift_type {
    WEFT_THRIFT_STOP = 0,
    WEFT_THRIFT_TRUE = 1,
    WEFT_THRIFT_FALSE = 2,
    WEFT_THRIFT_I8 = 3,
    WEFT_THRIFT_I16 = 4,
    WEFT_THRIFT_I32 = 5,
    WEFT_THRIFT_I64 = 6,
    WEFT_THRIFT_DOUBLE = 7,
    WEFT_THRIFT_BINARY = 8,
    WEFT_THRIFT_LIST = 9,
    WEFT_THRIFT_SET = 10,
    WEFT_THRIFT_MAP = 11,
    WEFT_THRIFT_STRUCT = 12
} weft_thrift_type;

#define WEFT_PQ_MAGIC           "PAR1"
#define WEFT_PQ_MAGIC_ENCRYPTED "PARE"

#endif
