# SPDX-License-Identifier: Apache-2.0
"""The world around the program under test.

Starts the demo endpoint (AWS's protocols, signatures verified), a TLS front
before it with a certificate authority of its own, and the program itself over
HTTP or stdio; all on free ports of loopback, all stopped at the end.
"""
import http.client
import json
import os
import select
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

READER = ("AKIDEMOREADER0000001", "demo/secret/of/the/reader/key0000000001")
DENIED = ("AKIDEMODENIED0000001", "demo/secret/of/the/denied/key0000000001")
MODERN = "2026-07-28"


def wait_for_line(process, what, seconds=20):
    """First line on the process's standard output, or an error."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ready, _, _ = select.select([process.stdout], [], [], 0.1)
        if ready:
            return process.stdout.readline().decode()
        if process.poll() is not None:
            break
    raise AssertionError(f"{what} did not start")


class Certificates:
    """A certificate authority and the leaves the tests need."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = self._authority("ca")
        self.other = self._authority("other")

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _openssl(self, *words):
        subprocess.run(["openssl", *words], check=True, capture_output=True)

    def _authority(self, name):
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", f"/CN=test {name}", "-keyout",
                      self._path(name + ".key"), "-out",
                      self._path(name + ".pem"))
        return self._path(name + ".pem")

    def leaf(self, name, host, days=1, authority="ca"):
        """A certificate for one DNS name; negative days: expired."""
        key, csr, crt, ext = (self._path(name + e)
                              for e in (".key", ".csr", ".crt", ".ext"))
        with open(ext, "w", encoding="ascii") as f:
            f.write(f"subjectAltName=DNS:{host}\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-nodes", "-subj",
                      f"/CN={host}", "-keyout", key, "-out", csr)
        self._openssl("x509", "-req", "-in", csr, "-CA",
                      self._path(authority + ".pem"), "-CAkey",
                      self._path(authority + ".key"), "-CAcreateserial",
                      "-days", str(days), "-extfile", ext, "-out", crt)
        return crt, key


def copy(source, sink):
    """Passes bytes on until the source ends, then ends the sink."""
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
    except OSError:
        pass
    try:
        sink.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


class TlsFront:
    """Ends TLS and passes the bytes on to a port of loopback."""

    def __init__(self, certificate, target_port):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate)
        self.context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.target_port = target_port
        self.connections = 0
        self.reused = 0
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

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
            tls = self.context.wrap_socket(client, server_side=True)
        except (ssl.SSLError, OSError):
            client.close()
            return
        self.connections += 1
        self.reused += 1 if tls.session_reused else 0
        back = socket.create_connection(("127.0.0.1", self.target_port))
        other = threading.Thread(target=copy, args=(back, tls),
                                 daemon=True)
        other.start()
        copy(tls, back)
        other.join(10)
        tls.close()
        back.close()

    def close(self):
        # close() alone leaves it listening while a thread waits in accept().
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class World:
    """Everything one run of the tests shares."""

    def __init__(self, program):
        self.program = program
        self.folder = tempfile.mkdtemp(prefix="cloudwatch-mcp-e2e.")
        self.started = []
        self.certificates = Certificates(self.folder)
        self.endpoint_port = self._start_endpoint()
        self.tls = TlsFront(self.certificates.leaf("good", "localhost"),
                            self.endpoint_port)

    def _start_endpoint(self):
        process = self.start(["demo-endpoint", "--port", "0"], {})
        line = wait_for_line(process, "the demo endpoint")
        return int(line.rsplit(":", 1)[1])

    def start(self, words, env, **kwargs):
        clean = {"PATH": os.environ["PATH"], "HOME": self.folder,
                 "AWS_EC2_METADATA_DISABLED": "true"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                clean[name] = os.environ[name]
        clean.update(env)
        process = subprocess.Popen(
            [self.program, *words], env=clean, stdout=subprocess.PIPE,
            stderr=kwargs.pop("stderr", subprocess.DEVNULL), **kwargs)
        self.started.append(process)
        return process

    def aws(self, key=READER, **more):
        """Environment that leads to the endpoint over TLS."""
        env = {"AWS_ACCESS_KEY_ID": key[0], "AWS_SECRET_ACCESS_KEY": key[1],
               "AWS_ENDPOINT_URL": f"https://localhost:{self.tls.port}",
               "AWS_CA_BUNDLE": self.certificates.ca,
               "AWS_REGION": "eu-central-1"}
        env.update(more)
        return {k: v for k, v in env.items() if v is not None}

    def faults(self, text):
        connection = http.client.HTTPConnection("127.0.0.1",
                                                self.endpoint_port)
        connection.request("POST", "/demo/faults", body=text)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        assert response.status == 200, body

    def stats(self):
        connection = http.client.HTTPConnection("127.0.0.1",
                                                self.endpoint_port)
        connection.request("GET", "/demo/stats")
        stats = json.loads(connection.getresponse().read())
        connection.close()
        return stats

    def close(self):
        self.tls.close()
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Server:
    """The program serving HTTP."""

    def __init__(self, world, env, *words):
        self.log_path = os.path.join(world.folder,
                                     f"log.{len(world.started)}")
        self.log_file = open(self.log_path, "wb")
        self.process = world.start(["--port", "0", *words], env,
                                   stderr=self.log_file)
        self.port = self._port()

    def _port(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            for entry in self.log():
                if entry["event"] == "start":
                    return entry["port"]
            time.sleep(0.01)
        raise AssertionError("the server did not start: " +
                             open(self.log_path, encoding="utf-8").read())

    def log(self):
        with open(self.log_path, encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.endswith("\n")]

    def request(self, method, path, body=None, headers=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=timeout)
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response, data

    def rpc(self, method, params=None, **kwargs):
        message = {"jsonrpc": "2.0", "id": 0, "method": method}
        if params is not None:
            message["params"] = params
        response, data = self.request(
            "POST", "/mcp", json.dumps(message),
            {"Content-Type": "application/json",
             "Accept": "application/json, text/event-stream"}, **kwargs)
        if response.getheader("Content-Type") == "text/event-stream":
            # A call of over ten seconds: the reply is the last event.
            data = data.decode().rsplit("data: ", 1)[1]
        return json.loads(data)

    def call(self, tool, **arguments):
        reply = self.rpc("tools/call", {"name": tool,
                                        "arguments": arguments})
        return reply["result"]

    def stop(self):
        """SIGTERM; the exit status."""
        self.process.terminate()
        status = self.process.wait(60)
        self.log_file.close()
        return status


class Stdio:
    """The program speaking over its standard streams."""

    def __init__(self, world, env, *words):
        self.process = world.start(["--stdio", *words], env,
                                   stdin=subprocess.PIPE)

    def send(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def send_raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self, seconds=60):
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        assert ready, "no answer"
        return json.loads(self.process.stdout.readline())

    def ask(self, method, params=None, number=1):
        message = {"jsonrpc": "2.0", "id": number, "method": method}
        if params is not None:
            message["params"] = params
        self.send(message)
        return self.read()

    def close(self):
        self.process.stdin.close()
        return self.process.wait(30)


def run(tests, world):
    """Runs each test; prints and returns how many passed and failed."""
    passed = failed = 0
    for test in tests:
        try:
            world.faults("")
            test(world)
            passed += 1
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f"FAIL {test.__name__}: {type(error).__name__}: {error}")
    print(f"{passed} passed, {failed} failed")
    sys.stdout.flush()
    return failed
