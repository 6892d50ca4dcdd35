"""A worker on the standard library: claims jobs, keeps their leases, writes results and errors, and drains on SIGTERM."""

import os
import signal
import socket
import sys
import threading
import time
import traceback

from throughline import GatewayError, backoff, request

LEASE_MS = 30_000
WORKER = f"{socket.gethostname()}-{os.getpid()}"

ENROLL = """mutation Enroll($input: EnrollInput!) {
  enroll(input: $input) {
    attempt
    event { id requestId retries }
    source { id topic payload }
  }
}"""
EXTEND = """mutation Extend($id: ID!, $attempt: Int!, $leaseMs: Int) {
  extendLease(eventId: $id, attempt: $attempt, leaseMs: $leaseMs) { until }
}"""
UPDATE = "mutation Update($input: UpdateEventInput!) { updateEvent(input: $input) { status } }"
SEND = "mutation Send($input: SendEventInput!) { sendEvent(input: $input) { duplicate event { id } } }"

stopping = threading.Event()


class LeaseLost(Exception):
    """Somebody else may have the job: what this run still writes is refused."""


class Job:
    def __init__(self, claimed):
        self.id = claimed["event"]["id"]
        self.request_id = claimed["event"]["requestId"]
        self.attempt = claimed["attempt"]
        self.source = claimed["source"]
        self.payload = claimed["source"]["payload"]
        self.lost = threading.Event()
        self._ended = threading.Event()
        self._heartbeat = threading.Thread(target=self._keep_lease, daemon=True)
        self._heartbeat.start()

    def progress(self, percent):
        self._update(status="IN_PROGRESS", progress=percent)

    def send(self, topic, payload):
        """A child of the job. Its hash makes a job that runs twice send it once."""
        event = {"topic": topic, "payload": payload, "dependsOn": self.id, "hash": f"{self.id}/{topic}", "sender": WORKER}
        return repeated(SEND, {"input": event})["sendEvent"]["event"]["id"]

    def finish(self, result):
        self._update(status="FINISHED", result=result)

    def fail(self, error):
        stack = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        described = {"message": str(error) or type(error).__name__, "code": type(error).__name__, "stack": stack}
        self._update(status="FAILED", error=described)

    def end(self):
        self._ended.set()
        self._heartbeat.join()

    def _update(self, **change):
        try:
            repeated(UPDATE, {"input": {"id": self.id, "attempt": self.attempt, **change}})
        except GatewayError as error:
            if error.code != "LEASE_LOST":
                raise
            # An earlier attempt of this write was executed, though its answer was lost.
            if error.extensions.get("status") != change.get("status"):
                self.lost.set()
                raise LeaseLost(str(error)) from error

    def _keep_lease(self):
        ends_at = time.monotonic() + LEASE_MS / 1000
        wait = LEASE_MS / 3000
        while not self._ended.wait(wait):
            asked_at = time.monotonic()
            try:
                request(EXTEND, {"id": self.id, "attempt": self.attempt, "leaseMs": LEASE_MS}, timeout=LEASE_MS / 3000)
                ends_at, wait = asked_at + LEASE_MS / 1000, LEASE_MS / 3000
            except GatewayError as error:
                wait = 1
                if error.code in ("LEASE_LOST", "NOT_FOUND") or time.monotonic() > ends_at:
                    self.lost.set()
                    return


def repeated(query, variables):
    """Until the gateway answers. For what may be executed twice: changes under an attempt, and sends with a hash."""
    failures = 0
    while True:
        try:
            return request(query, variables)
        except GatewayError as error:
            if not error.is_temporary:
                raise
        failures += 1
        time.sleep(backoff(failures))


def work(source, target, handler):
    """Runs until SIGTERM or SIGINT, one job at a time; start several processes for more. A job that runs is finished first."""
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    enroll = {"sourceTopics": [source], "targetTopic": target, "worker": WORKER, "leaseMs": LEASE_MS}
    failures = 0
    while not stopping.is_set():
        try:
            # Short waits, so that a stop does not take long.
            claimed = request(ENROLL, {"input": {**enroll, "waitMs": 2_000}}, timeout=30)["enroll"]
            failures = 0
        except GatewayError as error:
            if not error.is_temporary:
                raise
            failures += 1
            stopping.wait(backoff(failures))
            continue
        if claimed:
            run(Job(claimed), handler)


def run(job, handler):
    try:
        result = handler(job)
        job.finish(result)
        print(f"FINISHED {job.id}", flush=True)
    except LeaseLost as lost:
        print(f"LOST {job.id}: {lost}", flush=True)
    except Exception as error:
        print(f"FAILED {job.id}: {error}", flush=True)
        try:
            job.fail(error)
        except LeaseLost:
            pass
    finally:
        job.end()


def write_invoice(job):
    job.progress(50)
    if "total" not in job.payload:
        raise ValueError("The order has no total.")
    job.send("invoice.written", {"order": job.source["id"]})
    return {"total": job.payload["total"]}


if __name__ == "__main__":
    try:
        work("order.paid", "invoice.write", write_invoice)
    except GatewayError as error:
        sys.exit(f"{error.code}: {error}")
