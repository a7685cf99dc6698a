#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the models of this directory with Spin, and that each notices the faults it names.

Owns:     nothing; it works in a temporary directory.
Callers:  tests/model/meson.build; a person, as models.py [--short] [--only MODEL].
Promises: prints a table: model, run, states, transitions, depth, result. Fails unless each model
          passes as it is, with one thread stopped, and without a cycle, each time to the end of the
          search; unless each situation that it names is reached; and unless each of its faults is
          caught, or named in survivors.txt with the reason.
Does not: test the C code: that the models say what it does is for the reader.

In a model, each `#define NAME number` of the list below "The faults" is one, and the same for
situations. The program is made once a model; a run takes its fault from the environment.
"""
import argparse
import concurrent.futures
import dataclasses
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
NAME = re.compile(r"#define ([A-Z_]+) +(\d+) +/\* (.*?) \*/")
FIGURES = {
    "depth": re.compile(r"depth reached (\d+)"),
    "errors": re.compile(r"errors: (\d+)"),
    "states": re.compile(r"^\s*(\d+) states, stored", re.M),
    "transitions": re.compile(r"^\s*(\d+) transitions", re.M),
}
# What pan says when it did not search everything.
CUT_SHORT = ("max search depth too small", "out of memory", "MEMLIM", "search not completed",
             "hash table full", "the history is too short")
DEPTH = 200000
MEMORY_MB = 1500
# The short form does one of so many faults and situations.
SHORT_EVERY = 4
# The searches: name, how pan is compiled, its options, the switches in its environment.
SAFETY = ("as it is", "-DSAFETY", ["-E"], {})
STOPPED = ("one stops", "-DSAFETY", ["-E"], {"MODEL_STOP": "1"})
CYCLES = ("cycles", "-DNP", ["-E", "-l"], {})


@dataclasses.dataclass
class Run:
    """A search, and what is expected of it."""
    model: str
    name: str
    searches: list
    switches: dict
    error: bool
    optimization: str


def text_of(path):
    """Returns the text of a model, with that of the header of the same name."""
    paths = [path, path.with_suffix(".h")]
    return "\n".join(one.read_text(encoding="utf-8") for one in paths if one.exists())


def names_of(text, kind):
    """Returns (name, number, meaning) of the faults or situations of a model."""
    return NAME.findall(text.split(f"/* The {kind}", 1)[1].split("\n\n", 1)[0])


def translate(model, work):
    """Makes the C source of a model's search."""
    folder = work / model
    folder.mkdir()
    for path in [*HERE.glob("*.h"), HERE / f"{model}.pml"]:
        shutil.copy(path, folder)
    said = subprocess.run(["spin", "-a", f"{model}.pml"], cwd=folder, capture_output=True,
                          text=True, check=False)
    if not (folder / "pan.c").exists() or "Error" in said.stdout + said.stderr:
        raise SystemExit(f"{model}: {said.stdout}{said.stderr}")


@functools.lru_cache(None)
def lock_of(_):
    """Returns the lock of a program that is being made."""
    return threading.Lock()


def program(work, model, kind, optimization):
    """Returns a model's search of a kind, made when it is first needed."""
    made = work / model / f"pan{kind}"
    with lock_of(made):
        if not made.exists():
            subprocess.run([os.environ.get("CC", "gcc"), optimization, "-w", kind, "-DCOLLAPSE",
                            "-DVECTORSZ=4096", f"-DMEMLIM={MEMORY_MB}", "-o", made, "pan.c"],
                           cwd=work / model, check=True)
    return made


def search(work, run, how):
    """Runs pan. Returns its figures, and a line on the first error, '' when there is none."""
    _, kind, options, more = how
    made = program(work, run.model, kind, run.optimization)
    with tempfile.TemporaryDirectory(dir=work) as folder:
        done = subprocess.run([made, f"-m{DEPTH}", "-w22", "-n", *options],
                              cwd=folder, capture_output=True, text=True, check=False,
                              env=os.environ | more | run.switches)
    said = done.stdout + done.stderr
    figures = {name: int(found.group(1)) if (found := pattern.search(said)) else None
               for name, pattern in FIGURES.items()}
    for words in CUT_SHORT:
        if words in said:
            return figures, f"CUT SHORT: {words}"
    if not figures["states"] or figures["errors"] is None:
        return figures, "CUT SHORT: pan ended early"
    if figures["errors"] == 0:
        return figures, ""
    found = re.search(r"^pan:\d+: (.*?)(?: \(at depth \d+\))?$", said, re.M)
    return figures, found.group(1)[:60] if found else "an error"


def runs_of(model, text, short, survivors):
    """Returns the runs of a model. The few of the short form take less time than optimising would."""
    level = "-O0" if short else "-O2"
    runs = [Run(model, how[0], [how], {}, False, level)
            for how in ((SAFETY,) if short else (SAFETY, STOPPED, CYCLES))]
    for name, number, _ in names_of(text, "situations")[::SHORT_EVERY if short else 1]:
        runs.append(Run(model, f"reaches {name}", [SAFETY], {"MODEL_REACH": number}, True, level))
    for name, number, _ in names_of(text, "faults")[::SHORT_EVERY if short else 1]:
        named = f"{model} {name}" in survivors
        searches = [SAFETY, CYCLES] if named else [SAFETY, CYCLES, STOPPED]
        if not short or not named:
            runs.append(Run(model, name, searches, {"MODEL_FAULT": number}, True, level))
    return runs


def check(work, run):
    """Does a run: searches until one finds an error. Returns figures and the error."""
    figures, error = {}, ""
    for how in run.searches:
        figures, error = search(work, run, how)
        if error:
            break
    return figures, error


def judge(run, error, survivors):
    """Returns what to print of a run, and whether it went wrong."""
    key = f"{run.model} {run.name}"
    if error.startswith("CUT SHORT"):
        return error, True
    if not run.error:
        return error or "passes", bool(error)
    if "MODEL_REACH" in run.switches:
        return ("reached", False) if "situation" in error else (error or "NOT REACHED", True)
    if key in survivors:
        return (f"NAMED AS A SURVIVOR: {error}" if error else "survives, as named"), bool(error)
    return error or "NOT CAUGHT", not error


def read_survivors():
    """Returns the faults that are not caught: model and name."""
    lines = (HERE / "survivors.txt").read_text(encoding="utf-8").splitlines()
    return {" ".join(line.split()[:2]) for line in lines if line and line[0] not in "# "}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", help="this model")
    parser.add_argument("--list", action="store_true", help="the models' faults, and what they are")
    parser.add_argument("--short", action="store_true",
                        help="no stops and cycles, and some of the faults")
    arguments = parser.parse_args()
    texts = {path.stem: text_of(path) for path in sorted(HERE.glob("*.pml"))
             if arguments.only in (None, path.stem)}
    if arguments.list:
        for model, text in texts.items():
            for name, _, why in names_of(text, "faults"):
                print(f"{model:10} {name:22} {why}")
        return 0
    survivors = read_survivors()
    wrong = caught = faults = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        work = pathlib.Path(folder)
        list(pool.map(lambda model: translate(model, work), texts))
        runs = [run for model, text in texts.items()
                for run in runs_of(model, text, arguments.short, survivors)]
        for run, (figures, error) in zip(runs, pool.map(lambda run: check(work, run), runs)):
            said, bad = judge(run, error, survivors)
            wrong += bad
            is_fault = "MODEL_FAULT" in run.switches
            faults += is_fault
            caught += is_fault and bool(error) and not bad
            print(f"{run.model:9} {run.name:20} {figures['states'] or 0:9} "
                  f"{figures['transitions'] or 0:10} {figures['depth'] or 0:7}  {said}", flush=True)
    for key in sorted(survivors - {f"{model} {name}" for model, text in texts.items()
                                   for name, _, _ in names_of(text, "faults")}):
        if key.split()[0] in texts or not arguments.only:
            print(f"{key}: survivors.txt names it, and there is no such fault")
            wrong += 1
    print(f"{len(texts)} models; {caught} of {faults} faults caught, {wrong} runs wrong")
    return 1 if wrong or not texts else 0


if __name__ == "__main__":
    sys.exit(main())
