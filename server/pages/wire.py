"""线上的界限 wire: what one connection may make the server keep or wait for, before a request is whole and after its answer.

uvicorn's parser keeps every header, however long, and waits for the rest of a request for ever, as it keeps an answer
that nobody takes; an asker with a socket could fill the memory, or hold all connections. Not for requests themselves.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Bytes of a request beside its body: the address with a query in it, headers, trailers, the sizes of chunks.
MOST_HEAD = 65_536
#: A request that is not whole must bring, and an answer that is not sent must lose, so many bytes in each span of so
#: many seconds; a modem is ten times faster.
LEAST_BYTES, SPAN_SECONDS = 2_048, 20.0

_ANSWER = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nx-content-type-options: nosniff\r\n"
    b"cache-control: no-store\r\nconnection: close\r\n\r\n"
)


class BoundedProtocol(HttpToolsProtocol):
    """有界的 HTTP 连接: counts what is no body, and hangs up on who brings too much of it or too little of anything."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._head = 0
        self._arrived = 0
        #: whether a request is awaited or has come in part
        self._open = True
        #: bytes of answers that waited for their reader at the last look
        self._unsent = 0
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to watch a connection."""
        super().connection_made(transport)
        self._watch = self.loop.call_later(SPAN_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the watch."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Takes a piece of a request; what is too large beside its body is not waited for."""
        self._open = True
        self._arrived += len(data)
        self._head += len(data)
        super().data_received(data)
        if self._head > MOST_HEAD and not self.transport.is_closing():
            self.transport.write(_ANSWER)
            self.transport.close()

    def on_body(self, body: bytes) -> None:
        """Bodies have bounds of their own."""
        self._head -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole; what follows it counts anew."""
        self._head, self._open = 0, False
        super().on_message_complete()

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        if self._open and self._arrived < LEAST_BYTES:
            self.transport.close()
            return
        unsent = self.transport.get_write_buffer_size()
        if self._unsent and unsent > max(self._unsent - LEAST_BYTES, 0):
            self.transport.abort()
            return
        self._arrived, self._unsent = 0, unsent
        self._watch = self.loop.call_later(SPAN_SECONDS, self._look)
