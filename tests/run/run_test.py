#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests corral-run as its users run it.

Owns:     temporary directories.
Callers:  tests/run/meson.build, as run_test.py CORRAL_RUN MANY LINKED LIBRARY.
Promises: every option, every way in which a program ends, every error of the command line and of the
          configuration is looked at.
Does not: look at how a category's figures are counted.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

RUN, MANY, LINKED, LIBRARY = sys.argv[1:5]
OWN_FAULT, NOT_STARTED, NOT_FOUND = 125, 126, 127


def run(*arguments, **more):
    return subprocess.run([RUN, *arguments], capture_output=True, text=True, timeout=60, check=False,
                          **more)


class WithDirectory(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.directory)

    def file(self, text, name="file.ini"):
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def figures(self, *arguments, **more):
        """The JSON of a run, and its exit status."""
        output = self.directory / "figures.json"
        done = run("--json", f"--output={output}", *arguments, **more)
        return json.loads(output.read_text(encoding="utf-8")), done.returncode


class CommandLine(WithDirectory):
    def test_help_and_version(self):
        for option in "--help", "-h":
            done = run(option)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("Usage: corral-run", done.stdout)
        for option in "--version", "-V":
            done = run(option)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertRegex(done.stdout, r"\Acorral-run \d+\.\d+\.\d+\n\Z")

    def test_every_option_is_in_the_help_and_in_the_manual(self):
        manual = (pathlib.Path(__file__).parents[2] / "tools/corral-run/corral-run.1").read_text(
            encoding="utf-8").replace("\\-", "-")
        for option in ("stats", "json", "all-processes", "output", "objects", "config", "library", "help",
                       "version"):
            self.assertIn(f"--{option}", run("--help").stdout)
            self.assertIn(f"--{option}", manual)

    def test_what_is_not_legal(self):
        for arguments in [], ["--"], ["--stats"], ["--unknown", "true"], ["--output"]:
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stdout), (OWN_FAULT, ""), arguments)
            self.assertIn("corral-run --help", done.stderr)

    def test_options_behind_the_program_are_its_own(self):
        done = run("echo", "--stats", "--help")
        self.assertEqual((done.stdout, done.stderr), ("--stats --help\n", ""))
        done = run("--", "echo", "-s")
        self.assertEqual((done.stdout, done.stderr), ("-s\n", ""))

    def test_an_output_that_cannot_be_written_stops_it_before_the_program_starts(self):
        done = run("--output=/nowhere/file", "touch", str(self.directory / "ran"))
        self.assertEqual(done.returncode, OWN_FAULT)
        self.assertIn("/nowhere/file: No such file", done.stderr)
        self.assertFalse((self.directory / "ran").exists())

    def test_an_output_that_is_full(self):
        for form in "--stats", "--json":
            done = run(form, "--output=/dev/full", "true")
            self.assertEqual(done.returncode, OWN_FAULT, done.stderr)
            self.assertIn("corral-run: ", done.stderr)

    def test_a_library_that_is_not_there(self):
        done = run("--library=/nowhere/library", "true")
        self.assertEqual(done.returncode, OWN_FAULT)
        self.assertIn("/nowhere/library", done.stderr)

    def test_a_library_of_ones_own_choice(self):
        shutil.copy(LIBRARY, self.directory / "library.so")
        done = run(f"--library={self.directory / 'library.so'}", "cat", "/proc/self/maps")
        self.assertIn(f"{self.directory}/library.so", done.stdout)

    def test_a_library_that_the_loader_could_not_name(self):
        (self.directory / "a b").mkdir()
        shutil.copy(LIBRARY, self.directory / "a b" / "library.so")
        done = run(f"--library={self.directory / 'a b' / 'library.so'}", "true")
        self.assertEqual(done.returncode, OWN_FAULT)
        self.assertIn("space", done.stderr)


class Programs(WithDirectory):
    def test_runs_on_corral(self):
        for options in [], ["--stats"], ["--json"], ["--objects"]:
            done = run(*options, "grep", "-c", "libcorral-malloc", "/proc/self/maps")
            self.assertGreater(int(done.stdout), 0)

    def test_what_was_preloaded_stays(self):
        done = run("sh", "-c", "echo $LD_PRELOAD", env={**os.environ, "LD_PRELOAD": LIBRARY})
        self.assertTrue(done.stdout.strip().endswith(":" + LIBRARY), done.stdout)

    def test_status_and_streams(self):
        for options in [], ["--stats"]:
            done = run(*options, "sh", "-c", "cat; echo error >&2; exit 7", input="text")
            self.assertEqual((done.returncode, done.stdout), (7, "text"))
            self.assertTrue(done.stderr.startswith("error\n"))

    def test_ends_by_a_signal(self):
        data, status = self.figures("sh", "-c", "kill -KILL $$")
        self.assertEqual((status, data["status"], data["signal"]), (128 + 9, None, 9))
        self.assertEqual(data["processes"], [])
        self.assertIn("signal 9", run("--stats", "sh", "-c", "kill -KILL $$").stderr)

    def test_signals_that_were_ignored_before(self):
        done = subprocess.run(["sh", "-c", f"trap '' CHLD; exec {RUN} --stats sh -c 'exit 7'"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 7, done.stderr)

    def test_what_cannot_be_started(self):
        for options in [], ["--stats"]:
            done = run(*options, "/nowhere/program")
            self.assertEqual(done.returncode, NOT_FOUND)
            self.assertIn("/nowhere/program: No such file", done.stderr)
            done = run(*options, self.file("text"))
            self.assertEqual(done.returncode, NOT_STARTED)
            self.assertIn("Permission denied", done.stderr)

    @staticmethod
    def hear():
        """A shell cannot trap what was ignored before, as under nohup."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

    def test_a_termination_is_passed_on(self):
        for number in signal.SIGTERM, signal.SIGHUP:
            output = self.directory / "figures"
            process = subprocess.Popen([RUN, f"--output={output}", "sh", "-c",
                                        "trap 'exit 3' TERM HUP; echo ready; while :; do sleep 0.05; done"],
                                       stdout=subprocess.PIPE, text=True, preexec_fn=self.hear)
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            self.assertEqual(process.stdout.readline(), "ready\n")
            process.send_signal(number)
            self.assertEqual(process.wait(timeout=30), 3)
            self.assertIn("status 3", output.read_text(encoding="utf-8"))


class Figures(WithDirectory):
    def test_text(self):
        done = run("--stats", MANY, "10", "5")
        self.assertEqual((done.returncode, done.stdout), (42, ""))
        self.assertRegex(done.stderr, r"\d+\.\d+ s, \d+\.\d MiB resident at most, ended with status 42\n")
        self.assertRegex(done.stderr, r"run_many, process \d+\n")
        line = [line for line in done.stderr.splitlines() if line.startswith("  0 ")]
        self.assertGreaterEqual(int(line[0].split()[1]), 15)

    def test_json(self):
        before, _ = self.figures(MANY, "1", "0")
        after, status = self.figures(MANY, "10", "5")
        self.assertEqual((status, after["status"], after["signal"], after["version"]), (42, 42, None, 1))
        self.assertGreater(after["peak_rss_bytes"], 1 << 20)
        self.assertGreater(after["seconds"], 0)
        process, = after["processes"]
        self.assertEqual((process["process"], process["program"]), (after["process"], "run_many"))
        category, = process["categories"]
        former, = before["processes"][0]["categories"]
        self.assertEqual((category["id"], category["name"], category["objects"]), (0, None, []))
        self.assertEqual(category["live_blocks"] - former["live_blocks"], 14)
        self.assertEqual(category["live_bytes"] - former["live_bytes"], 14 * 1024)
        self.assertGreaterEqual(category["peak_bytes"], category["live_bytes"])
        total = process["total"]
        self.assertEqual(total["live_blocks"], category["live_blocks"])
        self.assertEqual(total["peak_bytes_at_most"], category["peak_bytes"])
        names = {"live_blocks", "live_bytes", "large_blocks", "large_bytes", "remote_blocks", "refills",
                 "slabs", "arenas", "exact"}
        self.assertEqual(set(total), names | {"peak_bytes_at_most"})
        self.assertEqual(set(category), names | {"peak_bytes", "id", "name", "objects"})
        self.assertIs(category["exact"], True)

    def test_all_processes(self):
        data, status = self.figures(MANY, "1", "1", MANY, "2", "2")
        self.assertEqual((status, len(data["processes"])), (42, 1))
        self.assertEqual(data["processes"][0]["process"], data["process"])
        data, status = self.figures("--all-processes", MANY, "1", "1", MANY, "2", "2")
        self.assertEqual(status, 42)
        live = {process["process"] == data["process"]: process["total"]["live_blocks"]
                for process in data["processes"]}
        self.assertEqual((len(data["processes"]), live[False] - live[True]), (2, 2))

    def test_a_program_without_destructors_has_none(self):
        done = run("--stats", "sh", "-c", "kill -TERM $$")
        self.assertIn("no figures", done.stderr)

    def test_nothing_is_left_behind(self):
        room = self.directory / "tmp"
        room.mkdir()
        environment = {**os.environ, "TMPDIR": str(room)}
        self.figures("--all-processes", MANY, "1", "1", MANY, "2", "2", env=environment)
        run("--stats", "--output=/dev/full", "true", env=environment)
        run("--json", "--output=/dev/full", "true", env=environment)
        run("--stats", "/nowhere/program", env=environment)
        run("--stats", "sh", "-c", "kill -KILL $$", env=environment)
        self.assertEqual(list(room.iterdir()), [])
        room.rmdir()
        done = run("--stats", "true", env=environment)
        self.assertEqual(done.returncode, OWN_FAULT)
        self.assertIn(f"{room}/corral-run-", done.stderr)

    def test_a_process_that_stays_is_not_disturbed(self):
        said, ended = self.directory / "said", self.directory / "ended"
        data, _ = self.figures("sh", "-c",
                               f"(sleep 0.3; {MANY} 1 1; touch {ended}) 2>{said} >&2 & exit 0")
        self.assertEqual(data["status"], 0)
        deadline = time.monotonic() + 30
        while not ended.exists():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        self.assertEqual(said.read_text(encoding="utf-8"), "")


class Configuration(WithDirectory):
    CONFIG = """
; comments are inih's
[category 7]
name = textures
[category 0x53]
name = sounds
[objects]
main = 7
librun_helper.so = 0x53
"""

    def categories(self, *arguments):
        data, status = self.figures(*arguments)
        self.assertEqual(status, 42)
        return {category["id"]: category for category in data["processes"][0]["categories"]}

    def test_names_and_objects(self):
        found = self.categories(f"--config={self.file(self.CONFIG)}", MANY, "10", "5")
        self.assertEqual((found[7]["name"], found[7]["objects"]), ("textures", ["main"]))
        self.assertEqual((found[0x53]["name"], found[0x53]["objects"]), ("sounds", ["librun_helper.so"]))
        self.assertEqual((found[7]["live_blocks"], found[0x53]["live_blocks"]), (10, 5))
        done = run("--stats", "--config", self.file(self.CONFIG), MANY, "10", "5")
        self.assertRegex(done.stderr, r"\n  7 textures main +10 ")
        self.assertRegex(done.stderr, r"\n  83 sounds librun_helper.so +5 ")
        self.assertRegex(done.stderr, r"\n  all \(the peak: at most\) ")

    def test_objects(self):
        found = self.categories("--objects", MANY, "10", "5")
        by_object = {name: category for category in found.values() for name in category["objects"]}
        self.assertEqual(by_object["main"]["live_blocks"], 10)
        self.assertEqual(by_object["librun_helper.so"]["live_blocks"], 5)
        self.assertNotEqual(by_object["main"]["id"], by_object["librun_helper.so"]["id"])

    def test_objects_beside_a_configuration(self):
        found = self.categories("--objects", "--config", self.file("[objects]\nmain=7\n"), MANY, "10", "5")
        self.assertEqual(found[7]["live_blocks"], 10)
        self.assertIn(["librun_helper.so"], [category["objects"] for category in found.values()])

    def test_what_is_not_legal(self):
        for text, line in (("[category]\nname = a", 2), ("[category x]\nname = a", 2),
                           ("[category 4294967296]\nname = a", 2), ("[category -1]\nname = a", 2),
                           ("[category 1]\nname =", 2), ("[category 1]\nnme = a", 2),
                           ("[category 1]\nname = a\n\n[category 1]\nname = b", 5),
                           ("[objects]\nmain = x", 2), ("[objects]\na,b = 1", 2),
                           ("[objects]\nmain = 0x1FFFFFFFF", 2), ("[other]\na = b", 2), ("a = b", 1),
                           ("[objects\nmain = 1", 1), ("\n\nwords\n", 3),
                           ("[objects]\nmain = 1\nmain = 2\n", 3), (f"[objects]\n{'n' * 128} = 1\n", 2),
                           ("[objects]\n" + "".join(f"o{i} = 1\n" for i in range(65)), 66),
                           (f"; {'long ' * 60}\n[objects]\nmain = 1\n", 1)):
            path = self.file(text)
            done = run("--config", path, "true")
            self.assertEqual(done.returncode, OWN_FAULT, text)
            self.assertEqual(done.stderr, f"corral-run: {path}: line {line} is not legal\n", text)

    def test_a_file_that_is_not_there(self):
        for path, said in ("/nowhere/file", "No such file"), ("/tmp", "Is a directory"):
            done = run(f"--config={path}", "true")
            self.assertEqual(done.returncode, OWN_FAULT)
            self.assertIn(f"{path}: {said}", done.stderr)


class Environment(WithDirectory):
    ASKS = {**os.environ, "CORRAL_MALLOC_OBJECTS": "main=7"}

    def test_is_read(self):
        done = subprocess.run([LINKED], env=self.ASKS, capture_output=True, text=True, check=True)
        self.assertEqual((done.stdout, done.stderr), ("7\n", ""))

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to make a set-user-ID program")
    def test_is_ignored_in_set_user_id_programs(self):
        program = self.directory / "program"
        shutil.copy(LINKED, program)
        self.directory.chmod(0o777)
        os.chown(program, 1, 1)
        program.chmod(0o4755)
        reports = self.directory / "reports"
        reports.mkdir()
        reports.chmod(0o777)
        done = subprocess.run([program], env={**self.ASKS, "CORRAL_MALLOC_REPORT": str(reports)},
                              capture_output=True, text=True, check=False)
        if os.statvfs(self.directory).f_flag & os.ST_NOSUID:
            self.skipTest("set-user-ID programs do not run here")
        if "cannot open shared object file" in done.stderr:
            self.skipTest("others may not read the build directory")
        self.assertEqual((done.stdout, done.stderr), ("0\n", ""))
        self.assertEqual(list(reports.iterdir()), [])

    def test_a_directory_that_is_none(self):
        done = subprocess.run([LINKED], env={**os.environ, "CORRAL_MALLOC_REPORT": "/dev/null"},
                              capture_output=True, text=True, check=True)
        self.assertIn("could not be written to /dev/null/", done.stderr)

    def test_a_directory_that_is_gone(self):
        done = subprocess.run([LINKED], env={**os.environ, "CORRAL_MALLOC_REPORT": "/nowhere"},
                              capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")


if __name__ == "__main__":
    result = unittest.main(argv=sys.argv[:1], exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed or not result.testsRun else 0)
