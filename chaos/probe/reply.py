"""One HTTP answer as it arrives, and what it means."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import httptools

from chaos.model import Outcome
from chaos.probe.answer import Answer, parse

LONGEST = 64 * 1024
"""Bytes of head and body that an answer may have; an echo answer has a few hundred."""
_NO_ANSWER = Answer()


class Reply:
    """Parses one answer; once ``outcome`` is not None, it is decided."""

    __slots__ = (
        "_body",
        "_header",
        "_headers_done",
        "_parser",
        "_received",
        "_sized",
        "answer",
        "gateway",
        "outcome",
        "reusable",
        "status",
    )

    def __init__(self, gateway_header: bytes) -> None:
        self._parser: Any = httptools.HttpResponseParser(self)
        self._header = gateway_header
        self._body: list[bytes] = []
        self._received = 0
        self._headers_done = False
        self._sized = False
        self.outcome: Outcome | None = None
        self.status = 0
        self.answer = _NO_ANSWER
        self.gateway = ""
        self.reusable = False

    def feed(self, data: bytes) -> None:
        """Take what has arrived."""
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.reusable = False
        except httptools.HttpParserError:  # no HTTP, or (where the answer is complete) more than was asked for
            self._settle(Outcome.BAD_ANSWER)
            self.reusable = False
        if self._received > LONGEST:
            self._settle(Outcome.BAD_ANSWER)
            self.reusable = False

    def end(self) -> None:
        """The peer has closed; that is a good end only for an answer that told no length."""
        if self._headers_done and not self._sized:
            self._complete()
        self._settle(Outcome.RESET)

    def _settle(self, outcome: Outcome) -> None:
        if self.outcome is None:
            self.outcome = outcome
            self._parser = None  # it refers back to this object

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser."""
        name = name.lower()
        if name == self._header:
            self.gateway = value.decode("latin-1")
        elif name in {b"content-length", b"transfer-encoding"}:
            self._sized = True

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self.status = self._parser.get_status_code()
        self._headers_done = self.status >= HTTPStatus.OK

    def on_body(self, data: bytes) -> None:
        """Called by the parser."""
        self._body.append(data)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        if self.outcome is None and (self._headers_done or self.status == HTTPStatus.SWITCHING_PROTOCOLS):
            self.reusable = self._parser.should_keep_alive()
            self._complete()

    def _complete(self) -> None:
        if self.status != HTTPStatus.OK:
            self._settle(Outcome.HTTP_ERROR)
            return
        answer = parse(b"".join(self._body))
        if answer is not None:
            self.answer = answer
        self._settle(Outcome.OK if answer is not None and answer.pod else Outcome.BAD_ANSWER)
