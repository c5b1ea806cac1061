#!/usr/bin/env python3
"""How a training step scales over ranks: measured on those that are here, predicted for more.

    bench/ranks.py --paydirt build/paydirt [--model infogan] [--width 1] [--batch 256] [--ranks 2] [--mpirun "mpirun.openmpi -np"] [--gbit 10 25 100]

The model of a step of R ranks with B images together:

    t(R) = a - s (1 - 1/R) + c B/R + n l(R) + 2 (R-1)/R bytes / bandwidth

a, c: from one process with B and B/2 images (a: what does not shrink with the images). s: Adam, of which each rank does a part, from the profile
of `paydirt bench` (at most a; as if all weights were large enough to be shared). bytes: of the gradients of both networks, in float; n: the
sums on which a step waits. l(R) = latency * ceil(log2 R). Latency and bandwidth are measured by MPI's all-reduce of 8 bytes and of `bytes`, on the
same ranks and wire (--gbit predicts for other wires). Assumed: machines alike, a ring or halving all-reduce, nothing hidden behind the backward
pass, a network without congestion, a global batch that stays B.
"""
import argparse
import ctypes
import json
import math
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

WAITS = 4 # D's gradients, G's, the losses, running statistics
STEPS = 12


def worker(sizes):
    """On each rank: seconds of an all-reduce of so many floats, by rank 0."""
    mpi = ctypes.CDLL("libmpi.so.40", mode=ctypes.RTLD_GLOBAL)
    handle = lambda name: ctypes.byref(ctypes.c_char.in_dll(mpi, name))
    mpi.MPI_Init(None, None)
    world, real, add = handle("ompi_mpi_comm_world"), handle("ompi_mpi_float"), handle("ompi_mpi_op_sum")
    rank = ctypes.c_int()
    mpi.MPI_Comm_rank(world, ctypes.byref(rank))
    for size in sizes:
        data = (ctypes.c_float * size)()
        times = []
        for _ in range(20):
            mpi.MPI_Barrier(world)
            begun = time.perf_counter()
            mpi.MPI_Allreduce(ctypes.c_void_p(1), data, size, real, add, world)
            times.append(time.perf_counter() - begun)
        if rank.value == 0:
            print(json.dumps([size, statistics.median(times)]), flush=True)
    mpi.MPI_Finalize()


def step_seconds(o, batch, ranks):
    """The median of three short trainings, from their last epoch's images a second."""
    times = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            start = shlex.split(o.mpirun) + [str(ranks)] if ranks > 1 else shlex.split(o.alone)
            done = subprocess.run(
                start + [os.path.abspath(o.paydirt), "train", "--data", "strokes", "--data-count", str(batch), "--min-epoch", str(STEPS * batch), "--batch",
                         str(batch), "--model", o.model, "--width", str(o.width), "--epochs", "2", "--threads", "1", "--grid-every", "0", "--out", folder],
                capture_output=True, text=True)
            rate = re.findall(r"step \d+ .*?(\d+) images/s", done.stderr + done.stdout)
            if done.returncode or not rate:
                sys.exit(done.stderr)
            times.append(batch / float(rate[-1]))
    return statistics.median(times)


def adam_seconds(o):
    """Of a step of one process."""
    said = subprocess.run([os.path.abspath(o.paydirt), "bench", "--model", o.model, "--width", str(o.width), "--batch", str(o.batch // 2), "--threads",
                           "1", "--seconds", "5", "--json"], capture_output=True, text=True, check=True)
    profile = json.loads(said.stdout)
    return sum(op["share"] for op in profile["ops"] if op["name"] == "adam") * (o.batch // 2) / profile["images_per_second"]


def gradient_bytes(o):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([os.path.abspath(o.paydirt), "train", "--data", "strokes", "--data-count", "16", "--min-epoch", "16", "--batch", "16", "--model",
                        o.model, "--width", str(o.width), "--epochs", "1", "--threads", "1", "--grid-every", "0", "--out", folder],
                       capture_output=True, check=True)
        (run,) = os.listdir(folder)
        with open(f"{folder}/{run}/checkpoint.safetensors", "rb") as f:
            header = json.loads(f.read(int.from_bytes(f.read(8), "little")))
    moments = [entry["data_offsets"] for name, entry in header.items() if name.startswith("adam_") and name.endswith("/m")]
    return sum(end - begin for begin, end in moments)


def wire(o, size):
    """Latency of a sum of two floats and bandwidth of one of `size` bytes, by the model's terms."""
    said = subprocess.run(shlex.split(o.mpirun) + [str(o.ranks), sys.executable, os.path.abspath(__file__), "--worker", "2", str(size // 4)],
                          capture_output=True, text=True)
    (_, small), (_, large) = (json.loads(line) for line in said.stdout.splitlines() if line.startswith("["))
    return small / math.ceil(math.log2(o.ranks)), 2 * (o.ranks - 1) / o.ranks * size / (large - small)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paydirt", default="build/paydirt")
    parser.add_argument("--model", default="infogan")
    parser.add_argument("--width", type=float, default=1)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--mpirun", default="mpirun.openmpi -np")
    parser.add_argument("--alone", default="", help="what to start one process with, such as taskset -c 0")
    parser.add_argument("--gbit", type=float, nargs="*", default=[10, 25, 100], help="predict for wires of so many Gbit/s, at 20 microseconds")
    parser.add_argument("--worker", type=int, nargs="*")
    o = parser.parse_args()
    if o.worker:
        return worker(o.worker)
    size = gradient_bytes(o)
    latency, bandwidth = wire(o, size)
    one, half = step_seconds(o, o.batch, 1), step_seconds(o, o.batch // 2, 1)
    c = max((one - half) / (o.batch / 2), 0)
    a = max(one - c * o.batch, 0)
    shared = min(adam_seconds(o), a)
    together = step_seconds(o, o.batch, o.ranks)

    def predict(ranks, latency, bandwidth):
        return a - shared * (1 - 1 / ranks) + c * o.batch / ranks + WAITS * latency * math.ceil(math.log2(ranks)) + 2 * (ranks - 1) / ranks * size / bandwidth

    print(json.dumps({"model": o.model, "width": o.width, "batch": o.batch, "bytes": size, "latency_us": 1e6 * latency, "bandwidth_GB_s": bandwidth / 1e9,
                      "a_ms": 1e3 * a, "adam_ms": 1e3 * shared, "c_ms_per_image": 1e3 * c, "one_ms": 1e3 * one, "ranks": o.ranks, "measured_ms": 1e3 * together,
                      "predicted_ms": 1e3 * predict(o.ranks, latency, bandwidth), "speed": one / together}))
    print(f"{o.ranks} ranks: {one / together:.2f} times one process, predicted {one / predict(o.ranks, latency, bandwidth):.2f}")
    print("ranks  " + "".join(f"{g:>6g} Gbit/s" for g in o.gbit))
    for ranks in (8, 16, 32, 64, 128, 256):
        print(f"{ranks:5d}  " + "".join(f"{one / predict(ranks, 20e-6, g * 1e9 / 8):13.1f}" for g in o.gbit))


if __name__ == "__main__":
    main()
