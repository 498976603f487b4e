# SPDX-License-Identifier: Apache-2.0
"""What the machine is, and what others do on it meanwhile."""

import datetime
import os
import pathlib
import platform
import re
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def output_of(*command):
    """What `command` prints, in one line, or "" if it fails."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return " ".join((done.stdout or done.stderr).split()) if done.returncode == 0 else ""


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def memory_gib():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def facts():
    """What a reader wants to know of the machine. No name of it, and no path."""
    hypervisor = " hypervisor " in pathlib.Path("/proc/cpuinfo").read_text()
    return {
        "cpu": cpu_model() + (" (virtual machine)" if hypervisor else ""),
        "cores": os.cpu_count(),
        "memory_gib": round(memory_gib(), 1),
        "kernel": platform.release(),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": output_of("git", "rev-parse", "--short=12", "HEAD") or "unknown",
        "changed": bool(output_of("git", "status", "--porcelain", "--untracked-files=no")),
    }


def results_name(machine):
    """A file name that tells the kind of machine and not which one."""
    model = re.sub(r"\(.*?\)|\bCPU\b|@.*", " ", machine["cpu"])
    words = re.findall(r"[a-z0-9.]+", model.lower())
    return "-".join(words + [str(machine["cores"]), "cores"]) + ".ndjson"


def read_stat(pid):
    """(parent, CPU seconds of the process and of its ended children), or None if it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2:].split()
    return int(fields[1]), sum(int(fields[i]) for i in (11, 12, 13, 14)) * TICK_S


KTHREADD = 2


def time_of_others(processes, own_pid, idle):
    """CPU seconds of those of {pid: (parent, seconds)} that take no part in a run.

    Kernel threads take part, and `own_pid` with those that it started, but for `idle`: servers that
    are alive and have nothing to do.
    """
    def takes_part(pid):
        while pid > 1:
            if pid in idle:
                return False
            if pid in (own_pid, KTHREADD):
                return True
            pid = processes.get(pid, (0, 0))[0]
        return False

    return sum(seconds for pid, (_, seconds) in processes.items() if not takes_part(pid))


class Neighbours:
    """The CPU time of processes that take no part in a run, since this object was made.

    A process that ends leaves its time to its parent, so that compilers which live for a second
    count as well.
    """

    def __init__(self, idle=()):
        self.idle = set(idle)
        self.start_s = time.monotonic()
        self.start = self.read()

    def read(self):
        processes = {
            int(name): stat for name in os.listdir("/proc")
            if name.isdigit() and (stat := read_stat(name))
        }
        return time_of_others(processes, os.getpid(), self.idle)

    def share(self):
        """The cores that they took: 0.5 is half a core."""
        elapsed_s = max(time.monotonic() - self.start_s, 1e-3)
        return max(self.read() - self.start, 0) / elapsed_s


def wait_for_quiet(share_max, timeout_s):
    """Waits until the neighbours take less than `share_max` of a core. Returns the seconds."""
    start_s = time.monotonic()
    while time.monotonic() - start_s < timeout_s:
        neighbours = Neighbours()
        time.sleep(0.3)
        if neighbours.share() <= share_max:
            break
    return time.monotonic() - start_s
