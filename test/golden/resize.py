#!/usr/bin/env python3
"""Writes resize.h: planes resized by Pillow, for test/golden/test_resize.c.

Needs Pillow and NumPy. The source of case k is not stored: pixel j is byte (j * 2654435761 >> 24) of a 32-bit
product, plus a smooth slope in every other case, which the test computes again. Of large results every STEP-th
pixel is kept. Run: python3 test/golden/resize.py > test/golden/resize.h
"""
import numpy as np
import PIL
from PIL import Image

CASES = [  # height, width -> height, width
    (28, 28, 32, 32), (28, 28, 35, 35), (96, 96, 32, 32), (64, 64, 32, 32), (64, 64, 35, 35), (32, 32, 35, 35),
    (28, 28, 64, 64), (40, 60, 32, 48), (60, 40, 52, 35), (33, 100, 32, 96), (7, 5, 3, 11), (50, 32, 32, 32),
    (32, 50, 32, 32), (1, 1, 4, 4), (9, 200, 9, 6), (300, 2, 7, 2), (32, 32, 32, 32),
]
STEP = 5


def source(case, height, width):
    j = np.arange(height * width, dtype=np.uint64)
    noise = (j * 2654435761 % 2**32) >> 24
    slope = (j % width) * 255 // width
    return (slope if case % 2 else noise).astype(np.uint8).reshape(height, width)


print(f"/* Made by resize.py with Pillow {PIL.__version__}: do not edit. */\n/* clang-format off */")
print(f"enum {{ RESIZE_STEP = {STEP} }};\n")
print("static const struct resize_case {\n    int height, width, new_height, new_width, kept;\n"
      "    unsigned char expected[1000];\n} resize_cases[] = {")
for k, (h, w, nh, nw) in enumerate(CASES):
    out = np.asarray(Image.fromarray(source(k, h, w)).resize((nw, nh), Image.BILINEAR)).ravel()[::STEP]
    print(f"    {{{h}, {w}, {nh}, {nw}, {len(out)},\n     {{", end="")
    text = ""
    for i, v in enumerate(out):
        item = f"{v}," + (" " if i + 1 < len(out) else "")
        if len(text) + len(item) > 100:
            print(text.rstrip() + "\n      ", end="")
            text = ""
        text += item
    print(text.rstrip(", ") + "}},")
print("};")
