"""Named tensors of a PyTorch module, and safetensors files. Part of torch_reference.py."""
import json
import struct
from typing import Dict, List, Tuple

import numpy as np
import torch
import torch.nn as nn


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
