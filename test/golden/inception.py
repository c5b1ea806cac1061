#!/usr/bin/env python3
"""Writes inception.safetensors: what torch-fidelity's Inception makes of three images, for test/golden/test_inception.c.

Needs NumPy, PyTorch, safetensors and torch-fidelity (PyPI). The weights are not stored: number j is made from 32 mixed bits as
below, which the test does again. Run: python3 test/golden/inception.py; with a file's name it writes these weights there,
as torch.save does (FILE.pth; legacy-FILE.pth as PyTorch did before 1.6).
"""
import os
import sys
import tempfile

import numpy as np
import torch
from safetensors.numpy import save_file
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

SIZES = [(32, 32), (32, 32), (24, 40)]


def numbers(first, n):  # in [-4, 4), multiples of 2^-13
    j = np.arange(first, first + n, dtype=np.uint64)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        j = (j ^ j >> np.uint64(shift)) * np.uint64(factor) & np.uint64(0xFFFFFFFF)
    return ((j ^ j >> np.uint64(16)) >> np.uint64(16)) / 2**13 - 4


def rule(name, x, fan_in):
    if name.endswith(("conv.weight", "fc.weight")):
        return x * (0.625 / np.sqrt(fan_in))  # ReLU keeps the scale
    if name.endswith("bn.weight"):
        return 1 + x / 16
    if name.endswith("running_var"):
        return 0.75 + (x + 4) / 8
    return x / 256  # where biases are large, images make little difference


def weights(shapes):
    first, out = 0, {}
    for name, shape in shapes.items():
        if name.endswith("num_batches_tracked"):
            out[name] = torch.tensor(0)
            continue
        n = int(np.prod(shape))
        out[name] = torch.tensor(rule(name, numbers(first, n), n / shape[0]).astype(np.float32).reshape(shape))
        first += n
    return out


def image(i, height, width):
    x = numbers(1000000 * i, 3 * height * width).reshape(1, 3, height, width)
    colour, column = np.arange(3).reshape(1, 3, 1, 1), np.arange(width)
    return torch.tensor(np.floor(x * 4 + 112 + (colour * 16 - 32 + column) * i).astype(np.uint8))


class Untrained(FeatureExtractorInceptionV3):  # no file of weights
    def load_state_dict(self, state, **kwargs):
        return super().load_state_dict(weights({k: tuple(v.shape) for k, v in self.state_dict().items()}), **kwargs)


def network():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "none.pth")
        torch.save({}, path)
        return Untrained("inception", ["2048", "logits_unbiased", "logits"], feature_extractor_weights_path=path)


if __name__ == "__main__":
    net = network()
    if len(sys.argv) > 1:
        legacy = os.path.basename(sys.argv[1]).startswith("legacy")
        torch.save(net.state_dict(), sys.argv[1], _use_new_zipfile_serialization=not legacy)
        sys.exit()
    images = [image(i, *size) for i, size in enumerate(SIZES)]
    made = [net(x) for x in images]
    out = {name: torch.cat([m[k] for m in made]).numpy() for k, name in enumerate(("features", "unbiased", "logits"))}
    resized = interpolate_bilinear_2d_like_tensorflow1x(images[2].float(), size=(299, 299), align_corners=False)
    out["resized"] = ((resized[0, :, ::13, ::13] - 128) / 128).contiguous().numpy()
    save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "inception.safetensors"))
    for name, x in out.items():
        print(name, x.shape, float(np.abs(x).max()), float(x.std()))
