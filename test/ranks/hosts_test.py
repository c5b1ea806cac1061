"""Four hosts (network namespaces on a bridge, Open MPI over TCP between them) train together: one is killed, one's cable is pulled, one
stands still for half a minute. Needs root.

    PAYDIRT=build/paydirt python3 test/ranks/hosts_test.py [--pause 30]
"""
import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time

import mpi_test as m

HOSTS = [f"10.77.0.{i}" for i in range(1, 5)]
AGENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "agent")
MCA = {"plm_rsh_agent": AGENT, "pml": "ob1", "btl": "tcp,self", "oob_tcp_if_include": "10.77.0.0/24", "btl_tcp_if_include": "10.77.0.0/24",
       # a dead cable is noticed after 6 seconds, not after 8 minutes
       "oob_tcp_keepalive_time": "3", "oob_tcp_keepalive_intvl": "1", "oob_tcp_keepalive_probes": "3"}


def ip(*args):
    subprocess.run(["ip", *args], check=True)


def up():
    ip("link", "add", "paydirt-br", "type", "bridge")
    ip("link", "set", "paydirt-br", "up")
    for i, host in enumerate(HOSTS):
        ip("netns", "add", f"paydirt-{host}")
        ip("link", "add", f"paydirt-v{i}", "type", "veth", "peer", "name", "eth0", "netns", f"paydirt-{host}")
        ip("link", "set", f"paydirt-v{i}", "master", "paydirt-br", "up")
        ip("-n", f"paydirt-{host}", "addr", "add", f"{host}/24", "dev", "eth0")
        ip("-n", f"paydirt-{host}", "link", "set", "eth0", "up")
        ip("-n", f"paydirt-{host}", "link", "set", "lo", "up")


def processes(host):
    said = subprocess.run(["ip", "netns", "pids", f"paydirt-{host}"], capture_output=True, text=True, check=True).stdout
    return [int(pid) for pid in said.split()]


def down():
    for i, host in enumerate(HOSTS):
        if os.path.exists(f"/sys/class/net/paydirt-v{i}"):
            ip("link", "del", f"paydirt-v{i}")
        if os.path.exists(f"/run/netns/paydirt-{host}"):
            for pid in processes(host):
                os.kill(pid, signal.SIGKILL)
            ip("netns", "del", f"paydirt-{host}")
    if os.path.exists("/sys/class/net/paydirt-br"):
        ip("link", "del", "paydirt-br")


class Job:
    """A training on all hosts, in a folder that all see."""

    def __init__(self, folder):
        self.folder = folder
        mca = [word for name, value in MCA.items() for word in ("--mca", name, value)]
        self.process = subprocess.Popen(
            [AGENT, HOSTS[0], "mpirun.openmpi", *mca, "-host", ",".join(HOSTS), "-np", "4", m.PAYDIRT, "train", *m.SMALL, "--epochs", "100000",
             "--out", folder], env=m.ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def epochs(self):
        for name in os.listdir(self.folder):
            log = os.path.join(self.folder, name, "log.jsonl")
            return sum(1 for _ in open(log)) if os.path.exists(log) else 0
        return 0

    def reaches(self, epochs, seconds=180):
        end = time.monotonic() + seconds
        while self.epochs() < epochs:
            assert self.process.poll() is None, self.process.stdout.read()
            assert time.monotonic() < end, f"epoch {epochs} is not reached, but {self.epochs()}"
            time.sleep(0.1)

    def ends(self, words):
        said, _ = self.process.communicate(timeout=90)
        assert self.process.returncode != 0, said
        assert any(word in said for word in words), said
        run = m.only(self.folder)
        m.run("openmpi", 1, "train", "--resume", run, "--epochs", str(self.epochs() + 1)) # the checkpoint is whole


def a_host_that_is_killed_ends_the_job(folder, pause):
    job = Job(folder)
    job.reaches(2)
    for pid in processes(HOSTS[2]):
        os.kill(pid, signal.SIGKILL)
    job.ends(["ORTE has lost communication", "lost connection", "exited on signal", "daemon"])


def a_host_without_a_cable_ends_the_job(folder, pause):
    job = Job(folder)
    job.reaches(2)
    ip("link", "set", "paydirt-v3", "down")
    try:
        job.ends(["ORTE has lost communication", "lost connection", "daemon"])
    finally:
        ip("link", "set", "paydirt-v3", "up")
        for pid in processes(HOSTS[3]):
            os.kill(pid, signal.SIGKILL)


def a_host_that_stands_still_is_waited_for(folder, pause):
    job = Job(folder)
    job.reaches(2)
    stopped = processes(HOSTS[1])
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(1)
    before = job.epochs()
    time.sleep(pause - 1)
    assert job.epochs() <= before + 1
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    job.reaches(before + 5)
    for pid in stopped:
        if os.readlink(f"/proc/{pid}/exe") == m.PAYDIRT:
            os.kill(pid, signal.SIGTERM)
    job.ends(["stopped at step"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pause", type=float, default=30, help="seconds that a host stands still")
    pause = parser.parse_args().pause
    if os.geteuid() or not m.shutil.which("ip") or not m.shutil.which("mpirun.openmpi"):
        print("[  SKIPPED ] 3 test(s): needs root, iproute2 and openmpi-bin")
        return 0
    try:
        down()
        up()
    except subprocess.CalledProcessError as why:
        print(f"[  SKIPPED ] 3 test(s): no network namespaces here: {why}")
        return 0
    failed = 0
    tests = [a_host_that_is_killed_ends_the_job, a_host_without_a_cable_ends_the_job, a_host_that_stands_still_is_waited_for]
    for test in tests:
        down()
        up()
        with tempfile.TemporaryDirectory() as folder:
            begun = time.monotonic()
            try:
                test(folder, pause)
                print(f"[       OK ] {test.__name__}: {time.monotonic() - begun:.1f} s")
            except (AssertionError, subprocess.TimeoutExpired) as why:
                failed += 1
                print(f"[  FAILED  ] {test.__name__}: {why}")
            finally:
                down()
        sys.stdout.flush()
    print(f"{len(tests) - failed} passed, {failed} failed, 0 skipped")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
