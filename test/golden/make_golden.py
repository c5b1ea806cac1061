#!/usr/bin/env python3
"""Writes the golden vectors: 20 training steps of small AC-GANs, computed by PyTorch in double.

    python3 make_golden.py             writes test/golden/<model>-<case>.safetensors (same bytes every time)
    python3 make_golden.py --check     replays the committed files in double and float, writes nothing

Needs PyTorch and NumPy. What the files hold is described in README.md beside this script.
"""
import argparse
import os
import sys
from typing import Dict, NamedTuple, Optional, Tuple

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tools"))
import torch_reference as ref  # noqa: E402

STEPS = 20
LAMBDA_C = 0.1
SHAPES = {  # small, but wide enough for kernels with channel blocks of 16
    "infogan": dict(z_dim=16, classes=4, channels=1, size=16, widths=ref.Widths(16, 32, 32)),
    "dcgan": dict(z_dim=16, classes=4, channels=3, size=16, widths=ref.Widths(16, 16, 0, 32)),
    "mlp": dict(z_dim=2, classes=2, channels=0, size=0, widths=ref.Widths(0, 0, 32)),
}
BATCH = {"infogan": 8, "dcgan": 6, "mlp": 16}
SEED = {"infogan": 20190, "dcgan": 20192, "mlp": 20191,
        "infogan-adversarial": 20212, "mlp-adversarial": 20504}    # a comfortable lead of the kept candidates
# The product starts from std 0.02 and zero biases. At these widths that leaves logits near zero, and an
# error in a bias would not show: the vectors start livelier.
WEIGHT_STD = {"infogan": 0.2, "dcgan": 0.2, "mlp": 0.3}
BIAS_STD, GAIN_STD = 0.05, 0.1


class Case(NamedTuple):
    semi: bool = False
    gold: Optional[ref.Gold] = None
    candidates: int = 1     # adversarial sampling: for each sample of the batch


CASES = {
    "infogan-plain": Case(), "infogan-semi": Case(semi=True), "infogan-gold": Case(gold=ref.Gold()),
    "infogan-balanced": Case(gold=ref.Gold(0.5, balanced=True, normalised=True, clip=1.25)),
    "infogan-adversarial": Case(candidates=2),
    "dcgan-semi": Case(semi=True), "dcgan-gold": Case(gold=ref.Gold()),
    "mlp-plain": Case(), "mlp-semi": Case(semi=True), "mlp-gold": Case(gold=ref.Gold()),
    "mlp-adversarial": Case(candidates=3),
}

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


def make_inputs(name: str, case: Case) -> Arrays:
    """Initial weights and recorded batches, all F32 or I32: float and double start from the same numbers."""
    model = name.split("-")[0]
    shape, batch, seed = SHAPES[model], BATCH[model], SEED.get(name, SEED[model])
    rng = np.random.default_rng(seed)
    n = STEPS * batch
    truth = rng.integers(0, shape["classes"], n)
    x = blob_points(rng, truth) if model == "mlp" else smooth_images(rng, truth, shape["classes"], shape["channels"], shape["size"])
    z = rng.standard_normal((n * case.candidates, shape["z_dim"]))
    c = rng.integers(0, shape["classes"], n * case.candidates)
    hidden = rng.random(n) < 0.5
    labels = np.where(hidden, -1, truth) if case.semi else truth
    if case.semi:
        labels[3 * batch:4 * batch] = -1    # a batch without any label
    out = {"batch/" + k: a.reshape((STEPS, len(a) // STEPS) + a.shape[1:])
           for k, a in dict(images=x.astype("<f4"), labels=labels.astype("<i4"),
                               z=z.astype("<f4"), c=c.astype("<i4")).items()}
    gan = ref.AcGan(model, **shape)
    ref.init_weights(gan, WEIGHT_STD[model], BIAS_STD, GAIN_STD, torch.Generator().manual_seed(seed))
    out.update({"init/" + k: a for k, a in ref.named_arrays(gan).items()})
    return out


def replay(name: str, inputs: Arrays, dtype: torch.dtype, exact_zeros: bool) -> Tuple[ref.AcGan, np.ndarray, float]:
    """The trained networks, the losses, and the narrowest lead of a kept candidate."""
    model, case = name.split("-")[0], CASES[name]
    gan = ref.AcGan(model, **SHAPES[model]).to(dtype).train()
    ref.load_named_arrays(gan, {k[5:]: a for k, a in inputs.items() if k.startswith("init/")})
    if exact_zeros:
        for parameter, p in gan.named_parameters():
            if parameter in DEAD_BIASES[model]:
                p.register_hook(torch.zeros_like)
    trainer = ref.Trainer(gan, LAMBDA_C, case.gold or ref.Gold())
    losses = []
    for i in range(STEPS):
        real, z = (torch.from_numpy(inputs["batch/" + k][i].copy()).to(dtype) for k in ("images", "z"))
        labels, c = (torch.from_numpy(inputs["batch/" + k][i].astype(np.int64)) for k in ("labels", "c"))
        losses.append([float(t) for t in trainer.step(real, labels, z, c, case.gold is not None)])
    return gan, np.array(losses), trainer.margin


def evaluate(gan: ref.AcGan, inputs: Arrays) -> Arrays:
    """Eval-mode outputs on batch 0: running statistics, no power iteration."""
    gan.eval()
    dtype = next(gan.parameters()).dtype
    with torch.no_grad():
        z, x = (torch.from_numpy(inputs["batch/" + k][0].copy()).to(dtype) for k in ("z", "images"))
        c = torch.from_numpy(inputs["batch/c"][0].astype(np.int64))
        images = gan.g(z[:len(x)], c[:len(x)])
        logit, class_logits = gan.d(x)
    return {"eval/images": images.numpy(), "eval/logit": logit.numpy(), "eval/class_logits": class_logits.numpy()}


def outputs(name: str, inputs: Arrays, dtype: torch.dtype, exact_zeros: bool = False) -> Tuple[Arrays, float]:
    gan, losses, margin = replay(name, inputs, dtype, exact_zeros)
    out = {"final/" + k: a for k, a in ref.named_arrays(gan).items()}
    out.update(evaluate(gan, inputs), losses=losses)
    return {k: a.astype("<f8") for k, a in out.items()}, margin


def metadata(name: str, margin: float) -> Dict[str, str]:
    (model, label), case = name.split("-"), CASES[name]
    s, gold = SHAPES[model], case.gold or ref.Gold()
    w = s["widths"]
    pairs = dict(model=model, case=label, batch=BATCH[model], steps=STEPS, z_dim=s["z_dim"], classes=s["classes"],
                 channels=s["channels"], size=s["size"], width_conv1=w.conv1, width_conv2=w.conv2, width_fc=w.fc,
                 lambda_c=LAMBDA_C, beta_d=gold.beta_d, gold=int(case.gold is not None), lr=ref.LEARNING_RATE,
                 torch=torch.__version__.split("+")[0], loss_names=",".join(ref.LOSS_NAMES))
    if w.conv3:
        pairs["width_conv3"] = w.conv3
    if gold.balanced or gold.normalised or gold.clip:
        pairs.update(gold_balanced=int(gold.balanced), gold_normalised=int(gold.normalised), gold_clip=gold.clip)
    if case.candidates > 1:
        pairs.update(adversarial=case.candidates, margin="%.3g" % margin)
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


def check(path: str, name: str) -> None:
    want, _ = ref.read_safetensors(path)
    for dtype in (torch.float64, torch.float32):
        got, margin = outputs(name, want, dtype)
        report("%s, %s" % (name, dtype), got, want)
        if CASES[name].candidates > 1:
            print("    the kept candidates lead by %.3g" % margin)
        if DEAD_BIASES[name.split("-")[0]]:
            got, _ = outputs(name, want, dtype, True)
            report("%s, %s, no gradient for dead biases" % (name, dtype), got, want)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="replay the files in double and float, write nothing")
    parser.add_argument("--out", default=HERE, help="folder of the files")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name, case in CASES.items():
        path = os.path.join(args.out, name + ".safetensors")
        if args.check:
            check(path, name)
            continue
        tensors = make_inputs(name, case)
        results, margin = outputs(name, tensors, torch.float64)
        tensors.update(results)
        ref.write_safetensors(path, tensors, metadata(name, margin))
        print("%s: %d bytes, margin %.3g" % (path, os.path.getsize(path), margin))
    return 0


if __name__ == "__main__":
    sys.exit(main())
