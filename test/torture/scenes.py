"""What torture.py disturbs: small inputs, and scenes of commands that follow each other in one folder."""
import csv
import glob
import os
import shutil
import struct
import zipfile
import zlib

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fuzz", "corpus")
SIDE, IMAGES, CLASSES = 16, 12, ("bird", "cat", "dog")
LARGE = 1 << 25 # bytes of a folder that is decoded into the cache


# --- inputs ----------------------------------------------------------------------------------------------------------


def png(path, number):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = bytes((k // 3 * (number % 3 + 1) + k % 3 * 50 + 9 * number) % 256 for k in range(3 * SIDE * SIDE))
    rows = b"".join(b"\0" + pixels[y * 3 * SIDE:(y + 1) * 3 * SIDE] for y in range(SIDE))
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def npy(kind, shape, data):
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(head)) + head.encode() + data


def draw_inputs(folder):
    """flat/NN.png; sorted/train|test/CLASS/NN.png and one of each other format; large/CLASS/...; tables of scores."""
    for name in ("flat", "large", *(f"sorted/{s}/{c}" for s in ("train", "test") for c in CLASSES),
                 *(f"large/{c}" for c in CLASSES)):
        os.makedirs(os.path.join(folder, name))
    for i in range(IMAGES):
        png(f"{folder}/flat/{i:02}.png", i)
        png(f"{folder}/large/{CLASSES[i % 3]}/{i:02}.png", i)
        for split in ("train", "test"):
            png(f"{folder}/sorted/{split}/{CLASSES[i % 3]}/{i:02}.png", i)
    for name in ("rgb.png", "palette.png", "turned.jpg", "progressive.jpg", "lossy.webp"):
        shutil.copy(os.path.join(CORPUS, "image", name), f"{folder}/sorted/train/cat")
    os.truncate(f"{folder}/large/{CLASSES[0]}/00.png", LARGE) # what stands behind a PNG's end is not read
    scores = [[(7 * i + 3 * k) % 11 - 5.5 for k in range(3)] for i in range(40)]
    with open(f"{folder}/scores.npy", "wb") as f:
        f.write(npy("<f4", (40, 3), b"".join(struct.pack("<3f", *row) for row in scores)))
    with open(f"{folder}/scores.csv", "w") as f:
        f.write("class_logit_0,class_logit_1,class_logit_2\n" + "".join(",".join(map(str, row)) + "\n" for row in scores))
    with zipfile.ZipFile(f"{folder}/medical.npz", "w", zipfile.ZIP_DEFLATED) as z:
        for split in ("train", "test"):
            pixels = bytes((5 * i + len(split)) % 256 for i in range(IMAGES * 28 * 28))
            z.writestr(f"{split}_images.npy", npy("|u1", (IMAGES, 28, 28), pixels))
            z.writestr(f"{split}_labels.npy", npy("|u1", (IMAGES, 1), bytes(i % 3 for i in range(IMAGES))))


# --- steps -----------------------------------------------------------------------------------------------------------

RUN = "runs/00000-*"


def the_run(folder):
    found = sorted(glob.glob(os.path.join(folder, RUN)))
    return os.path.relpath(found[0], folder) if found else None


class Step:
    """A command; words: "RUN" stands for the run's folder. writes: something that must outlive a power loss."""

    def __init__(self, words, writes=True, prepare=None):
        self.text, self.code, self.writes = words, 0, writes
        self.more = prepare
        self.words = None

    def prepare(self, folder):
        if self.more:
            self.more(folder)
        run = the_run(folder)
        self.words = [run if w == "RUN" and run else w for w in self.text.split()]

    def again(self, folder, before):
        """The words that do it once more after a fault."""
        return self.words


class Start(Step):
    """A run is begun: gone on with where there is something to go on with, else begun anew, as doc/runs.md says."""

    def __init__(self, words, resume, kept):
        super().__init__(words)
        self.resume, self.kept = resume, kept

    def again(self, folder, before):
        run = the_run(folder)
        if run and any(os.path.exists(os.path.join(folder, run, name)) for name in self.kept):
            return [*self.resume.split(), run]
        shutil.rmtree(os.path.join(folder, "runs"), ignore_errors=True)
        return self.words


def answer(folder):
    """A person: everything that is asked, in a file of its own."""
    run = os.path.join(folder, the_run(folder))
    with open(os.path.join(run, "queries.csv"), newline="") as f:
        asked = [row["image"] for row in csv.DictReader(f)]
    with open(os.path.join(folder, "answers.csv"), "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(["image", "label"])
        out.writerows([name, CLASSES[int(os.path.basename(name)[:2]) % 3]] for name in asked)


NET = "--size 16 --width 0.125 --batch 4 --min-epoch 8 --threads 1"
ACTIVE = f"--init 3 --query 2 --final 5 --epochs 1 --model infogan {NET}"
train = Start(f"train --data ../../../inputs/sorted --labels 9 --epochs 2 --save-steps 1 --gold {NET} "
              "--eval-every 1 --metrics class-accuracy",
              "train --resume", ["checkpoint.safetensors"])

SCENES = {
    "train": [train, Step("train --resume RUN --epochs 3")],
    "simulated": [Start(f"active --data ../../../inputs/sorted --measure-epochs 1 --validation 3 --validate-every 1 --validation-epochs 1 {ACTIVE}", "active --resume",
                        ["active.json"])],
    "people": [Start(f"active --data ../../../inputs/flat --classes bird,cat,dog --oracle csv --no-measure {ACTIVE}",
                     "active --resume", ["active.json"]),
               Step("active --resume RUN --labels answers.csv", prepare=answer),
               Step("active --resume RUN --labels answers.csv", prepare=answer)],
    "cache": [Start(f"train --data ../../../inputs/large --cache-dir cache --epochs 1 {NET}", "train --resume",
                    ["checkpoint.safetensors"]),
              Step("score RUN --split train --out scores.csv")],
    "look": [Step("data check ../../../inputs/sorted", writes=False),
             Step("data check ../../../inputs/sorted --json", writes=False),
             Step("data check ../../../inputs/medical.npz", writes=False),
             Step("select --class-logits ../../../inputs/scores.npy --strategy small-margin -k 5", writes=False),
             Step("select --class-logits ../../../inputs/scores.csv --strategy small-margin -k 5", writes=False)],
    "use": [Start(f"train --data ../../../inputs/sorted --epochs 1 {NET}", "train --resume", ["checkpoint.safetensors"]),
            Step("score RUN --split test --out scores.csv --sheet sheet.png"),
            Step("sample RUN --per-class 2 --npz samples.npz --grid grid.png --scores"),
            Step("select --class-logits samples.npz --logits samples.npz --no-sigmoid -k 3", writes=False),
            Step("eval RUN --epochs 1 --epoch-images 128 --json")],
}
