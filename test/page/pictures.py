"""The pictures of the pages in doc/, of Fashion-MNIST (Debian's dataset-fashion-mnist) in Debian's Chromium.

    PAYDIRT=build/paydirt python3 test/page/pictures.py doc
"""
import gzip
import os
import sys
import time

import browser as b
from common import Scratch, Server, paydirt, write_png

DATA = "/usr/share/datasets/fashion-mnist"
NAMES = ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]


def make_photos(folder, n):
    """Images of the training set as PNG files; returns their classes."""
    os.makedirs(folder)
    pixels = gzip.open(f"{DATA}/train-images-idx3-ubyte.gz").read(16 + 784 * n)[16:]
    labels = gzip.open(f"{DATA}/train-labels-idx1-ubyte.gz").read(8 + n)[8:]
    for i in range(n):
        write_png(f"{folder}/{i:04d}.png", 28, 28, b"".join(bytes(3 * [v]) for v in pixels[784 * i:784 * (i + 1)]))
    return [NAMES[label] for label in labels]


def start(folder):
    truth = make_photos(f"{folder}/clothes", 1200)
    with open(f"{folder}/first.csv", "w") as f:
        f.write("image,label\n" + "".join(f"{i:04d}.png,{truth[i]}\n" for i in range(60)))
    paydirt(folder, "active", "--data", "clothes", "--classes", ",".join(NAMES), "--strategy", "gold", "--oracle", "csv", "--labels", "first.csv",
            "--init", "60", "--query", "40", "--final", "200", "--model", "infogan", "--width", "0.25", "--batch", "32", "--min-epoch", "1200", "--epochs", "6",
            "--threads", "2", "--no-pictures", "--seed", "1")
    return "runs/00000-clothes-active-gold", truth


def shown(tab):
    tab.wait("document.querySelector('#stage img')?.complete && [...document.images].every((i) => i.complete)", "pictures")
    time.sleep(0.2)


def label_pages(folder, run, truth, out):
    with Server(folder, "label", run) as server:
        with b.Browser(1180, 800) as tab:
            tab.go(server.url)
            shown(tab)
            for _ in range(6):
                image = int(tab.js("return document.querySelector('#stage').dataset.image"))
                tab.press("1234567890"[NAMES.index(truth[image])])
            tab.press("I")
            shown(tab)
            tab.picture(f"{out}/label-page.png")
        with b.Browser(1180, 800, dark=True) as tab:
            tab.go(server.url)
            shown(tab)
            tab.press("G")
            tab.wait("document.querySelectorAll('.cell img').length > 20", "the grid")
            for cell in (1, 2, 5, 9):
                tab.click(f".cell:nth-child({cell})")
            time.sleep(0.5)
            tab.picture(f"{out}/label-grid.png")
        with b.Browser(390, 780, phone=True) as tab:
            tab.go(server.url)
            shown(tab)
            tab.picture(f"{out}/label-phone.png")


def watch_and_report(folder, out):
    for seed, gold in (("1", []), ("1", ["--gold"])):
        paydirt(folder, "train", "--data", "fmnist", "--data-count", "1000", "--labels", "200", "--model", "infogan", "--width", "0.25", "--batch", "32",
                "--min-epoch", "1000", "--epochs", "6", "--seed", seed, "--threads", "2", *gold)
    runs = ["runs/00001-fmnist-infogan", "runs/00002-fmnist-infogan-gold"]
    with Server(folder, "watch", *runs) as server, b.Browser(1280, 900) as tab:
        tab.go(server.url)
        tab.wait("document.body.dataset.ready && [...document.images].every((i) => i.complete)", "the page to watch")
        time.sleep(0.5)
        tab.picture(f"{out}/watch-page.png")
    paydirt(folder, "report", *runs, "--out", "report.html")
    with b.Browser(1180, 1100) as tab:
        tab.go(f"file://{folder}/report.html")
        tab.picture(f"{out}/report-page.png")


def main(out):
    lacking = b.missing() or (None if os.path.isdir(DATA) else "dataset-fashion-mnist")
    if lacking:
        print(f"no pictures: install {lacking}")
        return 0
    with Scratch() as folder:
        run, truth = start(folder)
        label_pages(folder, run, truth, os.path.abspath(out))
        watch_and_report(folder, os.path.abspath(out))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "doc"))
