"""The random numbers inside paydirt's training step, and what is made of them: dropout and differentiable augmentation.

PyTorch and paydirt can thus be given the very same masks. Part of torch_reference.py.
"""
from typing import Callable, Optional, Sequence

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

# First stream of each kind, as in src/base/streams.h; each layer or change of a step takes the next.
MIX, DROPOUT, DROPOUT_SCORING, AUGMENT, STRONG, DROPOUT_STRONG = 11, 0x100, 0x200, 0x300, 0x400, 0x500
TURN, DROPOUT_CONFIDENCE, DROPOUT_TURNED = 20, 0x700, 0x800
WORD = 0xFFFFFFFF


def random_words(seed: int, stream: int, step: int, count: int) -> np.ndarray:
    """pd_rng_u32 of indices 0 to count - 1: Philox 4x32-10 (Salmon et al. 2011)."""
    block = np.arange((count + 3) // 4, dtype=np.uint64)
    c0, c1, c2, c3 = block & WORD, block >> 32, np.full_like(block, step), np.full_like(block, stream)
    k0, k1 = seed & WORD, (seed >> 32) ^ stream
    for _ in range(10):
        a, b = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        c0, c1, c2, c3 = (b >> 32) ^ c1 ^ k0, b & WORD, (a >> 32) ^ c3 ^ k1, a & WORD
        k0, k1 = (k0 + 0x9E3779B9) & WORD, (k1 + 0xBB67AE85) & WORD
    return np.stack([c0, c1, c2, c3], 1).ravel()[:count]


class Draws:
    """Uniform numbers in [0, 1): with a seed paydirt's of a step, else PyTorch's."""

    def __init__(self, seed: Optional[int] = None):
        self.seed, self.dropout = seed, DROPOUT
        self.begin(0)

    def begin(self, step: int) -> None:
        self.step, self.taken = step, {}

    def uniform(self, kind: int, shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
        if self.seed is None:
            return torch.rand(shape, dtype=dtype)
        stream = kind + self.taken.get(kind, 0)
        self.taken[kind] = self.taken.get(kind, 0) + 1
        words = random_words(self.seed, stream, self.step, int(np.prod(shape)))
        return torch.from_numpy((words >> 8) * 2.0 ** -24).to(dtype).view(*shape)

    def classes(self, kind: int, count: int, classes: int) -> torch.Tensor:
        """Uniform numbers from 0 to classes - 1."""
        if self.seed is None:
            return torch.randint(classes, (count,))
        stream = kind + self.taken.get(kind, 0)
        self.taken[kind] = self.taken.get(kind, 0) + 1
        return torch.from_numpy((random_words(self.seed, stream, self.step, count) * classes >> 32).astype(np.int64))


class Dropout(nn.Module):
    """nn.Dropout, whose masks `draws` makes where it has a seed."""

    def __init__(self, p: float):
        super().__init__()
        self.p, self.draws = p, Draws()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.draws.seed is None:
            return F.dropout(x, self.p, self.training)
        kept = self.draws.uniform(self.draws.dropout, x.shape, x.dtype) > self.p
        return x * (kept.to(x.dtype) / (1 - self.p))


# ---------------------------------------------------------------- differentiable augmentation (src/nn/augment.c)

Draw = Callable[[int], torch.Tensor]    # of n columns: (N, n)


def colour(x: torch.Tensor, draw: Draw) -> torch.Tensor:
    """Brightness, saturation, contrast."""
    def factor(low: float, width: float) -> torch.Tensor:
        return (draw(1) * width + low)[:, :, None, None]

    x = x + factor(-0.5, 1)
    for axes, low, width in (((1,), 0, 2), ((1, 2, 3), 0.5, 1)):
        mean = x.mean(axes, keepdim=True)
        x = (x - mean) * factor(low, width) + mean
    return x


def shifted(x: torch.Tensor, by: torch.Tensor) -> torch.Tensor:
    """Each image floor(by) pixels down and right, zeros where none came."""
    side, image = torch.arange(x.shape[3]), torch.arange(len(x))[:, None, None]
    at = side - by.floor().long()[:, :, None]   # (N, 2, S): the pixel that comes here
    inside = ((at >= 0) & (at < len(side))).to(x.dtype)
    rows, columns = at.clamp(0, len(side) - 1).unbind(1)
    moved = x[image, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    return moved * inside[:, 0, None, :, None] * inside[:, 1, None, None, :]


def translate(x: torch.Tensor, draw: Draw) -> torch.Tensor:
    most = int(x.shape[3] * 0.125 + 0.5)
    return shifted(x, draw(2) * (2 * most + 1) - most)


def cut_out(x: torch.Tensor, draw: Draw) -> torch.Tensor:
    """A square of half the side, its middle anywhere, becomes 0."""
    side = x.shape[3]
    cut = (side + 1) // 2
    square = torch.zeros_like(x[:, :1])
    square[:, :, :cut, :cut] = 1
    return x * (1 - shifted(square, draw(2) * (side + 1 - cut % 2) - cut // 2))


def turned(x: torch.Tensor, quarters: torch.Tensor) -> torch.Tensor:
    """Each image clockwise by so many quarters."""
    return torch.stack([torch.rot90(image, -int(k), (1, 2)) for image, k in zip(x, quarters)])


AUGMENTATIONS = {"color": colour, "translation": translate, "cutout": cut_out}     # in the order of their application


def augmented(x: torch.Tensor, what: Sequence[str], draws: Draws, kind: int = AUGMENT) -> torch.Tensor:
    for name, change in AUGMENTATIONS.items():
        if name in what:
            x = change(x, lambda n: draws.uniform(kind, (len(x), n), x.dtype))
    return x
