"""Named tensors of a PyTorch module, and safetensors files. Part of torch_reference.py."""
import json
import struct
from typing import Dict, List

import numpy as np
import torch.nn as nn

from torch_networks import DTYPES, load_named_arrays, read_safetensors  # noqa: F401


def named_arrays(gan: nn.Module) -> Dict[str, np.ndarray]:
    """Every tensor of a checkpoint (without PyTorch's own num_batches_tracked)."""
    return {name: t.detach().numpy().copy() for name, t in gan.state_dict().items()
            if not name.endswith("num_batches_tracked")}


def write_safetensors(path: str, tensors: Dict[str, np.ndarray], metadata: Dict[str, str]) -> None:
    """Same input, same bytes: the header is sorted, the data is in name order, 8-byte aligned."""
    codes = {np.dtype(v): k for k, v in DTYPES.items()}
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
