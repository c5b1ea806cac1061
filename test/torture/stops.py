#!/usr/bin/env python3
"""Stops full-width runs by signals at random moments, with glibc's heap check on, and lets them go on.

    test/torture/stops.py [--stops 500] [--models infogan,acgan,dcgan,sngan] [--seed 1] [--batch 32]

Each model trains in one run that is stopped again and again; then the same number of steps is trained without a
stop. Counted as passed: every stop that ended with exit code 130 and a checkpoint that the next start took, and
every model whose last checkpoint has the undisturbed run's bytes."""
import argparse
import filecmp
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = os.environ.get("PAYDIRT", "build/paydirt")
STEPS = 16  # in an epoch


def environment():
    return dict(os.environ, MALLOC_CHECK_="3", MALLOC_PERTURB_="165", LD_PRELOAD="libc_malloc_debug.so.0")


def options(model, batch, out):
    return ["train", "--data", "strokes", "--data-count", str(STEPS * batch), "--min-epoch", str(STEPS * batch),
            "--batch", str(batch), "--model", model, "--threads", "2", "--seed", "7", "--grid-every", "0",
            "--no-cache", "--out", out]


def wait_for_training(process):
    """Reads what the program says until it has begun to train."""
    said = []
    for line in process.stderr:
        said.append(line)
        if "steps an epoch" in line or line.startswith("epoch "):
            return said
    return said


def stop_once(command, rng):
    """Starts, stops at a random moment: the exit code, and what was said."""
    process = subprocess.Popen([PROGRAM] + command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                               env=environment(), preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    said = wait_for_training(process)
    time.sleep(rng.uniform(0.05, 2.5))
    number = rng.choice([signal.SIGTERM, signal.SIGINT])
    process.send_signal(number)
    if rng.random() < 0.3:  # as timeout(1) and terminals do
        time.sleep(rng.uniform(0, 0.2))
        process.send_signal(number)
    said += process.stderr.readlines()
    return process.wait(), said


def steps_done(said):
    for line in said:
        if "stopped at step " in line:
            return int(line.split("stopped at step ")[1].split(";")[0])
    return 0


def campaign(model, stops, batch, rng, folder):
    """(passed, failed)"""
    passed, failed = 0, 0
    out = os.path.join(folder, model)
    run = os.path.join(out, f"00000-strokes-{model}")
    command = options(model, batch, out) + ["--epochs", "1000000"]
    step = 0
    for i in range(stops):
        code, said = stop_once(command, rng)
        at = steps_done(said)
        if code == 130 and at >= step:
            passed, step = passed + 1, at
        else:
            failed += 1
            print(f"{model}: stop {i}: exit code {code}, step {at} after {step}: {''.join(said[-3:])}", flush=True)
        command = ["train", "--resume", run]
    epochs = step // STEPS + 1
    ended = [subprocess.run([PROGRAM, "train", "--resume", run, "--epochs", str(epochs)], env=environment(),
                            capture_output=True, check=False).returncode]
    calm = os.path.join(folder, model + "-calm")
    ended.append(subprocess.run([PROGRAM] + options(model, batch, calm) + ["--epochs", str(epochs)],
                                capture_output=True, check=False).returncode)
    same = ended == [0, 0] and filecmp.cmp(os.path.join(run, "checkpoint.safetensors"),
                                           os.path.join(calm, f"00000-strokes-{model}", "checkpoint.safetensors"),
                                           shallow=False)
    print(f"{model}: {passed} of {stops} stops as they should be, {step} steps; the end of {epochs} epochs is "
          f"{'the same' if same else 'ANOTHER'} as without a stop {ended}", flush=True)
    return passed + same, failed + (not same)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stops", type=int, default=500)
    parser.add_argument("--models", default="infogan,acgan,dcgan,sngan")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    o = parser.parse_args()
    models = o.models.split(",")
    passed = failed = 0
    for model in models:
        with tempfile.TemporaryDirectory() as folder:
            p, f = campaign(model, o.stops // len(models), o.batch, random.Random(f"{o.seed} {model}"), folder)
            passed, failed = passed + p, failed + f
    print(f"{passed} passed, {failed} failed, 0 skipped")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
