/* engine/exec/write_files.h - the files that a task writes at its attempt's own place (storage/commit.h).
 *
 * A place is a folder below the output (of a partition, or the output itself) and maybe a bucket; it has one
 * file open at most, and a new one each time that this is full (settings weft.sql.files.maxRecordsPerFile and
 * maxBytes, the option maxRecordsPerFile). Names are functions of the task, the place and the file's number
 * there. What was written is told by rows of the task's block: (name below the attempt's folder, rows,
 * bytes). One thread. */
#ifndef WEFT_EXEC_WRITE_FILES_H
#define WEFT_EXEC_WRITE_FILES_H

#include "engine/exec/op.h"

/* What all files of a task share. */
typedef struct weft_write_files {
    const weft_sink_spec *spec;
    const weft_task *task;
    const weft_sink_format *format;
    const char *suffix;
    char *folder;              /* of the attempt; NULL: not made yet */
    weft_block_writer *writer; /* of the block */
    weft_arena *arena;         /* of the open files */
    int32_t open_count;
    int64_t most_rows, most_bytes; /* of a file; 0 and less: any number */
    uint16_t positions[WEFT_BATCH_ROWS_MAX];
} weft_write_files;

/* A place. Zero but for its name and bucket at the start. */
typedef struct weft_write_place {
    const char *folder; /* "k=1/j=2", or "": borrowed */
    int32_t bucket;     /* -1: none */
    int32_t file_count; /* begun so far */
    int64_t rows;       /* in the open file */
    weft_file_sink *file;
    const char *name;
} weft_write_place;

/* Errors: WEFT_DATA_SOURCE_NOT_FOUND, WEFT_CONFIG, WEFT_NOMEM. The format's columns are the first of those
 * that reach the sink. */
WEFT_MUST_CHECK weft_status weft_write_files_open(weft_ctx *ctx, const weft_sink_spec *spec,
                                                  const weft_task *task, weft_write_files *files);
/* An empty file, when none is open. Errors: those of the format and of fs.h; WEFT_COMMIT_DENIED. */
WEFT_MUST_CHECK weft_status weft_write_place_begin(weft_ctx *ctx, weft_write_files *files,
                                                   weft_write_place *place);
/* Append the selected rows. Errors: as above. */
WEFT_MUST_CHECK weft_status weft_write_place_put(weft_ctx *ctx, weft_write_files *files,
                                                 weft_write_place *place, const weft_batch *batch);
/* Finish the open file, if there is one, and report it. */
WEFT_MUST_CHECK weft_status weft_write_place_end(weft_ctx *ctx, weft_write_files *files,
                                                 weft_write_place *place);
void weft_write_place_abandon(weft_write_files *files, weft_write_place *place);
void weft_write_files_close(weft_write_files *files);

#endif
