# SPDX-License-Identifier: MIT
"""Servers, and what loads them.

Owns:     the servers that it starts, on free ports of this machine, each in a directory of its own.
Callers:  check_programs.py; bench/programs/run_programs.py takes redis.
Promises: the server alone runs with the other malloc, its clients with the system's. What is compared is what
          clients got, and what the server kept.
Does not: leave a server behind.
"""
import concurrent.futures
import contextlib
import gzip
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

from measured import SPOILED, Failed, Result, digest, environment, peak_kib

SECONDS = 60
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def served(words, port, library, directory):
    """A server that answers at a port, as a process; ended by a signal."""
    log = directory / "log"
    with open(log, "wb") as output:
        process = subprocess.Popen(words, cwd=directory, env=environment(library), stdout=output,
                                   stderr=output, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"{words[0]} does not answer: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
    text = log.read_text(errors="replace")
    if status not in (0, -signal.SIGTERM) or SPOILED.search(text):
        raise Failed(f"{words[0]}: status {status}: {text[-2000:]}")


def client(words, directory, stdin=None):
    done = subprocess.run(words, cwd=directory, env=environment(""), input=stdin, timeout=600, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(words)[:200]}: {done.stdout[-2000:]}")
    return done.stdout


class Server:
    """A server, and how it is run at one of two sizes."""
    quick, rounds = False, 100

    def __init__(self, build):
        self.build = build

    def missing(self):
        return next((name for name in self.needs if not shutil.which(name)), None)

    def prepare(self, directory, large):
        """Makes the input."""


class Redis(Server):
    """Its own malloc is jemalloc's. Keys are written by one client, benchmarked by many, saved by a child
    while they are, and loaded again."""
    name, needs = "redis", ["redis-server", "redis-benchmark", "redis-cli"]

    def prepare(self, directory, large):
        chance = random.Random(3)
        with open(directory / "commands", "w", encoding="ascii") as file:
            for i in range(200000 if large else 5000):
                key, size = chance.randrange(50000), chance.choice((10, 50, 200, 1000))
                file.write(chance.choice((
                    f"SET s{key} {'x' * size}", f"HSET h{key % 500} f{key} {'y' * size}",
                    f"ZADD z{key % 500} {i} m{key}", f"RPUSH l{key % 500} {'z' * (size // 5)}", f"DEL s{key}",
                    f"APPEND s{key} more", f"SADD e{key % 300} {i}")) + "\n")

    def words(self, port):
        return ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                "--enable-debug-command", "yes", "--appendonly", "no", "--dbfilename", "dump.rdb", "--dir", ".",
                "--daemonize", "no", "--activedefrag", "no"]

    def wait_until(self, state, cli, directory):
        deadline = time.monotonic() + SECONDS
        while state not in client([*cli, "INFO", "persistence"], directory):
            if time.monotonic() > deadline:
                raise Failed(f"{state} does not come")
            time.sleep(0.05)

    def load(self, port, directory, large, save=True):
        """The benchmark's requests in a second, by test, while the keys are saved."""
        cli = ["redis-cli", "-p", str(port)]
        if save:
            client([*cli, "BGSAVE"], directory)
        text = client(["redis-benchmark", "-p", str(port), "-q", "--csv", "-c", "20", "-P", "8", "--dbnum", "1",
                       "-n", "400000" if large else "20000", "-r", "100000", "-d", "100", "-t",
                       "set,get,incr,lpush,lpop,sadd,hset,zadd,mset"], directory)
        if save:
            self.wait_until("rdb_bgsave_in_progress:0", cli, directory)
            if "rdb_last_bgsave_status:ok" not in client([*cli, "INFO", "persistence"], directory):
                raise Failed("the save failed")
        return {test: float(rate) for test, rate in re.findall(r'^"([^"]+)","([\d.]+)"', text, re.MULTILINE)}

    def run(self, library, directory, large):
        port, cli = free_port(), None
        cli = ["redis-cli", "-p", str(port)]
        with contextlib.suppress(FileNotFoundError):
            (directory / "dump.rdb").unlink()
        start = time.monotonic()
        with served(self.words(port), port, library, directory) as process:
            client(cli, directory, stdin=(directory / "commands").read_text(encoding="ascii"))
            said = [client([*cli, "DEBUG", "DIGEST"], directory), client([*cli, "DBSIZE"], directory)]
            self.load(port, directory, large)
            client([*cli, "-n", "1", "FLUSHDB"], directory)
            said.append(client([*cli, "DEBUG", "DIGEST"], directory))
            client([*cli, "SAVE"], directory)
            peak = peak_kib(process.pid)
        with served(self.words(port), port, library, directory):
            self.wait_until("loading:0", cli, directory)
            said.append(client([*cli, "DEBUG", "DIGEST"], directory))
        return Result("".join(said), time.monotonic() - start, peak)


class Nginx(Server):
    name, needs = "nginx", ["nginx", "wrk"]
    SIZES = (0, 100, 5000, 200000, 3000000)

    def prepare(self, directory, large):
        pages = directory / "pages"
        pages.mkdir(exist_ok=True)
        for size in self.SIZES:
            chance = random.Random(size)
            (pages / f"{size}.txt").write_text("".join(chance.choice("corral \n") for _ in range(size)),
                                               encoding="ascii")

    def run(self, library, directory, large):
        port = free_port()
        (directory / "nginx.conf").write_text(f"""
            daemon off; worker_processes 2; pid {directory}/pid; error_log {directory}/error warn;
            {'user root;' if os.geteuid() == 0 else ''}
            events {{ worker_connections 512; }}
            http {{
                access_log {directory}/access; client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
                fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
                gzip on; gzip_min_length 50; gzip_types text/plain; types {{ text/plain txt; }}
                server {{ listen 127.0.0.1:{port}; root {directory}/pages; autoindex on; autoindex_localtime off;
                          location /again/ {{ proxy_pass http://127.0.0.1:{port}/; }} }}
            }}""", encoding="ascii")
        start, said = time.monotonic(), []
        words = ["nginx", "-p", str(directory), "-c", str(directory / "nginx.conf"), "-e", str(directory / "error")]
        with served(words, port, library, directory) as process:
            for path in (f"{place}{size}.txt" for place in ("/", "/again/") for size in self.SIZES):
                for coding in "identity", "gzip":
                    client(["wrk", "-t", "1", "-c", "20" if large else "5", "-d", "1s", "-H",
                            f"Accept-Encoding: {coding}", f"http://127.0.0.1:{port}{path}"], directory)
                    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}",
                                                     headers={"Accept-Encoding": coding})
                    with OPENER.open(request, timeout=SECONDS) as answer:
                        body, used = answer.read(), answer.headers["Content-Encoding"]
                        said.append(f"{path} {answer.status} {used} "
                                    f"{digest(gzip.decompress(body) if used == 'gzip' else body)}")
            workers = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
            peak = max(peak_kib(pid) for pid in [process.pid, *map(int, workers.split())])
        return Result("\n".join(said), time.monotonic() - start, peak)


class Memcached(Server):
    name, needs = "memcached", ["memcached"]
    CLIENTS = 8

    def talk(self, port, seed, turns):
        """One client: sets, appends, gets and deletes its own keys. Returns what it got."""
        chance, got = random.Random(seed), []
        with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
            stream = connection.makefile("rwb")

            def ask(text, data=None):
                stream.write(text.encode() + b"\r\n" + (data + b"\r\n" if data is not None else b""))
                stream.flush()
                return stream.readline()

            for i in range(turns):
                key, kind = f"k{seed}-{chance.randrange(500)}", chance.randrange(4)
                if kind == 0:
                    data = bytes([65 + i % 26]) * chance.choice((5, 100, 1000, 30000))
                    got.append(ask(f"set {key} 0 0 {len(data)}", data))
                elif kind == 1:
                    got.append(ask(f"append {key} 0 0 3", b"add"))
                elif kind == 2:
                    got.append(ask(f"delete {key}"))
                else:
                    line = ask(f"get {key}")
                    while line != b"END\r\n":
                        got.append(line + stream.read(int(line.split()[3]) + 2))
                        line = stream.readline()
            return digest(b"".join(got))

    def run(self, library, directory, large):
        port, start = free_port(), time.monotonic()
        user = ["-u", "root"] if os.geteuid() == 0 else []
        words = ["memcached", "-p", str(port), "-l", "127.0.0.1", "-m", "512", "-t", "4", *user]
        with served(words, port, library, directory) as process:
            with concurrent.futures.ThreadPoolExecutor(self.CLIENTS) as pool:
                said = list(pool.map(lambda seed: self.talk(port, seed, 20000 if large else 500),
                                     range(self.CLIENTS)))
            peak = peak_kib(process.pid)
        return Result("\n".join(said), time.monotonic() - start, peak)


SERVERS = [Redis, Nginx, Memcached]
