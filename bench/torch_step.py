#!/usr/bin/env python3
"""Rate and memory of paydirt's training step in PyTorch (1.13 or later), for `bench/compare.py`.

The same step as `paydirt bench`: G's batch is made once, D's updated weights judge it for G, GOLD weights come from the
forward whose loss they weight, and D's weight gradients are not computed in the generator step. Each step draws its own z and c.
Colour models get 3 channels. With critic steps images/s counts the reals that D sees, and G is updated once in so many steps.
A gradient penalty runs eagerly under --compile, too: torch.compile's graphs cannot be differentiated twice.
"""
import argparse
import json
import os
import resource
import statistics
import sys
import time
from typing import List

import torch

IMPORT_RSS_MB = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import torch_reference as ref  # noqa: E402

BATCHES = 8     # recorded real batches, used in turn


def parse_args() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--model", choices=list(ref.MODELS), default="infogan")
    p.add_argument("--loss", choices=list(ref.LOSSES), help="of the logit; by default the model's")
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--gold", action="store_true", help="GOLD weights on the fakes of the D step; with --loss gan alone")
    p.add_argument("--compile", action="store_true", help="torch.compile (PyTorch 2)")
    p.add_argument("--compile-mode", default="default", help="mode of torch.compile")
    p.add_argument("--channels-last", action="store_true")
    p.add_argument("--adam", choices=("auto", "single", "foreach", "fused"), default="auto")
    p.add_argument("--seconds", type=float, default=20.0, help="measured time, after the warm-up")
    p.add_argument("--warmup", type=int, default=3, help="steps before the measurement (at least 1)")
    p.add_argument("--json", action="store_true")
    args = p.parse_args()
    args.loss = args.loss or ref.MODELS[args.model].loss
    if args.gold and args.loss != "gan":
        p.error("--gold with the loss %s: GOLD reads the logit as a log density ratio" % args.loss)
    return args


def adam_options(choice: str) -> dict:
    """`auto` is the fused CPU kernel where this PyTorch has one, else one tensor after another."""
    if choice == "auto":
        try:
            p = torch.nn.Parameter(torch.zeros(1))
            p.grad = torch.zeros(1)
            torch.optim.Adam([p], fused=True).step()
            choice = "fused"
        except (RuntimeError, TypeError, ValueError):
            choice = "single"
    return {"single": dict(foreach=False), "foreach": dict(foreach=True), "fused": dict(fused=True)}[choice]


class Bench:
    def __init__(self, args: argparse.Namespace):
        z_dim, classes = (2, 2) if args.model == "mlp" else (100, 10)
        channels = ref.MODELS[args.model].channels
        shape = (2,) if args.model == "mlp" else (channels, 32, 32)
        self.args, self.z_dim, self.classes, self.steps = args, z_dim, classes, 0
        gan = ref.AcGan(args.model, z_dim, classes, channels)
        ref.start_weights(gan, args.model, channels)
        self.real = [torch.rand((args.batch,) + shape) * 2 - 1 for _ in range(BATCHES)]
        self.labels = [torch.randint(0, classes, (args.batch,)) for _ in range(BATCHES)]
        if args.channels_last and args.model != "mlp":
            gan = gan.to(memory_format=torch.channels_last)
            self.real = [x.contiguous(memory_format=torch.channels_last) for x in self.real]
        self.adam = adam_options(args.adam)
        self.trainer = ref.Trainer(gan.train(), ref.Options(loss=args.loss), adam_options=self.adam)
        if args.compile:
            self.trainer.compile(mode=args.compile_mode)

    def step(self) -> None:
        i = self.steps % BATCHES
        z = torch.randn(self.args.batch, self.z_dim)
        c = torch.randint(0, self.classes, (self.args.batch,))
        self.losses = self.trainer.step(self.real[i], self.labels[i], z, c, self.args.gold)
        self.steps += 1

    def rates(self) -> List[float]:
        """Images per second of windows of about a second each, with whole rounds of critic steps."""
        critic_steps = ref.LOSSES[self.args.loss].critic_steps
        for _ in range(max(self.args.warmup, 1)):
            begin = time.perf_counter()
            for _ in range(critic_steps):
                self.step()
            per_round = time.perf_counter() - begin
        window = max(1, round(1.0 / per_round)) * critic_steps
        rates: List[float] = []
        end = time.perf_counter() + self.args.seconds
        while time.perf_counter() < end or len(rates) < 3:
            begin = time.perf_counter()
            for _ in range(window):
                self.step()
            rates.append(window * self.args.batch / (time.perf_counter() - begin))
        return rates


def main() -> int:
    args = parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    bench = Bench(args)
    rates = bench.rates()
    if not all(torch.isfinite(t) for t in bench.losses):
        print("a loss is not finite", file=sys.stderr)
        return 1
    adam = next((name for name, on in bench.adam.items() if on), "single")
    result = {
        "model": args.model, "loss": args.loss, "batch": args.batch, "threads": args.threads, "gold": args.gold,
        "compile": args.compile, "channels_last": args.channels_last, "adam": adam,
        "torch": torch.__version__, "images_per_second": round(statistics.median(rates), 2),
        "slowest": round(min(rates), 2), "fastest": round(max(rates), 2), "windows": len(rates),
        "import_rss_mb": round(IMPORT_RSS_MB, 1),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0, 1),
    }
    if args.json:
        print(json.dumps(result))
    else:
        print("%(images_per_second).1f images/s (%(slowest).1f to %(fastest).1f in %(windows)d windows), "
              "peak %(peak_rss_mb).0f MB (%(import_rss_mb).0f MB after import torch), PyTorch %(torch)s" % result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
