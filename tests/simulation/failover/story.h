/* tests/simulation/failover/story.h - what clients ask of a cluster, and what they must hear.
 *
 * A *statement* is a line of a small catalogue. All are run once by the embedded engine, before any world:
 * what it answers is what a client of every world must be answered, whatever dies. */
#ifndef WEFT_TESTS_SIMULATION_FAILOVER_STORY_H
#define WEFT_TESTS_SIMULATION_FAILOVER_STORY_H

#include "tests/simulation/failover/programs.h"

enum { STORY_FOLDER_BYTES = 128, STORY_STEPS_MAX = 12 };

/* All files lie in one folder, which is the working folder of the program and is called so by all that runs
 * in it: names stand in statements, and these in records, and every run must have the same ones. */
typedef struct story {
    char place[STORY_FOLDER_BYTES]; /* of the folder for whoever is outside, "…/weft-sim-PID" */
    const char *folder;
} story;

/* What one client does. */
typedef struct story_part {
    int32_t lines[STORY_STEPS_MAX]; /* of the catalogue */
    int32_t count, at;              /* at: the one that runs, count when all are done */
    int32_t writes, files;          /* that have ended; of the last one */
    bool slow, is_over;
    const char *says; /* the statement that is under way; borrowed from a thread */
} story_part;

/* Make the input and learn the answers. Once a program. */
bool story_prepare(story *s);
void story_remove(const story *s);

void story_remove_folder(const char *folder);

/* The folder of one world, and of one client's table in it. */
void story_world_begin(const story *s, uint64_t world, char folder[STORY_FOLDER_BYTES]);
void story_world_end(const char *folder);

/* The part of a client, drawn by the seed; whole: each line of the catalogue, for the run of every step;
 * more: a longer one, in which its session changes more often. */
void story_draw(story_part *part, bool whole, bool more);
/* Play it: in the first thread of a client. */
void story_play(program *p, story_part *part, const char *folder);
/* After all: exactly what the last write wrote, and nothing staged. NULL, or what is wrong. */
const char *story_check_files(const story_part *part, const char *folder, int32_t client);

#endif
