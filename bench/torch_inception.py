#!/usr/bin/env python3
"""Inception-2015's rate: paydirt's over pytorch-fid's module in PyTorch, eager and by torch.compile, in turns.

    python3 test/golden/inception.py made.pth && build/paydirt weights import made.pth --out made.safetensors
    OMP_WAIT_POLICY=passive python3 bench/torch_inception.py made.pth made.safetensors --rounds 9

Each makes the 2,048 features of the same 8-bit images of 32x32 pixels, the resize to 299x299 included. Prints the median
over the rounds of images/s and of the ratio of each round, by the clock and by processor time (beside other work the
clock counts what that takes; processor time counts threads that wait awake). Needs PyTorch and pytorch-fid.
"""
import argparse
import ctypes
import statistics
import time

import numpy as np
import torch
from pytorch_fid import inception


def parse_args() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("pth", help="weights as torch.save wrote them")
    p.add_argument("weights", help="the same as safetensors")
    p.add_argument("--library", default="build/libpaydirt.so")
    p.add_argument("--images", type=int, default=16)
    p.add_argument("--rounds", type=int, default=9)
    p.add_argument("--threads", type=int, default=2)
    return p.parse_args()


class Images(ctypes.Structure):  # struct pd_inception_images
    _fields_ = [("n", ctypes.c_int64), ("channels", ctypes.c_int), ("height", ctypes.c_int), ("width", ctypes.c_int),
                ("pixels", ctypes.c_void_p), ("context", ctypes.c_void_p), ("get", ctypes.c_void_p)]


def ours(args: argparse.Namespace, pixels: np.ndarray):
    library, net, err = ctypes.CDLL(args.library), ctypes.c_void_p(), ctypes.create_string_buffer(4096)
    if library.pd_inception_open(args.weights.encode(), args.threads, ctypes.byref(net), err):
        raise SystemExit(f"{args.weights}: not opened")
    images = Images(len(pixels), *pixels.shape[1:], pixels.ctypes.data, None, None)
    features = np.empty((len(pixels), 2048), np.float32)

    def run() -> np.ndarray:
        if library.pd_inception_run(net, ctypes.byref(images), None, features.ctypes.data_as(ctypes.c_void_p), None, err):
            raise SystemExit("paydirt: failed")
        return features

    return run


def theirs(args: argparse.Namespace, pixels: np.ndarray, compiled: bool):
    state = torch.load(args.pth)
    inception.load_state_dict_from_url = lambda *a, **k: state
    net = inception.InceptionV3([3]).eval()
    net = torch.compile(net) if compiled else net

    def run() -> np.ndarray:
        with torch.no_grad():
            return net(torch.from_numpy(pixels).float() / 255)[0].flatten(1).numpy()

    return run


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    pixels = np.random.default_rng(1).integers(0, 256, (args.images, 3, 32, 32), np.uint8)
    runs = {"paydirt": ours(args, pixels), "eager": theirs(args, pixels, False), "torch.compile": theirs(args, pixels, True)}
    first = {name: run().copy() for name, run in runs.items()}
    print(f"compiled and eager differ by {np.abs(first['eager'] - first['torch.compile']).max():.1e}")
    times = {name: [] for name in runs}
    for _ in range(args.rounds):
        for name, run in runs.items():
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            times[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    for k, clock in enumerate(("clock", "processor time")):
        for name, rows in times.items():
            column, mine = [r[k] for r in rows], [r[k] for r in times["paydirt"]]
            ratio = statistics.median(column) / statistics.median(mine)
            each = sorted(a / b for a, b in zip(column, mine))
            print(f"{clock}: {name} {args.images / statistics.median(column):.2f} images/s, paydirt is {ratio:.2f} times as fast "
                  f"(rounds: {each[0]:.2f} to {each[-1]:.2f}, {args.rounds})", flush=True)


if __name__ == "__main__":
    main()
