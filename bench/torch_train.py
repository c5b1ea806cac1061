#!/usr/bin/env python3
"""The training of `paydirt train --data cifar10` in PyTorch, for a comparison of what both learn from the same work.

    bench/torch_train.py --data-dir DIR --model acgan --epochs 5 --out samples.npz
    paydirt eval RUN --samples samples.npz

Reads CIFAR-10's binary batches that are in DIR, trains as paydirt does (the step is tools/torch_reference.py's) and writes
generated images, as many of each class, in evaluation mode: images (N, 3, 32, 32) in [-1, 1] and labels (N). Prints the losses
of every epoch, and ends with exit code 1 when one is not finite.
"""
import argparse
import glob
import os
import sys
import time

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import torch_reference as ref  # noqa: E402

Z_DIM, CLASSES = 100, 10
OF_G = torch.tensor([name.startswith("g_") for name in ref.LOSS_NAMES])    # not there in critic steps


def parse_args() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--data-dir", required=True)
    p.add_argument("--model", default="acgan")
    p.add_argument("--epochs", type=int, default=5)
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--per-class", type=int, default=1000)
    p.add_argument("--out", required=True)
    return p.parse_args()


def read_cifar10(folder: str) -> "tuple[torch.Tensor, torch.Tensor]":
    rows = np.concatenate([np.fromfile(path, np.uint8).reshape(-1, 3073)
                           for path in sorted(glob.glob(os.path.join(folder, "data_batch_*.bin")))])
    images = torch.from_numpy(rows[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / 127.5 - 1)
    return images, torch.from_numpy(rows[:, 0].astype(np.int64))


def train(trainer: ref.Trainer, images: torch.Tensor, labels: torch.Tensor, args: argparse.Namespace) -> bool:
    steps = len(images) // args.batch
    for epoch in range(args.epochs):
        begin, sums, updates = time.perf_counter(), torch.zeros(len(ref.LOSS_NAMES)), 0
        order = torch.randperm(len(images))
        for i in range(steps):
            batch = order[i * args.batch:(i + 1) * args.batch]
            z, c = torch.randn(args.batch, Z_DIM), torch.randint(0, CLASSES, (args.batch,))
            losses = torch.stack(trainer.step(images[batch], labels[batch], z, c, False))
            full = trainer.steps % trainer.loss.critic_steps == 0
            updates += full
            sums += losses if full else torch.where(OF_G, torch.zeros(()), losses)
        rate = steps * args.batch / (time.perf_counter() - begin)
        print("epoch %d  %s  %.0f images/s" % (epoch + 1, "  ".join(
            "%s %.3f" % pair for pair in zip(ref.LOSS_NAMES, (sums / torch.where(OF_G, max(updates, 1), steps)).tolist())), rate), flush=True)
        if not bool(torch.isfinite(sums).all()):
            return False
    return True


def generate(gan: ref.AcGan, per_class: int) -> "tuple[np.ndarray, np.ndarray]":
    gan.eval()
    c = torch.arange(CLASSES).repeat_interleave(per_class)
    with torch.no_grad():
        images = [gan.g(torch.randn(len(part), Z_DIM), part) for part in c.split(500)]
    return torch.cat(images).numpy(), c.numpy().astype(np.int32)


def main() -> int:
    args = parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    gan = ref.AcGan(args.model, Z_DIM, CLASSES, 3, 32)
    ref.start_weights(gan, args.model, 3)
    trainer = ref.Trainer(gan.train(), ref.Options(loss=ref.MODELS[args.model].loss))
    if not train(trainer, *read_cifar10(args.data_dir), args):
        print("a loss is not finite", file=sys.stderr)
        return 1
    images, labels = generate(gan, args.per_class)
    np.savez(args.out, images=images, labels=labels)
    return 0


if __name__ == "__main__":
    sys.exit(main())
