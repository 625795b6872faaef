/* coordinator/journal_file.h - a journal in a file: of one coordinator, which begins anew on the same disk.
 *
 * Records are appended, concurrent ones by one write and one fsync. What a crash left of the last append that
 * is not whole is cut off when it is opened; damage in the middle is told and nothing is guessed. */
#ifndef WEFT_COORDINATOR_JOURNAL_FILE_H
#define WEFT_COORDINATOR_JOURNAL_FILE_H

#include "coordinator/journal.h"
#include "coordinator/journal_disk.h"

#define WEFT_JOURNAL_FILE_BYTES_MAX (1LL << 30) /* read whole when it is opened */

/* Open, and repair. disk: borrowed. Takes the journal's lock. The epoch is greater than all before, and not
 * less than least_epoch; the term is one more than the last. Errors: WEFT_EXISTS (another process has it),
 * WEFT_CORRUPT (a record in the middle is damaged), WEFT_UNSUPPORTED (written by a later version), WEFT_IO,
 * WEFT_NOSPACE, WEFT_NOMEM. */
WEFT_MUST_CHECK weft_status weft_journal_open_file(weft_ctx *ctx, const weft_journal_disk *disk,
                                                   uint64_t least_epoch, weft_journal **out);

#endif
