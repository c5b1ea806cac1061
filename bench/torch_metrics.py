#!/usr/bin/env python3
"""Fitting capacity and GAN-test of one set of samples in PyTorch and by `paydirt eval`, seeds 1 to N each.

    paydirt sample RUN --per-class 1000 --npz kept.npz
    python3 bench/torch_metrics.py RUN kept.npz --mnist DIR --epochs 10 --seeds 5

The run's data set is MNIST (IDX files in DIR). Both train a LeNet by GOLD's protocol (section 4: Adam 1e-3, betas 0.5 and
0.999, batches of 128, a tenth of the rate after half of the epochs, an epoch is the whole set). Prints means and
standard errors.
"""
import argparse
import gzip
import json
import os
import statistics
import subprocess

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

BATCH = 128


def parse_args() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("run")
    p.add_argument("samples")
    p.add_argument("--mnist", required=True)
    p.add_argument("--paydirt", default="build/paydirt")
    p.add_argument("--epochs", type=int, default=10)
    p.add_argument("--seeds", type=int, default=5)
    p.add_argument("--threads", type=int, default=2)
    return p.parse_args()


def read_idx(folder: str, name: str) -> np.ndarray:
    path = os.path.join(folder, name)
    opened = gzip.open(path + ".gz", "rb") if os.path.exists(path + ".gz") else open(path, "rb")
    with opened as f:
        head = f.read(4)
        shape = [int.from_bytes(f.read(4), "big") for _ in range(head[3])]
        return np.frombuffer(f.read(), np.uint8).reshape(shape)


def read_mnist(folder: str, split: str) -> "tuple[torch.Tensor, torch.Tensor]":
    images = read_idx(folder, f"{split}-images-idx3-ubyte")
    resized = np.stack([np.asarray(Image.fromarray(i).resize((32, 32), Image.BILINEAR)) for i in images])
    return (torch.from_numpy(resized.astype(np.float32) / 127.5 - 1)[:, None],
            torch.from_numpy(read_idx(folder, f"{split}-labels-idx1-ubyte").astype(np.int64)))


class LeNet(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = torch.nn.Conv2d(1, 6, 5), torch.nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = torch.nn.Linear(400, 120), torch.nn.Linear(120, 84), torch.nn.Linear(84, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2).flatten(1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


def trained(images: torch.Tensor, labels: torch.Tensor, epochs: int) -> LeNet:
    net = LeNet()
    for m in net.modules():
        if isinstance(m, (torch.nn.Conv2d, torch.nn.Linear)):  # as paydirt's classifiers start
            bound = m.weight[0].numel() ** -0.5
            torch.nn.init.uniform_(m.weight, -bound, bound)
            torch.nn.init.uniform_(m.bias, -bound, bound)
    adam = torch.optim.Adam(net.parameters(), 1e-3, (0.5, 0.999))
    for epoch in range(epochs):
        adam.param_groups[0]["lr"] = 1e-3 if epoch < (epochs + 1) // 2 else 1e-4
        order = torch.randperm(len(images))
        for at in range(len(images) // BATCH):
            rows = order[at * BATCH:(at + 1) * BATCH]
            adam.zero_grad()
            F.cross_entropy(net(images[rows]), labels[rows]).backward()
            adam.step()
    return net


def accuracy(net: LeNet, images: torch.Tensor, labels: torch.Tensor) -> float:
    with torch.no_grad():
        return (torch.cat([net(x) for x in images.split(1000)]).argmax(1) == labels).double().mean().item()


def ours(args: argparse.Namespace, seed: int) -> "list[float]":
    lines = subprocess.run(
        [args.paydirt, "eval", args.run, "--samples", args.samples, "--metrics", "fitting-capacity,gan-test", "--json",
         "--epochs", str(args.epochs), "--seed", str(seed), "--threads", str(args.threads), "--data-dir", args.mnist],
        check=True, capture_output=True, text=True).stdout.splitlines()
    fit, test = (json.loads(line) for line in lines)
    return [fit["accuracy"], test["accuracy"], test["real_accuracy"]]


def theirs(args: argparse.Namespace, seed: int, sets: list) -> "list[float]":
    torch.manual_seed(seed)
    (x, y), real, test = sets
    fit, judge = trained(x, y, args.epochs), trained(*real, args.epochs)
    return [accuracy(fit, *test), accuracy(judge, x, y), accuracy(judge, *test)]


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    with np.load(args.samples) as kept:
        made = (torch.from_numpy(kept["images"]), torch.from_numpy(kept["labels"].astype(np.int64)))
    sets = [made, read_mnist(args.mnist, "train"), read_mnist(args.mnist, "t10k")]
    seeds = range(1, args.seeds + 1)
    values = {"paydirt": [ours(args, s) for s in seeds], "PyTorch": [theirs(args, s, sets) for s in seeds]}
    for k, name in enumerate(["fitting capacity", "GAN-test", "its classifier on real images"]):
        words = []
        for who, rows in values.items():
            column = [100 * row[k] for row in rows]
            error = statistics.stdev(column) / len(column) ** 0.5 if len(column) > 1 else float("nan")
            words.append(f"{who} {statistics.mean(column):.2f} ± {error:.2f} %")
        print(f"{name}: {', '.join(words)}")


if __name__ == "__main__":
    main()
