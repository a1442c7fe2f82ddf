"""负载 one process that sends requests over kept-alive connections and times the answers. Not for deciding what is fast.

A small HTTP/1.1 client over asyncio protocols with prebuilt bytes: it reads the status and content-length and nothing
else, so that it takes less time than what it measures; the benchmark still says when it did not. It takes one JSON line
a round on its standard input and gives one JSON line back.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import cast

import uvloop

_LENGTH = b"content-length: "


def request_bytes(path: str, body: bytes) -> bytes:
    """Gives a whole POST as a partner's program sends it."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Accept: application/graphql-response+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def page_bytes(address: str) -> bytes:
    """Gives a whole GET as a browser asks for a page; addresses are already quoted."""
    head = f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nAccept-Encoding: br, gzip\r\n\r\n"
    return head.encode()


@dataclass(slots=True)
class Round:
    """一轮 the requests of one round and what came of them."""

    requests: Iterator[bytes]
    end: float
    done: asyncio.Future[None]
    open: int
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    #: bytes of bodies
    received: int = 0
    #: the latest answer that was not 200, for the one who reads the report
    refused: str = ""

    def close(self) -> None:
        """Counts one connection out; the last one ends the round."""
        self.open -= 1
        if self.open <= 0 and not self.done.done():
            self.done.set_result(None)


class Client(asyncio.Protocol):
    """连接 one connection: sends, waits for the whole answer, sends the next."""

    def __init__(self, round_: Round) -> None:
        self.round, self.buffer, self.need, self.head, self.began = round_, b"", 0, 0, 0.0
        self.transport: asyncio.Transport
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the first request."""
        self.transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        self.began = time.perf_counter()
        self.transport.write(next(self.round.requests))

    def data_received(self, data: bytes) -> None:
        """Takes a piece of an answer; when it is whole, the next request goes out."""
        self.buffer = self.buffer + data if self.buffer else data
        if not self.need:
            head = self.buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            place = self.buffer.lower().find(_LENGTH, 0, head) + len(_LENGTH)
            self.head, self.need = head + 4, head + 4 + int(self.buffer[place : self.buffer.find(b"\r", place)])
        if len(self.buffer) >= self.need:
            self._whole()

    def _whole(self) -> None:
        now = time.perf_counter()
        self.round.latencies.append(now - self.began)
        status = self.buffer[9:12].decode()
        self.round.statuses[status] += 1
        self.round.received += self.need - self.head
        if status != "200":
            self.round.refused = self.buffer[-600:].decode("utf-8", "replace")
        self.buffer, self.need = b"", 0
        if now < self.round.end:
            self._send()
        else:
            self.ended = True
            self.transport.close()
            self.round.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection that the server cut counts as one wrong answer."""
        if not self.ended:
            self.round.statuses["cut"] += 1
            self.round.close()


async def load(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> dict[str, object]:
    """Runs one round and gives its figures; times are in milliseconds."""
    loop = asyncio.get_running_loop()
    began, cpu = time.perf_counter(), time.process_time()
    round_ = Round(requests, began + seconds, loop.create_future(), connections)
    for _ in range(connections):
        await loop.create_connection(lambda: Client(round_), "127.0.0.1", port)
    await round_.done
    took = time.perf_counter() - began
    ordered = sorted(round_.latencies)
    count = len(ordered)
    return {
        "answers": count,
        "seconds": took,
        "p50": ordered[count // 2] * 1000,
        "p99": ordered[min(count - 1, count * 99 // 100)] * 1000,
        "client_cpu": time.process_time() - cpu,
        "bytes": round_.received / max(count, 1),
        "statuses": dict(round_.statuses),
        "refused": round_.refused,
    }


def main() -> None:
    """Serves rounds: each line names port, path, the file with one body a line, connections and seconds.

    Without a path the lines of the file are addresses of pages.
    """
    prepared: dict[tuple[str, str], Iterator[bytes]] = {}
    for line in sys.stdin:
        job = json.loads(line)
        key = job["path"], job["bodies"]
        if key not in prepared:
            bodies = Path(job["bodies"]).read_bytes().splitlines()
            made = [request_bytes(job["path"], body) if job["path"] else page_bytes(body.decode()) for body in bodies]
            prepared[key] = cycle(made)
        result = uvloop.run(load(job["port"], prepared[key], job["connections"], job["seconds"]))
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
