/* Limits of cgroups, from made-up /proc and /sys. */
#include "client/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/storage/fs.h"
#include "tests/support/fixture.h"

enum { PATH_BYTES = 512 };

typedef struct fake {
    weft_fixture fixture;
    char root[32];
} fake;

static int setup(void **state)
{
    fake *f = calloc(1, sizeof(*f));
    *f = (fake){.root = "/tmp/weft-machine-XXXXXX"};
    weft_fixture_open(&f->fixture);
    *state = f;
    return mkdtemp(f->root) == NULL;
}

static int teardown(void **state)
{
    fake *f = *state;
    weft_fixture_ok(&f->fixture, weft_fs_remove_tree(&f->fixture.ctx, f->root));
    weft_fixture_close(&f->fixture);
    free(f);
    return 0;
}

/* A file with its folders. */
static void put(const fake *f, const char *name, const char *text)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/%s", f->root, name);
    for (char *at = path + strlen(f->root) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = 0;
        (void)mkdir(path, 0700);
        *at = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void nothing_is_no_limit(void **state)
{
    const fake *f = *state;
    weft_machine_limits limits = weft_machine_limits_of(f->root);
    assert_true(limits.memory_bytes == 0 && limits.cores == 0);
    put(f, "proc/self/cgroup", "0::/\n");
    put(f, "sys/fs/cgroup/memory.max", "max\n");
    put(f, "sys/fs/cgroup/cpu.max", "max 100000\n");
    limits = weft_machine_limits_of(f->root);
    assert_true(limits.memory_bytes == 0 && limits.cores == 0);
}

/* A container with a cgroup namespace of its own: the root of what it sees is its own cgroup. */
static void a_container(void **state)
{
    const fake *f = *state;
    put(f, "proc/self/cgroup", "0::/\n");
    put(f, "sys/fs/cgroup/memory.max", "1073741824\n");
    put(f, "sys/fs/cgroup/cpu.max", "250000 100000\n");
    const weft_machine_limits limits = weft_machine_limits_of(f->root);
    assert_int_equal(limits.memory_bytes, 1073741824);
    assert_int_equal(limits.cores, 3);
}

/* A unit of systemd in a slice: the least limit counts, wherever it is set. */
static void a_unit_in_a_slice(void **state)
{
    const fake *f = *state;
    put(f, "proc/self/cgroup", "0::/weft.slice/weft-worker.service\n");
    put(f, "sys/fs/cgroup/weft.slice/weft-worker.service/memory.max", "4000000000\n");
    put(f, "sys/fs/cgroup/weft.slice/weft-worker.service/cpu.max", "max 100000\n");
    put(f, "sys/fs/cgroup/weft.slice/memory.max", "3000000000\n");
    put(f, "sys/fs/cgroup/weft.slice/cpu.max", "200000 100000\n");
    const weft_machine_limits limits = weft_machine_limits_of(f->root);
    assert_int_equal(limits.memory_bytes, 3000000000);
    assert_int_equal(limits.cores, 2);
}

static void version_1(void **state)
{
    const fake *f = *state;
    put(f, "proc/self/cgroup", "12:cpuset:/\n4:memory:/pod/one\n1:cpu,cpuacct:/pod/one\n0::/\n");
    put(f, "sys/fs/cgroup/memory/pod/one/memory.limit_in_bytes", "9223372036854771712\n");
    put(f, "sys/fs/cgroup/memory/pod/memory.limit_in_bytes", "536870912\n");
    put(f, "sys/fs/cgroup/cpu/pod/one/cpu.cfs_quota_us", "-1\n");
    put(f, "sys/fs/cgroup/cpu/pod/one/cpu.cfs_period_us", "100000\n");
    put(f, "sys/fs/cgroup/cpu/pod/cpu.cfs_quota_us", "50000\n");
    put(f, "sys/fs/cgroup/cpu/pod/cpu.cfs_period_us", "100000\n");
    const weft_machine_limits limits = weft_machine_limits_of(f->root);
    assert_int_equal(limits.memory_bytes, 536870912);
    assert_int_equal(limits.cores, 1);
}

/* The container's mount begins at its own cgroup, but the names are the host's. */
static void names_of_the_host(void **state)
{
    const fake *f = *state;
    put(f, "proc/self/cgroup", "0::/kubepods/pod1/c1\n5:memory:/../../c1\n");
    put(f, "sys/fs/cgroup/memory.max", "1000000\n");
    put(f, "sys/fs/cgroup/memory/memory.limit_in_bytes", "900000\n");
    assert_int_equal(weft_machine_limits_of(f->root).memory_bytes, 900000);
}

static void nonsense(void **state)
{
    const fake *f = *state;
    put(f, "proc/self/cgroup", "\n0\n0:\n::\n0::\nx:memory,cpu:y\n0::/a/b/c/\n");
    put(f, "sys/fs/cgroup/memory.max", "-5\n");
    put(f, "sys/fs/cgroup/cpu.max", "9223372036854775807 1\n");
    put(f, "sys/fs/cgroup/a/b/cpu.max", "100 0\n");
    put(f, "sys/fs/cgroup/a/cpu.max", "\n");
    const weft_machine_limits limits = weft_machine_limits_of(f->root);
    assert_int_equal(limits.memory_bytes, 0);
    assert_true(limits.cores > 0);
}

static void this_machine(void **state)
{
    (void)state;
    assert_true(weft_machine_cores() >= 1);
    assert_true(weft_machine_memory_bytes() > 1 << 20);
}

WEFT_TESTS(WEFT_TEST_WITH(setup, teardown, nothing_is_no_limit), WEFT_TEST_WITH(setup, teardown, a_container),
           WEFT_TEST_WITH(setup, teardown, a_unit_in_a_slice), WEFT_TEST_WITH(setup, teardown, version_1),
           WEFT_TEST_WITH(setup, teardown, names_of_the_host), WEFT_TEST_WITH(setup, teardown, nonsense),
           WEFT_TEST(this_machine))
