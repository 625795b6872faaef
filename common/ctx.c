/* common/ctx.c - errors, cancellation and the system clock of a weft_ctx. */
#include "common/ctx.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t clock_now_ns(void *self)
{
    (void)self;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t clock_wall_us(void *self)
{
    (void)self;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

const weft_clock *weft_clock_system(void)
{
    static const weft_clock system_clock = {.now_ns = clock_now_ns, .wall_us = clock_wall_us, .self = NULL};
    return &system_clock;
}

void weft_ctx_init(weft_ctx *ctx, weft_arena *arena, weft_account *memory, const weft_settings *settings)
{
    *ctx = (weft_ctx){.arena = arena,
                      .memory = memory,
                      .deadline_ns = INT64_MAX,
                      .clock = weft_clock_system(),
                      .settings = settings};
}

weft_status weft_fail_from(weft_ctx *ctx, weft_status code, const weft_span *span, const char *file, int line,
                           const char *format, ...)
{
    /* Formatted aside first: an argument may be the text of the error that is being replaced. */
    char text[WEFT_ERROR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);

    weft_error *e = &ctx->error;
    e->code = code;
    e->span = span != NULL ? *span : (weft_span){0};
    e->file = file;
    e->line = line;
    memcpy(e->message, text, strlen(text) + 1);
    e->hint[0] = '\0';
    return code;
}

void weft_hint(weft_ctx *ctx, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(ctx->error.hint, sizeof ctx->error.hint, format, args);
    va_end(args);
}

void weft_error_prefix(weft_ctx *ctx, const char *format, ...)
{
    char text[WEFT_ERROR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    const int wrote = vsnprintf(text, sizeof text, format, args);
    va_end(args);

    /* What does not fit any more is the tail of the message, never the place that it is about. */
    size_t used = wrote < 0 ? 0 : (size_t)wrote;
    if (used >= sizeof text) used = sizeof text - 1;
    const size_t room = sizeof text - 1 - used;
    const size_t old = strnlen(ctx->error.message, sizeof ctx->error.message);
    const size_t kept = old < room ? old : room;
    memcpy(text + used, ctx->error.message, kept);
    text[used + kept] = '\0';
    memcpy(ctx->error.message, text, used + kept + 1);
}

weft_status weft_error_copy(weft_ctx *to, const weft_ctx *from)
{
    to->error = from->error;
    return from->error.code;
}

void weft_error_clear(weft_ctx *ctx)
{
    ctx->error.code = WEFT_OK;
    ctx->error.span = (weft_span){0};
    ctx->error.file = NULL;
    ctx->error.line = 0;
    ctx->error.message[0] = '\0';
    ctx->error.hint[0] = '\0';
}

weft_status weft_check_cancel(weft_ctx *ctx)
{
    if (ctx->cancel != NULL && atomic_load_explicit(ctx->cancel, memory_order_relaxed)) {
        return weft_fail(ctx, WEFT_CANCELLED, "the operation was cancelled");
    }
    if (ctx->deadline_ns != INT64_MAX) {
        const int64_t late_ns = weft_now_ns(ctx) - ctx->deadline_ns;
        if (late_ns >= 0) {
            return weft_fail(ctx, WEFT_DEADLINE, "the deadline passed %lld ms ago",
                             (long long)(late_ns / 1000000));
        }
    }
    return WEFT_OK;
}
