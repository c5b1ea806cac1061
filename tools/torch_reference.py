"""PyTorch definition of paydirt's AC-GANs and of one training step.

This is the other side of three comparisons: the golden vectors (test/golden/make_golden.py), the
benchmark (bench/torch_step.py) and the checkpoint check (tools/load_checkpoint.py). The state_dict()
keys of AcGan are the tensor names of a paydirt checkpoint. Works with PyTorch 1.13 and later.
"""
import json
import struct
from contextlib import contextmanager
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils import spectral_norm

LOSS_NAMES = ("d_adv", "d_cls_real", "d_cls_fake", "g_adv", "g_cls", "mean_d")
LEARNING_RATE = 2e-4
ADAM = dict(lr=LEARNING_RATE, betas=(0.5, 0.999), eps=1e-8)


# ---------------------------------------------------------------- networks

class Widths(NamedTuple):
    """conv1, conv2, conv3: channels at half, quarter and eighth size (infogan: two, dcgan: three); fc: width of the dense layers."""
    conv1: int = 64
    conv2: int = 128
    fc: int = 1024
    conv3: int = 0


FULL_WIDTHS = {"infogan": Widths(64, 128, 1024), "mlp": Widths(0, 0, 512), "dcgan": Widths(64, 128, 0, 256)}


def scaled_widths(model: str, factor: float) -> Widths:
    return Widths(*(int(round(n * factor)) for n in FULL_WIDTHS[model]))


class InfoganGenerator(nn.Module):
    def __init__(self, z_dim: int, classes: int, channels: int, size: int, w: Widths):
        super().__init__()
        self.classes, self.w, self.low = classes, w, size // 4
        flat = w.conv2 * self.low * self.low
        self.fc1 = nn.Linear(z_dim + classes, w.fc)
        self.bn1 = nn.BatchNorm1d(w.fc)
        self.fc2 = nn.Linear(w.fc, flat)
        self.bn2 = nn.BatchNorm1d(flat)     # per feature, not per channel
        self.deconv1 = nn.ConvTranspose2d(w.conv2, w.conv1, 4, 2, 1)
        self.bn3 = nn.BatchNorm2d(w.conv1)
        self.deconv2 = nn.ConvTranspose2d(w.conv1, channels, 4, 2, 1)

    def forward(self, z: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        x = torch.cat([z, F.one_hot(c, self.classes).to(z.dtype)], 1)
        x = F.relu(self.bn1(self.fc1(x)))
        x = F.relu(self.bn2(self.fc2(x)))
        x = x.view(-1, self.w.conv2, self.low, self.low)
        x = F.relu(self.bn3(self.deconv1(x)))
        return torch.tanh(self.deconv2(x))


class InfoganDiscriminator(nn.Module):
    def __init__(self, classes: int, channels: int, size: int, w: Widths):
        super().__init__()
        self.conv1 = spectral_norm(nn.Conv2d(channels, w.conv1, 4, 2, 1))
        self.conv2 = spectral_norm(nn.Conv2d(w.conv1, w.conv2, 4, 2, 1))
        self.bn2 = nn.BatchNorm2d(w.conv2)
        self.fc1 = nn.Linear(w.conv2 * (size // 4) ** 2, w.fc)
        self.bn3 = nn.BatchNorm1d(w.fc)
        self.logit = nn.Linear(w.fc, 1)
        self.add_module("class", nn.Linear(w.fc, classes))

    def forward(self, x: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
        x = F.leaky_relu(self.conv1(x), 0.2)
        x = F.leaky_relu(self.bn2(self.conv2(x)), 0.2)
        x = F.leaky_relu(self.bn3(self.fc1(torch.flatten(x, 1))), 0.2)
        return self.logit(x).squeeze(1), getattr(self, "class")(x)


class DcganGenerator(nn.Module):
    def __init__(self, z_dim: int, classes: int, channels: int, size: int, w: Widths):
        super().__init__()
        self.classes, self.w, self.low = classes, w, size // 8
        flat = w.conv3 * self.low * self.low
        self.fc1 = nn.Linear(z_dim + classes, flat)
        self.bn1 = nn.BatchNorm1d(flat)     # per feature, not per channel
        self.deconv1 = nn.ConvTranspose2d(w.conv3, w.conv2, 4, 2, 1)
        self.bn2 = nn.BatchNorm2d(w.conv2)
        self.deconv2 = nn.ConvTranspose2d(w.conv2, w.conv1, 4, 2, 1)
        self.bn3 = nn.BatchNorm2d(w.conv1)
        self.deconv3 = nn.ConvTranspose2d(w.conv1, channels, 4, 2, 1)

    def forward(self, z: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        x = torch.cat([z, F.one_hot(c, self.classes).to(z.dtype)], 1)
        x = F.relu(self.bn1(self.fc1(x))).view(-1, self.w.conv3, self.low, self.low)
        x = F.relu(self.bn2(self.deconv1(x)))
        x = F.relu(self.bn3(self.deconv2(x)))
        return torch.tanh(self.deconv3(x))


class DcganDiscriminator(nn.Module):
    def __init__(self, classes: int, channels: int, size: int, w: Widths):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, w.conv1, 4, 2, 1)
        self.conv2 = nn.Conv2d(w.conv1, w.conv2, 4, 2, 1)
        self.bn2 = nn.BatchNorm2d(w.conv2)
        self.conv3 = nn.Conv2d(w.conv2, w.conv3, 4, 2, 1)
        self.bn3 = nn.BatchNorm2d(w.conv3)
        flat = w.conv3 * (size // 8) ** 2
        self.logit = nn.Linear(flat, 1)
        self.add_module("class", nn.Linear(flat, classes))

    def forward(self, x: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
        x = F.leaky_relu(self.conv1(x), 0.2)
        x = F.leaky_relu(self.bn2(self.conv2(x)), 0.2)
        x = torch.flatten(F.leaky_relu(self.bn3(self.conv3(x)), 0.2), 1)
        return self.logit(x).squeeze(1), getattr(self, "class")(x)


class MlpGenerator(nn.Module):
    def __init__(self, z_dim: int, classes: int, w: Widths):
        super().__init__()
        self.classes = classes
        self.fc1 = nn.Linear(z_dim + classes, w.fc)
        self.fc2 = nn.Linear(w.fc, w.fc)
        self.fc3 = nn.Linear(w.fc, w.fc)
        self.fc4 = nn.Linear(w.fc, 2)

    def forward(self, z: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        x = torch.cat([z, F.one_hot(c, self.classes).to(z.dtype)], 1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = F.relu(self.fc3(x))
        return self.fc4(x)


class MlpDiscriminator(nn.Module):
    def __init__(self, classes: int, w: Widths):
        super().__init__()
        self.fc1 = nn.Linear(2, w.fc)
        self.fc2 = nn.Linear(w.fc, w.fc)
        self.fc3 = nn.Linear(w.fc, w.fc)
        self.logit = nn.Linear(w.fc, 1)
        self.add_module("class", nn.Linear(w.fc, classes))

    def forward(self, x: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = F.relu(self.fc3(x))
        return self.logit(x).squeeze(1), getattr(self, "class")(x)


class AcGan(nn.Module):
    """Generator `g` and discriminator `d` under one roof, so that names come out as g.*, d.*."""

    def __init__(self, model: str, z_dim: int, classes: int, channels: int = 1, size: int = 32,
                 widths: Optional[Widths] = None):
        super().__init__()
        w = widths or FULL_WIDTHS[model]
        if model == "infogan":
            self.g = InfoganGenerator(z_dim, classes, channels, size, w)
            self.d = InfoganDiscriminator(classes, channels, size, w)
        elif model == "dcgan":
            self.g = DcganGenerator(z_dim, classes, channels, size, w)
            self.d = DcganDiscriminator(classes, channels, size, w)
        elif model == "mlp":
            self.g = MlpGenerator(z_dim, classes, w)
            self.d = MlpDiscriminator(classes, w)
        else:
            raise ValueError("unknown model '%s' (infogan, dcgan or mlp)" % model)


def init_weights(gan: nn.Module, weight_std: float = 0.02, bias_std: float = 0.0, gain_std: float = 0.0,
                 generator: Optional[torch.Generator] = None) -> None:
    """Weights N(0, weight_std), biases 0, batch-norm gains 1 (jittered only where a test wants it)."""
    with torch.no_grad():
        for name, p in gan.named_parameters():
            if name.endswith("bias"):
                p.normal_(0.0, bias_std, generator=generator) if bias_std else p.zero_()
            elif p.dim() == 1:
                p.normal_(1.0, gain_std, generator=generator) if gain_std else p.fill_(1.0)
            else:
                p.normal_(0.0, weight_std, generator=generator)
        for name, b in gan.named_buffers():
            if name.endswith(("weight_u", "weight_v")):
                b.normal_(generator=generator)
                b.div_(b.norm())


# ---------------------------------------------------------------- one training step

def gold_score(logit: torch.Tensor, cls: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
    """d = l(x) + log D_C(c|x) of generated samples, detached (GOLD, eq. 3)."""
    return (logit + F.log_softmax(cls, 1).gather(1, c[:, None]).squeeze(1)).detach()


class Gold(NamedTuple):
    """How GOLD's weights are made (eq. 4, 5)."""
    beta_d: float = 1.0
    balanced: bool = False
    normalised: bool = False
    clip: float = 0.0


def balanced_score(logit: torch.Tensor, cls: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
    """The same with sigma_m / sigma_k before log D_C, over the batch (eq. 4)."""
    k = F.log_softmax(cls, 1).gather(1, c[:, None]).squeeze(1)
    return (logit + logit.std() / k.std() * k).detach()


def gold_weight(logit: torch.Tensor, cls: torch.Tensor, c: torch.Tensor, gold: Gold) -> torch.Tensor:
    """sign(d) |d|^beta; on request divided by its mean size, then no larger than `clip`."""
    d = (balanced_score if gold.balanced else gold_score)(logit, cls, c)
    size = d.abs() ** gold.beta_d
    if gold.normalised:
        size = size / size.mean()
    if gold.clip > 0:
        size = size.clamp(max=gold.clip)
    return torch.sign(d) * size


def d_losses(d: nn.Module, real: torch.Tensor, labels: torch.Tensor, fake: torch.Tensor, c: torch.Tensor,
             use_gold: bool, gold: Gold, lambda_c: float) -> Tuple[torch.Tensor, ...]:
    """d_adv, d_cls_real, d_cls_fake (with lambda_c), mean_d. Reals and fakes are two forwards."""
    l_r, cls_r = d(real)
    l_f, cls_f = d(fake.detach())
    score = gold_score(l_f, cls_f, c)
    w = gold_weight(l_f, cls_f, c, gold) if use_gold else torch.ones_like(score)
    mask = (labels >= 0).to(l_r.dtype)
    ce_real = F.cross_entropy(cls_r, labels.clamp(min=0), reduction="none")
    ce_fake = F.cross_entropy(cls_f, c, reduction="none")
    adv = F.softplus(-l_r).mean() + (w * F.softplus(l_f)).mean()
    cls_real = (mask * ce_real).sum() / mask.sum().clamp(min=1)
    cls_fake = lambda_c * (w * ce_fake).mean()
    return adv, cls_real, cls_fake, score.mean()


def g_losses(d: nn.Module, fake: torch.Tensor, c: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
    """g_adv, g_cls: weights are 1 (beta_G = 0)."""
    l_f, cls_f = d(fake)
    return F.softplus(-l_f).mean(), F.cross_entropy(cls_f, c)


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """A forward pass that only looks: batch statistics as in training, no power iteration, and running
    statistics as they were."""
    buffers = [(b, b.clone()) for network in networks for b in network.buffers()]
    spectral = [m for network in networks for m in network.modules() if hasattr(m, "weight_u")]
    for m in spectral:
        m.eval()
    with torch.no_grad():
        yield
        for b, old in buffers:
            b.copy_(old)
    for m in spectral:
        m.train()


def most_real(g: nn.Module, d: nn.Module, z: torch.Tensor, c: torch.Tensor, n: int) -> Tuple[torch.Tensor, float]:
    """Adversarial sampling (ALCG, section 3.2): which n of the candidates D takes for real soonest, in their
    order; and by how much the worst of them beats the best of the others."""
    with frozen(g, d):
        logit = d(g(z, c))[0]
        top = torch.topk(logit, n + 1)
    return top.indices[:n].sort().values, float(top.values[n - 1] - top.values[n])


class Trainer:
    """The step of `paydirt train`: the fake batch is made once, D is updated, then judges it again for G.
    With more (z, c) than reals the most real-looking are trained on; `margin` is then their narrowest lead."""

    def __init__(self, gan: AcGan, lambda_c: float = 0.1, gold: Gold = Gold(), adam_options: Optional[dict] = None):
        options = dict(ADAM, **(adam_options or {}))
        self.g, self.d = gan.g, gan.d
        self.lambda_c, self.gold, self.margin = lambda_c, gold, float("inf")
        self.adam_g = torch.optim.Adam(gan.g.parameters(), **options)
        self.adam_d = torch.optim.Adam(gan.d.parameters(), **options)
        self.generate, self.d_losses, self.g_losses = self.g, d_losses, g_losses
        self.d_parameters = list(gan.d.parameters())

    def compile(self, **options) -> None:
        """torch.compile on the three forward parts (and with them on their backward parts)."""
        self.generate = torch.compile(self.generate, **options)
        self.d_losses = torch.compile(d_losses, **options)
        self.g_losses = torch.compile(g_losses, **options)

    def step(self, real: torch.Tensor, labels: torch.Tensor, z: torch.Tensor, c: torch.Tensor,
             gold: bool) -> Tuple[torch.Tensor, ...]:
        """Returns the losses in the order of LOSS_NAMES, as tensors (nothing waits for them)."""
        if len(z) > len(real):
            kept, margin = most_real(self.g, self.d, z, c, len(real))
            z, c, self.margin = z[kept], c[kept], min(margin, self.margin)
        fake = self.generate(z, c)

        self.adam_d.zero_grad(set_to_none=True)
        d_adv, d_cls_real, d_cls_fake, mean_d = self.d_losses(
            self.d, real, labels, fake, c, gold, self.gold, self.lambda_c)
        (d_adv + d_cls_real + d_cls_fake).backward()
        self.adam_d.step()

        self.adam_g.zero_grad(set_to_none=True)
        self._d_requires_grad(False)        # no weight gradients of D in the generator step
        g_adv, g_cls = self.g_losses(self.d, fake, c)
        (g_adv + g_cls).backward()
        self._d_requires_grad(True)
        self.adam_g.step()
        return tuple(t.detach() for t in (d_adv, d_cls_real, d_cls_fake, g_adv, g_cls, mean_d))

    def _d_requires_grad(self, on: bool) -> None:
        for p in self.d_parameters:
            p.requires_grad_(on)


# ---------------------------------------------------------------- named tensors and safetensors files

def named_arrays(gan: nn.Module) -> Dict[str, np.ndarray]:
    """Every tensor of a checkpoint (without PyTorch's own num_batches_tracked)."""
    return {name: t.detach().numpy().copy() for name, t in gan.state_dict().items()
            if not name.endswith("num_batches_tracked")}


def load_named_arrays(gan: nn.Module, arrays: Dict[str, np.ndarray]) -> None:
    """Fills every tensor of the model; extra arrays are ignored, missing or misshaped ones are errors."""
    for name, t in gan.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        if name not in arrays:
            raise ValueError("tensor '%s' is missing" % name)
        if tuple(arrays[name].shape) != tuple(t.shape):
            raise ValueError("tensor '%s' has shape %s, expected %s"
                             % (name, tuple(arrays[name].shape), tuple(t.shape)))
        t.copy_(torch.from_numpy(np.array(arrays[name])))


_DTYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "U8": "u1"}


def write_safetensors(path: str, tensors: Dict[str, np.ndarray], metadata: Dict[str, str]) -> None:
    """Same input, same bytes: the header is sorted, the data is in name order, 8-byte aligned."""
    codes = {np.dtype(v): k for k, v in _DTYPES.items()}
    header: Dict[str, object] = {"__metadata__": metadata}
    blobs: List[bytes] = []
    offset = 0
    for name in sorted(tensors, key=lambda n: (-tensors[n].itemsize, n)):
        a = np.asarray(tensors[name], order="C")
        header[name] = {"dtype": codes[a.dtype], "shape": list(a.shape), "data_offsets": [offset, offset + a.nbytes]}
        blobs.append(a.tobytes())
        offset += a.nbytes
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def read_safetensors(path: str) -> Tuple[Dict[str, np.ndarray], Dict[str, str]]:
    with open(path, "rb") as f:
        data = f.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    body = memoryview(data)[8 + length:]
    arrays = {}
    for name, h in header.items():
        if h["dtype"] not in _DTYPES:
            continue
        begin, end = h["data_offsets"]
        arrays[name] = np.frombuffer(body[begin:end], _DTYPES[h["dtype"]]).reshape(h["shape"])
    return arrays, metadata
