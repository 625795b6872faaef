/* client/machine.c - see machine.h. */
#include "client/machine.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    POOL_PERCENT = 70,
    PATH_BYTES = 4096,
    LINE_BYTES = 4096,
    CORES_MOST = 1 << 16 /* more than any quota means */
};

/* Where the limits of one kind are. */
typedef struct place {
    char base[PATH_BYTES]; /* ROOT/sys/fs/cgroup/memory */
    char path[PATH_BYTES]; /* of the process's cgroup below it, with no '/' at its end */
} place;

/* The first numbers of a small file; false when there is none, as for "max". */
static bool read_numbers(const place *at, const char *name, int64_t *first, int64_t *second)
{
    char path[2 * PATH_BYTES + 64];
    long long one = -1, two = -1;
    snprintf(path, sizeof(path), "%s%s/%s", at->base, at->path, name);
    FILE *file = fopen(path, "re");
    if (file == NULL) return false;
    const int found = fscanf(file, "%lld %lld", &one, &two);
    fclose(file);
    *first = one;
    if (second != NULL) *second = two;
    return found >= (second == NULL ? 1 : 2);
}

/* One cgroup up; false at the root. */
static bool place_up(place *at)
{
    char *slash = strrchr(at->path, '/');
    if (slash == NULL) return false;
    *slash = 0;
    return true;
}

static void take_memory(place at, const char *name, weft_machine_limits *out)
{
    do {
        int64_t bytes = 0;
        if (!read_numbers(&at, name, &bytes, NULL) || bytes <= 0) continue;
        out->memory_bytes = out->memory_bytes == 0 ? bytes : weft_min_i64(out->memory_bytes, bytes);
    } while (place_up(&at));
}

static void take_quota(int64_t quota, int64_t period, weft_machine_limits *out)
{
    if (quota <= 0 || period <= 0) return;
    const int64_t cores = weft_min_i64(quota / period + (quota % period != 0), CORES_MOST);
    out->cores = (int32_t)(out->cores == 0 ? cores : weft_min_i64(out->cores, cores));
}

static void take_cores(place at, bool is_version_2, weft_machine_limits *out)
{
    do {
        int64_t quota = 0, period = 0;
        if (is_version_2 ? read_numbers(&at, "cpu.max", &quota, &period)
                         : read_numbers(&at, "cpu.cfs_quota_us", &quota, NULL) &&
                               read_numbers(&at, "cpu.cfs_period_us", &period, NULL))
            take_quota(quota, period, out);
    } while (place_up(&at));
}

/* Is the word one of those between commas? */
static bool has_word(const char *list, const char *word)
{
    const size_t len = strlen(word);
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        if (*at == ',') at++;
        if (strncmp(at, word, len) == 0 && (at[len] == ',' || at[len] == 0)) return true;
    }
    return false;
}

static place place_of(const char *root, const char *controller, const char *path)
{
    place at;
    snprintf(at.base, sizeof(at.base), "%s/sys/fs/cgroup%s", root, controller);
    /* "/../x": a cgroup outside of what this process sees */
    snprintf(at.path, sizeof(at.path), "%s", strncmp(path, "/..", 3) == 0 ? "" : path);
    size_t len = strlen(at.path);
    while (len > 0 && at.path[len - 1] == '/') at.path[--len] = 0;
    return at;
}

/* A line NUMBER:CONTROLLERS:PATH; version 2 has no controllers. */
static void take_line(const char *root, char *line, weft_machine_limits *out)
{
    char *controllers = strchr(line, ':');
    char *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');
    if (path == NULL) return;
    *path++ = 0;
    controllers++;
    path[strcspn(path, "\n")] = 0;
    if (controllers[0] == 0) {
        take_memory(place_of(root, "", path), "memory.max", out);
        take_cores(place_of(root, "", path), true, out);
    }
    if (has_word(controllers, "memory"))
        take_memory(place_of(root, "/memory", path), "memory.limit_in_bytes", out);
    if (has_word(controllers, "cpu")) take_cores(place_of(root, "/cpu", path), false, out);
}

weft_machine_limits weft_machine_limits_of(const char *root)
{
    weft_machine_limits limits = {0};
    char text[LINE_BYTES];
    snprintf(text, sizeof(text), "%s/proc/self/cgroup", root);
    FILE *file = fopen(text, "re");
    if (file == NULL) return limits;
    while (fgets(text, sizeof(text), file) != NULL) take_line(root, text, &limits);
    fclose(file);
    return limits;
}

int32_t weft_machine_cores(void)
{
    cpu_set_t allowed;
    const int64_t online = sysconf(_SC_NPROCESSORS_ONLN);
    const int32_t limit = weft_machine_limits_of("").cores;
    int64_t cores = weft_max_i64(1, online);
    if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0)
        cores = weft_min_i64(cores, weft_max_i64(1, CPU_COUNT(&allowed)));
    return (int32_t)(limit > 0 ? weft_min_i64(cores, limit) : cores);
}

int64_t weft_machine_memory_bytes(void)
{
    const int64_t machine = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    const int64_t limit = weft_machine_limits_of("").memory_bytes;
    return limit > 0 ? weft_min_i64(machine, limit) : machine;
}

int64_t weft_machine_pool_bytes(int64_t asked_bytes)
{
    return asked_bytes != 0 ? asked_bytes : weft_machine_memory_bytes() / 100 * POOL_PERCENT;
}
