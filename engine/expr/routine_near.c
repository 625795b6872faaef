/* engine/expr/routine_near.c - the function that a misspelt name may have meant. */
#include <ctype.h>

#include "engine/expr/aggregate.h"
#include "engine/expr/coerce.h"
#include "engine/expr/function.h"

enum { NEAR_LETTERS_MAX = 40 };

/* Letters to insert, delete, replace, or swap with their neighbour. */
static int32_t near_distance(const char *a, int32_t m, const char *b, int32_t n)
{
    int32_t rows[3][NEAR_LETTERS_MAX + 1];
    for (int32_t j = 0; j <= n; j++) rows[0][j] = j;
    for (int32_t i = 1; i <= m; i++) {
        int32_t *row = rows[i % 3];
        const int32_t *above = rows[(i + 2) % 3], *twice = rows[(i + 1) % 3];
        row[0] = i;
        for (int32_t j = 1; j <= n; j++) {
            const int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            row[j] = weft_min_i32(above[j - 1] + (x != y), weft_min_i32(above[j], row[j - 1]) + 1);
            const bool swapped = i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                                 y == tolower((unsigned char)a[i - 2]);
            if (swapped) row[j] = weft_min_i32(row[j], twice[j - 2] + 1);
        }
    }
    return rows[m % 3][n];
}

static void near_try(const char *name, const char *candidate, const char **best, int32_t *distance)
{
    const size_t m = strlen(name), n = candidate == NULL ? 0 : strlen(candidate);
    if (m > NEAR_LETTERS_MAX || n > NEAR_LETTERS_MAX || n == 0 || !isalpha((unsigned char)candidate[0]))
        return;
    const int32_t found = near_distance(name, (int32_t)m, candidate, (int32_t)n);
    if (found >= *distance) return;
    *distance = found;
    *best = candidate;
}

const char *weft_routine_near(const char *name)
{
    const char *best = NULL;
    int32_t distance = weft_max_i32((int32_t)strlen(name) / 3, 1) + 1, count;
    const weft_function *const *functions = weft_function_all(&count);
    for (int32_t i = 0; i < count; i++) near_try(name, functions[i]->name, &best, &distance);
    const weft_aggregate *const *aggregates = weft_aggregate_all(&count);
    for (int32_t i = 0; i < count; i++) near_try(name, aggregates[i]->name, &best, &distance);
    const weft_form *forms = weft_form_all(&count);
    for (int32_t i = 0; i < count; i++) near_try(name, forms[i].name, &best, &distance);
    return best;
}
