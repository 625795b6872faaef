/* tests/support/fixture.c - contexts for tests, and the sweep over failing allocations. */
#include "tests/support/fixture.h"

void weft_fixture_open_limited(weft_fixture *f, int64_t limit_bytes)
{
    memset(f, 0, sizeof *f);
    f->pool = weft_pool_new(limit_bytes);
    assert_non_null(f->pool);
    f->account = weft_account_open(f->pool, "test");
    assert_non_null(f->account);
    f->arena = weft_arena_new(f->account);
    assert_non_null(f->arena);
    weft_settings_init(&f->settings);
    weft_ctx_init(&f->ctx, f->arena, f->account, &f->settings);
}

void weft_fixture_open(weft_fixture *f) { weft_fixture_open_limited(f, INT64_MAX); }

void weft_fixture_close(weft_fixture *f)
{
    weft_arena_free(&f->arena);
    assert_int_equal(weft_account_used_bytes(f->account), 0);
    weft_account_close(&f->account);
    assert_int_equal(weft_pool_used_bytes(f->pool), 0);
    weft_pool_free(&f->pool);
}

void weft_fixture_ok(const weft_fixture *f, weft_status st)
{
    if (st == WEFT_OK) return;
    const weft_error *e = &f->ctx.error;
    fail_msg("%s: %s (%s:%d)", weft_status_text(st), e->message, e->file == NULL ? "?" : e->file, e->line);
}

void weft_fixture_oom_sweep(weft_status (*run)(weft_fixture *f, void *arg), void *arg)
{
    for (int64_t n = 1;; n++) {
        weft_fixture f;
        weft_fixture_open(&f);
        weft_mem_fail_after(n);
        const weft_status st = run(&f, arg);
        const int64_t counted = weft_mem_fail_after(0);
        const bool failed = counted >= n;
        if (failed && st != WEFT_NOMEM) {
            fail_msg("allocation %lld failed, and the status was %s", (long long)n, weft_status_text(st));
        }
        if (!failed) weft_fixture_ok(&f, st);
        weft_fixture_close(&f);
        if (!failed) {
            assert_true(n > 1); /* there was something to fail */
            return;
        }
    }
}
