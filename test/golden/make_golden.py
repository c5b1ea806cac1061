#!/usr/bin/env python3
"""Writes the golden vectors: 20 training steps of small AC-GANs, computed by PyTorch in double.

    python3 make_golden.py             writes test/golden/<model>-<case>.safetensors (same bytes every time)
    python3 make_golden.py --check     replays the committed files in double and float, writes nothing

Needs PyTorch and NumPy. What the files hold is described in README.md beside this script.
"""
import argparse
import os
import sys
from typing import Dict, NamedTuple, Tuple

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tools"))
import torch_reference as ref  # noqa: E402

STEPS = 20
SEED_INSIDE = 1     # of the random numbers that a step draws itself
BIAS_STD, GAIN_STD = 0.05, 0.1


class Shape(NamedTuple):
    """Small, but with channel blocks of 16 somewhere, and widths that are no multiples of 8 elsewhere. The product
    starts from weights of std 0.02 and zero biases. At these widths that leaves logits near zero, and an error in a bias
    would not show: the vectors start livelier."""
    widths: Tuple[int, ...]
    weight_std: float
    seed: int
    batch: int
    channels: int = 3
    size: int = 16
    z_dim: int = 16
    classes: int = 4


SHAPES = {
    "mlp": Shape((32,), 0.3, 20191, 16, channels=2, size=0, z_dim=2, classes=2),
    "infogan": Shape((16, 32, 32), 0.2, 20190, 8, channels=1),
    "dcgan": Shape((16, 16, 32), 0.2, 20192, 6),
    "sngan": Shape((16, 16, 16), 0.2, 20193, 4, channels=1),
    "wgan-gp": Shape((6, 10, 12), 0.15, 20195, 4),
    "acgan": Shape((16,) * 10, 0.2, 20192, 4, channels=1),
}


class Case(NamedTuple):
    semi: bool = False
    gold: bool = False
    candidates: int = 1     # adversarial sampling: for each sample of the batch
    options: dict = {}      # of ref.Options
    shape: dict = {}        # where it differs from the model's


# GOLD as its public code has it.
REFERENCE = dict(match_labels=True, separate_forwards=True, gold=ref.Gold(broadcast=True, epsilon=1e-6))

CASES = {
    "mlp-plain": Case(), "mlp-semi": Case(semi=True), "mlp-gold": Case(gold=True),
    "mlp-adversarial": Case(candidates=3, shape=dict(seed=20504)),      # a comfortable lead of the kept candidates
    "infogan-plain": Case(), "infogan-semi": Case(semi=True), "infogan-gold": Case(gold=True),
    "infogan-balanced": Case(gold=True, options=dict(gold=ref.Gold(0.5, balanced=True, normalised=True, clip=1.25))),
    "infogan-reference": Case(semi=True, gold=True, options=REFERENCE),
    "infogan-consistent": Case(semi=True, options=dict(consistency=ref.Consistency(0.5, threshold=0.4, align=True), ema_d=0.5,
                                                       labelled_weight=0.25), shape=dict(seed=20213)),
    "infogan-adversarial": Case(candidates=2, shape=dict(seed=20212)),
    "dcgan-confident": Case(semi=True, gold=True, options=dict(fake_confidence=True, ema_d=0.5),
                            shape=dict(widths=(6, 10, 12), batch=4, channels=1)),
    "dcgan-semi": Case(semi=True), "dcgan-gold": Case(gold=True),
    "dcgan-hinge": Case(options=dict(loss="hinge"), shape=dict(widths=(12, 10, 20), batch=4, channels=1)),
    "dcgan-augmented": Case(options=dict(augment=tuple(ref.AUGMENTATIONS), ema=0.5, top_k=3),
                            shape=dict(widths=(6, 10, 12), batch=4, seed=20191)),
    "sngan-plain": Case(),
    "sngan-turned": Case(semi=True, options=dict(fake_confidence=True, rotation=1.0, rotation_g=0.2, augment=("translation",))),
    "acgan-turned": Case(semi=True, options=dict(rotation=0.5), shape=dict(widths=(4,) * 10)),
    "wgan-gp-plain": Case(), "wgan-gp-wide": Case(shape=dict(widths=(16, 16, 16), channels=1, seed=20197)),
    "wgan-gp-tiles": Case(shape=dict(widths=(32, 32, 48), channels=1, batch=20, seed=20198)),
    "acgan-semi": Case(semi=True),
    "acgan-reference": Case(semi=True, gold=True, options=REFERENCE),
    "acgan-gold": Case(gold=True, shape=dict(widths=(6, 10, 12, 10, 12, 20, 20, 12, 10, 6), channels=3, seed=20302)),
}

# Batch norm subtracts the mean, so these biases have no effect and no gradient. In float, rounding leaves
# a gradient of about 1e-9, which Adam scales up to a step of nearly lr.
DCGAN_DEAD = ("g.fc1.bias", "g.deconv1.bias", "g.deconv2.bias")
DEAD_BIASES = {
    "mlp": (),
    "infogan": ("g.fc1.bias", "g.fc2.bias", "g.deconv1.bias", "d.conv2.bias", "d.fc1.bias"),
    "dcgan": DCGAN_DEAD + ("d.conv2.bias", "d.conv3.bias"),
    "sngan": DCGAN_DEAD,
    "wgan-gp": DCGAN_DEAD,
    "acgan": (),
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


def shape_of(name: str) -> Shape:
    return SHAPES[model_of(name)]._replace(**CASES[name].shape)


def model_of(name: str) -> str:
    return name.rsplit("-", 1)[0]


def options_of(name: str) -> ref.Options:
    return ref.Options(**dict(dict(loss=ref.MODELS[model_of(name)].loss), **CASES[name].options))


def new_gan(name: str) -> ref.AcGan:
    s = shape_of(name)
    gan = ref.AcGan(model_of(name), s.z_dim, s.classes, s.channels, s.size, s.widths)
    if options_of(name).rotation:
        ref.add_rotation_head(gan.d)
    return gan


def make_inputs(name: str) -> Arrays:
    """Initial weights and recorded batches, all F32 or I32: float and double start from the same numbers."""
    s, case = shape_of(name), CASES[name]
    rng = np.random.default_rng(s.seed)
    n = STEPS * s.batch
    truth = rng.integers(0, s.classes, n)
    x = smooth_images(rng, truth, s.classes, s.channels, s.size) if s.size else blob_points(rng, truth)
    z = rng.standard_normal((n * case.candidates, s.z_dim))
    c = rng.integers(0, s.classes, n * case.candidates)
    hidden = rng.random(n) < 0.5
    labels = np.where(hidden, -1, truth) if case.semi else truth
    if case.semi:
        labels[3 * s.batch:4 * s.batch] = -1    # a batch without any label
    out = {"batch/" + k: a.reshape((STEPS, len(a) // STEPS) + a.shape[1:])
           for k, a in dict(images=x.astype("<f4"), labels=labels.astype("<i4"),
                               z=z.astype("<f4"), c=c.astype("<i4")).items()}
    gan = new_gan(name)
    ref.init_weights(gan, s.weight_std, BIAS_STD, GAIN_STD, torch.Generator().manual_seed(s.seed))
    out.update({"init/" + k: a for k, a in ref.named_arrays(gan).items()})
    o = options_of(name)
    if o.fake_confidence and o.ema_d:       # the averages count from the first step on
        out.update({"init/ema_" + k[5:]: a for k, a in out.items() if k.startswith("init/d.")})
    return out


def replay(name: str, inputs: Arrays, dtype: torch.dtype, exact_zeros: bool) -> Tuple[ref.AcGan, ref.Trainer, np.ndarray]:
    """The trained networks, their trainer, the losses."""
    gan = new_gan(name).to(dtype).train()
    ref.load_named_arrays(gan, {k[5:]: a for k, a in inputs.items() if k.startswith("init/")})
    if exact_zeros:
        for parameter, p in gan.named_parameters():
            if parameter in DEAD_BIASES[model_of(name)]:
                p.register_hook(torch.zeros_like)
    trainer = ref.Trainer(gan, options_of(name), seed=SEED_INSIDE)
    losses = []
    for i in range(STEPS):
        real, z = (torch.from_numpy(inputs["batch/" + k][i].copy()).to(dtype) for k in ("images", "z"))
        labels, c = (torch.from_numpy(inputs["batch/" + k][i].astype(np.int64)) for k in ("labels", "c"))
        losses.append([float(t) for t in trainer.step(real, labels, z, c, CASES[name].gold)])
    return gan, trainer, np.array(losses)


def evaluate(g: torch.nn.Module, d: torch.nn.Module, inputs: Arrays) -> Arrays:
    """Eval-mode outputs on batch 0: running statistics, no power iteration, no dropout."""
    g.eval()
    d.eval()
    dtype = next(g.parameters()).dtype
    with torch.no_grad():
        z, x = (torch.from_numpy(inputs["batch/" + k][0].copy()).to(dtype) for k in ("z", "images"))
        c = torch.from_numpy(inputs["batch/c"][0].astype(np.int64))
        images = g(z[:len(x)], c[:len(x)])
        logit, class_logits = d(x)
    return {"eval/images": images.numpy(), "eval/logit": logit.numpy(), "eval/class_logits": class_logits.numpy()}


def outputs(name: str, inputs: Arrays, dtype: torch.dtype, exact_zeros: bool = False) -> Tuple[Arrays, float]:
    """Losses, final tensors, evaluation; and the narrowest lead of a sample taken over one left out."""
    gan, trainer, losses = replay(name, inputs, dtype, exact_zeros)
    out = {"final/" + k: a for k, a in ref.named_arrays(gan).items()}
    if trainer.of_late is not None:
        out["final/guesses/mean"] = trainer.of_late.numpy()[None]
    for prefix, network, average in (("ema.", gan.g, trainer.ema), ("ema_d.", gan.d, trainer.ema_d)):
        out.update({"final/" + prefix + k: t.numpy() for k, t in average.items()})
        network.load_state_dict(average, strict=False)
    out.update(evaluate(gan.g, gan.d, inputs), losses=losses)
    return {k: a.astype("<f8") for k, a in out.items()}, trainer.margin


def metadata(name: str, margin: float) -> Dict[str, str]:
    s, case, o = shape_of(name), CASES[name], options_of(name)
    loss = ref.LOSSES[o.loss]
    names = ref.LOSS_NAMES + (ref.GUESS_NAMES if o.consistency.weight or o.rotation else ())
    names += ref.ROTATION_NAMES if o.rotation else ()
    pairs = dict(model=model_of(name), case=name.rsplit("-", 1)[1], batch=s.batch, steps=STEPS, z_dim=s.z_dim,
                 classes=s.classes, channels=s.channels, size=s.size, lambda_c=o.lambda_c, loss=o.loss,
                 critic_steps=loss.critic_steps, lr=loss.lr, beta1=loss.betas[0], beta2=loss.betas[1],
                 gold=int(case.gold), beta_d=o.gold.beta_d, gold_balanced=int(o.gold.balanced),
                 gold_normalised=int(o.gold.normalised), gold_clip=o.gold.clip, adversarial=case.candidates, ema=o.ema,
                 augment=",".join(o.augment), top_k=o.top_k, seed=SEED_INSIDE, loss_names=",".join(names),
                 torch=torch.__version__.split("+")[0])
    pairs.update(("width%d" % i, width) for i, width in enumerate(s.widths, 1))
    habits = dict(gold_broadcast=int(o.gold.broadcast), gold_epsilon=o.gold.epsilon, match_labels=int(o.match_labels),
                  separate_forwards=int(o.separate_forwards))
    if o.consistency.weight:
        habits.update(o.consistency._asdict(), align=int(o.consistency.align), augment=",".join(o.augment),
                      strong_augment=",".join(o.consistency.augment), consistency=o.consistency.weight, ema_d=o.ema_d,
                      labelled_weight=o.labelled_weight)
        del habits["weight"]
    if o.fake_confidence:
        habits.update(fake_confidence=1, ema_d=o.ema_d)
    if o.rotation:
        habits.update(rotation=o.rotation, rotation_g=o.rotation_g)
    pairs.update((k, v) for k, v in habits.items() if v)
    if margin < float("inf"):
        pairs["margin"] = "%.3g" % margin
    return {k: str(v) for k, v in pairs.items()}


def relative(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-300))


def report(tag: str, got: Arrays, want: Arrays) -> None:
    """Largest deviations of a replay, printed for a person to read."""
    dev = np.abs(got["losses"] - want["losses"]) / np.maximum(np.abs(want["losses"]), 1e-3)
    print("%-52s losses: %.1e over 5 steps, %.1e over %d" % (tag, np.nanmax(dev[:5]), np.nanmax(dev), len(dev)))
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
        if margin < float("inf"):
            print("    the samples taken lead by %.3g" % margin)
        if DEAD_BIASES[model_of(name)]:
            got, _ = outputs(name, want, dtype, True)
            report("%s, %s, no gradient for dead biases" % (name, dtype), got, want)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="replay the files in double and float, write nothing")
    parser.add_argument("cases", nargs="*", help="of these files alone")
    parser.add_argument("--out", default=HERE, help="folder of the files")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name in args.cases or CASES:
        path = os.path.join(args.out, name + ".safetensors")
        if args.check:
            check(path, name)
            continue
        tensors = make_inputs(name)
        results, margin = outputs(name, tensors, torch.float64)
        tensors.update(results)
        ref.write_safetensors(path, tensors, metadata(name, margin))
        print("%s: %d bytes, margin %.3g" % (path, os.path.getsize(path), margin))
    return 0


if __name__ == "__main__":
    sys.exit(main())
