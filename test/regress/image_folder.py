"""torchvision beside paydirt export, for test_export.c: python3 image_folder.py FOLDER SAMPLES.npz

ImageFolder reads FOLDER; its pictures must be the levels of the images that `paydirt sample` wrote, and manifest.csv must
have their labels and z. Ends with 77 where torchvision is not there.
"""
import csv
import sys

try:
    import numpy as np
    import torchvision
except ImportError as error:
    print(f"not compared: {error}")
    sys.exit(77)

folder, arrays = sys.argv[1], np.load(sys.argv[2])
images = (arrays["images"] + np.float32(1)) * np.float32(127.5) + np.float32(0.5)
levels = np.clip(images, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)
data = torchvision.datasets.ImageFolder(folder)
loaded = {path: (data[i][0], target) for i, (path, target) in enumerate(data.samples)}
with open(f"{folder}/manifest.csv", newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
assert len(rows) == len(loaded) == len(levels), (len(rows), len(loaded), len(levels))
for i, row in enumerate(rows):
    picture, target = loaded[f"{folder}/{row['file']}"]
    assert np.array_equal(np.asarray(picture), np.broadcast_to(levels[i], np.asarray(picture).shape)), row["file"]
    assert int(row["label"]) == arrays["labels"][i] and data.classes[target] == row["file"].split("/")[0]
    z = np.array([row[f"z_{k}"] for k in range(arrays["z"].shape[1])], np.float32)
    assert np.array_equal(z, arrays["z"][i]), row["file"]
print(f"{len(rows)} pictures, as the samples")
