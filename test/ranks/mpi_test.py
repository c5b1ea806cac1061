"""Ranks over the MPIs that are here: the weights of one process, other numbers of ranks, ranks that die or are asked to stop, shared
scores and trials.

    PAYDIRT=build/paydirt python3 test/ranks/mpi_test.py [--only NAME]
"""
import argparse
import array
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

PAYDIRT = os.path.abspath(os.environ["PAYDIRT"])
ENV = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMP_WAIT_POLICY": "passive"}
MPIS = {"openmpi": ["mpirun.openmpi", "--oversubscribe"], "mpich": ["mpirun.mpich"]}
# Open MPI's ranks give way where there are more than cores; MPICH's spin until they are next, and ten steps take ten seconds.
MANY = {"openmpi": 4, "mpich": 4 if (os.cpu_count() or 1) >= 4 else 2}
SMALL = ["--data", "strokes", "--data-count", "600", "--min-epoch", "640", "--batch", "64", "--model", "infogan", "--width", "0.1", "--threads",
         "1", "--grid-every", "0"]


def command(mpi, ranks, *args):
    return (MPIS[mpi] + ["-np", str(ranks)] if ranks > 1 else []) + [PAYDIRT, *args]


def run(mpi, ranks, *args, fails=0, env=None):
    """What the program prints; fails: the exit code that is expected."""
    done = subprocess.run(command(mpi, ranks, *args), env={**ENV, **(env or {})}, capture_output=True, text=True, timeout=300)
    if done.returncode != fails:
        raise AssertionError(f"{args}: exit code {done.returncode}, expected {fails}\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def train(mpi, ranks, out, *args):
    run(mpi, ranks, "train", *SMALL, "--out", out, *args)
    return only(out)


def only(folder):
    (name,) = os.listdir(folder)
    return os.path.join(folder, name)


def weights(folder):
    with open(os.path.join(folder, "checkpoint.safetensors"), "rb") as f:
        (size,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(size))
        data = f.read()
    return {
        name: array.array("f", data[slice(*entry["data_offsets"])])
        for name, entry in header.items()
        if name[:2] in ("g.", "d.") and entry["dtype"] == "F32"
    }


def apart(a, b):
    a, b = weights(a), weights(b)
    assert a.keys() == b.keys() and a
    return max(abs(x - y) for name in a for x, y in zip(a[name], b[name]))


def spread(a, b):
    """Root mean square of the differences."""
    a, b = weights(a), weights(b)
    squares = [(x - y) ** 2 for name in a for x, y in zip(a[name], b[name])]
    return (sum(squares) / len(squares)) ** 0.5


def ranks_of(job):
    """The processes of a job, each rank once; mpirun may have others between."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                env = dict(e.split(b"=", 1) for e in f.read().split(b"\0") if b"=" in e)
            exe = os.readlink(f"/proc/{pid}/exe")
        except OSError:
            continue
        rank = env.get(b"OMPI_COMM_WORLD_RANK", env.get(b"PMI_RANK"))
        if exe == PAYDIRT and rank is not None and env.get(b"TEST_JOB") == job:
            found[int(rank)] = int(pid)
    return found


def start(mpi, ranks, folder, *args):
    """A long training, a checkpoint of whose steps is there; and its ranks."""
    name = folder.encode()
    job = subprocess.Popen(command(mpi, ranks, "train", *SMALL, "--out", folder, "--epochs", "100000", *args), env={**ENV, "TEST_JOB": folder},
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for _ in range(600):
        log = os.path.join(only(folder), "log.jsonl") if os.path.isdir(folder) and os.listdir(folder) else ""
        if os.path.exists(log) and os.path.getsize(log) and len(ranks_of(name)) == ranks:
            return job, ranks_of(name)
        assert job.poll() is None, job.stdout.read()
        time.sleep(0.05)
    raise AssertionError("no epoch in 30 s")


# --- the tests: each gets an MPI and an empty folder ---


def ranks_make_the_weights_of_one(mpi, folder):
    """20 steps, batch norm over all. Adam makes much of float's rounding (in double test_ranks has 1e-9): a small part of what ten steps move."""
    how = ["--sync-statistics", "--gold", "--epochs"]
    one, half = (train(mpi, 1, f"{folder}/epochs-{n}", *how, n) for n in "21")
    for ranks in sorted({2, MANY[mpi]}):
        difference = spread(one, train(mpi, ranks, f"{folder}/{ranks}", *how, "2"))
        assert 0 < difference <= 0.03 * spread(one, half), f"{ranks} ranks: {difference}, ten steps {spread(one, half)}"


def a_run_goes_on_with_other_ranks(mpi, folder):
    how = ["--sync-statistics", "--epochs"]
    whole = train(mpi, 1, folder + "/whole", *how, "3")
    parts = train(mpi, 2, folder + "/parts", *how, "1")
    run(mpi, 1, "train", "--resume", parts, "--epochs", "2")
    run(mpi, MANY[mpi], "train", "--resume", parts, "--epochs", "3")
    assert apart(whole, parts) < apart(whole, train(mpi, 2, folder + "/apart", "--epochs", "3")) / 2 # batch norm over parts
    with open(parts + "/log.jsonl") as f:
        assert [json.loads(line)["epoch"] for line in f] == [1, 2, 3]


def a_dead_rank_ends_all(mpi, folder):
    for rank in 1, 0:
        job, ranks = start(mpi, 2, f"{folder}/{rank}")
        os.kill(ranks[rank], signal.SIGKILL)
        said, _ = job.communicate(timeout=60)
        assert job.returncode not in (0, None), said
        assert "KILLED" in said.upper() or "SIGNAL 9" in said.upper() or "KILL" in said.upper(), said
        for _ in range(100):
            if not ranks_of(f"{folder}/{rank}".encode()):
                break
            time.sleep(0.1)
        assert not ranks_of(f"{folder}/{rank}".encode()), "a rank outlives the job"
        left = only(f"{folder}/{rank}")
        epochs = sum(1 for _ in open(left + "/log.jsonl"))
        run(mpi, 2, "train", "--resume", left, "--epochs", str(epochs + 2))


def one_that_is_asked_to_stop_stops_all(mpi, folder):
    job, ranks = start(mpi, MANY[mpi], folder)
    os.kill(ranks[MANY[mpi] - 1], signal.SIGTERM)
    said, _ = job.communicate(timeout=60)
    assert job.returncode != 0, said
    assert said.count("paydirt: stopped at step") == 1, said
    epochs = sum(1 for _ in open(only(folder) + "/log.jsonl"))
    run(mpi, 1, "train", "--resume", only(folder), "--epochs", str(epochs + 1))


def a_failure_has_one_line(mpi, folder):
    said = run(mpi, 2, "train", *SMALL, "--batch", "63", "--out", folder, fails=2)
    assert said.count("paydirt: a batch of 63 images on 2 ranks") == 1, said
    assert run(mpi, 2, "score", folder + "/none", "--out", folder + "/s.csv", fails=3).count("paydirt: ") == 1
    said = run(mpi, 2, "train", *SMALL, "--model", "wgan-gp", "--lr", "9", "--epochs", "9", "--out", folder + "/d", fails=5)
    assert said.count("training diverged") == 1, said
    assert "one process" in run(mpi, 2, "eval", "runs/x", fails=2)


def machines_may_differ(mpi, folder):
    """One rank as on an older processor (where this one has AVX-512): last bits of what each makes of the weights."""
    part = [PAYDIRT, "train", *SMALL, "--epochs", "2", "--out", folder]
    done = subprocess.run(MPIS[mpi] + ["-np", "1", "env", "ONEDNN_MAX_CPU_ISA=AVX2", "DNNL_MAX_CPU_ISA=AVX2", *part, ":", "-np", "1", *part],
                          env=ENV, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def another_mpirun_is_told(mpi, folder):
    """Its processes would be one each to the library."""
    env = {**ENV, {"openmpi": "OMPI_COMM_WORLD_SIZE", "mpich": "PMI_SIZE"}[mpi]: "2"}
    done = subprocess.run([PAYDIRT, "train", *SMALL, "--epochs", "1", "--out", folder], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode not in (0, 1) and "knows of one process" in done.stderr, done.stderr
    assert not os.listdir(folder)


def scores_are_shared(mpi, folder):
    model = train(mpi, 1, folder + "/runs", "--epochs", "1")
    files = [f"{folder}/{ranks}.csv" for ranks in (1, 3)]
    for ranks, file in zip((1, 3), files):
        said = run(mpi, ranks, "score", model, "--split", "train", "--out", file)
        assert said.count("\n") == 1, said
        os.remove(model + "/statistics.safetensors")
    assert open(files[0]).read() == open(files[1]).read()


def trials_are_shared(mpi, folder):
    how = ["active", "--data", "synthetic", "--model", "mlp", "--init", "4", "--query", "1", "--final", "5", "--trials", "3", "--width", "0.1",
           "--epochs", "1", "--measure-epochs", "1", "--validation-epochs", "1", "--threads", "1", "--no-pictures", "--out"]
    run(mpi, 1, *how, folder + "/one")
    run(mpi, 2, *how, folder + "/two")
    rounds = {}
    for out in "one", "two":
        rounds[out] = sorted(
            open(f"{folder}/{out}/{name}/{part}/rounds.jsonl").read()
            for name in os.listdir(f"{folder}/{out}")
            for part in os.listdir(f"{folder}/{out}/{name}")
            if os.path.exists(f"{folder}/{out}/{name}/{part}/rounds.jsonl")
        )
    accuracies = {out: sorted(json.loads(line)["accuracy"] for text in texts for line in text.splitlines()) for out, texts in rounds.items()}
    assert accuracies["one"] == accuracies["two"] and accuracies["one"], accuracies
    assert "expected 4 or more" in run(mpi, 4, *how, folder + "/few", fails=2)


def cards_add_up(mpi, folder):
    """On a stand-in of NVIDIA's libraries, each rank on a card of its own, NCCL among them: the weights of one card, and of the processor."""
    stand_in = os.path.join(os.path.dirname(PAYDIRT), "standin")
    how = ["train", *SMALL, "--epochs", "1", "--sync-statistics", "--gold", "--seed", "3"]
    cards = {"PAYDIRT_CUDA": stand_in, "PAYDIRT_STANDIN_CARDS": "2", "XDG_CACHE_HOME": folder}
    run(mpi, 1, *how, "--out", folder + "/cpu")
    for ranks in 1, 2:
        said = run(mpi, ranks, *how, "--out", f"{folder}/{ranks}", "--device", "cuda", env=cards)
        assert "networks on cuda:0" in said, said
    difference = apart(only(folder + "/1"), only(folder + "/2"))
    assert 0 < difference < 1e-3, f"two cards: {difference}"
    difference = apart(only(folder + "/cpu"), only(folder + "/2"))
    assert 0 < difference < 1e-3, f"two cards, the processor: {difference}"
    said = run(mpi, 2, *how, "--out", folder + "/one-card", "--device", "cuda", env={**cards, "PAYDIRT_STANDIN_CARDS": "1"}, fails=7)
    assert "has each rank a card of its own?" in said, said


def a_card_that_fails_ends_all(mpi, folder):
    """The other rank waits for it in NCCL, where no message of ours arrives."""
    env = {**ENV, "PAYDIRT_CUDA": os.path.join(os.path.dirname(PAYDIRT), "standin"), "PAYDIRT_STANDIN_CARDS": "2", "XDG_CACHE_HOME": folder}
    part = [PAYDIRT, "train", *SMALL, "--epochs", "1", "--device", "cuda", "--out", folder + "/runs"]
    done = subprocess.run(MPIS[mpi] + ["-np", "1", *part, ":", "-np", "1", "env", "PAYDIRT_STANDIN_NO_NCCL=1", *part], env=env,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode not in (0, 1) and "NCCL, joining the ranks" in done.stderr, done.stderr


TESTS = [ranks_make_the_weights_of_one, a_run_goes_on_with_other_ranks, a_dead_rank_ends_all, one_that_is_asked_to_stop_stops_all,
         a_failure_has_one_line, machines_may_differ, another_mpirun_is_told, scores_are_shared, trials_are_shared]
CARDS = [cards_add_up, a_card_that_fails_ends_all]  # NCCL adds up, whichever MPI brought the ranks together: once


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    only_test = parser.parse_args().only
    failed = passed = skipped = 0
    cards = CARDS
    for mpi, starter in MPIS.items():
        if not shutil.which(starter[0]):
            print(f"[  SKIPPED ] {starter[0]} is not here")
            skipped += len(TESTS)
            continue
        for test in TESTS + cards:
            if only_test not in test.__name__:
                continue
            with tempfile.TemporaryDirectory() as folder:
                begun = time.monotonic()
                try:
                    test(mpi, folder)
                    passed += 1
                    print(f"[       OK ] {test.__name__}, {mpi}: {time.monotonic() - begun:.1f} s")
                except AssertionError as why:
                    failed += 1
                    print(f"[  FAILED  ] {test.__name__}, {mpi}: {why}")
            sys.stdout.flush()
        cards = []
    print(f"[  PASSED  ] {passed} test(s).")
    if failed:
        print(f"[  FAILED  ] {failed} test(s).")
    if skipped:
        print(f"[  SKIPPED ] {skipped} test(s).")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
