/* common/redact.h - hides secrets in what people see: the values of settings and options whose names tell
 * that they are secret. As Spark's spark.redaction.regex has it at first: a name with secret, password, token
 * or access key (accesskey, access.key, access_key) in it, in any case.
 *
 * Any thread; nothing is allocated. */
#ifndef WEFT_COMMON_REDACT_H
#define WEFT_COMMON_REDACT_H

#include "common/base.h"

#define WEFT_REDACTED "*********(redacted)"

/* Has a name of len bytes such a word in it? */
bool weft_redact_is_secret(const char *name, size_t len);
/* A text (a statement, a list of options) in which each value that follows a secret name is WEFT_REDACTED:
 * name = value, name: value, name 'value', 'name' = "value", and all that SET gives to such a name. A literal
 * that does not end goes to the end of the text. out: NULL, or room for as many bytes as the call returns
 * with NULL; no zero is put behind. */
size_t weft_redact_text(const char *text, size_t len, char *out);

/* Would anything in it be hidden? */
bool weft_redact_has_secret(const char *text, size_t len);

#endif
