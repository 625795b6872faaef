/* engine/expr/java_hash.h - hashCode() of the Java objects that Spark holds values in: the order of its hash
 * tables, and so some of its answers, depend on it. */
#ifndef WEFT_EXPR_JAVA_HASH_H
#define WEFT_EXPR_JAVA_HASH_H

#include "engine/columnar/type.h"

/* Of a packed value (columnar/nested.h) of a plain type. java_string: texts are java.lang.String, whose hash
 * goes by UTF-16; else they are Spark's UTF8String. Bytes, decimals of more than 64 bits: 0. */
int32_t weft_java_hash(weft_type type, const uint8_t *packed, size_t bytes, bool java_string);

#endif
