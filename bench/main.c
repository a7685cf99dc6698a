/* SPDX-License-Identifier: MIT
 *
 * The main program of each benchmark executable.
 *
 * Owns:     the order in which the workloads are registered.
 * Callers:  the shell, or run.py. --help lists the arguments.
 * Promises: the head of the report names the allocator, the version that runs, and the compiler.
 * Does not: compare: an executable has one allocator only.
 */
#include "allocator.h"
#include "shim.h"
#include "workloads.h"

int main(int argc, char **argv) {
    bench_take_arguments(&argc, argv);
    bench_take_trace(&argc, argv);
    bench_register_pairs();
    bench_register_mixes();
    bench_register_handovers();
    bench_register_latency();
    bench_register_large();
    bench_register_bulk();
    bench_register_packets();
    bench_register_frame();
    bench_register_threads();
    bench_register_lines();
    bench_register_growth();
    bench_register_traces();
    bench_context("allocator", BENCH_ALLOCATOR);
    bench_context("allocator_version", bench_version());
    bench_context("compiler", __VERSION__);
    return bench_main(argc, argv);
}
