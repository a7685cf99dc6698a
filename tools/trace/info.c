/* SPDX-License-Identifier: MIT
 *
 * Says what a trace holds.
 *
 * Owns:     the counts.
 * Callers:  a person, as trace-info FILE.
 * Promises: 0 when the file is a whole and lawful trace, 1 with the reason when it is not, 2 when
 *           it was called wrongly. All numbers are counted from the steps.
 * Does not: measure.
 */
#define _GNU_SOURCE
#include "trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { KINDS = 4, SIZE_RANGES = 33 };

struct owner {
    uint32_t size;
    uint16_t thread; /* that allocated it */
};

struct counts {
    uint64_t kinds[KINDS];
    uint64_t cross_frees; /* by another thread than the allocating one */
    uint64_t turns;       /* runs of steps of one thread */
    uint64_t bytes;       /* asked for by allocations */
    uint64_t live_bytes, live_blocks;
    uint64_t peak_bytes, peak_blocks;
    uint64_t sizes[SIZE_RANGES]; /* of allocations and resizes: up to 2 to the power of index */
    struct {
        uint64_t allocations, frees, cross_frees;
    } threads[TRACE_THREADS], ids[TRACE_IDS];
};

/* The least power of two that the size is not above. */
static unsigned range_of(uint32_t size) {
    return size <= 1 ? 0 : 32 - (unsigned)__builtin_clz(size - 1);
}

static void count_live(struct counts *counts, const struct trace_step *step, struct owner *owner) {
    if (step->kind == TRACE_FREE) {
        counts->live_blocks--;
        counts->live_bytes -= owner->size;
        return;
    }
    if (trace_allocates((enum trace_kind)step->kind)) {
        *owner = (struct owner){0, step->thread};
        counts->live_blocks++;
        counts->bytes += step->size;
    }
    counts->live_bytes += step->size;
    counts->live_bytes -= owner->size;
    owner->size = step->size;
    counts->sizes[range_of(step->size)]++;
    if (counts->live_bytes > counts->peak_bytes) {
        counts->peak_bytes = counts->live_bytes;
    }
    if (counts->live_blocks > counts->peak_blocks) {
        counts->peak_blocks = counts->live_blocks;
    }
}

static void count_step(struct counts *counts, const struct trace_step *step, struct owner *owner) {
    counts->kinds[step->kind]++;
    count_live(counts, step, owner);
    if (trace_allocates((enum trace_kind)step->kind)) {
        counts->threads[step->thread].allocations++;
        counts->ids[step->id].allocations++;
    } else if (step->kind == TRACE_FREE) {
        const uint64_t cross = owner->thread != step->thread;
        counts->cross_frees += cross;
        counts->threads[step->thread].frees++;
        counts->threads[step->thread].cross_frees += cross;
        counts->ids[step->id].frees++;
        counts->ids[step->id].cross_frees += cross;
    }
}

static bool count_steps(struct counts *counts, const struct trace *trace) {
    struct owner *owners = calloc((size_t)trace->blocks + 1, sizeof *owners);
    if (owners == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < trace->count; i++) {
        const struct trace_step *step = &trace->steps[i];
        counts->turns += i == 0 || trace->steps[i - 1].thread != step->thread;
        count_step(counts, step, &owners[step->block]);
    }
    free(owners);
    return true;
}

static double percent(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

static void print_totals(const struct counts *counts, const struct trace *trace) {
    static const char *const names[KINDS] = {"allocations", "zeroed allocations", "resizes",
                                             "frees"};
    printf("%u operations on %u blocks by %u threads, in %" PRIu64 " turns\n", trace->count,
           trace->blocks, trace->threads, counts->turns);
    for (int kind = 0; kind < KINDS; kind++) {
        printf("  %-20s%12" PRIu64 "\n", names[kind], counts->kinds[kind]);
    }
    printf("  %-20s%12.1f %% of the frees\n", "on another thread",
           percent(counts->cross_frees, counts->kinds[TRACE_FREE]));
    printf("  %-20s%12.1f bytes, the largest %u\n", "mean allocation",
           trace->blocks == 0 ? 0 : (double)counts->bytes / trace->blocks, trace->largest);
    printf("  %-20s%12" PRIu64 " blocks; at most %" PRIu64 " KiB asked for and live\n",
           "live at most", counts->peak_blocks, counts->peak_bytes / 1024);
}

static void print_sizes(const struct counts *counts) {
    const uint64_t all =
        counts->kinds[TRACE_ALLOC] + counts->kinds[TRACE_ZEROED] + counts->kinds[TRACE_RESIZE];
    printf("\nsizes of allocations and resizes\n");
    for (int i = 0; i < SIZE_RANGES; i++) {
        if (counts->sizes[i] != 0) {
            printf("  up to %10" PRIu64 " %12" PRIu64 " %6.2f %%\n", UINT64_C(1) << i,
                   counts->sizes[i], percent(counts->sizes[i], all));
        }
    }
}

static void print_parts(const struct counts *counts, const struct trace *trace) {
    printf("\n%-14s%12s%12s%10s\n", "id", "allocations", "frees", "cross");
    for (uint32_t i = 0; i < trace->ids; i++) {
        printf("  0x%08" PRIx32 "  %12" PRIu64 "%12" PRIu64 "%8.1f %%\n", trace->id[i],
               counts->ids[i].allocations, counts->ids[i].frees,
               percent(counts->ids[i].cross_frees, counts->ids[i].frees));
    }
    printf("\n%-14s%12s%12s%10s\n", "thread", "allocations", "frees", "cross");
    for (uint32_t i = 0; i < trace->threads; i++) {
        printf("  %-12" PRIu32 "%12" PRIu64 "%12" PRIu64 "%8.1f %%\n", i,
               counts->threads[i].allocations, counts->threads[i].frees,
               percent(counts->threads[i].cross_frees, counts->threads[i].frees));
    }
}

int main(int count, char **arguments) {
    static struct counts counts;
    struct trace trace;
    char error[TRACE_ERROR];
    if (count != 2 || arguments[1][0] == '-') {
        fprintf(stderr, "usage: trace-info FILE\n");
        return 2;
    }
    if (!trace_read(&trace, arguments[1], error)) {
        fprintf(stderr, "%s: %s\n", arguments[1], error);
        return 1;
    }
    if (!count_steps(&counts, &trace)) {
        fprintf(stderr, "trace-info: out of memory\n");
        return 1;
    }
    print_totals(&counts, &trace);
    print_sizes(&counts);
    print_parts(&counts, &trace);
    trace_release(&trace);
    return 0;
}
