"""paydirt's networks in PyTorch (python/paydirt/_networks.py), with masks of dropout that can be paydirt's, and weights to start
from. Part of torch_reference.py."""
import importlib.util
import os
from typing import Optional

import torch
import torch.nn as nn

from torch_draws import Dropout

_spec = importlib.util.spec_from_file_location("paydirt_networks", os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "python", "paydirt", "_networks.py"))
_networks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_networks)
MODELS, AcGan, AcganDiscriminator, Widths = _networks.MODELS, _networks.AcGan, _networks.AcganDiscriminator, _networks.Widths
DTYPES, load_checkpoint, load_named_arrays = _networks.DTYPES, _networks.load_checkpoint, _networks.load_named_arrays
read_safetensors = _networks.read_safetensors

AcganDiscriminator.make_dropout = Dropout


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


def start_weights(gan: nn.Module, model: str, channels: int) -> None:
    """As a run of paydirt starts, by other random numbers. Modules fresh from PyTorch are where uniform_init wants them."""
    if not MODELS[model].uniform_init:
        init_weights(gan, gain_std=0.02 if channels == 3 else 0.0)
