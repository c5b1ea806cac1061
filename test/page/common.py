"""A pool of images, a run that asks about them, and its page's server, for tests of the pages."""
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
import zlib

PAYDIRT = os.path.abspath(os.environ.get("PAYDIRT", "build/paydirt"))
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
ENVIRONMENT = {**{k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}, "OMP_WAIT_POLICY": "passive"}


def write_png(path, width, height, rgb):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + rgb[y * width * 3:(y + 1) * width * 3] for y in range(height))
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def make_pool(folder, n, side=24):
    os.makedirs(folder)
    for i in range(n):
        colour = bytes((i * 37 % 256, i * 91 % 256, i * 53 % 256, 255 - i * 37 % 256, i % 256, i // 256 * 80 % 256))
        rgb = b"".join(colour[:3] if (x // 6 + y // 6 + i) % 2 else colour[3:] for y in range(side) for x in range(side))
        write_png(f"{folder}/{i:04d}.png", side, side, rgb)


def paydirt(folder, *words, fails=False):
    done = subprocess.run([PAYDIRT, *words], cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode and not fails:
        raise AssertionError(f"paydirt {' '.join(words)}: {done.returncode}: {done.stderr}")
    return done


SMALL = ["--model", "infogan", "--width", "0.1", "--batch", "8", "--min-epoch", "16", "--epochs", "1", "--threads", "1", "--no-pictures"]


def start_run(folder, init, final=None, oracle="csv"):
    """Asks at once: nothing is trained before the first answers."""
    paydirt(folder, "active", "--data", "pool", "--classes", ",".join(CLASSES), "--strategy", "gold", "--oracle", oracle,
            "--init", str(init), "--query", "4", "--final", str(final or init), *SMALL)
    return "runs/00000-pool-active-gold"


class Server:
    """The program that serves a page; url is what it has printed."""

    def __init__(self, folder, *words):
        self.process = subprocess.Popen([PAYDIRT, *words], cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=open(f"{folder}/server.err", "w"), text=True)
        self.url = self.process.stdout.readline().strip()
        if "token=" not in self.url:
            self.process.wait()
            raise AssertionError(f"no server: {open(f'{folder}/server.err').read()}")
        self.base, self.token = self.url.split("/?token=")
        self.port = int(self.base.rsplit(":", 1)[1])

    def get(self, path):
        return json.load(urllib.request.urlopen(urllib.request.Request(self.base + path, headers={"Authorization": f"Bearer {self.token}"}), timeout=20))

    def press(self, who, **press):
        body = json.dumps({"who": who, "presses": [{"key": uuid.uuid4().hex, **press}]}).encode()
        request = urllib.request.Request(f"{self.base}/api/press", body, {"Authorization": f"Bearer {self.token}"})
        return json.load(urllib.request.urlopen(request, timeout=20))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=30)[0], self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()


def presses(folder, run):
    """The book's rows, as dicts."""
    db = sqlite3.connect(f"{folder}/{run}/page.db")
    db.row_factory = sqlite3.Row
    rows = [dict(r) for r in db.execute("SELECT * FROM press ORDER BY id")]
    db.close()
    return rows


def book_id(folder, run):
    db = sqlite3.connect(f"{folder}/{run}/page.db")
    (number,) = db.execute("SELECT value FROM setting WHERE name = 'id'").fetchone()
    db.close()
    return f"{number & (1 << 64) - 1:016x}"


def standing(rows):
    """Image -> label, by the rows that were not taken back; and how many rows say so."""
    undone = {r["was"] for r in rows if r["kind"] == "undo"}
    said = {}
    for r in rows:
        if r["kind"] == "answer" and r["id"] not in undone:
            said.setdefault(r["image"], []).append(r["label"])
    return said


class Scratch:
    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="paydirt-page-")
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def main(tests, skipped=None, needs=contextlib.nullcontext):
    """Runs them, each with what they need, opened once; ends as cmocka does, so that tools/run_tests counts the cases."""
    passed = failed = 0
    if skipped:
        print(f"skipped: {skipped}")
        print(f"[  SKIPPED ] {len(tests)} test(s)")
        return 0
    with needs() as needed:
        for test in tests:
            begin = time.monotonic()
            try:
                test(*([needed] if needed else []))
                passed += 1
                print(f"[       OK ] {test.__name__}, {time.monotonic() - begin:.1f} s")
            except AssertionError as error:
                failed += 1
                print(f"failed: {test.__name__}: {error}")
    print(f"[  PASSED  ] {passed} test(s)")
    if failed:
        print(f"[  FAILED  ] {failed} test(s)")
    return failed > 0
