"""线上的界限 wire: what comes before a request is whole is bounded in bytes and in time, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from server.pages import wire
from server.pages.wire import MOST_HEAD, BoundedProtocol

#: More than the buffers of two sockets hold.
MUCH = 30_000_000
START = b"POST / HTTP/1.1\r\nhost: x\r\n"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the length of the body, or with much."""
    length, more = 0, True
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"a" * MUCH if scope["path"] == "/much" else str(length).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server that listens as the service does."""
    config = uvicorn.Config(
        echo, host="127.0.0.1", port=0, http=BoundedProtocol, lifespan="off", access_log=False, log_level="critical"
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await running


async def sent(port: int, *pieces: bytes) -> bytes:
    """Sends the pieces and gives all that comes back until the server hangs up; a cut connection gives nothing more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    back = bytearray()
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        while part := await asyncio.wait_for(reader.read(1_000_000), 10):
            back += part
    except ConnectionError:
        pass
    finally:
        writer.close()
    return bytes(back)


async def test_a_large_body_under_a_small_head_is_taken(port: int) -> None:
    """Bodies have bounds of their own: an uploaded table must pass, in pieces of any size."""
    size = 10 * MOST_HEAD
    head = START + b"connection: close\r\ncontent-length: %d\r\n\r\n" % size

    assert (await sent(port, head, *[b"a" * 5_000] * (size // 5_000), b"a" * (size % 5_000))).endswith(b"%d" % size)


async def test_requests_of_one_connection_do_not_add_up(port: int) -> None:
    """A program that keeps its connection sends more than one head in the end."""
    one = b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 30_000 + b"\r\n"
    back = await sent(port, *[one + b"\r\n"] * 5, one + b"connection: close\r\n\r\n")

    assert back.count(b"HTTP/1.1 200") == 6


@pytest.mark.parametrize(
    "pieces",
    [
        (START, b"x: ", *[b"a" * 10_000] * 20),
        (START, *[b"x: y\r\n" * 2_000] * 20),
        (b"GET /", *[b"a" * 10_000] * 20),
        (START + b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", *[b"x: y\r\n" * 2_000] * 20),
        (START + b"transfer-encoding: chunked\r\n\r\n", *[b"1\r\na\r\n" * 2_000] * 20),
    ],
    ids=["header", "headers", "address", "trailers", "chunks"],
)
async def test_what_is_no_body_does_not_fill_the_memory(port: int, pieces: tuple[bytes, ...]) -> None:
    """The parser keeps every header until the request is whole: one socket could have sent gigabytes (20 MB tried)."""
    back = await sent(port, *pieces)

    assert b"200 OK" not in back
    assert back == b"" or back.startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize("begun", [b"", START, START + b"content-length: 50\r\n\r\na"])
async def test_who_does_not_finish_a_request_is_hung_up_on(
    port: int, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sockets are few; whoever opens them all and says nothing would keep everybody else out."""
    monkeypatch.setattr(wire, "SPAN_SECONDS", 0.05)

    assert await sent(port, begun) == b""


async def test_an_answer_that_nobody_takes_is_not_kept(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for large answers and reads none would fill the memory with them at a few points each."""
    monkeypatch.setattr(wire, "SPAN_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_000)
    writer.write(b"GET /much HTTP/1.1\r\nhost: x\r\n\r\n")
    await asyncio.sleep(0.5)
    taken = 0
    try:
        while part := await asyncio.wait_for(reader.read(1_000_000), 10):
            taken += len(part)
    except ConnectionError:
        pass
    finally:
        writer.close()

    assert taken < MUCH


async def test_who_reads_gets_all_of_a_large_answer(port: int) -> None:
    """The bound is for who does not read."""
    back = await sent(port, b"GET /much HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")

    assert back.endswith(b"\r\n\r\n" + b"a" * MUCH)
