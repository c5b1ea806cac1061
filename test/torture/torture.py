#!/usr/bin/env python3
"""Campaigns of faults: the program is killed at its n-th call on a file, its n-th call or allocation fails, what was
not synced is lost; then it goes on. Nothing may be lost, no result may be wrong, and every message names the cause.

    test/torture/torture.py PAYDIRT LIBTORTURE     PAYDIRT_TORTURE=all: every point, else so many drawn ones
    test/torture/torture.py PAYDIRT LIBTORTURE train/0/error/17/5     one point again, with its folders kept

A point is SCENE/STEP/CAMPAIGN/CALL/HOW; faults.c says what CALL and HOW are. The last line counts the points.
"""
import concurrent.futures
import errno
import json
import os
import random
import re
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import zlib

import scenes

SAMPLE = 240        # points where PAYDIRT_TORTURE does not say
PER_PLACE = 6       # calls with one stack that all points try; a loop's others are like them
SECONDS = 60        # after which a command hangs
KILLED = 99         # exit code of faults.c
INTERRUPTED = 130

# What may fail how. "+": and goes on failing.
EIO, ENOSPC, EMFILE, ENOMEM, EINTR = errno.EIO, errno.ENOSPC, errno.EMFILE, errno.ENOMEM, errno.EINTR
ERRORS = {
    "open": [str(EIO), str(EMFILE), str(ENOMEM), str(EINTR), f"+{EIO}", f"+{EMFILE}"],
    "create": [str(EIO), str(ENOSPC), str(EMFILE), f"+{ENOSPC}"],
    "fopen": [str(EIO), str(EMFILE), str(ENOMEM), f"+{EIO}"],
    "read": [str(EIO), str(EINTR), f"+{EIO}"],
    "fread": [str(EIO), f"+{EIO}"],
    "write": [str(EIO), str(EINTR), "short", f"+{ENOSPC}"],
    "sync": [str(EIO), f"+{EIO}"],
    "ftruncate": [str(EIO)],
    "mmap": [str(ENOMEM)],
    "rename": [str(EIO), str(ENOSPC)],
    "mkdir": [str(ENOSPC), str(EIO)],
    "opendir": [str(EIO), str(EMFILE), str(ENOMEM)],
    "fts_open": [str(ENOMEM)],
    "fts_read": [str(EIO), str(ENOMEM)],
}
OTHER_ERRORS = [str(EIO)]

# Fonts that cannot be looked for leave a picture in another one.
DRAWING = r"libfontconfig|libcairo|libpixman|libfreetype|libexpat|libglib|libgobject"

# What stands on the stack when an allocation fails in code that is not ours and does not survive that, or hides it.
THIRD_PARTY = [
    (r"fts(64)?_open", "glibc's does not look whether it has got memory"),
    (r"libdnnl", "oneDNN throws std::bad_alloc, or reports a primitive as unsupported"),
    (r"libgomp|libomp", "the OpenMP runtime ends the program"),
    (DRAWING, "draws with another font, or not at all"),
    (r"libcurl|libssl|libcrypto|libgnutls", "reports another cause"),
]

# What is made anew where it is missing: a note names it when it could not be kept.
DERIVED = ["statistics.safetensors"]

# --- running ---------------------------------------------------------------------------------------------------------


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def text(self):
        return f"exit {self.code}: {self.err.strip()[-300:]}"


class Torture:
    def __init__(self, program, library, base):
        self.program, self.library, self.base = program, library, base
        self.inputs = os.path.join(base, "inputs")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("FAULT_", "OMP_", "GOMP_"))}
        self.env.update(OMP_WAIT_POLICY="passive", OMP_NUM_THREADS="1", HOME=base, TERM="dumb",
                        ASAN_OPTIONS="verify_asan_link_order=0:allocator_may_return_null=1:detect_leaks=0")

    def run(self, folder, words, **fault):
        env = dict(self.env)
        if fault:
            env.update(fault, LD_PRELOAD=self.preload(), FAULT_ROOT=self.base)
        try:
            done = subprocess.run([self.program, *words], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=SECONDS)
        except subprocess.TimeoutExpired as late:
            return Result("none, it hangs", "", str(late.stderr))
        return Result(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def preload(self):
        return self.library


# --- what a folder holds ---------------------------------------------------------------------------------------------

VOLATILE = re.compile(r"seconds|per_second|time|finished|started|version|_dir$")
LITTER = re.compile(r"(\.tmp|\.lock|\.part|\.unpacking)$|^\.")


def without_times(value):
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if not VOLATILE.search(k)}
    return [without_times(v) for v in value] if isinstance(value, list) else value


def events(data):
    """TensorBoard's records hold the time, and a resumed run says that it was one: only whole records are asked for."""
    at = 0
    while at < len(data):
        if at + 12 > len(data):
            return "cut off"
        at += 16 + struct.unpack_from("<Q", data, at)[0]
    return "whole" if at == len(data) else "cut off"


def content(path):
    with open(path, "rb") as f:
        data = f.read()
    try:
        if path.endswith(".jsonl"):
            return [without_times(json.loads(line)) for line in data.splitlines()]
        if path.endswith(".json"):
            return without_times(json.loads(data))
    except ValueError as e:
        return f"no JSON: {e}"
    return events(data) if path.endswith(".tfevents") else data


def tree(folder):
    found = {}
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(d for d in folders if not LITTER.search(d))
        for name in files:
            path = os.path.join(here, name)
            if not LITTER.search(name):
                found[os.path.relpath(path, folder)] = content(path)
    return found


def differences(got, expected):
    for name in sorted(got.keys() | expected.keys()):
        if name not in got:
            yield f"{name} is missing"
        elif name not in expected:
            yield f"{name} is there, too"
        elif got[name] != expected[name]:
            a, b = got[name], expected[name]
            where = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
            yield f"{name} differs: {len(a)} for {len(b)}, from {where}"


def said(result):
    return re.sub(r"[0-9.]+ (s|min|images/s)\b|0x[0-9a-f]+|.seconds.: ?[0-9.]+", "", result.out)


# --- a power loss ----------------------------------------------------------------------------------------------------


class Shadow:
    """What faults.c keeps of FOLDER: SHADOW/live, data, names; and FOLDER anew as a power loss leaves it."""

    def __init__(self, folder, shadow):
        self.folder, self.shadow = folder, shadow
        for kind in ("live", "data", "names"):
            os.makedirs(os.path.join(shadow, kind))
        for here, folders, files in os.walk(folder):
            self.keep_names(here)
            for name in files:
                path = os.path.join(here, name)
                inode = os.lstat(path).st_ino
                os.link(path, self.at("live", inode))
                shutil.copyfile(path, self.at("data", inode))

    def at(self, kind, inode):
        return os.path.join(self.shadow, kind, str(inode))

    def names(self, folder):
        kinds = {stat.S_IFDIR: 4, stat.S_IFREG: 8}
        for name in sorted(os.listdir(folder)):
            st = os.lstat(os.path.join(folder, name))
            yield st.st_ino, kinds.get(stat.S_IFMT(st.st_mode), 0), name

    def keep_names(self, folder):
        with open(self.at("names", os.stat(folder).st_ino), "w") as f:
            f.write("".join(f"{i} {k} {n}\0" for i, k, n in self.names(folder)))

    def synced_names(self, inode):
        try:
            with open(self.at("names", inode)) as f:
                for entry in f.read().split("\0")[:-1]:
                    number, kind, name = entry.split(" ", 2)
                    yield int(number), int(kind), name
        except FileNotFoundError:
            return

    def lose(self, to, newer_names, newer_data):
        """newer_...(): whether that, unsynced, is there all the same."""
        present = {os.stat(here).st_ino: here for here, _, _ in os.walk(self.folder)}
        self.rebuild(os.stat(self.folder).st_ino, to, present, newer_names, newer_data)

    def rebuild(self, inode, to, present, newer_names, newer_data):
        os.makedirs(to)
        newer = inode in present and newer_names()
        for child, kind, name in self.names(present[inode]) if newer else self.synced_names(inode):
            path = os.path.join(to, name)
            if kind == 4:
                self.rebuild(child, path, present, newer_names, newer_data)
            elif kind == 8:
                kept = self.at("live" if newer_data() else "data", child)
                if os.path.exists(kept):
                    shutil.copyfile(kept, path)
                else:
                    open(path, "wb").close()


# --- scenes ----------------------------------------------------------------------------------------------------------


class Scene:
    """Steps that were run undisturbed: before each the folder, after each what it holds and what was said."""

    def __init__(self, torture, name, steps):
        self.torture, self.name, self.steps = torture, name, steps
        self.folder = os.path.join(torture.base, name)
        self.trees, self.said, self.calls = [], [], {}
        now = os.path.join(self.folder, "whole", "now") # as deep as the folders of points
        os.makedirs(now)
        for i, step in enumerate(steps):
            step.prepare(now)
            shutil.copytree(now, self.before(i), symlinks=True)
            result = torture.run(now, step.words)
            if result.code != step.code:
                raise SystemExit(f"{name}/{i}: {' '.join(step.words)}: {result.text()}")
            self.trees.append(tree(now))
            self.said.append(said(result))

    def before(self, i):
        return os.path.join(self.folder, f"before-{i}")

    def list_calls(self, i, kind):
        """[(number, operation, stack, library)]"""
        if (i, kind) not in self.calls:
            with tempfile.TemporaryDirectory(dir=self.folder) as box:
                now, out = os.path.join(box, "now"), os.path.join(box, "calls")
                shutil.copytree(self.before(i), now, symlinks=True)
                self.torture.run(now, self.steps[i].words, FAULT_CALLS=kind, FAULT_LIST=out)
                with open(out, errors="replace") as f:
                    calls = [line.split(" ", 4)[:4] for line in f if line.count(" ") >= 4]
            self.calls[i, kind] = [(int(n), op, stack, library) for n, op, stack, library in calls]
        return self.calls[i, kind]


def spread(calls, most):
    """Of the calls of one place the first, the last and some between."""
    places = {}
    for call in calls:
        places.setdefault((call[1], call[2]), []).append(call)
    for place in places.values():
        n = len(place)
        yield from place if n <= most else (place[i * (n - 1) // (most - 1)] for i in range(most))


def points_of(scene, i):
    files = list(spread(scene.list_calls(i, "io"), PER_PLACE))
    for n, op, _, _ in files:
        yield scene, i, "kill", n, "kill"
        for how in ERRORS.get(op, OTHER_ERRORS):
            yield scene, i, "error", n, how
    for n, op, _, library in spread(scene.list_calls(i, "alloc"), 2):
        yield scene, i, "memory", n, str(ENOMEM)
    if scene.steps[i].writes:
        for n, op, _, _ in files:
            if op not in ("read", "stat", "lstat", "fstat", "access", "open", "fts_read"):
                yield scene, i, "power", n, "kill"
        yield scene, i, "power", 0, "kill" # after the end


# --- one point -------------------------------------------------------------------------------------------------------


class Finding(Exception):
    pass


CALLS = {"kill": "io", "error": "io", "memory": "alloc", "power": "power"}


class Point:
    def __init__(self, scene, step, campaign, call, how):
        self.scene, self.step, self.campaign, self.call, self.how = scene, step, campaign, call, how
        self.what = scene.steps[step]
        self.place = ""
        self.passed = [] # files of which it was said that they could not be kept

    def name(self):
        return f"{self.scene.name}/{self.step}/{self.campaign}/{self.call}/{self.how}"

    def try_in(self, box):
        now, report = os.path.join(box, "now"), os.path.join(box, "report")
        shutil.copytree(self.scene.before(self.step), now, symlinks=True)
        fault = dict(FAULT_CALLS=CALLS[self.campaign], FAULT_AT=str(self.call), FAULT_HOW=self.how,
                     FAULT_REPORT=report)
        if self.campaign == "power":
            shadow = Shadow(now, os.path.join(box, "shadow"))
            fault["FAULT_SHADOW"] = shadow.shadow
        result = self.scene.torture.run(now, self.what.words, **fault)
        self.passed = [name for name in DERIVED if name in result.err]
        if os.path.exists(report):
            with open(report, errors="replace") as f:
                self.place = f.read()
        if self.campaign == "power":
            self.lose(result, shadow, box)
        else:
            self.judge(result, now)
            self.go_on(now, result.code == self.what.code)

    def forgiven(self):
        return self.campaign == "memory" and any(re.search(p, self.place) for p, _ in THIRD_PARTY)

    def differences(self, got, expected):
        passed = [*self.passed, ".png differs"] if re.search(DRAWING, self.place) else self.passed
        return (d for d in differences(got, expected) if not any(name in d for name in passed))

    def judge(self, result, now):
        """What the command itself did."""
        if "Sanitizer" in result.err or "runtime error:" in result.err:
            raise Finding(f"sanitizer: {result.err[-1500:]}")
        if result.code == KILLED and self.campaign == "kill":
            return
        if result.code == self.what.code:
            for difference in self.differences(tree(now), self.scene.trees[self.step]):
                raise Finding(f"wrong result with exit {result.code}: {difference}; {result.err[-300:]}")
            if said(result) != self.scene.said[self.step]:
                raise Finding(f"wrong words with exit {result.code}: {result.out[-300:]}; {result.err[-300:]}")
        elif self.forgiven():
            return
        elif not isinstance(result.code, int) or result.code < 0 or result.code > 127:
            raise Finding(f"crash: {result.text()}")
        elif self.campaign in ("error", "memory"):
            self.judge_words(result)
        else:
            raise Finding(f"not killed: {result.text()}")

    def judge_words(self, result):
        number = ENOSPC if self.how == "short" else int(self.how.lstrip("+"))
        codes, words = ((6, 3), "out of memory|Cannot allocate memory") if number == ENOMEM else ((3,), os.strerror(number))
        line = result.err.strip().rsplit("\n", 1)[-1]
        if number == EINTR:
            raise Finding(f"an interrupted call is none that failed: {result.text()}")
        if result.code not in codes or not re.search(words, line):
            raise Finding(f"misnamed: {result.text()}")

    def go_on(self, now, done):
        """The rest of the scene, as if nothing had been."""
        for i in range(self.step if not done else self.step + 1, len(self.scene.steps)):
            step = self.scene.steps[i]
            if i > self.step:
                step.prepare(now)
            words = step.again(now, self.scene.before(i)) if i == self.step else step.words
            result = self.scene.torture.run(now, words)
            if result.code != step.code:
                raise Finding(f"does not go on: {' '.join(words)}: {result.text()}")
        for difference in self.differences(tree(now), self.scene.trees[-1]):
            raise Finding(f"lost: {difference}")

    def lose(self, result, shadow, box):
        if result.code not in (KILLED, self.what.code):
            raise Finding(f"not killed: {result.text()}")
        draw = random.Random(self.name())
        ways = {"synced": (lambda: False, lambda: False), "names": (lambda: True, lambda: False),
                "mixed": (lambda: draw.random() < 0.5, lambda: draw.random() < 0.5)}
        for way, newer in ways.items():
            now = os.path.join(box, way)
            shadow.lose(now, *newer)
            try:
                if result.code == self.what.code: # all of it was promised
                    for difference in differences(tree(now), self.scene.trees[self.step]):
                        raise Finding(f"lost after the end: {difference}")
                self.go_on(now, result.code == self.what.code)
            except Finding as finding:
                raise Finding(f"{way}: {finding}") from None


# --- all -------------------------------------------------------------------------------------------------------------


def try_point(point):
    box = tempfile.mkdtemp(dir=point.scene.folder)
    try:
        point.try_in(box)
        return point, None
    except Finding as finding:
        return point, str(finding)
    finally:
        if not os.environ.get("PAYDIRT_TORTURE_KEEP"):
            shutil.rmtree(box, ignore_errors=True)


def function_names(program, place):
    """The program's functions on the stack, innermost first; addresses where binutils are missing."""
    addresses = re.findall(r"\S*/paydirt\(\+(0x[0-9a-f]+)\)", place)
    try:
        named = subprocess.run(["addr2line", "-f", "-e", program, *addresses], capture_output=True, text=True).stdout
        return named.splitlines()[::2]
    except FileNotFoundError:
        return addresses


def tell(point, finding):
    print(f"FAILED {point.name()}: {' '.join(point.what.words)}\n    {finding}")
    if point.place:
        names = function_names(point.scene.torture.program, point.place)
        print(f"    at {point.place.splitlines()[0]} in {' < '.join(names[:8])}", flush=True)


def draw(points, most):
    """The same number of each scene's step and campaign, as far as they go; the power loss after the end always."""
    kinds = {}
    for point in points:
        kinds.setdefault(point[:3], []).append(point)
    chosen, rng = [], random.Random(int(os.environ.get("PAYDIRT_TORTURE_SEED", "1")))
    for kind in kinds.values():
        rng.shuffle(kind)
        kind.sort(key=lambda point: point[3] == 0)
    while len(chosen) < most and any(kinds.values()):
        chosen += [kind.pop() for kind in kinds.values() if kind]
    return chosen[:most]


def main():
    program, library = (os.path.abspath(path) for path in sys.argv[1:3])
    wanted = sys.argv[3:]
    how_many = os.environ.get("PAYDIRT_TORTURE", str(SAMPLE))
    counts = {}
    only = os.environ.get("PAYDIRT_TORTURE_SCENES", "").split(",")
    with tempfile.TemporaryDirectory(prefix="paydirt-torture-") as base, \
            concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        torture = Torture(program, library, base)
        scenes.draw_inputs(torture.inputs)
        names = {w.split("/")[0] for w in wanted} or {n for n in scenes.SCENES if only == [""] or n in only}
        made = list(pool.map(lambda n: Scene(torture, n, scenes.SCENES[n]), sorted(names)))
        if wanted:
            by_name = {scene.name: scene for scene in made}
            points = [(by_name[s], int(i), c, int(n), h) for s, i, c, n, h in (w.split("/") for w in wanted)]
        else:
            points = [p for ps in pool.map(lambda s: [p for i in range(len(s.steps)) for p in points_of(s, i)], made)
                      for p in ps]
        if how_many != "all" and not wanted:
            points = draw(points, int(how_many))
        for point, finding in pool.map(lambda p: try_point(Point(*p)), points):
            count = counts.setdefault((point.scene.name, point.campaign), [0, 0])
            count[finding is not None] += 1
            if finding:
                tell(point, finding)
    for (scene, campaign), (good, bad) in sorted(counts.items()):
        print(f"{scene:12} {campaign:8} {good + bad:6} points {bad:5} failed")
    good, bad = (sum(count[k] for count in counts.values()) for k in (0, 1))
    print(f"{good} passed, {bad} failed, 0 skipped")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
