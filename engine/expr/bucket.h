/* engine/expr/bucket.h - which bucket of a table a file is of: its name tells. Infallible; any thread. */
#ifndef WEFT_EXPR_BUCKET_H
#define WEFT_EXPR_BUCKET_H

#include <stdint.h>
#include <string.h>

/* The number behind the last '_' of the file's name, part-…_00003.c000.parquet; -1: it has none. */
static inline int64_t weft_bucket_of_file(const char *path)
{
    const char *name = strrchr(path, '/'), *from = strrchr(name == NULL ? path : name, '_');
    int64_t number = 0;
    int32_t digits = 0;
    if (from == NULL) return -1;
    for (from++; *from >= '0' && *from <= '9' && digits < 9; from++, digits++)
        number = number * 10 + (*from - '0');
    return digits > 0 && (*from == '.' || *from == '\0') ? number : -1;
}

#endif
