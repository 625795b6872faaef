/* tests/unit/coordinator/test_spark_keys.c - the keys that Spark knows: found by name, checked by kind. */
#include <string.h>

#include "coordinator/spark_keys.h"
#include "tests/support/fixture.h"

/* The list is searched by halves. */
static void they_are_in_order(void **state)
{
    (void)state;
    int32_t count = 0;
    const weft_spark_key *keys = weft_spark_key_all(&count);
    for (int32_t i = 0; i < count; i++) {
        if (i > 0) assert_true(strcmp(keys[i - 1].key, keys[i].key) < 0);
        assert_ptr_equal(weft_spark_key_find(keys[i].key), &keys[i]);
        assert_true((keys[i].kind == WEFT_SPARK_KEY_CHOICE) == (keys[i].words[0] != '\0'));
    }
    assert_null(weft_spark_key_find("spark.sql.nosuch"));
    assert_null(weft_spark_key_find("SPARK.SQL.ADAPTIVE.ENABLED"));
}

typedef struct key_case {
    const char *key, *value; /* NULL: RESET */
    weft_status code;
} key_case;

static const key_case cases[] = {
    {"spark.sql.adaptive.enabled", "true", WEFT_OK},
    {"spark.sql.adaptive.enabled", " FALSE ", WEFT_OK},
    {"spark.sql.adaptive.enabled", "", WEFT_CONFIG_TYPE},
    {"spark.sql.adaptive.enabled", "truex", WEFT_CONFIG_TYPE},
    {"spark.sql.adaptive.enabled", NULL, WEFT_OK},
    {"spark.sql.debug.maxToStringFields", "-3", WEFT_OK},
    {"spark.sql.debug.maxToStringFields", "2147483647", WEFT_OK},
    {"spark.sql.debug.maxToStringFields", "2147483648", WEFT_CONFIG_TYPE},
    {"spark.sql.debug.maxToStringFields", "99999999999999999999", WEFT_CONFIG_TYPE},
    {"spark.sql.debug.maxToStringFields", "1 2", WEFT_CONFIG_TYPE},
    {"spark.sql.debug.maxToStringFields", "1k", WEFT_CONFIG_TYPE},
    {"spark.sql.broadcastTimeout", "5", WEFT_OK},
    {"spark.sql.broadcastTimeout", "5min", WEFT_OK},
    {"spark.sql.broadcastTimeout", "5kb", WEFT_CONFIG_TYPE},
    {"spark.sql.adaptive.coalescePartitions.minPartitionSize", "1Mb", WEFT_OK},
    {"spark.sql.adaptive.coalescePartitions.minPartitionSize", "9000p", WEFT_CONFIG_TYPE},
    {"spark.sql.adaptive.coalescePartitions.minPartitionSize", "0", WEFT_CONFIG_REQUIREMENT},
    {"spark.sql.adaptive.skewJoin.skewedPartitionFactor", "1e3", WEFT_OK},
    {"spark.sql.adaptive.skewJoin.skewedPartitionFactor", "2.5f", WEFT_OK},
    {"spark.sql.adaptive.skewJoin.skewedPartitionFactor", "2.5ff", WEFT_CONFIG_TYPE},
    {"spark.sql.adaptive.skewJoin.skewedPartitionFactor", "", WEFT_CONFIG_TYPE},
    {"spark.sql.mapKeyDedupPolicy", "last_win", WEFT_OK},
    {"spark.sql.mapKeyDedupPolicy", "LAST", WEFT_CONFIG_OPTIONS},
    {"spark.sql.mapKeyDedupPolicy", "", WEFT_CONFIG_OPTIONS},
    {"spark.sql.extensions", "x", WEFT_STATIC_CONFIG},
    {"spark.sql.extensions", NULL, WEFT_STATIC_CONFIG},
    {"spark.driver.memory", "1g", WEFT_CANNOT_MODIFY_CONFIG},
};

static void values_are_of_their_kind(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    for (int32_t i = 0; i < WEFT_COUNT(cases); i++) {
        const weft_spark_key *k = weft_spark_key_find(cases[i].key);
        assert_non_null(k);
        const weft_status st = weft_spark_key_check(&f.ctx, k, cases[i].value);
        if (st != cases[i].code) fail_msg("%s = %s: %d", cases[i].key, cases[i].value, (int)st);
        weft_error_clear(&f.ctx);
    }
    weft_fixture_close(&f);
}

static void unset(weft_fixture *f, const char *key, const char *expected)
{
    const char *text = NULL;
    weft_fixture_ok(f, weft_spark_key_unset(&f->ctx, weft_spark_key_find(key), &text));
    assert_string_equal(text, expected);
}

/* As Spark shows them: a size in bytes, a time in milliseconds, of another key what that one is. */
static void unset_ones_are_shown(void **state)
{
    (void)state;
    weft_fixture f;
    weft_fixture_open(&f);
    unset(&f, "spark.sql.cbo.enabled", "false");
    unset(&f, "spark.sql.adaptive.advisoryPartitionSizeInBytes", "67108864b");
    unset(&f, "spark.sql.broadcastTimeout", "300000ms");
    unset(&f, "spark.sql.adaptive.autoBroadcastJoinThreshold", "<undefined>");
    unset(&f, "spark.driver.memory", "<undefined>");
    weft_fixture_close(&f);
}

WEFT_TESTS(WEFT_TEST(they_are_in_order), WEFT_TEST(values_are_of_their_kind), WEFT_TEST(unset_ones_are_shown))
