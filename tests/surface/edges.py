#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that every atomic operation of src/ and of the inline form names its edge or its excuse.

Owns:     the rules below.
Callers:  tests/surface/meson.build, as edges.py SRC HEADERS, where HEADERS are those of the
          public headers; self_test.py.
Promises: one line per fault, and failure where there is one.
Does not: judge whether an order suffices.

  1. Only atomic.h, and corral/atomic.h for the inline form, names a memory order or an atomic
     operation of the language.
  2. Elsewhere, a call of one of their verbs that ends in _acquire, _release, _acq_rel or
     _seq_cst carries a label [E:name], and one that ends in _relaxed a label [R:name]: within its
     statement's lines, in a comment that begins there, or in the comment directly above. A fence
     carries [R:name]: its other end is the OS.
  3. Each label of the code stands in the ledger, the rows of SRC/README.md whose first cell is a
     label, and each row is used: an E label on a release side and on an acquire side.
"""
import collections
import re
import sys

from rooms import sources

ORDERS = "acquire|release|acq_rel|seq_cst|relaxed"
VERB = re.compile(rf"\b(\w+_({ORDERS}))\s*\(")
LABEL = re.compile(r"\[([ER]:[\w-]+)\]")
ROW = re.compile(r"^\|\s*`?\[?([ER]:[\w-]+)\]?`?\s*\|", re.MULTILINE)
RAW = re.compile(r"memory_order_\w+|__ATOMIC_\w+|__atomic_\w+|__sync_\w+|"
                 r"\batomic_(?:load|store|exchange|compare_exchange|fetch|flag|thread_fence|"
                 r"signal_fence)\w*")
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
OWNERS = {"atomic.h", "corral/atomic.h"}
SIDES = {"acquire": {"acquire"}, "release": {"release"}, "relaxed": set(),
         "acq_rel": {"acquire", "release"}, "seq_cst": {"acquire", "release"}}


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def split(text):
    """Returns the lines of the code and of the comments, each with blanks for the other."""
    code = TOKEN.sub(lambda token: blank(token.group()), text)
    comments, end = "", 0
    for token in TOKEN.finditer(text):
        is_comment = token.group().startswith("/")
        comments += blank(text[end:token.start()])
        comments += token.group() if is_comment else blank(token.group())
        end = token.end()
    return code.split("\n"), (comments + blank(text[end:])).split("\n")


def ends_statement(line):
    line = line.rstrip(" \\")
    return not line or line[-1] in ";{}:" or line.lstrip().startswith("#")


def labels_near(code, comments, at):
    """Returns the labels that belong to the statement of line `at`."""
    first = last = at
    while first > 0 and not ends_statement(code[first - 1]):
        first -= 1
    while last + 1 < len(code) and not ends_statement(code[last]):
        last += 1
    while first > 0 and not code[first - 1].strip() and comments[first - 1].strip():
        first -= 1
    is_open = "/*" in comments[last] and "*/" not in comments[last]
    while is_open and last + 1 < len(code):
        last += 1
        is_open = "*/" not in comments[last]
    return set(LABEL.findall("\n".join(comments[first:last + 1])))


def faults_of_file(name, text, verbs, uses):
    """Yields what is wrong in one file, and notes in uses the sides that each label is on."""
    code, comments = split(text)
    for label in LABEL.findall("\n".join(comments)):
        uses[label] |= set()
    for number, line in enumerate(code):
        for raw in RAW.findall(line):
            yield f"{name}:{number + 1}: {raw} is for atomic.h alone"
        for verb, order in VERB.findall(line):
            if verb not in verbs:
                continue
            kind = "R" if order == "relaxed" or verb.startswith("fence_") else "E"
            labels = {label for label in labels_near(code, comments, number) if label[0] == kind}
            if not labels:
                yield f"{name}:{number + 1}: {verb} carries no label [{kind}:...]"
            for label in labels:
                uses[label] |= SIDES[order] | {"used"}


def faults_of_ledger(ledger, uses):
    """Yields where the ledger and the code differ."""
    for label in sorted({label for label in ledger if ledger.count(label) > 1}):
        yield f"README.md: the ledger has {label} twice"
    for label in sorted(set(uses) - set(ledger)):
        yield f"README.md: the ledger has no {label}, which the code names"
    for label in sorted(set(ledger)):
        needed = {"used"} if label[0] == "R" else {"acquire", "release"}
        for side in sorted(needed - uses.get(label, set())):
            yield f"README.md: {label} is in the ledger, but no operation is its {side} side" \
                if label[0] == "E" else f"README.md: {label} is in the ledger, but no code uses it"


def faults(files, readme):
    """Yields what is wrong with files, a dictionary of names and texts."""
    verbs = {verb for verb, _ in VERB.findall(files.get("atomic.h", ""))}
    if not verbs:
        yield "atomic.h: has no verbs"
    uses = collections.defaultdict(set)
    for name, text in sorted(files.items()):
        if name not in OWNERS:
            yield from faults_of_file(name, text, verbs, uses)
    yield from faults_of_ledger(ROW.findall(readme), uses)


def main():
    try:
        with open(f"{sys.argv[1]}/README.md", encoding="utf-8") as file:
            readme = file.read()
    except OSError:
        readme = ""
    public = {f"corral/{name}": text for name, text in sources(sys.argv[2]).items()}
    found = list(faults({**sources(sys.argv[1]), **public}, readme))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
