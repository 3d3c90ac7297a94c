# SPDX-License-Identifier: Apache-2.0
"""A rollout without a lost request.

What Kubernetes does around the program, in small: two instances behind a
balancer that asks each for /ready and hands new connections to those that are,
under constant load. One after the other is told to go (SIGTERM) after its
successor is ready, and noticed to be gone as late as readiness probes would.
Not one request may fail.
"""
import http.client
import json
import signal
import socket
import sys
import threading
import time

from world import Server, World, copy, run

GRACE_S = 2
PROBE_S = 0.3
# As late as a balancer notices that an instance has been told to go.
BLIND_S = 1
CALLERS = 6


class Balancer:
    """Hands each new connection to the next instance that was ready when it
    was last asked; in between it knows no better, like a real one."""

    def __init__(self):
        self.lock = threading.Lock()
        self.ready = []
        self.instances = []
        self.turn = 0
        self.served = {}
        self.open = True
        self.blind_until = 0
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        for work in (self._accept, self._probe):
            threading.Thread(target=work, daemon=True).start()

    def add(self, server):
        with self.lock:
            self.instances.append(server)

    def _probe(self):
        while self.open:
            with self.lock:
                instances = list(self.instances)
            ready = [s for s in instances if is_ready(s)]
            with self.lock:
                if time.monotonic() > self.blind_until:
                    self.ready = ready
            time.sleep(PROBE_S)

    def blind(self):
        """For a while nothing is learnt about any instance."""
        with self.lock:
            self.blind_until = time.monotonic() + BLIND_S

    def _next(self):
        with self.lock:
            self.turn += 1
            server = self.ready[self.turn % len(self.ready)]
            self.served[server.port] = self.served.get(server.port, 0) + 1
            return server

    def _accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    def _serve(self, client):
        try:
            back = socket.create_connection(("127.0.0.1", self._next().port))
        except OSError:
            client.close()
            return
        other = threading.Thread(target=copy, args=(back, client),
                                 daemon=True)
        other.start()
        copy(client, back)
        other.join(10)
        client.close()
        back.close()

    def close(self):
        self.open = False
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def is_ready(server):
    try:
        response, _ = server.request("GET", "/ready", timeout=2)
    except OSError:
        return False
    return response.status == 200


class Load:
    """Callers that never pause. Half of them keep their connection as long as
    the server does, and take a new one when it says that it closes it."""

    def __init__(self, port):
        self.port = port
        self.stop = threading.Event()
        self.done = 0
        self.failures = []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._call, args=(n,),
                                         daemon=True)
                        for n in range(CALLERS)]
        for thread in self.threads:
            thread.start()

    def _call(self, n):
        body = json.dumps({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
                "name": "get_active_alarms" if n % 3 else "list_metrics",
                "arguments": {}}})
        connection = None
        while not self.stop.is_set():
            try:
                if connection is None:
                    connection = http.client.HTTPConnection(
                        "127.0.0.1", self.port, timeout=30)
                connection.request("POST", "/mcp", body, {
                    "Content-Type": "application/json",
                    "Accept": "application/json, text/event-stream"})
                response = connection.getresponse()
                answer = json.loads(response.read())
                assert response.status == 200, response.status
                assert not answer["result"].get("isError"), answer
                if n % 2 or response.getheader("Connection") == "close":
                    connection.close()
                    connection = None
                with self.lock:
                    self.done += 1
            except Exception as error:  # pylint: disable=broad-except
                with self.lock:
                    self.failures.append(f"caller {n}: "
                                         f"{type(error).__name__}: {error}")
                connection = None

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(40)


def start(world, grace):
    server = Server(world, world.aws(), "--drain-grace", str(grace),
                    "--drain-timeout", "20")
    deadline = time.monotonic() + 20
    while not is_ready(server):
        assert time.monotonic() < deadline, "never ready"
        time.sleep(0.02)
    return server


def roll(world, grace):
    """Replaces both of two instances under load: the load, the balancer."""
    world.faults("slow:150@DescribeAlarms")
    balancer = Balancer()
    old = [start(world, grace), start(world, grace)]
    for server in old:
        balancer.add(server)
    while len(balancer.ready) < 2:
        time.sleep(0.02)
    load = Load(balancer.port)
    time.sleep(0.5)
    for server in old:
        balancer.add(start(world, grace))
        time.sleep(2 * PROBE_S)
        balancer.blind()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
        assert server.log()[-1]["message"] == "drained", server.log()[-1]
        time.sleep(0.5)
    load.end()
    balancer.close()
    return load, balancer


def a_rollout_loses_no_request(world):
    load, balancer = roll(world, GRACE_S)
    assert not load.failures, (load.done, load.failures[:5])
    assert load.done > 50, load.done
    # Both old ones and both new ones had a part in it.
    assert len(balancer.served) == 4, balancer.served


def without_a_grace_requests_are_lost(world):
    """The load and the balancer would notice. (Not under an emulator, which is
    too slow to lose any.)"""
    if "emulated" in world.program:
        return
    load, _ = roll(world, 0)
    assert load.failures, load.done


if __name__ == "__main__":
    WORLD = World(sys.argv[1])
    try:
        FAILED = run([a_rollout_loses_no_request,
                      without_a_grace_requests_are_lost], WORLD)
    finally:
        WORLD.close()
    sys.exit(1 if FAILED else 0)
