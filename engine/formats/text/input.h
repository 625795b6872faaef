/* engine/formats/text/input.h - the bytes of a text file's split, as blocks of whole records in UTF-8. What
 * CSV, JSON and text read from.
 *
 * A record belongs to the split in which its first byte lies. Two modes:
 *
 *   lines   (the default) a record is a line. Any begin and end may be given: the input finds the first line
 *           that begins at or after begin, and ends behind the last that begins before end. Each block ends
 *           with a line end, but for the file's last line, which may have none.
 *   free    (spec.is_free) begin and end are the begins of records already, as the format's own pass over the
 *           file found them; blocks end anywhere. The caller says how much of a block it has used and gets
 *           the rest again, with more behind it.
 *
 * A line ends with \n, \r\n or \r, or with spec.line_end alone where it is given. The mark of a byte order
 * (UTF-8, UTF-16, UTF-32) at a file's begin is not part of the text; it also tells the encoding where none is
 * given. Compressed files, and files in an encoding in which a byte of a line end may be part of another
 * character (UTF-16, Shift_JIS), can only be read from their begin: weft_text_can_cut answers.
 *
 * Memory: one block of WEFT_TEXT_BLOCK_BYTES, working memory; it grows for a longer record, as retained
 * memory, up to spec.record_bytes_max. Everything is given back by close. One thread. */
#ifndef WEFT_FORMATS_TEXT_INPUT_H
#define WEFT_FORMATS_TEXT_INPUT_H

#include "engine/formats/text/charset.h"
#include "engine/formats/text/decompress.h"
#include "engine/formats/text/kernels.h"
#include "engine/formats/tolerance.h"
#include "engine/storage/fs.h"

enum {
    WEFT_TEXT_BLOCK_BYTES = 1 << 20, /* stays in the second-level cache, and holds a batch of most tables */
    WEFT_TEXT_RECORD_BYTES_MAX = 1 << 30, /* of a record, unless maxRecordBytes says less */
    WEFT_TEXT_LINE_END_MAX = 128          /* bytes of a given line end, in UTF-8 */
};

typedef struct weft_text_spec {
    const char *encoding; /* NULL: UTF-8, or what the mark at the file's begin says */
    int32_t codec;        /* weft_text_codec; -1: by the ending of the file's name */
    const char *line_end; /* NULL: \n, \r\n and \r; in UTF-8, not empty */
    bool is_free;
    bool keep_mark;           /* a mark at the file's begin is text */
    bool keep_malformed;      /* UTF-8 that is malformed stays as it is; else it becomes U+FFFD */
    weft_tolerance tolerance; /* a file that may fail ends where it does */
    int64_t record_bytes_max; /* 0: WEFT_TEXT_RECORD_BYTES_MAX */
    int64_t block_bytes;      /* 0: WEFT_TEXT_BLOCK_BYTES; tests take less */
} weft_text_spec;

/* A block: bytes [0, len), with WEFT_TEXT_SLACK readable bytes behind them. The caller may change the bytes
 * of the block (not the slack). */
typedef struct weft_text_block {
    uint8_t *data;
    int64_t len;  /* 0: nothing is left */
    bool is_last; /* nothing comes after it */
    bool is_ascii;
} weft_text_block;

typedef struct weft_text_input weft_text_input;

/* Can the file be read from the middle? Looks at its first bytes when no encoding is given. Errors: WEFT_IO,
 * WEFT_NOT_FOUND, WEFT_CHARSET. */
WEFT_MUST_CHECK weft_status weft_text_can_cut(weft_ctx *ctx, const weft_file_info *file,
                                              const weft_text_spec *spec, bool *can);
/* The codec that a file is read with. */
weft_text_codec weft_text_codec_of(const weft_file_info *file, const weft_text_spec *spec);

/* Open the split [begin, end) of a file, in bytes of the file; both spec and file are borrowed until close. A
 * file that cannot be cut is given whole to the split that begins at 0; others of it are empty.
 * Errors: WEFT_IO, WEFT_NOT_FOUND, WEFT_CHARSET, WEFT_CORRUPT, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_text_input_open(weft_ctx *ctx, const weft_file_info *file,
                                                 const weft_text_spec *spec, int64_t begin, int64_t end,
                                                 weft_text_input **out);
/* The next block, valid until the next call. taken: so many bytes of the block before are done with (all of
 * its len, where the caller has no use for the rest); the others come again, at the front of this one. When
 * none are taken of a block that was not the last, the block grows.
 * Errors: WEFT_LIMIT for a record above the limit (with file and line), WEFT_CORRUPT for damaged compressed
 * data, WEFT_IO, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_text_input_next(weft_ctx *ctx, weft_text_input *input, int64_t taken,
                                                 weft_text_block *out);
/* The number of the line (from 1, by the line ends of the spec) in which byte `at` of the current block lies.
 * For messages: reads the file from its begin. 0 when it cannot be told. */
int64_t weft_text_input_line(weft_ctx *ctx, const weft_text_input *input, int64_t at);
/* Where the current block begins: bytes of decoded text since the begin of this input's first record, and the
 * place of that record in the file. */
int64_t weft_text_input_offset(const weft_text_input *input);
int64_t weft_text_input_begin(const weft_text_input *input);
int64_t weft_text_input_bytes_read(const weft_text_input *input); /* of the file, so far */
const weft_file_info *weft_text_input_file(const weft_text_input *input);
void weft_text_input_close(weft_text_input **input); /* NULL is allowed */

/* ---- lines of a block ---- */

/* What ends a line; made once from spec.line_end. */
typedef struct weft_text_lines {
    const weft_text_kernels *kernels;
    weft_text_set first; /* the first bytes of line ends */
    int32_t len;         /* of a given line end; 0: \n, \r\n, \r */
    char bytes[WEFT_TEXT_LINE_END_MAX];
} weft_text_lines;

/* The line end that comes first in a text. */
typedef enum weft_text_first_end {
    WEFT_TEXT_FIRST_NEWLINE, /* \n; or there is none */
    WEFT_TEXT_FIRST_PAIR,    /* \r\n */
    WEFT_TEXT_FIRST_RETURN   /* \r */
} weft_text_first_end;
/* Of the file from its begin, whichever split somebody reads. Errors: as for opening and reading it. */
WEFT_MUST_CHECK weft_status weft_text_find_first_end(weft_ctx *ctx, const weft_file_info *file,
                                                     const weft_text_spec *spec, weft_text_first_end *out);

/* Of an option lineSep. Errors: WEFT_CONFIG for an empty one. */
WEFT_MUST_CHECK weft_status weft_text_line_end_check(weft_ctx *ctx, const char *line_end);
/* Errors: WEFT_CONFIG for an empty or too long line end. */
WEFT_MUST_CHECK weft_status weft_text_lines_init(weft_ctx *ctx, const char *line_end, weft_text_lines *out);
/* The end of the line that begins at data[0]: *next is where the next one begins; both len when no line end
 * is there. The bytes between are the line end. */
int64_t weft_text_line_end(const weft_text_lines *lines, const uint8_t *data, int64_t len, int64_t *next);

#endif
