/* SPDX-License-Identifier: MIT
 *
 * Scenarios of where memory comes from: runs of a region's parts, regions that are added, the choice of a
 * backend.
 *
 * Owns:     one region of five parts, two in its first plot and three in its second; the hooks.
 * Callers:  main, through scenarios.h.
 * Promises: as scenarios.h.
 * Does not: put arenas into regions: to a region a run is a run.
 */
#include "scenarios.h"

#include "options.h"
#include "os.h"
#include "region.h"
#include "thread.h"

#define PARTS 5u

static char *room; /* two plots, three parts of a further region in the second */
static char *runs[4];
static unsigned run_parts[4];
static corral_backend hooks;

static char *reserve(unsigned parts) {
    char *run = corral_region.reserve(parts * SLAB_BYTES, 4096, 0, NULL);
    if (run != NULL) {
        EXPECT(run[0] == 0 && run[parts * SLAB_BYTES - 1] == 0);
        run[0] = 1;
        run[parts * SLAB_BYTES - 1] = 1;
    }
    explore_done();
    return run;
}

static void release(char *run, unsigned parts) {
    EXPECT(run[0] == 1 && run[parts * SLAB_BYTES - 1] == 1);
    EXPECT(corral_region.release(run, parts * SLAB_BYTES, NULL));
    explore_done();
}

static void take_run(unsigned i, unsigned parts) {
    runs[i] = reserve(parts);
    run_parts[i] = parts;
}
static void leave_run(unsigned i) {
    if (runs[i] != NULL) {
        release(runs[i], run_parts[i]);
        runs[i] = NULL;
    }
}
/* A run there and back, or an answer that there is none: either is two operations. */
static void run_pair(unsigned parts) {
    char *run = reserve(parts);
    if (run != NULL) {
        release(run, parts);
    } else {
        explore_done();
    }
}

static void make_region(void) {
    room = corral_os->reserve(2 * ARENA_BYTES, ARENA_BYTES);
    EXPECT(corral_region_add(room + ARENA_BYTES - 3 * SLAB_BYTES, (PARTS + 1) * SLAB_BYTES, 1) == CORRAL_OK);
}
static void hold_across(void) {
    make_region();
    take_run(0, 4);
}
static void hold_one(void) {
    make_region();
    take_run(0, 1);
}
static void leave_0(void) {
    leave_run(0);
}
static void pair_of_one(void) {
    run_pair(1);
}
static void pair_of_two(void) {
    run_pair(2);
}
static void pair_of_three(void) {
    run_pair(3);
}
static void pair_of_four(void) {
    run_pair(4);
}
static void take_one(void) {
    take_run(1, 1);
}
static void resize(size_t from, size_t to) {
    if (corral_region.resize(runs[0], from * SLAB_BYTES, to * SLAB_BYTES, NULL)) {
        run_parts[0] = (unsigned)to;
        EXPECT(from > to || runs[0][from * SLAB_BYTES] == 0);
        runs[0][to * SLAB_BYTES - 1] = 1;
    }
    explore_done();
}
static void grow_and_shrink(void) {
    resize(1, 4);
    if (run_parts[0] == 4) {
        resize(4, 2);
    } else {
        explore_done();
    }
}
/* The region that the other threads find beside theirs, of three parts behind it. */
static void add_region(void) {
    char *start = room + ARENA_BYTES + (PARTS - 2) * SLAB_BYTES;
    EXPECT(corral_region_add(start, 4 * SLAB_BYTES, 1) == CORRAL_OK);
    run_pair(1);
}
static void add_other(void) {
    char *start = room + ARENA_BYTES + (PARTS + 2) * SLAB_BYTES;
    EXPECT(corral_region_add(start, 4 * SLAB_BYTES, 1) == CORRAL_OK);
}
/* All parts are free, and clean when they are taken. */
static void check_all(void) {
    leave_run(0);
    leave_run(1);
    char *all = corral_region.reserve(PARTS * SLAB_BYTES, 4096, 0, NULL);
    EXPECT(all != NULL);
    for (unsigned i = 0; i < PARTS; i++) {
        EXPECT(all[i * SLAB_BYTES] == 0 && all[(i + 1) * SLAB_BYTES - 1] == 0);
    }
}
static void check_added(void) {
    EXPECT(reserve(3) != NULL && reserve(3) != NULL && reserve(3) != NULL);
}

static void *hook_reserve(size_t size, size_t alignment, uint64_t id, void *argument) {
    (void)id;
    EXPECT(argument == room);
    return corral_os->reserve(size, alignment);
}
static int hook_release(void *start, size_t size, void *argument) {
    EXPECT(argument == room);
    return corral_os->release(start, size);
}
/* Memory is the hooks' from the first byte on, or the OS's. */
static void choose_hooks(void) {
    hooks = (corral_backend){hook_reserve, hook_release, NULL, NULL, room};
    corral_init_options options = {CORRAL_BACKEND_HOOKS, &hooks};
    corral_status status = corral_init(&options, sizeof options);
    corral_backend_kind kind = corral_backend_in_use();
    EXPECT(status == CORRAL_OK ? kind == CORRAL_BACKEND_HOOKS
                               : status == CORRAL_EBUSY && kind == CORRAL_BACKEND_OS);
    explore_done();
}
static void use_memory(void) {
    pair();
}
static void check_chosen(void) {
    EXPECT(corral_backend_in_use() != CORRAL_BACKEND_DEFAULT);
    expect_empty();
}

static const struct scenario region_give = {
    .name = "region_give",
    .what = "a run of two plots is given back while others want parts of it",
    .setup = hold_across,
    .threads = {leave_0, pair_of_three, pair_of_one},
    .check = check_all,
};
static const struct scenario region_across = {
    .name = "region_across",
    .what = "two threads take runs of two plots, of which one fits",
    .setup = make_region,
    .threads = {pair_of_three, pair_of_four},
    .check = check_all,
};
static const struct scenario region_way = {
    .name = "region_way",
    .what = "a run's end is taken by others while its beginning is",
    .setup = make_region,
    .threads = {pair_of_four, pair_of_two, take_one},
    .check = check_all,
};
static const struct scenario region_grow = {
    .name = "region_grow",
    .what = "a run grows into another plot that others take parts of, and shrinks",
    .setup = hold_one,
    .threads = {grow_and_shrink, pair_of_two},
    .check = check_all,
};
static const struct scenario region_add = {
    .name = "region_add",
    .what = "two threads add regions, and a third looks for a run",
    .setup = make_region,
    .threads = {add_region, add_other, pair_of_one},
    .check = check_added,
};
static const struct scenario backend = {
    .name = "backend",
    .what = "hooks are chosen while another thread needs memory",
    .threads = {choose_hooks, use_memory},
    .check = check_chosen,
};

const struct scenario *const scenarios_region[] = {
    &region_give, &region_across, &region_way, &region_grow, &region_add, &backend, 0};
