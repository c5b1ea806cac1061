"""A page's server among 100 clients who mean no good: bytes that are no HTTP, requests that trickle in, bodies of 1 GB, bad tokens, other
hosts and origins, random requests with the token. It must go on, in 100 MB, and tell nothing without the token.

    PAYDIRT=build/paydirt python3 test/page/crowd.py [--seconds 20]
"""
import argparse
import json
import os
import random
import socket
import sys
import threading
import time
import urllib.request

from common import Scratch, Server, make_pool, start_run

CLIENTS = 100


class Client(threading.Thread):
    def __init__(self, server, seed, end):
        super().__init__(daemon=True)
        self.server, self.number, self.draw, self.end = server, seed, random.Random(seed), end
        self.counts, self.leaks = {}, []

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.server.port), timeout=20)
        return s

    def head(self, method="GET", path="/", host=None, token="", more=""):
        host = host or f"127.0.0.1:{self.server.port}"
        return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n{more}\r\n".encode()

    def talk(self, data, forbidden=True):
        with self.connect() as s:
            s.sendall(data)
            text = b""
            while True:
                got = s.recv(65536)
                if not got:
                    break
                text += got
        if forbidden and (text.startswith(b"HTTP/1.1 2") or self.server.token.encode() in text):
            self.leaks.append((data[:200], text[:200]))
        return text

    def noise(self):
        self.talk(bytes(self.draw.randrange(256) for _ in range(self.draw.randrange(1, 3000))) + b"\r\n\r\n")

    def bent(self):
        data = bytearray(self.head("GET", "/api/state", token=self.server.token[:-1] + "x"))
        for _ in range(self.draw.randrange(1, 8)):
            data[self.draw.randrange(len(data))] = self.draw.randrange(256)
        self.talk(bytes(data) + b"\r\n\r\n")

    def token(self):
        self.talk(self.head("GET", f"/api/state?token={self.draw.getrandbits(128):032x}"))

    def other_host(self):
        host = self.draw.choice(["evil.example:80", "127.0.0.1", f"evil.example:{self.server.port}", "[", f"0.0.0.0:{self.server.port}"])
        self.talk(self.head("GET", "/", host, self.server.token))

    def other_origin(self):
        origin = self.draw.choice(["http://evil.example", "null", f"https://127.0.0.1:{self.server.port}"])
        self.talk(self.head("POST", "/api/done", token=self.server.token, more=f"Origin: {origin}\r\nContent-Length: 0\r\n"))

    def long_body(self):
        if self.draw.random() < 0.5:
            self.talk(self.head("POST", "/api/press", token=self.server.token, more=f"Content-Length: {1 << 30}\r\n") + b"x" * 65536)
            return
        with self.connect() as s:
            s.sendall(self.head("POST", "/api/press", token=self.server.token, more="Transfer-Encoding: chunked\r\n"))
            piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
            for _ in range((1 << 30) // 65536):
                s.sendall(piece)

    def slow(self):
        with self.connect() as s:
            for byte in self.head("GET", "/api/state"):
                if time.monotonic() > self.end:
                    return
                s.sendall(bytes([byte]))
                time.sleep(self.draw.uniform(0.2, 1))

    def allowed(self):
        path = self.draw.choice(["/api/state?who=x", "/api/queue?n=99999999999999999999", "/api/image?n=-1", "/api/image?n=3", "/api/review?show=class:9",
                                 "/api/export?as=coco", "/%2e%2e/%2e%2e/etc/passwd", "/label.js", "/" + "a" * 3000])
        self.talk(self.head("GET", path, token=self.server.token), forbidden=False)

    def press(self):
        value = {"who": self.draw.choice(["a", "b" * 80, "", None, 7]), "presses": [
            {"kind": self.draw.choice(["answer", "undo", "note", "class", "rename", "settle", "x"]), "key": f"{self.draw.getrandbits(64):x}",
             "image": self.draw.choice([0, 1, -1, 1 << 40, "1", None]), "label": self.draw.choice([0, 9, -2, -1, 1 << 40, None]),
             "text": self.draw.choice(["", "cat", "x" * 3000, "\u202e", "zebra"])} for _ in range(self.draw.randrange(4))]}
        body = json.dumps(value).encode()[:self.draw.choice([10, 100000])]
        self.talk(self.head("POST", "/api/press", token=self.server.token, more=f"Content-Length: {len(body)}\r\n") + body, forbidden=False)

    def run(self):
        ways = [self.noise, self.bent, self.token, self.other_host, self.other_origin, self.allowed, self.press]
        ways = [self.slow] if self.number % 5 == 0 else [self.long_body] if self.number % 5 == 1 else ways
        while time.monotonic() < self.end:
            way = self.draw.choice(ways)
            try:
                way()
            except OSError:
                pass  # it hung up, as it may
            self.counts[way.__name__] = self.counts.get(way.__name__, 0) + 1


def memory(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) / 1024


def main(seconds):
    with Scratch() as folder:
        make_pool(f"{folder}/pool", 40)
        run = start_run(folder, 40)
        with Server(folder, "label", run) as server:
            end = time.monotonic() + seconds
            clients = [Client(server, i, end) for i in range(CLIENTS)]
            for c in clients:
                c.start()
            for c in clients:
                c.join(seconds + 60)
            assert server.process.poll() is None, f"the server has ended: {open(f'{folder}/server.err').read()}"
            begin = time.monotonic()
            for _ in range(100):  # whoever has the token is answered
                try:
                    request = urllib.request.Request(f"{server.base}/api/state?who=me", headers={"Authorization": f"Bearer {server.token}"})
                    assert json.load(urllib.request.urlopen(request, timeout=5))["counts"]["asked"] == 40
                    break
                except OSError:
                    time.sleep(0.1)
            else:
                raise AssertionError("nobody is answered any more")
            most, wait = memory(server.process.pid), time.monotonic() - begin
            out, code = server.stop()
            assert code == 0, (code, open(f"{folder}/server.err").read()[-3000:])
    leaks = [leak for c in clients for leak in c.leaks]
    assert not leaks, leaks[:3]
    counts = {}
    for c in clients:
        for way, n in c.counts.items():
            counts[way] = counts.get(way, 0) + n
    limit = float(os.environ.get("PAGE_MEMORY", "100"))
    assert most <= limit, f"{most:.0f} MB of memory"
    print(f"{sum(counts.values())} requests of {CLIENTS} clients in {seconds} s: no leak, {most:.0f} MB at most, answered again after {wait:.2f} s: {counts}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20)
    sys.exit(main(parser.parse_args().seconds))
