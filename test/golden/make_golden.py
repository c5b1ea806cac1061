#!/usr/bin/env python3
"""Writes the golden vectors: 20 training steps of small AC-GANs, computed by PyTorch in double.

    python3 make_golden.py             writes test/golden/<model>-<case>.safetensors (same bytes every time)
    python3 make_golden.py --check     replays the committed files in double and float, writes nothing

Needs PyTorch and NumPy. What the files hold is described in README.md beside this script.
"""
import argparse
import os
import sys
from typing import Dict, Tuple

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tools"))
import torch_reference as ref  # noqa: E402

STEPS = 20
LAMBDA_C, BETA_D = 0.1, 1.0
SHAPES = {  # small, but wide enough for kernels with channel blocks of 16
    "infogan": dict(z_dim=16, classes=4, channels=1, size=16, widths=ref.Widths(16, 32, 32)),
    "dcgan": dict(z_dim=16, classes=4, channels=3, size=16, widths=ref.Widths(16, 16, 0, 32)),
    "mlp": dict(z_dim=2, classes=2, channels=0, size=0, widths=ref.Widths(0, 0, 32)),
}
BATCH = {"infogan": 8, "dcgan": 6, "mlp": 16}
SEED = {"infogan": 20190, "dcgan": 20192, "mlp": 20191}
# The product starts from std 0.02 and zero biases. At these widths that leaves logits near zero, and an
# error in a bias would not show: the vectors start livelier.
WEIGHT_STD = {"infogan": 0.2, "dcgan": 0.2, "mlp": 0.3}
BIAS_STD, GAIN_STD = 0.05, 0.1
CASES = {"plain": dict(semi=False, gold=False), "semi": dict(semi=True, gold=False), "gold": dict(semi=False, gold=True)}
LEFT_OUT = {("dcgan", "plain")}  # what it would show, the other two do

# Batch norm subtracts the mean, so these biases have no effect and no gradient. In float, rounding leaves
# a gradient of about 1e-9, which Adam scales up to a step of nearly lr.
DEAD_BIASES = {
    "infogan": ("g.fc1.bias", "g.fc2.bias", "g.deconv1.bias", "d.conv2.bias", "d.fc1.bias"),
    "dcgan": ("g.fc1.bias", "g.deconv1.bias", "g.deconv2.bias", "d.conv2.bias", "d.conv3.bias"),
    "mlp": (),
}

Arrays = Dict[str, np.ndarray]


def smooth_images(rng: np.random.Generator, labels: np.ndarray, classes: int, channels: int, size: int) -> np.ndarray:
    """(N, channels, size, size) in [-1, 1]: a few random waves around a wave that belongs to the class."""
    y, x = np.mgrid[0:size, 0:size] * (2 * np.pi / size)
    out = np.empty((len(labels), channels, size, size))
    for i, k in np.ndindex(len(labels), channels):
        angle = np.pi * labels[i] / classes
        image = np.sin(2 * (np.cos(angle) * x + np.sin(angle) * y) + rng.uniform(-0.5, 0.5))
        for _ in range(4):
            fx, fy = rng.integers(-3, 4, 2)
            image += 0.5 * rng.standard_normal() * np.sin(fx * x + fy * y + rng.uniform(0, 2 * np.pi))
        out[i, k] = np.tanh(1.5 * image)
    return out


def blob_points(rng: np.random.Generator, labels: np.ndarray) -> np.ndarray:
    """(N, 2): three Gaussian blobs for each of the two classes, as in GOLD's synthetic data."""
    centres = rng.uniform(-3.0, 3.0, (6, 2))
    blob = labels + 2 * rng.integers(0, 3, len(labels))
    return centres[blob] + 0.3 * rng.standard_normal((len(labels), 2))


def make_inputs(model: str, semi: bool) -> Arrays:
    """Initial weights and recorded batches, all F32 or I32: float and double start from the same numbers."""
    shape, batch = SHAPES[model], BATCH[model]
    rng = np.random.default_rng(SEED[model])
    n = STEPS * batch
    truth = rng.integers(0, shape["classes"], n)
    x = blob_points(rng, truth) if model == "mlp" else smooth_images(rng, truth, shape["classes"], shape["channels"], shape["size"])
    z = rng.standard_normal((n, shape["z_dim"]))
    c = rng.integers(0, shape["classes"], n)
    hidden = rng.random(n) < 0.5
    labels = np.where(hidden, -1, truth) if semi else truth
    if semi:
        labels[3 * batch:4 * batch] = -1    # a batch without any label
    out = {"batch/" + name: a.reshape((STEPS, batch) + a.shape[1:])
           for name, a in dict(images=x.astype("<f4"), labels=labels.astype("<i4"),
                               z=z.astype("<f4"), c=c.astype("<i4")).items()}
    gan = ref.AcGan(model, **shape)
    ref.init_weights(gan, WEIGHT_STD[model], BIAS_STD, GAIN_STD, torch.Generator().manual_seed(SEED[model]))
    out.update({"init/" + name: a for name, a in ref.named_arrays(gan).items()})
    return out


def replay(model: str, inputs: Arrays, gold: bool, dtype: torch.dtype, exact_zeros: bool) -> Tuple[ref.AcGan, np.ndarray]:
    gan = ref.AcGan(model, **SHAPES[model]).to(dtype).train()
    ref.load_named_arrays(gan, {k[5:]: a for k, a in inputs.items() if k.startswith("init/")})
    if exact_zeros:
        for name, p in gan.named_parameters():
            if name in DEAD_BIASES[model]:
                p.register_hook(torch.zeros_like)
    trainer = ref.Trainer(gan, LAMBDA_C, BETA_D)
    losses = []
    for i in range(STEPS):
        real, z = (torch.from_numpy(inputs["batch/" + k][i].copy()).to(dtype) for k in ("images", "z"))
        labels, c = (torch.from_numpy(inputs["batch/" + k][i].astype(np.int64)) for k in ("labels", "c"))
        losses.append([float(t) for t in trainer.step(real, labels, z, c, gold)])
    return gan, np.array(losses)


def evaluate(gan: ref.AcGan, inputs: Arrays) -> Arrays:
    """Eval-mode outputs on batch 0: running statistics, no power iteration."""
    gan.eval()
    dtype = next(gan.parameters()).dtype
    with torch.no_grad():
        z, x = (torch.from_numpy(inputs["batch/" + k][0].copy()).to(dtype) for k in ("z", "images"))
        images = gan.g(z, torch.from_numpy(inputs["batch/c"][0].astype(np.int64)))
        logit, class_logits = gan.d(x)
    return {"eval/images": images.numpy(), "eval/logit": logit.numpy(), "eval/class_logits": class_logits.numpy()}


def outputs(model: str, inputs: Arrays, gold: bool, dtype: torch.dtype, exact_zeros: bool = False) -> Arrays:
    gan, losses = replay(model, inputs, gold, dtype, exact_zeros)
    out = {"final/" + name: a for name, a in ref.named_arrays(gan).items()}
    out.update(evaluate(gan, inputs), losses=losses)
    return {name: a.astype("<f8") for name, a in out.items()}


def metadata(model: str, case: str, gold: bool) -> Dict[str, str]:
    s = SHAPES[model]
    w = s["widths"]
    pairs = dict(model=model, case=case, batch=BATCH[model], steps=STEPS, z_dim=s["z_dim"], classes=s["classes"],
                 channels=s["channels"], size=s["size"], width_conv1=w.conv1, width_conv2=w.conv2, width_fc=w.fc,
                 lambda_c=LAMBDA_C, beta_d=BETA_D, gold=int(gold), lr=ref.LEARNING_RATE,
                 torch=torch.__version__.split("+")[0], loss_names=",".join(ref.LOSS_NAMES))
    if w.conv3:
        pairs["width_conv3"] = w.conv3
    return {k: str(v) for k, v in pairs.items()}


def relative(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-300))


def report(tag: str, got: Arrays, want: Arrays) -> None:
    """Largest deviations of a replay, printed for a person to read."""
    dev = np.abs(got["losses"] - want["losses"]) / np.maximum(np.abs(want["losses"]), 1e-2)
    print("%-52s losses: %.1e over 5 steps, %.1e over %d" % (tag, dev[:5].max(), dev.max(), len(dev)))
    rows = sorted(((relative(got[k], want[k]), float(np.abs(got[k] - want[k]).max()), k)
                   for k in want if k.startswith(("final/", "eval/"))), reverse=True)
    above = [r for r in rows if r[0] > 1e-4]
    for rel, absolute, name in above + rows[len(above):len(above) + 2]:
        print("    %-26s relative norm %.1e, max abs %.1e" % (name, rel, absolute))


def check(path: str, model: str, case: str, gold: bool) -> None:
    want, _ = ref.read_safetensors(path)
    tag = "%s-%s, " % (model, case)
    report(tag + "double", outputs(model, want, gold, torch.float64), want)
    report(tag + "float", outputs(model, want, gold, torch.float32), want)
    if DEAD_BIASES[model]:
        report(tag + "double, no gradient for dead biases", outputs(model, want, gold, torch.float64, True), want)
        report(tag + "float, no gradient for dead biases", outputs(model, want, gold, torch.float32, True), want)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="replay the files in double and float, write nothing")
    parser.add_argument("--out", default=HERE, help="folder of the files")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for model in SHAPES:
        for case, option in CASES.items():
            if (model, case) in LEFT_OUT:
                continue
            path = os.path.join(args.out, "%s-%s.safetensors" % (model, case))
            if args.check:
                check(path, model, case, option["gold"])
                continue
            tensors = make_inputs(model, option["semi"])
            tensors.update(outputs(model, tensors, option["gold"], torch.float64))
            ref.write_safetensors(path, tensors, metadata(model, case, option["gold"]))
            print("%s: %d bytes" % (path, os.path.getsize(path)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
