"""Requests to a Throughline gateway, and a watch that resumes. Python 3.9 or newer; `watch` needs the package websockets."""

import asyncio
import json
import os
import random
import urllib.error
import urllib.request

URL = os.environ.get("THROUGHLINE_URL", "http://127.0.0.1:4000").rstrip("/")
KEY = os.environ.get("THROUGHLINE_KEY", "")

TEMPORARY = {
    "UNREACHABLE", "OVERLOADED", "RATE_LIMITED", "DATABASE_UNAVAILABLE", "STORAGE_FULL", "SHUTTING_DOWN",
    "SLOW_SUBSCRIBER", "INTERNAL_SERVER_ERROR",
}


class GatewayError(Exception):
    """A refusal of the gateway, with its code, or UNREACHABLE."""

    def __init__(self, code, message, extensions=None):
        super().__init__(message)
        self.code = code
        self.extensions = extensions or {}

    @property
    def is_temporary(self):
        return self.code in TEMPORARY


def error_of(error):
    extensions = error.get("extensions", {})
    return GatewayError(extensions.get("code", "INTERNAL_SERVER_ERROR"), error["message"], extensions)


def backoff(failures):
    """Seconds before the next attempt: up to 10 s, spread, so that clients do not come back all at once."""
    return min(10.0, 0.1 * 2 ** min(failures, 10)) * random.uniform(0.5, 1.0)


def request(query, variables=None, timeout=30.0):
    """Executes an operation once. After UNREACHABLE, a mutation may or may not have been executed."""
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{URL}/graphql", body, headers), timeout=timeout) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as failure:
        try:
            answer = json.load(failure)
        except ValueError:
            raise GatewayError("UNREACHABLE", f"The response has status {failure.code} and is not JSON.") from failure
    except (OSError, ValueError) as failure:
        raise GatewayError("UNREACHABLE", f"No answer from {URL}: {failure}") from failure
    if answer.get("errors"):
        raise error_of(answer["errors"][0])
    return answer["data"]


FEED = """subscription Feed($filter: EventFilter, $after: Position) {
  eventFeed(filter: $filter, after: $after) {
    position kind status at
    event { id topic status requestId summary payload }
  }
}"""


async def watch(topics, after=None):
    """Yields every change, each once and in order, across restarts of the gateway. Store `position` to go on later."""
    if after is None:
        after = (await asyncio.to_thread(request, "{ position }"))["position"]
    failures = 0
    while True:
        try:
            async for change in feed({"filter": {"topics": topics}, "after": after}):
                failures = 0
                after = change["position"] or after
                yield change
        except GatewayError as error:
            if not error.is_temporary:
                raise
        failures += 1
        await asyncio.sleep(backoff(failures))


async def feed(variables):
    """One subscription, until its connection ends."""
    import websockets

    try:
        async with websockets.connect(
            URL.replace("http", "ws", 1) + "/graphql",
            subprotocols=["graphql-transport-ws"],
            max_size=None,
        ) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {KEY}"}}))
            async for text in socket:
                message = json.loads(text)
                if message["type"] == "connection_ack":
                    payload = {"query": FEED, "variables": variables}
                    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
                elif message["type"] == "ping":
                    await socket.send(json.dumps({"type": "pong"}))
                elif message["type"] == "next":
                    result = message["payload"]
                    if result.get("errors"):
                        raise error_of(result["errors"][0])
                    yield result["data"]["eventFeed"]
                elif message["type"] == "error":
                    raise error_of(message["payload"][0])
                elif message["type"] == "complete":
                    return
    except websockets.ConnectionClosed as closed:
        code = closed.rcvd.code if closed.rcvd else None
        if code == 4403:
            raise GatewayError("UNAUTHENTICATED", "The key is not valid.") from closed
        raise GatewayError("UNREACHABLE", f"The WebSocket was closed with {code}.") from closed
    except (OSError, websockets.InvalidHandshake, asyncio.TimeoutError) as failure:
        raise GatewayError("UNREACHABLE", str(failure)) from failure
