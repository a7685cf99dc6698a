// SPDX-License-Identifier: MIT
//
// Google Benchmark for C programs: what stands behind shim.h.
//
// Owns:     the registered cases and the table of hooks.
// Callers:  as shim.h says.
// Promises: as shim.h says. Every function here is a few lines over one call of the library.
// Does not: keep anything of a run: a bench_state is a name for the library's own State.
#include "shim.h"

#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

// A hook gets the State as const, a run gets it whole: `writable` is null in a hook.
struct bench_state {
    const benchmark::State *readable;
    benchmark::State *writable;
};

// The library runs objects of this type; the C side sees an opaque name.
struct bench_case final : benchmark::internal::Benchmark {
    bench_case(const char *name, bench_function *function, void *argument)
        : Benchmark(name), run_(function), context_(argument) {
    }

    void Run(benchmark::State &state) override {
        bench_state self = {&state, &state};
        run_(&self, context_);
    }

  private:
    bench_function *run_;
    void *context_;
};

namespace {

struct Hooks {
    bench_hook *set_up;
    bench_hook *tear_down;
    void *context;
};

using LibraryHook = void (*)(const benchmark::State &);

std::array<Hooks, BENCH_HOOKED_CASES> hooks;
std::size_t hooks_used = 0;

void call(bench_hook *hook, void *context, const benchmark::State &state) {
    if (hook != nullptr) {
        bench_state self = {&state, nullptr};
        hook(&self, context);
    }
}

// The library takes hooks as bare functions without a context, so each hooked case gets a function
// of its own out of a table that the compiler writes.
template <std::size_t Index> void set_up(const benchmark::State &state) {
    call(hooks[Index].set_up, hooks[Index].context, state);
}

template <std::size_t Index> void tear_down(const benchmark::State &state) {
    call(hooks[Index].tear_down, hooks[Index].context, state);
}

template <std::size_t... Index>
constexpr std::array<std::pair<LibraryHook, LibraryHook>, sizeof...(Index)>
table(std::index_sequence<Index...>) {
    return {{{set_up<Index>, tear_down<Index>}...}};
}

constexpr auto library_hooks = table(std::make_index_sequence<BENCH_HOOKED_CASES>());

benchmark::Counter::Flags flags(bench_counter_kind kind) {
    switch (kind) {
    case BENCH_COUNTER_AVERAGE:
        return benchmark::Counter::kAvgThreads;
    case BENCH_COUNTER_RATE:
        return benchmark::Counter::kIsRate;
    case BENCH_COUNTER_PLAIN:
        break;
    }
    return benchmark::Counter::kDefaults;
}

} // namespace

bench_case *bench_register(const char *name, bench_function *run, void *context) {
    auto *self = new bench_case(name, run, context);
    benchmark::internal::RegisterBenchmarkInternal(self);
    return self;
}

void bench_case_arguments(bench_case *self, const int64_t *arguments, size_t count) {
    self->Args(std::vector<int64_t>(arguments, arguments + count));
}

void bench_case_threads(bench_case *self, int threads) {
    self->Threads(threads);
}

void bench_case_iterations(bench_case *self, int64_t iterations) {
    self->Iterations(iterations);
}

void bench_case_min_time(bench_case *self, double seconds) {
    self->MinTime(seconds);
}

void bench_case_clock(bench_case *self, bench_clock clock) {
    switch (clock) {
    case BENCH_CLOCK_REAL:
        self->UseRealTime();
        break;
    case BENCH_CLOCK_PROCESS:
        self->MeasureProcessCPUTime();
        break;
    case BENCH_CLOCK_MANUAL:
        self->UseManualTime();
        break;
    case BENCH_CLOCK_CPU:
        break;
    }
}

bool bench_case_hooks(bench_case *self, bench_hook *set_up_hook, bench_hook *tear_down_hook,
                      void *context) {
    if (hooks_used == BENCH_HOOKED_CASES) {
        return false;
    }
    hooks[hooks_used] = {set_up_hook, tear_down_hook, context};
    self->Setup(library_hooks[hooks_used].first);
    self->Teardown(library_hooks[hooks_used].second);
    hooks_used++;
    return true;
}

bool bench_next_batch(bench_state *state, int64_t batch) {
    return state->writable->KeepRunningBatch(static_cast<benchmark::IterationCount>(batch));
}

void bench_pause(bench_state *state) {
    state->writable->PauseTiming();
}

void bench_resume(bench_state *state) {
    state->writable->ResumeTiming();
}

void bench_time(bench_state *state, double seconds) {
    state->writable->SetIterationTime(seconds);
}

int64_t bench_iterations(const bench_state *state) {
    return static_cast<int64_t>(state->readable->iterations());
}

int bench_threads(const bench_state *state) {
    return state->readable->threads();
}

int bench_thread(const bench_state *state) {
    return state->readable->thread_index();
}

int64_t bench_argument(const bench_state *state, size_t index) {
    return state->readable->range(index);
}

void bench_items(bench_state *state, int64_t items) {
    state->writable->SetItemsProcessed(items);
}

void bench_counter(bench_state *state, const char *name, double value, bench_counter_kind kind) {
    state->writable->counters[name] = benchmark::Counter(value, flags(kind));
}

void bench_label(bench_state *state, const char *label) {
    state->writable->SetLabel(label);
}

void bench_error(bench_state *state, const char *reason) {
    state->writable->SkipWithError(reason);
}

void bench_context(const char *key, const char *value) {
    benchmark::AddCustomContext(key, value);
}

int bench_main(int argc, char **argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
        return EXIT_FAILURE;
    }
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return EXIT_SUCCESS;
}
