# SPDX-License-Identifier: MIT
"""How the tests of the scripts end.

Owns:     nothing.
Callers:  *_test.py.
Promises: says "N passed, N failed", and gives 1 when a test failed.
Does not: find tests outside of the program that runs.
"""
import sys
import unittest


def run():
    """Runs the tests of the program. Returns its exit code."""
    result = unittest.main(exit=False, argv=sys.argv[:1]).result
    failed = len(result.failures) + len(result.errors)
    print(f'{result.testsRun - failed} passed, {failed} failed')
    return 1 if failed else 0
