# SPDX-License-Identifier: MIT
"""A program whose threads hand each other what they made: lines through queues, compressed and hashed outside
of the interpreter's lock."""
import hashlib
import queue
import threading
import zlib

THREADS, ITEMS = 4, 6000


def make(out, seed):
    for i in range(ITEMS):
        out.put((seed, i, (f"line {i * seed} " * (1 + i % 60)).encode()))
    out.put(None)


def squeeze(source, out):
    while (item := source.get()) is not None:
        seed, i, line = item
        out.put((seed, i, zlib.compress(line * 4, 1), [line[j:j + 16] for j in range(0, len(line), 16)]))
    out.put(None)


def check(source, said):
    total = hashlib.md5()
    while (item := source.get()) is not None:
        total.update(zlib.decompress(item[2]) + b"".join(item[3]))
    said.append(total.hexdigest())


said, threads = [], []
for seed in range(1, THREADS + 1):
    lines, squeezed = queue.Queue(500), queue.Queue(500)
    threads += [threading.Thread(target=make, args=(lines, seed)),
                threading.Thread(target=squeeze, args=(lines, squeezed)),
                threading.Thread(target=check, args=(squeezed, said))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(said))
