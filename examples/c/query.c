/* query.c - open an engine, run a query, read the answer as an Arrow C stream.
 *
 *     query ["SELECT ..."] */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <weft.h>

/* Print a BIGINT or INT column's values; other types are named only. */
static void print_column(const struct ArrowSchema *schema, const struct ArrowArray *array)
{
    printf("%s:", schema->name);
    for (int64_t i = array->offset; i < array->offset + array->length; i++) {
        if (strcmp(schema->format, "l") == 0)
            printf(" %" PRId64, ((const int64_t *)array->buffers[1])[i]);
        else if (strcmp(schema->format, "i") == 0)
            printf(" %" PRId32, ((const int32_t *)array->buffers[1])[i]);
        else
            printf(" <%s>", schema->format);
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    const char *sql = argc > 1 ? argv[1] : "SELECT a * 2 AS twice FROM VALUES (1), (2), (3) AS t(a)";
    weft_client_error error;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    int code = 1;

    weft_client *client = weft_client_open("local[2]", NULL, 0, &error);
    if (client == NULL || weft_client_sql(client, sql, &stream, &error) != 0) {
        fprintf(stderr, "[%s] %s SQLSTATE: %s\n", error.error_class, error.message, error.sqlstate);
        weft_client_close(&client);
        return 1;
    }
    if (stream.get_schema(&stream, &schema) == 0) {
        while ((code = stream.get_next(&stream, &batch)) == 0 && batch.release != NULL) {
            for (int64_t i = 0; i < batch.n_children; i++)
                print_column(schema.children[i], batch.children[i]);
            batch.release(&batch);
        }
        if (code != 0) fprintf(stderr, "%s\n", stream.get_last_error(&stream));
        schema.release(&schema);
    }
    stream.release(&stream);
    weft_client_close(&client);
    return code == 0 ? 0 : 1;
}
