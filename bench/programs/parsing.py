# SPDX-License-Identifier: MIT
"""A program that parses: JSON, CSV and text, into objects that live a while."""
import csv
import io
import json
import re

text = json.dumps([{"id": i, "name": f"item {i}", "tags": [f"tag{i % j}" for j in range(1, 6)],
                    "place": {"x": i / 7, "y": i / 11}} for i in range(4000)])
rows = "\n".join(f"{i},{i * 7 % 1000},word{i % 97},{'x' * (i % 40)}" for i in range(15000))
total = 0
for turn in range(6):
    parsed = json.loads(text)
    table = list(csv.reader(io.StringIO(rows)))
    words = re.findall(r"[a-z]+\d*", text)
    total += len(parsed) + len(table) + len(words) + len(json.dumps(parsed))
print(total)
