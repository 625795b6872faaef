/* tests/support/journal_memory.h - a disk for journals that is memory, and fails or crashes on request. What
 * was written when it crashes is what a real one may have kept: nothing of the write, a part of what was
 * appended, or all of it. */
#ifndef WEFT_TESTS_SUPPORT_JOURNAL_MEMORY_H
#define WEFT_TESTS_SUPPORT_JOURNAL_MEMORY_H

#include "coordinator/journal_disk.h"

typedef enum weft_journal_fault {
    WEFT_JOURNAL_FAULT_BEFORE, /* nothing of it is there */
    WEFT_JOURNAL_FAULT_TORN,   /* half of what was appended is; else as BEFORE */
    WEFT_JOURNAL_FAULT_AFTER,  /* all of it is there, but nobody was told */
    WEFT_JOURNAL_FAULT_FULL,   /* no room: nothing of it is there, and that is known */
    WEFT_JOURNAL_FAULT_COUNT
} weft_journal_fault;

typedef struct weft_journal_memory_file {
    char name[64]; /* empty: a free place */
    uint8_t *bytes;
    size_t len;
} weft_journal_memory_file;

typedef struct weft_journal_memory {
    weft_journal_memory_file files[64];
    int64_t writes;   /* so far: appends, cuts, puts, removals */
    int64_t fault_at; /* the write of this number (from 1) meets the fault; 0: none */
    weft_journal_fault fault;
    bool crashes; /* after the fault nothing works until weft_journal_memory_restart */
    bool is_down, is_locked;
} weft_journal_memory;

/* The disk; m is zeroed by the caller and stays where it is. */
weft_journal_disk weft_journal_memory_disk(weft_journal_memory *m);
/* After a crash: what was durable is there, locks are free, no fault is set. */
void weft_journal_memory_restart(weft_journal_memory *m);
/* A file, or NULL. */
weft_journal_memory_file *weft_journal_memory_find(weft_journal_memory *m, const char *name);
void weft_journal_memory_free(weft_journal_memory *m);

#endif
