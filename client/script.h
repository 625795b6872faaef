/* client/script.h - SQL scripts, BEGIN … END: their statements are sent one by one, each as a statement of
 * its own, so that one that was done is never done again when a coordinator takes over.
 *
 * The variables of blocks live here, and go with each statement (engine/sql/parser.h, LOCAL). */
#ifndef WEFT_CLIENT_SCRIPT_H
#define WEFT_CLIENT_SCRIPT_H

#include "client/connection.h"

/* Run a script; *out is the result of its last statement (one without columns when there was none). Places of
 * errors are of the script's text. cancelled: set by another thread; the script stops before its next
 * statement. */
WEFT_MUST_CHECK weft_status weft_script_run(const weft_connection *connection, const char *text, size_t len,
                                            const atomic_bool *cancelled, weft_error *error,
                                            weft_result **out);

#endif
