/* SPDX-License-Identifier: MIT
 *
 * Loads and unloads a plugin again and again, while threads that used it live on.
 *
 * Owns:     the threads of a round, and the block that is kept from one round to the next.
 * Callers:  meson, as reload PLUGIN stays|goes: whether the plugin is to remain when it is closed.
 * Promises: corral outlives the plugin: threads that used it end when it is gone, a block of one
 *           round is intact and freed in the next, and resident memory stays as it is.
 * Does not: call the plugin while it is not loaded.
 */
#include "plugin.h"
#include "support/build.h"
#include "support/pattern.h"
#include "support/process.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { ID = 9, ROUNDS = 1000, SETTLED = 100, WORKERS = 2, BLOCKS = 40 };

struct round {
    const char *path;
    size_t number;
    void *library;
    const struct plugin *plugin;
    pthread_barrier_t loaded, used, unloaded;
};

struct block {
    unsigned char *start;
    size_t size;
};

static struct block left[WORKERS];
static struct block kept;

static struct block take(const struct plugin *plugin, size_t size) {
    struct block block = {.start = plugin->alloc(size, ID), .size = size};
    CHECK(block.start != NULL, "no block");
    pattern_fill(block.start, size, size);
    return block;
}

static void give(const struct plugin *plugin, struct block block) {
    CHECK(pattern_holds(block.start, block.size, block.size), "content");
    plugin->free(block.start, ID);
}

static void use(const struct plugin *plugin, size_t number) {
    struct block blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = take(plugin, i * 50 + number % 50);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        give(plugin, blocks[i]);
    }
}

struct worker {
    pthread_t thread;
    size_t number;
    struct round *round;
};

/* Older than the plugin, and ends after it. */
static void *work(void *argument) {
    const struct worker *worker = argument;
    struct round *round = worker->round;
    pthread_barrier_wait(&round->loaded);
    use(round->plugin, round->number);
    left[worker->number] = take(round->plugin, 300 + worker->number);
    pthread_barrier_wait(&round->used);
    pthread_barrier_wait(&round->unloaded);
    return NULL;
}

static void load(void *argument) {
    struct round *round = argument;
    round->plugin = plugin_open(round->path, &round->library);
}

static void unload(void *argument) {
    struct round *round = argument;
    CHECK(dlclose(round->library) == 0, "%s", dlerror());
}

static bool is_loaded(const char *path) {
    void *library = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
    return library != NULL && dlclose(library) == 0;
}

/* Frees what the workers and the round before left, and keeps one block for the next round. */
static void free_blocks(const struct round *round) {
    for (size_t i = 0; i < WORKERS; i++) {
        give(round->plugin, left[i]);
    }
    if (round->number > 0) {
        give(round->plugin, kept);
    }
    kept = take(round->plugin, round->number % SETTLED);
    CHECK(round->plugin->live_blocks() == 1, "blocks are left");
}

/* One thread loads the plugin and another unloads it. */
static void run(struct round *round, bool stays) {
    struct worker workers[WORKERS];
    for (size_t i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.number = i, .round = round};
        CHECK(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0, "no thread");
    }
    round->number % 2 == 0 ? load(round) : thread_call(load, round);
    pthread_barrier_wait(&round->loaded);
    pthread_barrier_wait(&round->used);
    free_blocks(round);
    round->number % 2 == 0 ? thread_call(unload, round) : unload(round);
    CHECK(is_loaded(round->path) == stays, "%s is %sloaded", round->path, stays ? "not " : "");
    pthread_barrier_wait(&round->unloaded);
    for (size_t i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
    }
}

int main(int argc, char **argv) {
    CHECK(argc == 3, "reload PLUGIN stays|goes");
    struct round round = {.path = argv[1]};
    pthread_barrier_init(&round.loaded, NULL, WORKERS + 1);
    pthread_barrier_init(&round.used, NULL, WORKERS + 1);
    pthread_barrier_init(&round.unloaded, NULL, WORKERS + 1);
    size_t resident = 0;
    for (; round.number < ROUNDS; round.number++) {
        resident = round.number == SETTLED ? process_resident() : resident;
        run(&round, strcmp(argv[2], "stays") == 0);
    }
    size_t at_end = process_resident();
    printf("%zu KiB resident, then %zu KiB\n", resident / 1024, at_end / 1024);
    CHECK(!BUILD_MEASURES_MEMORY || at_end <= resident + BUILD_MIB / 2, "each load costs memory");
    return 0;
}
