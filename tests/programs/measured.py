# SPDX-License-Identifier: MIT
"""Runs programs with one malloc or another.

Owns:     nothing.
Callers:  simple.py, servers.py, check_programs.py, and bench/programs/run_programs.py.
Promises: time and peak resident memory are the program's, not those of who starts it: GNU time reads them,
          which is small.
Does not: compare.
"""
import dataclasses
import hashlib
import os
import pathlib
import re
import signal
import subprocess

TIMEOUT = 900
# What says that a program freed what is no block, or that a library was not preloaded.
SPOILED = re.compile(r"^corral: |^ERROR: ld\.so: ", re.MULTILINE)


class Failed(Exception):
    """A program did not do what it does otherwise."""


@dataclasses.dataclass
class Result:
    """What a program did: what is to be the same with every malloc, and what it cost."""
    output: str
    seconds: float
    peak_kib: int


def environment(library):
    """That of a program whose malloc is a library's; the system's when it is empty."""
    variables = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    variables.update(LC_ALL="C", TZ="UTC", PYTHONHASHSEED="0")
    if library:
        variables["LD_PRELOAD"] = library
    return variables


def digest(data):
    """A short text that stands for bytes, a text, or the content of a file."""
    if isinstance(data, pathlib.Path):
        data = data.read_bytes()
    if isinstance(data, str):
        data = data.encode()
    return hashlib.sha256(data).hexdigest()[:32]


def run(command, library, directory, stdin=None):
    """Runs a command, a list of words or a text for sh, in a directory. Its output is kept."""
    words = ["sh", "-c", command] if isinstance(command, str) else list(command)
    costs = directory / "costs"
    # env, so that time itself runs without the library.
    preload = [f"LD_PRELOAD={library}"] if library else []
    timed = ["time", "-q", "-f", "%e %M", "-o", str(costs), "env", *preload, *words]
    with open(stdin or os.devnull, "rb") as source:
        process = subprocess.Popen(timed, stdin=source, cwd=directory, env=environment(""),
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        text = process.communicate(timeout=TIMEOUT)[0].decode(errors="replace")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    if process.returncode != 0:
        raise Failed(f"{' '.join(words)[:200]}: status {process.returncode}: {text[-2000:]}")
    if SPOILED.search(text):
        raise Failed(f"{' '.join(words)[:200]}: {text[-2000:]}")
    seconds, peak = costs.read_text(encoding="ascii").split()[-2:]
    return Result(text, float(seconds), int(peak))


def peak_kib(process):
    """The most that a running process had resident so far."""
    status = pathlib.Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(re.search(r"^VmHWM:\s+(\d+)", status, re.MULTILINE).group(1))
