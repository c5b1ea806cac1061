#!/usr/bin/env python3
"""Checks that PyTorch sees the same networks in a paydirt checkpoint as paydirt does.

    tools/load_checkpoint.py checkpoint.safetensors samples.npz [--statistics statistics.safetensors] [--tolerance 1e-4]

samples.npz, written by paydirt from that checkpoint: z (N, z_dim), labels (N), images (N, C, H, W) = G(z, labels) in evaluation
mode (of the averaged weights where the checkpoint has them), and optionally logit or logits (N) and class_logits (N, classes) =
D(images) in evaluation mode, by --statistics where the samples were scored by recalibrated ones (else give paydirt
--no-recalibrate). The checkpoint's weights are loaded into the modules of torch_reference.py, which compute the
same. Exit code 0 when all differences are within the tolerance, 1 when one is not, 2 when the files don't fit.
"""
import argparse
import os
import sys
from typing import Dict, List, Tuple

import numpy as np
import torch

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import torch_reference as ref  # noqa: E402
from torch_networks import load_checkpoint  # noqa: E402


def torch_outputs(gan: ref.AcGan, given: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
    z = torch.from_numpy(given["z"].astype("f4"))
    c = torch.from_numpy(given["labels"].astype("i8"))
    with torch.no_grad():
        images = gan.g(z, c)
        logit, class_logits = gan.d(torch.from_numpy(given["images"].astype("f4")).reshape(images.shape))
    return {"images": images.numpy(), "logit": logit.numpy(), "class_logits": class_logits.numpy()}


def read_npz(path: str) -> Dict[str, np.ndarray]:
    given = dict(np.load(path))
    if "logits" in given:
        given["logit"] = given.pop("logits")
    for name in ("z", "labels", "images"):
        if name not in given:
            raise ValueError("%s: array '%s' is missing" % (path, name))
    return given


def differences(got: Dict[str, np.ndarray], given: Dict[str, np.ndarray]) -> List[Tuple[str, float, float]]:
    """(name, largest absolute difference, largest absolute value) of every array that the program gave."""
    out = []
    for name in ("images", "logit", "class_logits"):
        if name in given:
            mine, theirs = got[name].ravel(), given[name].astype("f8").ravel()
            if mine.shape != theirs.shape:
                raise ValueError("'%s' has %d values, expected %d" % (name, theirs.size, mine.size))
            out.append((name, float(np.abs(mine - theirs).max()), float(np.abs(theirs).max())))
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint")
    parser.add_argument("npz")
    parser.add_argument("--statistics", default="", help="the run's statistics.safetensors, those over generated images")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="largest absolute difference")
    args = parser.parse_args()
    try:
        gan = load_checkpoint(args.checkpoint, args.statistics, "fake")
        given = read_npz(args.npz)
        rows = differences(torch_outputs(gan, given), given)
    except (OSError, KeyError, ValueError, RuntimeError) as e:
        print("%s: %s" % (type(e).__name__, e), file=sys.stderr)
        return 2
    for name, difference, size in rows:
        print("%-13s max abs difference %.2e (values up to %.3g)" % (name, difference, size))
    good = all(difference <= args.tolerance for _, difference, _ in rows)    # false for a NaN
    print("%s %g" % ("ok, within" if good else "DIFFERENT, not within", args.tolerance))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
