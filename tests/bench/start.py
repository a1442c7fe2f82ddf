"""启动与内存 from the start of the process to the first answer, and the memory after many answers. Not for speed."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench import meters
from tests.bench.place import Place, Worker, free_port, running
from tests.bench.speed import OPERATIONS

#: What the issue asks for.
MOST_START_SECONDS, MOST_MEMORY_MB = 0.8, 80.0
#: Answers after which the memory is read.
ANSWERS = 10_000
STARTS = 5
#: Seconds, processor seconds, and PSS in MB at the first answer.
Beginning = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Started:
    """启动 the median of some starts in seconds, of its processor time too, and the memory in MB."""

    seconds: float
    cpu_seconds: float
    fresh_pss: float
    rss: float
    pss: float
    answers: int


@contextmanager
def _answering(place: Place, body: bytes) -> Iterator[tuple[int, int, Beginning]]:
    """Runs a service from its start to its first right answer; gives its process, its port and how it began."""
    port, began = free_port(), time.perf_counter()
    with running(["-m", "server", "serve"], place.environment(port), place.folder / "start.log") as process:
        while not _is_answered(port, body):
            if process.poll() is not None:
                raise RuntimeError("the server ended before its first answer; see start.log beside the database")
            time.sleep(0.005)
        took = time.perf_counter() - began
        yield process.pid, port, (took, meters.exact_seconds(process.pid), meters.memory(process.pid)[1])


def _is_answered(port: int, body: bytes) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/graphql", body, {"content-type": "application/json"})
        return connection.getresponse().status == 200
    except ConnectionRefusedError:
        return False
    finally:
        connection.close()


def measure(place: Place, paths: dict[str, Path], starts: int = STARTS, answers: int = ANSWERS) -> Started:
    """Starts the service some times; the last one then answers both operations in turn."""
    with paths["enterprise"].open("rb") as file:
        body = file.readline().strip()
    times: list[Beginning] = []
    for _ in range(starts - 1):
        with _answering(place, body) as (_, _, beginning):
            times.append(beginning)
    with _answering(place, body) as (pid, port, beginning), running(["-m", "tests.bench.load"]) as loader:
        times.append(beginning)
        done, worker = 0, Worker(loader)
        while done < answers:
            for operation in OPERATIONS:
                job = {"path": "/graphql", "port": port, "connections": 32, "seconds": 0.5}
                done += worker.ask(**job, bodies=str(paths[operation]))["answers"]
        rss, pss = meters.memory(pid)
    seconds, cpu, fresh = (median(figures) for figures in zip(*times, strict=True))
    return Started(seconds, cpu, fresh, rss, pss, done)
