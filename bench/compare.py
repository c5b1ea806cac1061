#!/usr/bin/env python3
"""Runs `paydirt bench` and the same step in PyTorch alternately, and prints the ratios.

    PYTHON_NEW=.../bin/python PYTHON_DEBIAN=/usr/bin/python3 bench/compare.py --paydirt build/paydirt

PYTHON_NEW has the newest PyTorch from PyPI, PYTHON_DEBIAN Debian's python3-torch; one that is unset is left out. Each
round runs paydirt and then every PyTorch variant, in an order that turns by one from round to round; a ratio is taken within
its round. Run it on a machine that does nothing else: with two threads, another program on one core costs most of
the rate. What other programs (and the hypervisor) took during a run is printed, and a disturbed run is repeated.
"""
import argparse
import json
import os
import shlex
import statistics
import resource
import subprocess
import sys
import time
from typing import Dict, List, NamedTuple, Optional

HERE = os.path.dirname(os.path.abspath(__file__))
# glibc gives large blocks back to the kernel at every free and faults them in again at the next step; keeping them
# makes eager PyTorch up to a quarter faster. Not what a user gets by default, hence an option.
KEEP_MEMORY = "glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=68719476736:glibc.malloc.top_pad=268435456"


class Variant(NamedTuple):
    name: str
    group: str              # "paydirt", "newest" or "debian"
    command: List[str]
    keep_memory: bool = False


def parse_args() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--paydirt", default="build/paydirt", help="the program ('' = PyTorch alone)")
    p.add_argument("--paydirt-args", default="", help="further options of `paydirt bench`")
    p.add_argument("--model", default="infogan")
    p.add_argument("--loss", help="of the logit; by default the model's")
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--no-gold", action="store_true", help="without GOLD weights; other losses than gan have none")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=15.0, help="measured time of one PyTorch run")
    p.add_argument("--no-compile", action="store_true", help="leave torch.compile out (it needs a C++ compiler)")
    p.add_argument("--tuned-malloc", action="store_true", help="also PyTorch with glibc told to keep its memory")
    p.add_argument("--max-others", type=float, default=0.1,
                   help="repeat a run (twice at most) during which others used more than this many cores")
    p.add_argument("--json", help="write every single result to this file")
    return p.parse_args()


def variants(args: argparse.Namespace) -> List[Variant]:
    step = ["--model", args.model, "--batch", str(args.batch), "--threads", str(args.threads), "--json"]
    loss = args.loss or ("wgan-gp" if args.model == "wgan-gp" else "gan")
    step += ["--loss", loss]
    step += ["--gold"] if loss == "gan" and not args.no_gold else []
    colour = [] if args.model in ("mlp", "infogan") else ["--channels", "3"]     # as torch_step.py makes them
    out = []
    if args.paydirt:
        command = [args.paydirt, "bench"] + step + colour + shlex.split(args.paydirt_args)
        out.append(Variant("paydirt", "paydirt", command))
    modes = [("eager", []), ("eager, channels last", ["--channels-last"])]
    if args.model == "mlp":
        modes = modes[:1]
    compiled = [("compile" + name[5:], options + ["--compile"]) for name, options in modes]
    for group, variable in (("newest", "PYTHON_NEW"), ("debian", "PYTHON_DEBIAN")):
        python = os.environ.get(variable)
        if not python:
            continue
        script = [python, os.path.join(HERE, "torch_step.py"), "--seconds", str(args.seconds)] + step
        for name, options in modes + (compiled if group == "newest" and not args.no_compile else []):
            out.append(Variant("%s, %s" % (group, name), group, script + options))
            if args.tuned_malloc:
                out.append(Variant("%s, %s, tuned malloc" % (group, name), group + " tuned", script + options, True))
    return out


def busy_seconds() -> float:
    """Seconds of all cores that were not idle, stolen ones included."""
    with open("/proc/stat") as f:
        user, nice, system, _idle, _wait, irq, softirq, steal = (int(n) for n in f.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def own_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(variant: Variant) -> Optional[dict]:
    """The JSON object that the run prints last, with the cores that others used meanwhile; None when it fails."""
    env = dict(os.environ)
    if variant.keep_memory:
        env["GLIBC_TUNABLES"] = KEEP_MEMORY
    begin, busy, own = time.monotonic(), busy_seconds(), own_seconds()
    try:
        done = subprocess.run(variant.command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    except OSError as e:
        print("%s: %s" % (variant.name, e), file=sys.stderr)
        return None
    others = (busy_seconds() - busy - own_seconds() + own) / (time.monotonic() - begin)
    try:
        if done.returncode == 0:
            return dict(json.loads(done.stdout[done.stdout.index("{"):]), others=round(max(others, 0.0), 3))
    except ValueError:
        pass
    print("%s failed (exit %d): %s" % (variant.name, done.returncode, done.stderr.strip()[-500:]), file=sys.stderr)
    return None


def run_undisturbed(variant: Variant, max_others: float) -> Optional[dict]:
    """The least disturbed of up to three tries."""
    best = None
    for _ in range(3):
        got = run(variant)
        if got is None:
            return None
        print("%-46s %7.1f images/s %7.0f MB, others used %.2f cores"
              % (variant.name, got["images_per_second"], got["peak_rss_mb"], got["others"]), file=sys.stderr, flush=True)
        if best is None or got["others"] < best["others"]:
            best = got
        if got["others"] <= max_others:
            break
    return best


def measure(todo: List[Variant], rounds: int, max_others: float) -> List[Dict[str, dict]]:
    results: List[Dict[str, dict]] = []
    for i in range(rounds):
        turn = i % len(todo)
        print("round %d" % (i + 1), file=sys.stderr)
        got = {v.name: run_undisturbed(v, max_others) for v in todo[turn:] + todo[:turn]}
        results.append({name: r for name, r in got.items() if r is not None})
    return results


def spread(values: List[float], form: str) -> str:
    if not values:
        return "-"
    return (form + " (" + form + " to " + form + ")") % (statistics.median(values), min(values), max(values))


def column(results: List[Dict[str, dict]], name: str, key: str) -> List[float]:
    return [r[name][key] for r in results if name in r]


def ratios(results: List[Dict[str, dict]], names: List[str], key: str) -> List[float]:
    """paydirt's value over that of the fastest of `names`, round by round."""
    out = []
    for r in results:
        others = [r[n] for n in names if n in r]
        if "paydirt" in r and others:
            out.append(r["paydirt"][key] / max(others, key=lambda o: o["images_per_second"])[key])
    return out


def print_table(todo: List[Variant], results: List[Dict[str, dict]]) -> None:
    line = "| %-46s | %-24s | %-20s | %-22s | %-22s |"
    print(line % ("median (min to max)", "images/s", "peak RSS, MB", "speed, paydirt/this", "memory, paydirt/this"))
    print("|%s|" % "|".join("-" * n for n in (48, 26, 22, 24, 24)))
    rows = [(v.name, [v.name]) for v in todo]
    for group in dict.fromkeys(v.group for v in todo if v.group != "paydirt"):
        rows.append(("%s, fastest of each round" % group, [v.name for v in todo if v.group == group]))
    for label, names in rows:
        single = len(names) == 1
        print(line % (label,
                      spread(column(results, names[0], "images_per_second"), "%.0f") if single else "",
                      spread(column(results, names[0], "peak_rss_mb"), "%.0f") if single else "",
                      spread(ratios(results, names, "images_per_second"), "%.2f") if names != ["paydirt"] else "",
                      spread(ratios(results, names, "peak_rss_mb"), "%.2f") if names != ["paydirt"] else ""))


def main() -> int:
    args = parse_args()
    todo = variants(args)
    if not todo:
        print("nothing to run: give --paydirt, or set PYTHON_NEW or PYTHON_DEBIAN", file=sys.stderr)
        return 2
    results = measure(todo, args.rounds, args.max_others)
    print_table(todo, results)
    for key in ("gflops", "sgemm_gflops", "fraction"):
        values = [r["paydirt"][key] for r in results if key in r.get("paydirt", {})]
        if values:
            print("paydirt %s: %s" % (key, spread(values, "%.3f" if key == "fraction" else "%.1f")))
    disturbed = sum(r["others"] > args.max_others for row in results for r in row.values())
    if disturbed:
        print("%d of %d runs were disturbed: others used more than %g cores" % (
            disturbed, sum(len(row) for row in results), args.max_others))
    if args.json:
        with open(args.json, "w") as f:
            json.dump(results, f, indent=1)
    return 0 if all(len(r) == len(todo) for r in results) else 1


if __name__ == "__main__":
    sys.exit(main())
