# SPDX-License-Identifier: MIT
"""Programs that run to their end by themselves.

Owns:     their inputs, which are made here.
Callers:  check_programs.py; bench/programs/run_programs.py takes some.
Promises: the same input at each call, and an output in which nothing depends on time, addresses or threads.
Does not: install them.
"""
import pathlib
import random
import re
import shutil

from measured import Failed, Result, digest, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORDS = ["slab", "arena", "block", "pool", "front", "run", "word", "edge", "shelf", "queue"]


def text_file(path, lines, seed=1):
    """Lines of a few words and numbers."""
    chance = random.Random(seed)
    with open(path, "w", encoding="ascii") as file:
        for number in range(lines):
            file.write(f"{chance.randrange(10**9)} {chance.choice(WORDS)} {chance.choice(WORDS)}"
                       f"{chance.randrange(1000)} {number}\n")
    return path


class Simple:
    """A program: whether a quick test runs it, how often it is run at most, and how, at one of two sizes."""
    quick, command, rounds = False, None, 100

    def __init__(self, build):
        self.build = build

    def missing(self):
        """The word that is no program here, or None."""
        return next((name for name in self.needs if not shutil.which(name)), None)

    def prepare(self, directory, large):
        """Makes the input."""

    def run(self, library, directory, large):
        """Returns a Result."""
        return self.clean(run(self.command, library, directory))

    def clean(self, result):
        """The result with an output that can be compared."""
        return result


class Bash(Simple):
    name, needs, quick = "bash", ["bash"], True

    def run(self, library, directory, large):
        script = r"""
            declare -A count
            for ((i = 0; i < TURNS; i++)); do
                word="word$((i * 7919 % 1009))"
                count[$word]=$((${count[$word]:-0} + i))
                list+=("${word/word/item}$i")
                text="${text:0:500}$(( i % 10 ))"
                ((i % 500 == 0)) && total="$total$(echo "${#text} ${list[i]}" | tr a-z A-Z)"
            done
            for word in "${!count[@]}"; do echo "$word ${count[$word]}"; done | sort
            printf '%s\n' "${list[@]}" | md5sum
            echo "$total"
        """.replace("TURNS", "60000" if large else "5000")
        return run(["bash", "-c", script], library, directory)


class Coreutils(Simple):
    name, needs, quick = "coreutils", ["sort", "join", "shuf"], True

    def prepare(self, directory, large):
        text_file(directory / "lines", 1000000 if large else 30000)

    def run(self, library, directory, large):
        return run("sort --parallel=2 -S 64M lines > sorted && md5sum < sorted &&"
                   " sort -k2,2 -k1,1n --parallel=2 lines | md5sum &&"
                   " cut -d' ' -f2 lines | sort | uniq -c &&"
                   " shuf --random-source=lines lines | md5sum &&"
                   " sort -k1,1 lines > left && tac lines | sort -k1,1 > right &&"
                   " join left right | wc && tac lines | md5sum &&"
                   " factor 99400891 1000000007 18446744073709551557 && head -c 3000000 sorted | base64 | md5sum",
                   library, directory)


class Perl(Simple):
    name, needs, quick = "perl", ["perl"], True

    def run(self, library, directory, large):
        script = r"""
            my %table; my @list;
            for my $i (0 .. TURNS) {
                my $key = join "-", map { ($i * $_) % 997 } 1 .. 5;
                push @{$table{$key}}, {number => $i, text => "item $i" x 3};
                push @list, $key if $key =~ /(\d)\1/;
                delete $table{$list[-1]} if @list && $i % 101 == 0;
            }
            my $text = join "\n", map { my $k = $_; map { "$k $_->{number} $_->{text}" } @{$table{$k}} } sort keys %table;
            $text =~ s/(\d+)-(\d+)/$2+$1/g;
            print length $text, " ", unpack("%32C*", $text), " ", scalar(@list), "\n";
        """.replace("TURNS", "300000" if large else "20000")
        return run(["perl", "-e", script], library, directory)


class Python(Simple):
    name, needs, quick = "python3", ["/usr/bin/python3"], True

    def run(self, library, directory, large):
        script = (
            "import json,threading,hashlib\n"
            "def work(n):\n"
            "    d={str(i):[i,{'k':'v'*(i%50)}] for i in range(n)}\n"
            "    t=json.dumps(d); out.append(hashlib.md5(json.dumps(json.loads(t),sort_keys=True).encode())"
            ".hexdigest())\n"
            "out=[]\n"
            "ts=[threading.Thread(target=work,args=(TURNS,)) for _ in range(4)]\n"
            "[t.start() for t in ts]; [t.join() for t in ts]; print(out)\n"
        ).replace("TURNS", "100000" if large else "5000")
        return run(["/usr/bin/python3", "-c", script], library, directory)


class PythonSuite(Simple):
    name, needs = "python3's own tests", ["/usr/bin/python3"]
    rounds = 1  # most of its time it waits
    MODULES = ["test_thread", "test_threading", "test_threading_local", "test_threadsignals", "test_queue",
               "test_fork1", "test_wait3", "test_wait4", "test_subprocess", "test_mmap", "test_memoryview",
               "test_memoryio", "test_gc", "test_weakref", "test_bigmem", "test_buffer"]

    def run(self, library, directory, large):
        result = run(["/usr/bin/python3", "-m", "test", "-w", "-u", "none", *self.MODULES], library,
                     directory)
        said = re.findall(r"^(?:.*tests? (?:OK|failed|skipped|altered).*|Tests result: .*)$", result.output, re.MULTILINE)
        if not re.search(r"^Tests result: SUCCESS", result.output, re.MULTILINE):
            raise Failed(result.output[-3000:])
        return Result("\n".join(said), result.seconds, result.peak_kib)


class Git(Simple):
    name, needs, quick = "git", ["git"], True

    def missing(self):
        return super().missing() or (None if (ROOT / ".git").exists() else "a git repository")

    def prepare(self, directory, large):
        """A copy: what is committed meanwhile changes nothing."""
        (directory / "gitconfig").write_text("[safe]\ndirectory = *\n[pack]\nthreads = 1\n"
                                             "[core]\npager = cat\n[gc]\nauto = 0\n", encoding="ascii")
        self.settings = f"GIT_CONFIG_GLOBAL={directory}/gitconfig GIT_CONFIG_NOSYSTEM=1"
        run(f"env {self.settings} git clone -q --bare --no-local '{ROOT}' origin.git", "", directory)

    def run(self, library, directory, large):
        shutil.rmtree(directory / "clone", ignore_errors=True)
        last = "" if large else " -n 20"
        return run(["env", *self.settings.split(), "bash", "-c", "set -eo pipefail;"
                    f" git clone -q --no-local '{directory}/origin.git' clone; cd clone;"
                    f" git log{last} -p --stat -M --date=unix HEAD | md5sum;"
                    f" git log{last} --format=%H --graph HEAD | md5sum;"
                    " git blame -s src/alloc.c | md5sum; git fsck --full; git grep -c corral | md5sum;"
                    " git repack -q -a -d -f --depth=20 --window=20;"
                    " git rev-list --all --objects | sort | md5sum"], library, directory)


class Compiler(Simple):
    def run(self, library, directory, large):
        sources = sorted((ROOT / "src").glob("*.c"))[:None if large else 6]
        objects = directory / "objects"
        shutil.rmtree(objects, ignore_errors=True)
        objects.mkdir()
        words = [self.needs[0], "-O2", "-std=c11", "-DCORRAL_BUILDING", "-DCORRAL_STATIC", "-c",
                 f"-I{ROOT}/include", f"-I{self.build}/include", f"-I{self.build}/src", f"-I{ROOT}/src"]
        command = " && ".join(f"{' '.join(words)} '{source}' -o objects/{source.stem}.o" for source in sources)
        result = run(command, library, directory)
        said = [f"{path.name} {digest(path)}" for path in sorted(objects.glob("*.o"))]
        return Result(result.output + "\n".join(said), result.seconds, result.peak_kib)


class Gcc(Compiler):
    name, needs, quick = "gcc", ["gcc"], True


class Clang(Compiler):
    name, needs = "clang", ["clang"]


class Sqlite(Simple):
    name, needs = "sqlite3", ["sqlite3"]

    def prepare(self, directory, large):
        text_file(directory / "rows", 250000 if large else 20000)

    def run(self, library, directory, large):
        for path in directory.glob("data.db*"):
            path.unlink()
        script = (".mode csv\n.separator ' '\n"
                  "create table rows(number integer, word text, name text, at integer);\n"
                  ".import rows rows\n"
                  "create index by_word on rows(word, number);\ncreate index by_name on rows(name);\n"
                  "select word, count(*), sum(number) from rows group by word order by word;\n"
                  "select a.name, count(*) from rows a join rows b on a.name = b.name and a.at < b.at"
                  " and b.at < a.at + 200 group by a.name order by 2 desc, 1 limit 20;\n"
                  "update rows set name = name || word where at % 3 = 0;\ndelete from rows where at % 7 = 0;\n"
                  "vacuum;\npragma integrity_check;\nselect group_concat(name) from rows where at < 5000;\n.dump\n")
        (directory / "script").write_text(script, encoding="ascii")
        result = run(["sqlite3", "data.db"], library, directory, stdin=directory / "script")
        return Result(digest(result.output), result.seconds, result.peak_kib)


class Lua(Simple):
    name, needs = "lua", ["lua5.4"]

    def run(self, library, directory, large):
        script = r"""
            local t, parts = {}, {}
            for i = 1, TURNS do
                t[i % 5000 + 1] = {id = i, name = "item" .. i, list = {i, i * 2, i * 3}}
                if i % 10 == 0 then parts[#parts + 1] = string.rep(tostring(i), i % 7 + 1) end
            end
            table.sort(t, function(a, b) return a.name < b.name end)
            local s = table.concat(parts, ",")
            local n = 0
            for w in s:gmatch("%d+") do n = (n * 31 + #w) % 1000003 end
            print(#s, n, t[1].name, t[#t].list[3])
        """.replace("TURNS", "3000000" if large else "100000")
        return run(["lua5.4", "-e", script], library, directory)


class ImageMagick(Simple):
    name, needs = "imagemagick", ["/usr/bin/convert", "/usr/bin/identify"]

    def run(self, library, directory, large):
        size = "1600x1200" if large else "300x200"
        return run(f"/usr/bin/convert -seed 7 -size {size} plasma:red-blue -blur 0x3 -resize 70% -rotate 11 -colors 64"
                   " -depth 8 rgb:- | md5sum && "
                   f"/usr/bin/convert -size {size} gradient: -swirl 180 -edge 2 -emboss 2 -depth 8 png:picture.png &&"
                   " /usr/bin/identify -format '%w %h %#' picture.png", library, directory)


class Node(Simple):
    name, needs, quick = "Node.js", ["node"], True

    def run(self, library, directory, large):
        script = r"""
            const {Worker, isMainThread, parentPort, workerData} = require('worker_threads');
            const zlib = require('zlib'), crypto = require('crypto');
            function work(seed, turns) {
                const map = new Map(), hash = crypto.createHash('md5');
                for (let i = 0; i < turns; i++) {
                    const key = (i * seed) % 9973;
                    map.set(key, {i, text: 'item' + i, list: [i, i + 1]});
                    if (i % 1000 === 0) {
                        const packed = zlib.gzipSync(Buffer.alloc(20000, JSON.stringify([...map.values()].slice(0, 50))));
                        hash.update(zlib.gunzipSync(packed));
                    }
                }
                return hash.update(JSON.stringify([...map])).digest('hex');
            }
            if (isMainThread) {
                let left = 3; const said = [work(1, TURNS)];
                for (const seed of [3, 5, 7]) {
                    new Worker(__filename, {workerData: seed}).on('message', text => {
                        said.push(seed + text);
                        if (--left === 0) console.log(said.sort().join('\n'));
                    });
                }
            } else {
                parentPort.postMessage(work(workerData, TURNS));
            }
        """.replace("TURNS", "200000" if large else "10000")
        (directory / "work.js").write_text(script, encoding="ascii")
        return run(["node", "work.js"], library, directory)


class Start(Simple):
    """What it costs to start a program that does nothing. The shell starts it, which is one itself."""
    name, needs = "a thousand times true", ["/bin/true", "dash"]

    def run(self, library, directory, large):
        return run(["dash", "-c", "i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done"], library,
                   directory)


PROGRAMS = [Start, Bash, Coreutils, Perl, Python, PythonSuite, Git, Gcc, Clang, Sqlite, Lua, ImageMagick, Node]
