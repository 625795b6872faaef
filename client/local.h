/* client/local.h - the embedded cluster: coordinator and worker in this process, as many slots as asked for.
 *
 * One local engine has one pool, one worker, one coordinator and one session. Statements run in the caller's
 * thread. */
#ifndef WEFT_CLIENT_LOCAL_H
#define WEFT_CLIENT_LOCAL_H

#include "common/settings.h"
#include "coordinator/session.h"

typedef struct weft_local weft_local;

/* Parse a master of this process: local, local[N], local[*]. *slots 0: one a core. False for anything else.
 */
bool weft_local_parse(const char *master, int32_t *slots);

/* Start. settings: SLOTS and MEMORY give the sizes (0: the machine's). On failure *out is NULL and *error
 * says why. */
WEFT_MUST_CHECK weft_status weft_local_start(const weft_settings *settings, weft_error *error,
                                             weft_local **out);
weft_session *weft_local_session(weft_local *local);
/* Files of this machine, for statements of that session. */
const weft_upload *weft_local_files(weft_local *local);
weft_pool *weft_local_pool(weft_local *local);
/* For sessions beside its own. */
weft_coordinator *weft_local_coordinator(weft_local *local);
/* Stop; every result must have been freed. */
void weft_local_stop(weft_local **local);

#endif
