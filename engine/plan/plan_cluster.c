/* engine/plan/plan_cluster.c - what depends on how many processes run the plan and on what each can hold:
 * which rows every worker reads whole, and how many partitions an exchange has.
 *
 * Rows that all tasks read (the build side of a shared table, the keys of a dynamic filter) cost nothing to
 * ship in one process. Over several workers each fetches them and makes its own table, so they are compared
 * with what the other way would move: bytes, since both ways do about the same with each of them. */
#include "common/limits.h"
#include "engine/plan/planner_impl.h"

enum {
    PARTITIONS_FROM_ROWS = 8192, /* fewer rows are not worth a partitioned exchange */
    PARTITIONS_LEAST = 8,        /* enough to keep a few slots busy when a partition is skewed */
    PARTITIONS_PER_SLOT = 2,     /* likewise, when there are many slots */
    PARTITION_ROWS_LEAST = 1024, /* what a partition should have before slots alone ask for more of them */
    PARTITIONS_MOST = 1024,      /* pages of that many open partitions still fit a small memory limit */
    PARTITION_LIST_BYTES = 64,   /* what a block keeps of a partition, also of one without rows */
    PARTITION_LISTS_PART = 8,    /* of the memory: what all blocks of a stage may keep */
    PARTITION_BYTES = 4 * 1024 * 1024, /* a table within the last-level cache's share of a core */
    EXCHANGE_PASSES = 2, /* an exchanged row is written, sent and read; one read whole is sent and read */
    EXCHANGE_BYTES = 4 * 1024 * 1024, /* what could be moved while one more stage starts and ends */
    SHARED_PART_OF_MEMORY = 4,
    ROW_HEAD_BYTES = 16, /* hash and null bits of a stored row */
    STRING_BYTES = 32    /* the fixed part of a string and a guess at its heap */
};

int32_t plan_workers(const weft_planner *p)
{
    return p->options.one_process ? 1 : weft_max_i32(1, p->options.workers);
}

int32_t plan_slots_of_worker(const weft_planner *p)
{
    const int32_t workers = plan_workers(p);
    return weft_max_i32(1, (p->options.slots + workers - 1) / workers);
}

int64_t plan_shared_bytes_most(int64_t memory_bytes) { return memory_bytes / SHARED_PART_OF_MEMORY; }

bool plan_reads_whole(const weft_planner *p, const weft_stage_stats *rows, double other_bytes)
{
    const double moved = (double)rows->bytes * (plan_workers(p) - 1);
    return moved <= EXCHANGE_BYTES + EXCHANGE_PASSES * other_bytes;
}

double plan_column_bytes(weft_type type)
{
    const weft_phys phys = weft_type_phys(type);
    return phys == WEFT_PHYS_STR || weft_phys_is_nested(phys) ? STRING_BYTES : weft_phys_bytes(phys);
}

double plan_row_bytes(const pipeline *pipe, const id_set *columns)
{
    double bytes = ROW_HEAD_BYTES;
    for (int32_t i = 0; i < pipe->columns.count; i++) {
        const plan_column *column = PLAN_LIST_AT(&pipe->columns, const plan_column, i);
        if (id_set_has(columns, column->id)) bytes += plan_column_bytes(pipe->types.types[column->ordinal]);
    }
    return bytes;
}

/* A stage has up to as many tasks as partitions come in, and each leaves a block of all that go out: what
 * they keep grows with the square. What is larger than memory then is parted again by whoever reads it. */
static int32_t most_partitions(int64_t memory)
{
    int64_t most = PARTITIONS_MOST;
    while (most > PARTITIONS_LEAST && most * most * PARTITION_LIST_BYTES > memory / PARTITION_LISTS_PART)
        most /= 2;
    return (int32_t)most;
}

/* Enough for every slot to have work, while they are worth a task. */
static int32_t least_partitions(const weft_planner *p, double rows)
{
    const int64_t slots = (int64_t)weft_max_i32(1, p->options.slots) * PARTITIONS_PER_SLOT;
    const double worth = rows / PARTITION_ROWS_LEAST;
    const int64_t count = worth < (double)slots ? (int64_t)worth : slots;
    return (int32_t)weft_pow2_ceil((uint64_t)weft_max_i64(count, PARTITIONS_LEAST));
}

int32_t plan_partitions_for(const weft_planner *p, double bytes, double rows)
{
    if (p->partitions > 0) return p->partitions;
    if (rows < PARTITIONS_FROM_ROWS) return 1;
    /* a slot works on one partition at a time; those of a process may use half of its memory together */
    const int64_t memory = weft_max_i64(p->options.memory_bytes, 1 << 20);
    const double fits = (double)memory / (4.0 * plan_slots_of_worker(p));
    const double most = fits < PARTITION_BYTES ? fits : PARTITION_BYTES;
    const double wanted = bytes / most;
    const int32_t limit = most_partitions(memory);
    if (wanted >= limit) return limit;
    const int32_t count = (int32_t)weft_pow2_ceil((uint64_t)wanted);
    return weft_min_i32(weft_max_i32(count, least_partitions(p, rows)), limit);
}
