/* coordinator/function_command.h - SHOW FUNCTIONS and DESCRIBE FUNCTION: what the registry, the session and
 * the warehouse have. */
#ifndef WEFT_COORDINATOR_FUNCTION_COMMAND_H
#define WEFT_COORDINATOR_FUNCTION_COMMAND_H

#include "coordinator/command.h"

/* show->show.what: "functions", "user functions", "system functions", "function" or "function extended".
 * Errors: WEFT_UNRESOLVED_ROUTINE, those of the warehouse. */
WEFT_MUST_CHECK weft_status weft_function_command_run(weft_ctx *ctx, weft_session_catalog *catalog,
                                                      const weft_node *show, weft_command_rows *out);

#endif
