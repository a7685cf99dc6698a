# SPDX-License-Identifier: MIT
"""Runs one of the programs that measure.

Owns:     nothing.
Callers:  run.py, memory.py.
Promises: no failure of a program ends the driver: it is told why there is no report.
Does not: know what a program measures.
"""
import json
import subprocess

MOST_SECONDS = 300


def report_of(line):
    """One run: (what the program says, None), (None, why it says nothing), or (None, None) where it
    says nothing because there is nothing to measure."""
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=MOST_SECONDS,
                              check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, str(error)
    if done.returncode != 0:
        return None, f'exit code {done.returncode}: {done.stderr.strip()[-500:]}'
    return (json.loads(done.stdout), None) if done.stdout.strip() else (None, None)
