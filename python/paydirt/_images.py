"""Images and labels as people have them, as the 8-bit images and numbers that paydirt learns from."""
from __future__ import annotations

import collections.abc
import hashlib
import os
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from ._arrays import host, pointer, same_index, shape_text
from ._labels import Classes, Names, as_called, called, labels_of, names_of, of_called, of_data_set
from ._library import Callbacks, UsageError, call, ffi, lib, one_of, path_text, tell, text, whole


class Images(NamedTuple):
    """What was understood: pixels (n, C, H, W) of uint8, or points (n, 2) of float32; labels (n), -1 unknown; names of the
    classes, or their number; what there is to say; the scale in which they were given (data.h), and, where
    they were more than their pixels, digests (n, 16) of them."""

    pixels: NDArray[Any]
    labels: NDArray[np.int32]
    classes: int
    names: Optional[List[str]]
    notes: List[str]
    scale: int = 0
    given: Optional[NDArray[np.uint8]] = None

    @property
    def are_points(self) -> bool:
        """Of the plane."""
        return bool(self.pixels.ndim == 2)


# --- pixels -------------------------------------------------------------------------------------------------


def _kind(a: NDArray[Any]) -> int:
    return int(lib.PD_FLOATS if a.dtype.kind == "f" else lib.PD_BYTES if a.dtype == np.uint8 else lib.PD_WHOLE)


def _are_whole(a: NDArray[Any]) -> bool:
    return all(not (a[i:i + 64] % 1).any() for i in range(0, len(a), 64))  # the first few tell mostly


def _words(facts: Any) -> str:
    return "%g is black, %g is white" % (facts.black, facts.white)


def _find_scale(a: NDArray[Any], name: str, like: int, whose: str) -> Tuple[int, str]:
    """What is black and what is white (data.h), and that in words."""
    low, high = a.min(), a.max()
    if a.dtype.kind == "f" and not (np.isfinite(low) and np.isfinite(high)):
        at = int(np.flatnonzero(~np.isfinite(a).reshape(len(a), -1).all(1))[0])
        raise UsageError("%s: image %d has a number that is not finite" % (name, at))
    kind, known = _kind(a), lib.pd_pixel_scale_at(like)
    if known != ffi.NULL and known.kind != kind:
        known = ffi.NULL
    numbers = ffi.new("struct pd_numbers *", {"kind": kind, "least": low, "most": high,
                                              "whole": a.dtype.kind != "f" or _are_whole(a), "images": len(a)})
    scale, alone = (int(lib.pd_pixel_scale_of(numbers, of)) for of in (like, 0))
    if scale == lib.PD_PIXELS_UNKNOWN:
        raise UsageError("%s: values from %g to %g, expected [0, 1], [-1, 1] (from -0.5 or less), 0 to 255 (to 128 or more) or 0 "
                         "to 65535 (to 32768 or more)%s: scale or clip them"
                         % (name, low, high, "; the networks': " + _words(known) if known != ffi.NULL else ""))
    facts, of = lib.pd_pixel_scale_at(scale), lib.pd_pixel_scale_at(like)
    words = "%s: %s, values from %g to %g: %s" % (name, a.dtype, low, high, _words(facts))
    if known != ffi.NULL and scale != like:
        tell("%s (of %s, %s)" % (words, whose, _words(known)))
    elif scale == like and alone not in (scale, lib.PD_PIXELS_UNKNOWN) and (high or known.black):
        tell("%s, as of %s (of these values alone, %s)" % (words, whose, _words(lib.pd_pixel_scale_at(alone))))
    elif like and scale != like and a.dtype.kind in "iu" and kind == lib.PD_WHOLE and facts.white not in (255, of.white):
        tell("%s, as it seems: the networks learnt from %s" % (words, _KINDS[lib.pd_pixel_scale_at(like).kind]))
    return scale, words


_KINDS = {lib.PD_FLOATS: "floats", lib.PD_BYTES: "uint8", lib.PD_WHOLE: "whole numbers"}


def _levels(a: NDArray[Any], name: str, notes: List[str], like: int, whose: str,
            given: Optional[List[bytes]]) -> Tuple[NDArray[np.uint8], int]:
    """As `paydirt train --data x.npz` decides (doc/data.md): what is black and what is white follows from the values, or is
    known."""
    scale, words = _find_scale(a, name, like, whose)
    if scale == lib.PD_PIXELS_BYTES:
        return a, scale
    facts = lib.pd_pixel_scale_at(scale)
    notes.append(words)
    out, digests, has_more = np.empty(a.shape, np.uint8), [], False
    for i in range(0, len(a), 1024):  # so that no float copy of all is made
        level = (a[i:i + 1024].astype(np.float64) + facts.shift) * facts.factor
        out[i:i + 1024] = np.rint(np.clip(level, 0, 255))
        if given is not None:
            more = (np.abs(level - out[i:i + 1024]) >= _ROUNDING).reshape(len(level), -1).any(1)
            has_more = has_more or bool(more.any())
            digests += [_digest(x if m else y) for x, y, m in zip(a[i:i + 1024], out[i:i + 1024], more)]
    if given is not None and has_more:
        given += digests
    return out, scale


_ROUNDING = 0.001  # levels that a number may lie from one, as x / 255 of float32 does; less than one of 65535 is, 1 / 257


def _digest(image: Union[NDArray[Any], bytes]) -> bytes:
    return hashlib.sha256(image if isinstance(image, bytes) else np.ascontiguousarray(image).data).digest()[:16]


def pixels_of(given: Any, name: str, notes: List[str], like: int = 0,
              whose: str = "what the networks learnt from", given_as: Optional[List[bytes]] = None) -> Tuple[NDArray[Any], int]:
    """(n, C, H, W) uint8, or points (n, 2) float32, and the scale in which they were given (data.h). like: that of others which
    these belong to; 0: none. given_as: gets a digest of each image, where they are more than their pixels."""
    a = host(given, name)
    if a.dtype.name == "bfloat16":
        a = a.astype(np.float32)
    if a.dtype.kind not in "fiub":
        raise UsageError("%s: %s, expected numbers" % (name, a.dtype))
    if len(a.shape) == 0 or not len(a):
        raise UsageError("%s: shape %s, expected one image or more" % (name, shape_text(a)))
    if a.ndim == 2 and a.shape[1] == 2 and a.dtype.kind == "f":
        if not np.isfinite(a).all():
            raise UsageError("%s: point %d is not finite" % (name, np.flatnonzero(~np.isfinite(a).all(1))[0]))
        return np.ascontiguousarray(a, dtype=np.float32), 0
    sides = (4, 4096)
    shape = a.shape
    if a.ndim == 3:
        a = a[:, None]
    elif a.ndim == 4 and shape[1] not in (1, 3) and shape[3] in (1, 3):
        a = np.moveaxis(a, 3, 1)
        notes.append("%s: shape (%s), taken as (images, height, width, channels)" % (name, ", ".join(map(str, shape))))
    if a.ndim != 4 or a.shape[1] not in (1, 3) or not all(sides[0] <= s <= sides[1] for s in a.shape[2:]):
        raise UsageError("%s: shape (%s), expected (N, H, W), (N, H, W, C) or (N, C, H, W), C 1 or 3, sides %d to %d; points: "
                         "(N, 2) of floats" % (name, ", ".join(map(str, shape)), *sides))
    pixels, scale = _levels(a, name, notes, like, whose, given_as)
    return np.ascontiguousarray(pixels), scale


def fit_channels(pixels: NDArray[Any], channels: int) -> NDArray[Any]:
    """Grey images for a network of colours, and grey ones stored as colours for one of grey; others as they are."""
    has = pixels.shape[1] if pixels.ndim == 4 else channels
    if has == 1 < channels:
        return np.repeat(pixels, channels, 1)
    return np.ascontiguousarray(pixels[:, :1]) if channels == 1 < has and (pixels == pixels[:, :1]).all() else pixels


# --- other libraries' data sets -----------------------------------------------------------------------------


def _of_sixteen(item: Any, brightest: List[int]) -> Tuple[NDArray[np.uint8], bytes]:
    """Grey of 16 bits, of which the upper 8 are kept."""
    a = np.asarray(item)
    brightest.append(int(a.max()))
    clear = item.info.get("transparency")
    whole = a.astype("<u2").tobytes() + repr(clear).encode()
    return (np.where(a == clear, 255, a >> 8) if isinstance(clear, int) else a >> 8).astype(np.uint8), whole


def _of_pillow(item: Any, brightest: List[int]) -> Tuple[NDArray[Any], Optional[bytes]]:
    """As a folder's files are read: upright, on white where they are transparent; and all that it holds, where that is more.
    brightest: gets the largest number of 16 bits."""
    from PIL import Image, ImageOps

    is_png = item.format == "PNG"  # whose grey of 16 bits is of mode I before Pillow 11
    item = ImageOps.exif_transpose(item)
    if item.mode.startswith("I;16") or item.mode == "I" and is_png:
        return _of_sixteen(item, brightest)
    if item.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in item.info:
        grey = item.mode in ("LA", "La", "L", "1")
        clear = (item.convert("LA") if item.mode == "La" else item).convert("RGBA")
        item = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("L" if grey else "RGB")
        return np.asarray(item), clear.tobytes() if clear.getextrema()[3][0] < 255 else None
    other = {"1": "L", "I": None, "F": None, "L": None, "RGB": None}.get(item.mode, "RGB")
    whole = None if other is None or item.mode in ("1", "P") else item.tobytes()
    return np.asarray(item if other is None else item.convert(other)), whole


def _stack(items: List[Any], name: str, given: Optional[List[bytes]] = None) -> NDArray[Any]:
    """Images of one size and kind as one array. given: as of pixels_of."""
    arrays: List[NDArray[Any]] = []
    brightest: List[int] = []
    digests: Dict[int, bytes] = {}
    for i, item in enumerate(items):
        if hasattr(item, "convert") and hasattr(item, "mode"):  # Pillow
            item, whole = _of_pillow(item, brightest)
            if whole is not None:
                digests[i] = _digest(whole)
        a = host(item, name)
        if arrays and a.ndim != arrays[0].ndim and a.shape[:2] == arrays[0].shape[:2]:
            raise UsageError("%s: image %d is of shape %s, image 0 of %s: grey and colour in one list (all in colour: "
                             "image.convert('RGB'))" % (name, i, shape_text(a), shape_text(arrays[0])))
        if arrays and a.shape != arrays[0].shape:
            raise UsageError("%s: image %d is of shape %s, image 0 of %s: images of one size are needed (resize them, as by "
                             "torchvision.transforms.Resize((64, 64)))" % (name, i, shape_text(a), shape_text(arrays[0])))
        if arrays and a.dtype != arrays[0].dtype:
            raise UsageError("%s: image %d is of %s, image 0 of %s: images of one kind are needed, as nothing says that they "
                             "have one scale" % (name, i, a.dtype, arrays[0].dtype))
        arrays.append(a)
    if brightest and max(brightest) < 4096:
        tell("images of 16 bits, of which 65535 is white, and the largest here is %d: they are nearly black (scale them)"
             % max(brightest))
    if given is not None and digests:
        given += [digests.get(i) or _digest(a) for i, a in enumerate(arrays)]
    return np.stack(arrays)


def _second(items: List[Any]) -> NDArray[Any]:
    """The labels of pairs, whatever they are."""
    labels = [np.asarray(host(x, "labels")) if hasattr(x, "shape") else x for x in (item[1] for item in items)]
    try:
        return np.asarray([x.item() if isinstance(x, np.ndarray) and x.ndim == 0 else x for x in labels])
    except ValueError:
        raise UsageError("labels: of several lengths, expected one label each, or one-hot rows") from None


def _hugging_face(data: Any, labels: Any, classes: Classes, given: Optional[List[bytes]]) -> Tuple[Any, Any, Classes]:
    """A `datasets.Dataset`: its column of images, its column of classes."""
    features = data.features
    images = [name for name, f in features.items() if type(f).__name__ == "Image"]
    if len(images) != 1:
        raise UsageError("data: columns %s, expected one of images (datasets.Image); it has %d"
                         % (", ".join(features), len(images)))
    known = [name for name, f in features.items() if type(f).__name__ == "ClassLabel"]
    if labels is None and len(known) == 1:
        labels = np.asarray(data.with_format(None)[known[0]][:], dtype=np.int64)
        if classes is None:
            classes = list(features[known[0]].names)
            labels = of_data_set(labels, classes)
    elif labels is None and known:
        raise UsageError("data: several columns of classes (%s): give one as labels=data[%r]" % (", ".join(known), known[0]))
    return _stack([data[i][images[0]] for i in range(len(data))], "data", given), labels, classes


def _map_style(data: Any, labels: Any, classes: Classes, given: Optional[List[bytes]]) -> Tuple[Any, Any, Classes]:
    """A `torch.utils.data.Dataset` of images, or of pairs of image and label, such as torchvision's."""
    items = [data[i] for i in range(len(data))]
    if items and isinstance(items[0], (tuple, list)):
        if labels is None:
            labels = _second(items)
        items = [item[0] for item in items]
    while not hasattr(data, "classes") and hasattr(data, "dataset"):  # torch.utils.data.Subset
        data = data.dataset
    names = getattr(data, "classes", None)
    if classes is None and isinstance(names, (list, tuple)) and all(isinstance(c, str) for c in names):
        classes = list(names)
        labels = of_data_set(labels, classes)
    return _stack(items, "data", given), labels, classes


def _are_pairs(data: Any) -> bool:
    """Of an image and its label."""
    first = data[0] if isinstance(data, (list, tuple)) and len(data) else None
    return isinstance(first, (list, tuple)) and len(first) == 2 and (hasattr(first[0], "shape") or hasattr(first[0], "convert")) \
        and len(getattr(first[1], "shape", ())) < min(2, len(getattr(first[0], "shape", (1, 1))))  # one-hot rows, too


def arrays_of(data: Any, labels: Any = None, classes: Classes = None, name: str = "images",
              given: Optional[List[bytes]] = None) -> Tuple[NDArray[Any], Any, Classes]:
    """Images, labels and classes of arrays, or of a data set: paydirt's, Hugging Face's or torchvision's. given: as of
    pixels_of."""
    same_index(**{name: data, "labels": labels})
    if isinstance(data, Data):
        labels = data.labels if labels is None else labels
        return ((data.images, labels, classes) if classes is not None
                else (data.images, of_called(labels, data.class_names), data.class_names))
    if isinstance(classes, Names):
        labels = of_called(labels, classes)
    if isinstance(data, collections.abc.Mapping):
        raise UsageError("%s: a %s (%s), expected an array or a data set: give its arrays, images first, then labels"
                         % (name, type(data).__name__, ", ".join(map(str, data))))
    if _are_pairs(data):
        data, labels, classes = _map_style(data, labels, classes, given)
    elif not hasattr(data, "dtype") and not isinstance(data, (list, tuple)):
        if hasattr(data, "features") and hasattr(data, "column_names"):
            data, labels, classes = _hugging_face(data, labels, classes, given)
        elif hasattr(data, "__getitem__") and hasattr(data, "__len__") and not hasattr(data, "__array__"):
            data, labels, classes = _map_style(data, labels, classes, given)
    elif isinstance(data, (list, tuple)) and len(data) and not isinstance(data[0], (int, float)):
        data = _stack(list(data), name, given)
    return host(data, name), labels, classes


def _say_names(names: List[str]) -> None:
    """What the library says of such in folders and tables: nearly the same, words for nothing."""
    one = Images(np.zeros((1, 1, 1, 1), np.uint8), np.zeros(1, np.int32), len(names), names, [])
    for line in notes_of(to_dataset(one)):
        if called(names) is None or not is_of_places(line):
            tell(line.partition(": ")[2])


def understand(data: Any, labels: Any = None, classes: Classes = None, name: str = "images") -> Images:
    """What there is to train on."""
    notes: List[str] = []
    given: List[bytes] = []
    a, labels, classes = arrays_of(data, labels, classes, name, given)
    pixels, scale = pixels_of(a, name, notes, given_as=None if given else given)
    known, count, names = labels_of(labels, len(pixels), classes, notes)
    if names:
        _say_names(names)
    return Images(pixels, known, count, names, notes, scale,
                  np.frombuffer(b"".join(given), np.uint8).reshape(len(given), 16) if given else None)


_SIDE = 32  # that networks work at where nothing is said


def say_scaled(images: Images, size: Any) -> None:
    """Adds a note where the networks will see another size."""
    side = size or _SIDE
    if not images.are_points and images.pixels.shape[2:] != (side, side):
        images.notes.append("images of %d x %d are scaled to %d x %d (size=)" % (*images.pixels.shape[2:], side, side))


# --- as the library has them --------------------------------------------------------------------------------


def to_dataset(images: Images) -> Any:
    """A struct pd_dataset of its own memory, freed with the Python object."""
    x = images.pixels
    points = images.are_points
    kept = [ffi.new("char[]", n.encode()) for n in images.names or []]
    pixels = pointer("float" if points else "uint8_t", x)
    labels = pointer("int32_t", images.labels)
    names = ffi.new("char *[]", kept) if kept else ffi.NULL
    arrays = ffi.new("struct pd_data_arrays *", {
        "n": len(x), "channels": x.shape[1], "height": 1 if points else x.shape[2], "width": 1 if points else x.shape[3],
        "f32" if points else "u8": pixels, "labels": labels, "classes": images.classes, "class_names": names,
        "scale": images.scale})
    out = ffi.new("struct pd_dataset **")
    call(lib.pd_dataset_from_arrays, arrays, out)
    return ffi.gc(out[0], lib.pd_dataset_destroy)


def open_dataset(path: Union[str, "os.PathLike[str]"], classes: Classes = None, dir: Optional[str] = None, split: int = 0,
                 count: int = 0, size: int = 0, seed: int = 0) -> Any:
    """What `paydirt train --data` takes."""
    callbacks = Callbacks()
    watch = ffi.new("struct pd_data_watch *", {"decoding": callbacks.make(
        "bool(void *, const char *, uint64_t, uint64_t)", lambda *_: callbacks.is_stopped(), True)})
    name = ffi.new("char[]", os.fsencode(path_text(path)))
    names = names_of(classes)
    listed = ffi.new("char[]", ",".join(names).encode()) if names else ffi.NULL
    where = ffi.new("char[]", os.fsencode(path_text(dir, "dir"))) if dir else ffi.NULL
    request = ffi.new("struct pd_data_request *", {
        "name": name, "dir": where, "classes": listed, "cache": True, "watch": watch, "split": split,
        "count": whole("count", count, 2**40), "size": whole("size", size, 4096), "seed": whole("seed", seed, 2**64 - 1)})
    out = ffi.new("struct pd_dataset **")
    callbacks.call(lib.pd_dataset_open_any, request, out)
    return ffi.gc(out[0], lib.pd_dataset_destroy)


def is_of_places(note: str) -> bool:
    """A note that numbers are places, which they are not where all classes are called by numbers (called)."""
    return ": classes are numbered from 0 in their order: " in note


def notes_of(dataset: Any) -> List[str]:
    """What there is to say about it."""
    return [line for line in text(lib.pd_dataset_note(dataset)).splitlines() if line]


class Data(NamedTuple):
    """A data set as arrays."""

    images: NDArray[Any]
    """(n, H, W, C) of uint8, or points (n, 2) of float32."""
    labels: NDArray[np.int32]
    """(n), -1 where none is known: numbers from 0 in the order of class_names; where all are whole numbers, these."""
    class_names: List[str]
    notes: List[str]
    """How it was understood."""


_SPLITS = {"train": lib.PD_SPLIT_TRAIN, "test": lib.PD_SPLIT_TEST}


def open_data(path: Union[str, "os.PathLike[str]"], *, split: str = "train", dir: Optional[str] = None, classes: Classes = None,
              count: int = 0, size: int = 0, seed: int = 0) -> Data:
    """A data set that paydirt reads, as arrays.

    Parameters
    ----------
    path : str or path
        A folder of images, an archive, an .npz, or a name of `paydirt data list`: "mnist", "strokes", ...
    split : "train" or "test"
    dir : path, optional
        Where a named set's files lie.
    classes : list of str, optional
        Of a folder of images, or an .npz: doc/data.md.
    count : int
        Of `strokes` and `synthetic`: how many; 0: theirs.
    size : int
        Side in pixels of larger images, which are stored resized; 0: 32.
    seed : int
        Of `strokes` and `synthetic`.

    Returns
    -------
    Data

    Examples
    --------
    >>> pool = paydirt.open_data("photos/", size=64)
    """
    d = open_dataset(path, classes, dir, _SPLITS[one_of("split", split, _SPLITS)], count, size, seed)
    n = lib.pd_dataset_count(d)
    sides = [ffi.new("int *") for _ in range(3)]
    lib.pd_dataset_shape(d, *sides)
    shape = tuple(s[0] for s in sides)
    if lib.pd_dataset_is_points(d):
        images: NDArray[Any] = np.empty((n, 2), np.float32)
        call(lib.pd_dataset_points, d, 0, n, pointer("float", images))
    else:
        pixels = np.empty((n, *shape), np.uint8)
        call(lib.pd_dataset_pixels, d, 0, n, pointer("uint8_t", pixels))
        images = np.ascontiguousarray(np.moveaxis(pixels, 1, 3))
    labels = np.frombuffer(ffi.buffer(lib.pd_dataset_labels(d), 4 * n), np.int32).copy()
    name = ffi.new("char[]", 256)
    names = Names(text(lib.pd_dataset_class_name(d, k, name, 256)) for k in range(lib.pd_dataset_classes(d)))
    labels = as_called(labels, names)
    return Data(images, labels, names, [line for line in notes_of(d) if called(names) is None or not is_of_places(line)])
