"""量具 processor time, memory and load, read from the kernel of Linux. Not for what they should be.

Of many requests the clock's ticks (10 ms) tell enough, and they keep what ended processes took; of one request only the
scheduler's nanoseconds do.
"""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
# Places in /proc/PID/stat after the name, which may hold anything.
_PARENT, _USER, _SYSTEM, _ENDED_USER, _ENDED_SYSTEM = 1, 11, 12, 13, 14


def _stat(pid: int) -> list[str]:
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _children(pid: int) -> list[int]:
    found = []
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            try:
                if int(_stat(int(folder.name))[_PARENT]) == pid:
                    found.append(int(folder.name))
            except OSError:
                continue  # it ended meanwhile
    return found


def seconds(pid: int) -> float:
    """Gives the processor time a process has taken, in the kernel too."""
    stat = _stat(pid)
    return (int(stat[_USER]) + int(stat[_SYSTEM])) / _TICKS


def family_seconds(pid: int) -> float:
    """Gives that of a process and all its children, those that have ended too: a PostgreSQL with its back ends."""
    stat = _stat(pid)
    total = seconds(pid) + (int(stat[_ENDED_USER]) + int(stat[_ENDED_SYSTEM])) / _TICKS
    for child in _children(pid):
        try:
            total += seconds(child)
        except OSError:
            continue
    return total


def _exact(pid: int) -> float:
    try:
        tasks = (_PROC / str(pid) / "task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except OSError:
        return 0.0


def exact_seconds(*pids: int, families: tuple[int, ...] = ()) -> float:
    """Gives the time of running processes to the nanosecond; ``families`` with their running children."""
    return sum(_exact(pid) for pid in pids) + sum(_exact(pid) + sum(map(_exact, _children(pid))) for pid in families)


def memory(pid: int) -> tuple[float, float]:
    """Gives RSS and PSS (shared pages divided among their users) in MB."""
    lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    figures = {line.split()[0]: int(line.split()[1]) for line in lines if line.startswith(("Rss:", "Pss:"))}
    return figures["Rss:"] / 1024, figures["Pss:"] / 1024


def machine() -> str:
    """Describes the machine, for whoever reads the figures elsewhere."""
    models = [
        line.partition(":")[2].strip() for line in (_PROC / "cpuinfo").read_text().splitlines() if "model name" in line
    ]
    return f"{len(models)} × {models[0] if models else '?'}，Linux {os.uname().release}"


def others_running() -> float:
    """Gives how many processes wanted a processor in the last minute."""
    return os.getloadavg()[0]
