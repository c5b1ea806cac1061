"""onnxruntime beside paydirt, for test_onnx.c: python3 onnx_peer.py FOLDER

For each NAME.onnx with a NAME.npz beside it, which has arrays for its inputs and what paydirt made of them: no image, one and
all at once, within 1e-4 of the larger of 1 and the number. pixels are checked against images. Labels that there are not must
be refused. Where the package onnx is there, its checker has to pass.
"""
import pathlib
import sys

import numpy as np
import onnxruntime

try:
    import onnx
except ImportError:
    onnx = None

BAR = 1e-4
onnxruntime.set_default_logger_severity(4)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
worst, models, bad = 0.0, 0, []


def levels(images):
    level = (images + np.float32(1)) * np.float32(127.5) + np.float32(0.5)
    return np.clip(level, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)


def compare(name, session, arrays, rows):
    global worst
    feed = {i.name: arrays[i.name][rows] for i in session.get_inputs()}
    made = dict(zip([o.name for o in session.get_outputs()], session.run(None, feed)))
    for key, got in made.items():
        expected = arrays[key][rows] if key in arrays else levels(made["images"])
        if got.shape != expected.shape:
            bad.append(f"{name}: {key} is {got.shape}, expected {expected.shape}")
        elif got.dtype == np.uint8:
            if (got != expected).any():
                bad.append(f"{name}: {key} differ from the levels of images")
        elif got.size:
            error = np.max(np.abs(got - expected) / np.maximum(1, np.abs(expected)))
            worst = max(worst, error)
            if not error <= BAR:
                bad.append(f"{name}: {key} differs by {error:.2g} for {len(rows)} images")


def refuses(session, arrays, label):
    feed = {i.name: arrays[i.name][:1] for i in session.get_inputs()}
    feed["labels"] = np.array([label], np.int64)
    try:
        session.run(None, feed)
    except Exception:
        return True
    return False


for path in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
    if not path.with_suffix(".npz").exists():
        continue
    models += 1
    if onnx:
        onnx.checker.check_model(str(path), full_check=True)
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    arrays = dict(np.load(path.with_suffix(".npz")))
    count = len(arrays[session.get_inputs()[0].name])
    for rows in (np.arange(0), np.array([count - 1]), np.arange(count)):
        compare(path.stem, session, arrays, rows)
    if "labels" in arrays:
        for label in (-1, int(arrays["labels"].max()) + 1, 2**40):
            if not refuses(session, arrays, label):
                bad.append(f"{path.stem}: label {label} is taken")

print(*bad, sep="\n")
print(f"{models} models, largest difference {worst:.2g}, checker {'passed' if onnx else 'not there'}")
sys.exit(bool(bad) or not models)
