/* engine/exec/op_script.c - TRANSFORM: the lines of a column to a process, and what it gives as lines.
 *
 * One process a task, which starts with the first row: a task without rows has none. Its lines end as Java
 * reads lines: by \n, \r or \r\n, the last one also by the end of the output.
 *
 * Memory: two buffers, of which the one for output grows to the longest line, and one vector of lines. */
#include <string.h>

#include "common/settings.h"
#include "engine/columnar/builder.h"
#include "engine/exec/child.h"
#include "engine/exec/defs.h"

enum {
    INPUT_BYTES = 64 << 10,  /* what a pipe holds */
    OUTPUT_BYTES = 64 << 10, /* room that a read has at least */
    BATCH_BYTES = 1 << 20    /* text at which a batch is given though it has few lines */
};

typedef struct script_state {
    const weft_op_spec *spec;
    weft_child *child;
    weft_batch in;
    int32_t next;      /* row of in */
    uint32_t position; /* in its line; its length: the line's end is still to be written */
    char *input;       /* [INPUT_BYTES] for the process */
    size_t input_len, input_done;
    char *output;                 /* from the process; lines before `cut` were given */
    size_t output_len, cut, seen; /* seen: no end of a line lies before it */
    bool after_return;            /* a \n that comes now belongs to the \r before it */
    bool ended;                   /* the last line was given */
    weft_vector lines;
    weft_column column;
    int32_t line_count, batch_rows;
    size_t line_bytes;
} script_state;

static void script_close(void *state)
{
    script_state *s = state;
    weft_child_close(&s->child);
    weft_mem_free(s->input);
    weft_mem_free(s->output);
    weft_vector_deinit(&s->lines);
}

static weft_status script_open(weft_ctx *ctx, const weft_op_spec *spec, const weft_types *input_types,
                               void *shared, const weft_task *task, void **state)
{
    weft_status st = WEFT_OK;
    script_state *s = NULL;
    (void)input_types, (void)shared, (void)task;
    if (weft_setting(ctx, WEFT_SET_SCRIPTS) == 0) {
        st = weft_fail(ctx, WEFT_SCRIPTS_OFF, "Commands of TRANSFORM, MAP and REDUCE are not run here.");
        weft_hint(ctx,
                  "where keys say who may do what, a command could do all that the worker's account may; "
                  "start the workers with --conf weft.script.enabled=true if that is meant");
        return st;
    }
    WEFT_TRY(st, WEFT_NEW(ctx, &s));
    *state = s;
    s->spec = spec;
    s->batch_rows = (int32_t)weft_setting(ctx, WEFT_SET_BATCH_ROWS);
    WEFT_TRY(st, weft_vector_init(ctx, spec->output.types[0], WEFT_BATCH_ROWS_MAX, &s->lines));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, INPUT_BYTES, (void **)&s->input));
    WEFT_TRY(st, weft_mem_alloc(ctx, WEFT_MEM_WORKING, OUTPUT_BYTES, (void **)&s->output));
done:
    return st;
}

/* ---- to the process ---- */

/* Rows into the buffer until it is full or they are in it. */
static void fill_input(script_state *s)
{
    const weft_column *column = &s->in.columns[s->spec->script.column];
    while (s->next < s->in.selected && s->input_len < INPUT_BYTES) {
        const int32_t row = s->in.selection == NULL ? s->next : s->in.selection[s->next];
        const weft_str *line = weft_column_value(column, row);
        const size_t left = line->len - s->position, room = INPUT_BYTES - s->input_len;
        const size_t now = left < room ? left : room;
        memcpy(s->input + s->input_len, weft_str_data(line) + s->position, now);
        s->input_len += now;
        s->position += (uint32_t)now;
        if (s->position < line->len || s->input_len == INPUT_BYTES) continue;
        s->input[s->input_len++] = '\n';
        s->position = 0;
        s->next++;
    }
}

/* Give input and take output until one of them goes on. */
static weft_status exchange(weft_ctx *ctx, script_state *s)
{
    weft_status st = WEFT_OK;
    size_t written = 0, taken = 0;
    if (s->cut > 0) { /* what was given makes room */
        memmove(s->output, s->output + s->cut, s->output_len - s->cut);
        s->output_len -= s->cut;
        s->seen -= s->cut;
        s->cut = 0;
    }
    size_t room = weft_mem_size(s->output);
    if (room - s->output_len < OUTPUT_BYTES / 2) {
        WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_RETAINED, 2 * room, (void **)&s->output));
        room = weft_mem_size(s->output);
    }
    WEFT_TRY(st, weft_child_exchange(ctx, s->child, s->input + s->input_done, s->input_len - s->input_done,
                                     &written, s->output + s->output_len, room - s->output_len, &taken));
    s->output_len += taken;
    s->input_done += written;
    if (s->input_done == s->input_len) s->input_done = s->input_len = 0;
done:
    return st;
}

/* ---- from the process ---- */

static weft_status add_line(weft_ctx *ctx, script_state *s, size_t end)
{
    const size_t len = end - s->cut;
    if (len > INT32_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a command gave a line of %zu bytes; the most is 2147483647", len);
    s->line_bytes += len;
    return weft_vector_set_string(ctx, &s->lines, s->line_count++, s->output + s->cut, (uint32_t)len);
}

static bool batch_is_full(const script_state *s)
{
    return s->line_count == s->batch_rows || s->line_bytes >= BATCH_BYTES;
}

/* Whole lines of the output into the vector. */
static weft_status cut_lines(weft_ctx *ctx, script_state *s)
{
    weft_status st = WEFT_OK;
    while (s->seen < s->output_len && !batch_is_full(s)) {
        const char c = s->output[s->seen];
        const bool belongs = s->after_return && c == '\n';
        s->after_return = c == '\r';
        if (!belongs && (c == '\n' || c == '\r')) WEFT_TRY(st, add_line(ctx, s, s->seen));
        s->seen++;
        if (c == '\n' || c == '\r') s->cut = s->seen;
    }
    if (s->seen == s->output_len && s->cut < s->seen && s->child != NULL && !batch_is_full(s) &&
        weft_child_output_ended(s->child)) { /* the last line has no end */
        WEFT_TRY(st, add_line(ctx, s, s->seen));
        s->cut = s->seen;
    }
done:
    return st;
}

static void give_lines(script_state *s, weft_batch *out)
{
    s->column = s->lines.column;
    *out = (weft_batch){
        .rows = s->line_count, .selected = s->line_count, .column_count = 1, .columns = &s->column};
}

static void forget_lines(script_state *s)
{
    weft_vector_reset(&s->lines);
    s->line_count = 0;
    s->line_bytes = 0;
}

static weft_status script_push(weft_ctx *ctx, void *state, const weft_batch *in, weft_batch *out,
                               weft_op_result *result)
{
    weft_status st = WEFT_OK;
    script_state *s = state;
    if (in != NULL) {
        s->in = *in;
        s->next = 0;
    }
    if (s->child == NULL) WEFT_TRY(st, weft_child_start(ctx, s->spec->script.command, &s->child));
    forget_lines(s);
    for (;;) {
        WEFT_TRY(st, cut_lines(ctx, s));
        if (batch_is_full(s)) break;
        fill_input(s);
        if (s->input_len < INPUT_BYTES) break; /* all rows are in it */
        WEFT_TRY(st, exchange(ctx, s));
    }
    give_lines(s, out);
    *result = batch_is_full(s) ? WEFT_HAVE_MORE : WEFT_NEED_INPUT;
done:
    return st;
}

static weft_status script_signal(weft_ctx *ctx, void *state, weft_signal signal, weft_batch *out,
                                 weft_op_result *result)
{
    weft_status st = WEFT_OK;
    script_state *s = state;
    *result = WEFT_NEED_INPUT;
    if (signal != WEFT_SIGNAL_END || s->child == NULL || s->ended) return WEFT_OK;
    forget_lines(s);
    for (;;) {
        WEFT_TRY(st, cut_lines(ctx, s));
        if (batch_is_full(s)) break;
        if (s->input_len == 0) weft_child_end_input(s->child);
        s->ended = s->input_len == 0 && weft_child_output_ended(s->child) && s->cut == s->output_len;
        if (s->ended) break;
        WEFT_TRY(st, exchange(ctx, s));
    }
    if (s->ended) WEFT_TRY(st, weft_child_finish(ctx, s->child));
    give_lines(s, out);
    *result = s->ended ? WEFT_NEED_INPUT : WEFT_HAVE_MORE;
done:
    return st;
}

const weft_op_def weft_op_script = {.name = "Script",
                                    .open = script_open,
                                    .push = script_push,
                                    .signal = script_signal,
                                    .close = script_close};
