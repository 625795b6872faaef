/* engine/expr/fn_refused.c - functions of Spark that cannot be had here: who calls one is told why. */
#include <string.h>

#include "engine/expr/fn_entry.h"

/* What help says behind its first colon is the reason. */
static weft_status refuse(weft_ctx *ctx, const weft_function *fn, const weft_expr **args, int32_t count,
                          const weft_span *span, int32_t *variant, weft_type *type)
{
    (void)args;
    (void)count;
    *variant = 0;
    *type = WEFT_TYPE_OF(WEFT_TYPE_NULL);
    return weft_fail_at(ctx, WEFT_UNSUPPORTED, span, "The function `%s` is not supported%s.", fn->name,
                        strchr(fn->help, ':'));
}

static weft_status kernel_never(weft_ctx *ctx, weft_kernel_call *call)
{
    return weft_fail_at(ctx, WEFT_INTERNAL, &call->expr->span, "a function that is refused was called");
}

WEFT_FN_FORM(refused, 0, 0, WEFT_TYPE_NULL, kernel_never, 0);
#define REFUSED(symbol, others, usage)                                                                       \
    const weft_function weft_fn_##symbol = {.name = #symbol,                                                 \
                                            .aliases = others,                                               \
                                            .signatures = refused_signatures,                                \
                                            .signature_count = WEFT_COUNT(refused_signatures),               \
                                            .bind = refuse,                                                  \
                                            .help = usage}

#define NO_JVM "there is no JVM, whose classes have the methods that it calls"
REFUSED(reflect, "java_method", "reflect(class, method [, args]): " NO_JVM);
REFUSED(try_reflect, NULL, "try_reflect(class, method [, args]): " NO_JVM);
#define NO_AVRO "records of Avro are not read or written yet"
REFUSED(from_avro, NULL, "from_avro(bytes, schema [, options]): " NO_AVRO);
REFUSED(to_avro, NULL, "to_avro(value [, schema]): " NO_AVRO);
REFUSED(schema_of_avro, NULL, "schema_of_avro(schema [, options]): " NO_AVRO);
#define NO_PROTOBUF "messages of Protobuf are not read or written yet"
REFUSED(from_protobuf, NULL, "from_protobuf(bytes, message, descriptor [, options]): " NO_PROTOBUF);
REFUSED(to_protobuf, NULL, "to_protobuf(value, message, descriptor [, options]): " NO_PROTOBUF);
REFUSED(measure, NULL, "measure(name): it is of metric views, which are not there yet");
