#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Copies corral's sources without what free compares in a hit to find the caller's faults.

Owns:     the copy.
Callers:  make bench-checks; a person: unchecked.py SOURCE TARGET.
Promises: the copy differs by the body of one function, which answers yes: the block is of the id's category.
          Ends with a message where the function is not found, and where the target is there already.
Does not: leave out what a free looks up anyway, or what is found beside hits.
"""
import re
import shutil
import sys
from pathlib import Path

HEADER = Path('include/corral/hit.h')
COMPARISON = re.compile(r'(CORRAL_HIT bool corral_hit_is_of\([^)]*\) \{\n).*?(^\}\n)',
                        re.MULTILINE | re.DOTALL)


def unchecked(text):
    """The header without the comparison."""
    changed, count = COMPARISON.subn(r'\1    (void)registry, (void)number, (void)id;\n    return true;\n\2', text)
    if count != 1:
        raise ValueError('the comparison of free is not where it was')
    return changed


def copy(source, target):
    shutil.copytree(source, target, ignore=shutil.ignore_patterns('build', 'build-*', '.git'))
    header = target / HEADER
    header.write_text(unchecked(header.read_text(encoding='utf-8')), encoding='utf-8')


if __name__ == '__main__':
    if len(sys.argv) != 3 or Path(sys.argv[2]).exists():
        sys.exit(f'usage: {sys.argv[0]} SOURCE TARGET, which is not there yet')
    copy(Path(sys.argv[1]), Path(sys.argv[2]))
