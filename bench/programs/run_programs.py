#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures real programs on corral and on the other allocators of Debian, each preloaded.

Owns:     a temporary directory, and the results.
Callers:  bench/meson.build, as the target bench-programs.
Promises: all allocators run by turns within each round, in another order each; medians with their quartiles,
          as ratios of corral to each. The result of every run is written down. Fails when a program does not do
          the same with all of them.
Does not: wait for quiet cores.

Python runs with PYTHONMALLOC=malloc: else its own allocator of small objects stands before all of these.
"""
import argparse
import json
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests/programs"))
from measured import run  # noqa: E402
from servers import Redis, free_port, served  # noqa: E402
from simple import Gcc  # noqa: E402

RIVALS = {"glibc": "libc.so.6", "mimalloc": "libmimalloc.so.2", "jemalloc": "libjemalloc.so.2",
          "tcmalloc": "libtcmalloc_minimal.so.4"}
ROUNDS = 7


def path_of(name):
    """Where the loader finds a library."""
    said = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    found = [line.split("=> ")[1] for line in said.splitlines() if line.split()[:1] == [name]]
    if not found:
        sys.exit(f"{name} is not here")
    return found[0]


def python(name):
    def measure(library, directory, _build):
        os.environ["PYTHONMALLOC"] = "malloc"
        result = run(["/usr/bin/python3", str(HERE / f"{name}.py")], library, directory)
        del os.environ["PYTHONMALLOC"]
        return result.output, {"seconds": result.seconds, "peak_mib": result.peak_kib / 1024}
    return measure


def gcc(library, directory, build):
    result = Gcc(build).run(library, directory, large=True)
    return result.output, {"seconds": result.seconds, "peak_mib": result.peak_kib / 1024}


def redis(library, directory, build):
    """The time of a request, the geometric mean of the tests."""
    server, port = Redis(build), free_port()
    with served(server.words(port), port, library, directory):
        rates = server.load(port, directory, large=True, save=False)
    return str(sorted(rates)), {"seconds": math.exp(-statistics.fmean(map(math.log, rates.values()))),
                                **{f"redis {test}": 1 / rate for test, rate in rates.items()}}


WORKLOADS = {"redis-benchmark": redis, "gcc": gcc, "python, parsing": python("parsing"),
             "python, churn": python("churn"), "python, threads": python("threads")}


def measure(options, libraries):
    """All runs, as dictionaries."""
    runs, outputs = [], {}
    for number in range(options.rounds):
        for name, workload in WORKLOADS.items():
            order = list(libraries)
            order = order[number % len(order):] + order[:number % len(order)]
            for allocator in order:
                with tempfile.TemporaryDirectory(prefix="programs-") as directory:
                    output, figures = workload(libraries[allocator], pathlib.Path(directory), options.build)
                if outputs.setdefault(name, output) != output:
                    sys.exit(f"{name} does not do the same on {allocator}: {output[:1000]}")
                runs.append({"round": number, "workload": name, "allocator": allocator, **figures})
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
    return runs


def values(runs, workload, allocator, figure):
    return [entry[figure] for entry in runs
            if (entry["workload"], entry["allocator"]) == (workload, allocator) and figure in entry]


def table(runs, libraries):
    """Lines of Markdown: corral divided by each."""
    others = [name for name in libraries if name != "corral"]
    yield "| program | " + " | ".join(others) + " | quartiles of corral's own, of its median |"
    yield "|---|" + "---|" * (len(others) + 1)
    for workload in WORKLOADS:
        own = values(runs, workload, "corral", "seconds")
        median = statistics.median(own)
        low, _, high = statistics.quantiles(own, n=4) if len(own) > 1 else (median,) * 3
        ratios = [median / statistics.median(values(runs, workload, other, "seconds")) for other in others]
        yield (f"| {workload} | " + " | ".join(f"{value:.3f}" for value in ratios) +
               f" | {low / median:.2f}–{high / median:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corral", help="libcorral-malloc.so")
    parser.add_argument("build", type=pathlib.Path, help="a build directory, for generated headers")
    parser.add_argument("output", type=pathlib.Path, help="where the results go")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    corral = str(pathlib.Path(options.corral).resolve())
    libraries = {"corral": corral}
    libraries.update((name, path_of(file)) for name, file in RIVALS.items())
    runs = measure(options, libraries)
    options.output.write_text(json.dumps({"machine": platform.machine(), "runs": runs}, indent=1) + "\n",
                              encoding="utf-8")
    print("\n".join(table(runs, libraries)))
    print(f"all data: {options.output}")


if __name__ == "__main__":
    main()
