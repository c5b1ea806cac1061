"""paydirt's networks in PyTorch, and their tensors in files: all that `Gan.to_torch` and the tools of the source tree need."""
import json
import struct
from typing import Callable, Dict, NamedTuple, Optional, Tuple

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils import spectral_norm

Widths = Tuple[int, ...]    # of the layers, in the order of the C model's widths[]


class Generator(nn.Module):
    """Of images or points from z and the class."""

    def __init__(self, classes: int):
        super().__init__()
        self.classes = classes

    def forward(self, z: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        return self.images(torch.cat([z, F.one_hot(c, self.classes).to(z.dtype)], 1))


class Discriminator(nn.Module):
    """A trunk, to be made first, and the two heads on its features."""

    def make_heads(self, features: int, classes: int, wrap: Callable[[nn.Module], nn.Module] = lambda head: head) -> None:
        self.logit = wrap(nn.Linear(features, 1))
        self.add_module("class", wrap(nn.Linear(features, classes)))

    def forward(self, x: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
        x = torch.flatten(self.trunk(x), 1)
        return self.logit(x).squeeze(1), getattr(self, "class")(x)


class MlpGenerator(Generator):
    def __init__(self, z_dim: int, classes: int, channels: int, size: int, widths: Widths):
        super().__init__(classes)
        (fc,) = widths
        self.fc1 = nn.Linear(z_dim + classes, fc)
        self.fc2 = nn.Linear(fc, fc)
        self.fc3 = nn.Linear(fc, fc)
        self.fc4 = nn.Linear(fc, 2)

    def images(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = F.relu(self.fc3(x))
        return self.fc4(x)


class MlpDiscriminator(Discriminator):
    def __init__(self, classes: int, channels: int, size: int, widths: Widths):
        super().__init__()
        (fc,) = widths
        self.fc1 = nn.Linear(2, fc)
        self.fc2 = nn.Linear(fc, fc)
        self.fc3 = nn.Linear(fc, fc)
        self.make_heads(fc, classes)

    def trunk(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return F.relu(self.fc3(x))


class InfoganGenerator(Generator):
    def __init__(self, z_dim: int, classes: int, channels: int, size: int, widths: Widths):
        super().__init__(classes)
        conv1, conv2, fc = widths
        self.low = (conv2, size // 4, size // 4)
        flat = conv2 * (size // 4) ** 2
        self.fc1 = nn.Linear(z_dim + classes, fc)
        self.bn1 = nn.BatchNorm1d(fc)
        self.fc2 = nn.Linear(fc, flat)
        self.bn2 = nn.BatchNorm1d(flat)     # per feature, not per channel
        self.deconv1 = nn.ConvTranspose2d(conv2, conv1, 4, 2, 1)
        self.bn3 = nn.BatchNorm2d(conv1)
        self.deconv2 = nn.ConvTranspose2d(conv1, channels, 4, 2, 1)

    def images(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.bn1(self.fc1(x)))
        x = F.relu(self.bn2(self.fc2(x))).view(-1, *self.low)
        x = F.relu(self.bn3(self.deconv1(x)))
        return torch.tanh(self.deconv2(x))


class InfoganDiscriminator(Discriminator):
    def __init__(self, classes: int, channels: int, size: int, widths: Widths):
        super().__init__()
        conv1, conv2, fc = widths
        self.conv1 = spectral_norm(nn.Conv2d(channels, conv1, 4, 2, 1))
        self.conv2 = spectral_norm(nn.Conv2d(conv1, conv2, 4, 2, 1))
        self.bn2 = nn.BatchNorm2d(conv2)
        self.fc1 = nn.Linear(conv2 * (size // 4) ** 2, fc)
        self.bn3 = nn.BatchNorm1d(fc)
        self.make_heads(fc, classes)

    def trunk(self, x: torch.Tensor) -> torch.Tensor:
        x = F.leaky_relu(self.conv1(x), 0.2)
        x = F.leaky_relu(self.bn2(self.conv2(x)), 0.2)
        return F.leaky_relu(self.bn3(self.fc1(torch.flatten(x, 1))), 0.2)


class DcganGenerator(Generator):
    def __init__(self, z_dim: int, classes: int, channels: int, size: int, widths: Widths):
        super().__init__(classes)
        last, middle, first = widths
        self.low = (first, size // 8, size // 8)
        flat = first * (size // 8) ** 2
        self.fc1 = nn.Linear(z_dim + classes, flat)
        self.bn1 = nn.BatchNorm1d(flat)     # per feature, not per channel
        self.deconv1 = nn.ConvTranspose2d(first, middle, 4, 2, 1)
        self.bn2 = nn.BatchNorm2d(middle)
        self.deconv2 = nn.ConvTranspose2d(middle, last, 4, 2, 1)
        self.bn3 = nn.BatchNorm2d(last)
        self.deconv3 = nn.ConvTranspose2d(last, channels, 4, 2, 1)

    def images(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.bn1(self.fc1(x))).view(-1, *self.low)
        x = F.relu(self.bn2(self.deconv1(x)))
        x = F.relu(self.bn3(self.deconv2(x)))
        return torch.tanh(self.deconv3(x))


class DcganDiscriminator(Discriminator):
    def __init__(self, classes: int, channels: int, size: int, widths: Widths):
        super().__init__()
        last, middle, first = widths
        self.conv1 = nn.Conv2d(channels, last, 4, 2, 1)
        self.conv2 = nn.Conv2d(last, middle, 4, 2, 1)
        self.bn2 = nn.BatchNorm2d(middle)
        self.conv3 = nn.Conv2d(middle, first, 4, 2, 1)
        self.bn3 = nn.BatchNorm2d(first)
        self.make_heads(first * (size // 8) ** 2, classes)

    def trunk(self, x: torch.Tensor) -> torch.Tensor:
        x = F.leaky_relu(self.conv1(x), 0.2)
        x = F.leaky_relu(self.bn2(self.conv2(x)), 0.2)
        return F.leaky_relu(self.bn3(self.conv3(x)), 0.2)


class WganGpDiscriminator(Discriminator):
    """dcgan's without batch norm; `wrap` is what every layer is wrapped in."""
    wrap = staticmethod(lambda layer: layer)

    def __init__(self, classes: int, channels: int, size: int, widths: Widths):
        super().__init__()
        last, middle, first = widths
        self.conv1 = self.wrap(nn.Conv2d(channels, last, 4, 2, 1))
        self.conv2 = self.wrap(nn.Conv2d(last, middle, 4, 2, 1))
        self.conv3 = self.wrap(nn.Conv2d(middle, first, 4, 2, 1))
        self.make_heads(first * (size // 8) ** 2, classes, self.wrap)

    def trunk(self, x: torch.Tensor) -> torch.Tensor:
        x = F.leaky_relu(self.conv1(x), 0.2)
        x = F.leaky_relu(self.conv2(x), 0.2)
        return F.leaky_relu(self.conv3(x), 0.2)


class SnganDiscriminator(WganGpDiscriminator):
    wrap = staticmethod(spectral_norm)


class AcganGenerator(Generator):
    def __init__(self, z_dim: int, classes: int, channels: int, size: int, widths: Widths):
        super().__init__(classes)
        fc, deconv1, deconv2, deconv3 = widths[6:]
        self.fc1 = nn.Linear(z_dim + classes, fc)
        self.deconv1 = nn.ConvTranspose2d(fc, deconv1, size // 8, 1, 0, bias=False)
        self.bn1 = nn.BatchNorm2d(deconv1)
        self.deconv2 = nn.ConvTranspose2d(deconv1, deconv2, 4, 2, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(deconv2)
        self.deconv3 = nn.ConvTranspose2d(deconv2, deconv3, 4, 2, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(deconv3)
        self.deconv4 = nn.ConvTranspose2d(deconv3, channels, 4, 2, 1, bias=False)

    def images(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.bn1(self.deconv1(self.fc1(x)[:, :, None, None])))
        x = F.relu(self.bn2(self.deconv2(x)))
        x = F.relu(self.bn3(self.deconv3(x)))
        return torch.tanh(self.deconv4(x))


class AcganDiscriminator(Discriminator):
    make_dropout: Callable[[float], nn.Module] = nn.Dropout

    def __init__(self, classes: int, channels: int, size: int, widths: Widths):
        super().__init__()
        before = channels
        for i, width in enumerate(widths[:6], 1):
            conv = nn.Conv2d(before, width, 3, 2 if i % 2 else 1, 1, bias=False)
            self.add_module("conv%d" % i, spectral_norm(conv))
            if i > 1:
                self.add_module("bn%d" % i, nn.BatchNorm2d(width))
            before = width
        self.dropout = self.make_dropout(0.5)
        self.make_heads(before * (size // 8) ** 2, classes)

    def trunk(self, x: torch.Tensor) -> torch.Tensor:
        x = self.dropout(F.leaky_relu(self.conv1(x), 0.2))
        x = self.dropout(F.leaky_relu(self.bn2(self.conv2(x)), 0.2))
        x = self.dropout(F.leaky_relu(self.bn3(self.conv3(x)), 0.2))
        x = self.dropout(F.leaky_relu(self.bn4(self.conv4(x)), 0.2))
        x = self.dropout(F.leaky_relu(self.bn5(self.conv5(x)), 0.2))
        return self.dropout(F.leaky_relu(self.bn6(self.conv6(x)), 0.2))


class Model(NamedTuple):
    generator: type
    discriminator: type
    widths: Widths      # the paper's
    channels: int       # of its images; points: 2
    loss: str = "gan"   # that the paper trains it with
    uniform_init: bool = False  # starts as PyTorch's modules do


MODELS = {
    "mlp": Model(MlpGenerator, MlpDiscriminator, (512,), 2, uniform_init=True),
    "infogan": Model(InfoganGenerator, InfoganDiscriminator, (64, 128, 1024), 1),
    "dcgan": Model(DcganGenerator, DcganDiscriminator, (64, 128, 256), 3),
    "sngan": Model(DcganGenerator, SnganDiscriminator, (64, 128, 256), 3),
    "wgan-gp": Model(DcganGenerator, WganGpDiscriminator, (64, 128, 256), 3, "wgan-gp"),
    "acgan": Model(AcganGenerator, AcganDiscriminator, (16, 32, 64, 128, 256, 512, 384, 192, 96, 48), 3,
                   uniform_init=True),
}


class AcGan(nn.Module):
    """Generator `g` and discriminator `d` under one roof, so that names come out as g.*, d.*."""

    def __init__(self, model: str, z_dim: int, classes: int, channels: int = 1, size: int = 32,
                 widths: Optional[Widths] = None):
        super().__init__()
        if model not in MODELS:
            raise ValueError("unknown model '%s' (%s)" % (model, ", ".join(MODELS)))
        m = MODELS[model]
        self.g = m.generator(z_dim, classes, channels, size, widths or m.widths)
        self.d = m.discriminator(classes, channels, size, widths or m.widths)


# ---------------------------------------------------------------- files

DTYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "U8": "u1"}


def read_safetensors(path: str) -> Tuple[Dict[str, np.ndarray], Dict[str, str]]:
    with open(path, "rb") as f:
        data = f.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    body = memoryview(data)[8 + length:]
    arrays = {}
    for name, h in header.items():
        if h["dtype"] not in DTYPES:
            continue
        begin, end = h["data_offsets"]
        arrays[name] = np.frombuffer(body[begin:end], DTYPES[h["dtype"]]).reshape(h["shape"])
    return arrays, metadata


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


def load_checkpoint(path: str, statistics: str = "", origin: str = "real") -> AcGan:
    """The model of a checkpoint in evaluation mode, the generator with its averaged weights where it has them;
    optimiser state and other tensors are passed over. statistics: a run's statistics.safetensors, from which the
    discriminator takes its batch-norm statistics, over "real" or "fake" images, instead of the running ones."""
    arrays, meta = read_safetensors(path)
    model = meta["model"]
    widths = tuple(int(meta["width%d" % (i + 1)]) for i in range(len(MODELS[model].widths)))
    z_dim, classes, channels, size = (int(meta[key]) for key in ("z_dim", "classes", "channels", "size"))
    gan = AcGan(model, z_dim, classes, channels, size, widths)
    if "ema" in meta:
        arrays.update({"g." + name[4:]: a for name, a in arrays.items() if name.startswith("ema.")})
    if statistics:
        recalibrated = {"d." + name[len(origin) + 1:]: a for name, a in read_safetensors(statistics)[0].items()
                        if name.startswith(origin + ".")}
        if not recalibrated:
            raise ValueError("%s: no statistics over %s images" % (statistics, origin))
        arrays.update(recalibrated)
    load_named_arrays(gan, arrays)
    gan.eval()
    return gan
