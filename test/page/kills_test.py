"""Kills the server of a page with -9 at random moments while answers stream in: none that it acknowledged is lost, none is there twice.

    PAYDIRT=build/paydirt python3 test/page/kills_test.py --moments 200 [--seed 1]
"""
import argparse
import http.client
import json
import random
import sys
import threading
import time

from common import CLASSES, Scratch, Server, main, make_pool, paydirt, presses, standing, start_run


class Client(threading.Thread):
    """Answers one image after the other; sends one again, under its key, until it is acknowledged."""

    def __init__(self, share, seed):
        super().__init__(daemon=True)
        self.share, self.draw, self.server = share, random.Random(seed), None
        self.acknowledged, self.ended = {}, False

    def answer(self, image):
        label = self.draw.randrange(len(CLASSES))
        key = f"{image:08d}{self.draw.randrange(1 << 30):08x}"
        body = json.dumps({"who": "ann", "presses": [{"kind": "answer", "key": key, "image": image, "label": label, "was": 0}]})
        while not self.ended:
            server = self.server
            try:
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
                connection.request("POST", "/api/press", body, {"Authorization": f"Bearer {server.token}"})
                reply = connection.getresponse()
                text = reply.read()
                connection.close()
                if reply.status == 200:
                    self.acknowledged[f"{image:04d}.png"] = CLASSES[label]
                    return
                assert reply.status in (401, 429, 503), (reply.status, text)
                time.sleep(0.005)  # the next server is not known yet
            except (OSError, AttributeError, http.client.HTTPException):
                time.sleep(0.002)

    def run(self):
        for image in self.share:
            if self.ended:
                return
            self.answer(image)


def kill(moments, seed, images):
    draw = random.Random(seed)
    with Scratch() as folder:
        make_pool(f"{folder}/pool", images, 8)
        run = start_run(folder, images)
        clients = [Client(range(i, images, 3), seed + i) for i in range(3)]
        for c in clients:
            c.start()
        done = 0
        for moment in range(moments):
            with Server(folder, "label", run) as server:
                for c in clients:
                    c.server = server
                time.sleep(draw.uniform(0, 0.2))
                server.kill()
            said = standing(presses(folder, run))
            for image, label in [(i, l) for c in clients for i, l in list(c.acknowledged.items())]:
                if said.get(image) != [label]:
                    time.sleep(0.05)  # it came between
                    said = standing(presses(folder, run))
                assert said.get(image) == [label], f"kill {moment}: {image} was acknowledged as {label}, the book has {said.get(image)}"
            assert all(len(labels) == 1 for labels in said.values()), f"kill {moment}: an answer is there twice"
            done = len(said)
        for c in clients:
            c.ended = True
        for c in clients:
            c.join()
        assert done > moments / 2, f"{moments} kills, and {done} answers alone: nothing was tried"
        print(f"{moments} kills, {done} of {images} answers, {sum(len(c.acknowledged) for c in clients)} acknowledged: all there, each once")


def a_few_kills():
    kill(4, 3, 200)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--moments", type=int)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.moments:
        kill(given.moments, given.seed, min(9999, max(400, given.moments * 45)))
    else:
        sys.exit(main([a_few_kills]))
