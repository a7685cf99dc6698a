#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests corral-figures as its users run it, on another process that shares, runs, stands still or was killed.

Owns:     temporary directories, and the processes that share.
Callers:  tests/report/meson.build, as figures_test.py CORRAL_FIGURES SHARING.
Promises: every option, every exit status and every message is looked at.
Does not: look at how figures are counted, nor at the reader's checks of files (share.c).
"""
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

FIGURES, SHARING = sys.argv[1:3]
FILE, FORMAT, VERSION, NOTHING, USAGE = 1, 2, 3, 4, 64
STOPS, STOPS_MOST = 20, 400
HEADER, BUFFER_BYTES_AT, PUBLISHED_AT, VERSION_AT = 128, 24, 64, 8


def run(*arguments, **more):
    return subprocess.run([FIGURES, *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          check=False, **more)


class WithDirectory(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.directory)
        self.path = self.directory / "figures"

    def share(self, updates):
        """Starts a process that has made so many updates."""
        process = subprocess.Popen([SHARING, self.path, str(updates)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.stdout.readline(), "shared\n")
        return process

    def tell(self, process, line, answers=True):
        process.stdin.write(line + "\n")
        process.stdin.flush()
        if answers:
            self.assertEqual(process.stdout.readline(), "shared\n")

    def poke(self, offset, form, value):
        with open(self.path, "r+b") as file:
            file.seek(offset)
            file.write(struct.pack(form, value))

    def peek(self, offset):
        with open(self.path, "rb") as file:
            file.seek(offset)
            return struct.unpack("=Q", file.read(8))[0]

    def json(self):
        done = run("--json", self.path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        figures = json.loads(done.stdout)
        self.assertEqual((figures["version"], figures["kind"]), (1, "shared"))
        for name in "live_blocks", "live_bytes", "slabs":
            self.assertEqual(sum(category[name] for category in figures["categories"]),
                             figures["total"][name], name)
        return figures

    def fails(self, status, words, *arguments, **more):
        done = run(*arguments, **more)
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        self.assertIn(words, done.stderr)


class Shares(WithDirectory):
    def test_json_of_a_running_process(self):
        process = self.share(5)
        for update in 5, 6:
            figures = self.json()
            self.assertEqual(figures["process"], process.pid)
            self.assertEqual(figures["sequence"], update)
            self.assertEqual((figures["omitted"], figures["unfinished"]), (0, False))
            self.assertLess(abs(time.time() - figures["time_ns"] / 1e9), 60)
            net, other = sorted(figures["categories"], key=lambda category: category["id"])
            self.assertEqual((net["id"], net["name"], net["live_blocks"]), (7, "net", 3))
            self.assertEqual((net["hard_budget"], net["soft_budget"]), (1 << 26, None))
            self.assertEqual((other["id"], other["name"], other["live_blocks"]), (9, None, update))
            self.assertNotIn("classes", net)
            self.tell(process, "update")

    def test_text(self):
        process = self.share(2)
        done = run(self.path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        head, columns, *rows = done.stdout.splitlines()
        self.assertRegex(head, rf"\Aprocess {process.pid}, update 2, \d+-\d\d-\d\d \d\d:\d\d:\d\d UTC, \d+ s ago\Z")
        self.assertEqual(columns.split()[:4], ["category", "blocks", "live", "peak"])
        self.assertEqual([row.split()[0] for row in rows], ["7", "9", "all"])
        self.assertEqual(rows[0].split()[1:3], ["net", "3"])

    def test_a_name_in_dev_shm(self):
        self.path = pathlib.Path(f"/dev/shm/corral-figures-test-{os.getpid()}")
        process = self.share(1)
        self.addCleanup(lambda: self.path.unlink(missing_ok=True))
        self.assertEqual(run(self.path.name).returncode, 0)
        process.stdin.close()
        self.assertEqual(process.wait(), 0)
        self.fails(FILE, "No such file", self.path.name)

    def test_a_process_that_is_stopped_and_killed(self):
        unfinished, stops = 0, 0
        while stops < STOPS or unfinished == 0 and stops < STOPS_MOST:
            stops += 1
            process = self.share(1)
            self.tell(process, "spin", answers=False)
            time.sleep(0.01)
            process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED)
            stopped = self.json()
            self.assertEqual(stopped["process"], process.pid)
            unfinished += stopped["unfinished"]
            process.kill()
            process.wait()
            self.assertEqual(self.json(), stopped)
        self.assertGreater(unfinished, 0, "none was stopped in the middle")

    def test_while_it_updates(self):
        process = self.share(1)
        self.tell(process, "spin", answers=False)
        before = 0
        for _ in range(STOPS):
            sequence = self.json()["sequence"]
            self.assertGreaterEqual(sequence, before)
            before = sequence

    def test_an_update_that_has_not_ended(self):
        self.share(3)
        self.poke(HEADER, "=Q", 4)
        self.assertIs(self.json()["unfinished"], True)
        self.assertIn("a later update began and has not ended", run(self.path).stdout.splitlines()[0])


class Watch(WithDirectory):
    def watch(self, *arguments):
        process = subprocess.Popen([FIGURES, "--watch=0.01", *arguments, self.path], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        return process

    def update_of(self, watching, before):
        """Waits for a reading of another process or update."""
        for line in watching.stdout:
            found = re.match(r"process (\d+), update (\d+),", line)
            if found and found.groups() != before:
                return found.groups()
        self.fail("it ended")

    def test_follows_updates_and_a_new_file_and_ends_with_it(self):
        process = self.share(2)
        watching = self.watch()
        last = self.update_of(watching, None)
        self.assertEqual(last, (str(process.pid), "2"))
        self.tell(process, "update")
        last = self.update_of(watching, last)
        self.assertEqual(last, (str(process.pid), "3"))
        process.kill()
        process.wait()
        following = self.share(1)
        last = self.update_of(watching, last)
        self.assertEqual(last, (str(following.pid), "1"))
        following.stdin.close()
        self.assertEqual(following.wait(), 0)
        watching.communicate(timeout=30)
        self.assertEqual(watching.returncode, FILE)

    def test_waits_for_the_first_update(self):
        process = self.share(0)
        watching = self.watch()
        self.assertIn("no update has ended yet", watching.stderr.readline())
        self.tell(process, "update")
        self.assertEqual(self.update_of(watching, None), (str(process.pid), "1"))

    def test_json(self):
        self.share(1)
        watching = self.watch("--json")
        text, decoder = "", json.JSONDecoder()
        for _ in range(3):
            while True:
                text = text.lstrip()
                try:
                    reading, at = decoder.raw_decode(text)
                    break
                except ValueError:
                    line = watching.stdout.readline()
                    self.assertNotEqual(line, "", "it ended")
                    text += line
            self.assertEqual(reading["sequence"], 1)
            text = text[at:]


class Fails(WithDirectory):
    def test_no_file(self):
        self.fails(FILE, f"corral-figures: {self.path}: No such file or directory\n", self.path)
        self.fails(FILE, "not a legal name", ".hidden")

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_no_right(self):
        self.share(1)
        self.path.chmod(0)
        self.fails(FILE, "Permission denied", self.path)

    def test_another_file(self):
        self.path.write_text("a diary, not figures", encoding="utf-8")
        self.fails(FORMAT, "not a file of shared figures", self.path)
        self.fails(FORMAT, "not a file of shared figures", str(self.directory) + "/")

    def test_cut_off(self):
        self.share(1)
        os.truncate(self.path, self.path.stat().st_size - 8)
        self.fails(FORMAT, "damaged or cut off", self.path)

    def test_another_version(self):
        self.share(1)
        self.poke(VERSION_AT, "=I", 2)
        self.fails(VERSION, "its layout has another version", self.path)

    def test_nothing_yet(self):
        self.share(0)
        self.fails(NOTHING, "no update has ended yet", self.path)

    def test_no_whole_update(self):
        """A file whose published update was begun anew, as one that is damaged has it."""
        self.share(1)
        at = HEADER + self.peek(PUBLISHED_AT) % 2 * self.peek(BUFFER_BYTES_AT)
        self.poke(at, "=Q", 9)
        self.fails(NOTHING, "no update has ended yet", self.path)

    def test_output_that_is_full(self):
        self.share(1)
        for arguments in [], ["--json"]:
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([FIGURES, *arguments, self.path], stdout=full, stderr=subprocess.PIPE, text=True,
                                      timeout=60, check=False)
            self.assertEqual(done.returncode, FILE)
            self.assertIn("standard output: No space left", done.stderr)


class CommandLine(WithDirectory):
    def test_help_and_version(self):
        done = run("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for words in "Usage: corral-figures", "--json", "--watch=SECONDS", "NAME":
            self.assertIn(words, done.stdout)
        done = run("--version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\Acorral-figures \d+\.\d+\.\d+\n\Z")

    def test_every_option_is_in_the_manual(self):
        manual = (pathlib.Path(__file__).parents[2] / "tools/report/corral-figures.1").read_text(
            encoding="utf-8").replace("\\-", "-")
        for option in re.findall(r"--[a-z]+", run("--help").stdout):
            if option != "--usage":
                self.assertIn(option, manual)

    def test_wrong(self):
        self.fails(USAGE, "no name is given")
        self.fails(USAGE, "more than one name is given", "one", "two")
        self.fails(USAGE, "unrecognized option", "--jsn", "one")
        for seconds in "0", "-1", "x", "1x", "", "nan", "inf", "86401":
            self.fails(USAGE, "a number from 0.001 to 86400 is wanted", f"--watch={seconds}", "one")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
