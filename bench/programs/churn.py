# SPDX-License-Identifier: MIT
"""A program that makes objects and drops them: trees, lists, strings of many sizes, and a table of those that
live on."""


class Node:
    def __init__(self, depth, number):
        self.name = f"node {number}"
        self.below = [Node(depth - 1, number * 3 + i) for i in range(3)] if depth else []

    def count(self):
        return 1 + sum(node.count() for node in self.below)


kept, total = {}, 0
for turn in range(40):
    tree = Node(7, turn)
    total += tree.count()
    for i in range(20000):
        key = (i * 7919 + turn) % 5000
        kept[key] = [key, "x" * (i % 300), {turn: i}]
    if turn % 10 == 9:
        for key in range(0, 5000, 2):
            kept.pop(key, None)
print(total, len(kept))
