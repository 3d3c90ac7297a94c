#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Requests signed by botocore and by the AWS CLI, to a server that knows the
key: sigv4_in.py PROGRAM. Ends with "N passed, M failed".
"""
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY, SECRET = "AKIALOCALKEY000001", "a-secret-of-at-least-16-characters"
BODY = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                   "params": {"name": "whoami", "arguments": {}}})


class Server:
    """The program with one key, on a free port."""

    def __init__(self, program, folder, service):
        keys = os.path.join(folder, "keys")
        with open(keys, "w", encoding="ascii") as f:
            f.write(f"proxy:{KEY}:{SECRET}:account\n")
        self.log = os.path.join(folder, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [program, "--demo", "--port", "0"], stderr=log,
                stdout=subprocess.DEVNULL, env={
                    "PATH": os.environ["PATH"],
                    "AUTH_SIGV4_KEYS_FILE": keys,
                    "AUTH_SIGV4_SERVICE": service})
        self.port = None
        while self.port is None:
            assert self.process.poll() is None, "the server did not start"
            time.sleep(0.02)
            for line in open(self.log, encoding="ascii"):
                if '"event":"start"' in line and line.endswith("\n"):
                    self.port = json.loads(line)["port"]

    def send(self, headers, body=BODY):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.putrequest("POST", "/mcp", skip_host=True,
                              skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body.encode())
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, data


def signed(port, secret=SECRET, service="cloudwatch-mcp", token=None):
    """As AWS's MCP proxy does it: every header it sends is signed."""
    request = AWSRequest("POST", f"http://127.0.0.1:{port}/mcp", data=BODY,
                         headers={
                             "Host": f"127.0.0.1:{port}",
                             "Accept": "application/json, text/event-stream",
                             "Accept-Encoding": "gzip, deflate",
                             "Content-Type": "application/json",
                             "Content-Length": str(len(BODY)),
                             "MCP-Protocol-Version": "2025-11-25"})
    botocore.auth.SigV4Auth(Credentials(KEY, secret, token), service,
                            "eu-central-1").add_auth(request)
    return dict(request.headers.items())


def botocore_is_let_in(server):
    status, data = server.send(signed(server.port))
    assert status == 200, (status, data)
    assert "demo-reader" in json.loads(data)["result"]["content"][0]["text"]


def the_same_signature_is_taken_once(server):
    headers = signed(server.port)
    headers["X-Unsigned"] = "does not matter"
    assert server.send(headers)[0] == 200
    assert server.send(headers)[0] == 401


def every_altered_byte_is_refused(server):
    time.sleep(1.1)  # another second, another signature
    headers = signed(server.port)
    tried = 0
    for at in range(len(BODY)):
        body = BODY[:at] + chr(ord(BODY[at]) ^ 1) + BODY[at + 1:]
        assert server.send(headers, body)[0] in (400, 401), at
        tried += 1
    for name, value in headers.items():
        if name in ("Host", "Content-Length"):
            continue
        for at, byte in enumerate(value):
            if byte == " ":
                continue
            other = dict(headers)
            other[name] = value[:at] + chr(ord(byte) ^ 1) + value[at + 1:]
            status = server.send(other)[0]
            assert status in (400, 401), (name, at, status)
            tried += 1
    assert tried > 400, tried
    assert server.send(headers)[0] == 200


def another_secret_service_or_a_session_is_refused(server):
    for headers in (signed(server.port, secret=SECRET + "x"),
                    signed(server.port, service="monitoring"),
                    signed(server.port, token="session")):
        status, _ = server.send(headers)
        assert status == 401, status


def the_aws_cli_is_let_in(server):
    """What it asks is not MCP: it is known who asks, and what is wrong."""
    def ask(secret):
        return subprocess.run(
            ["aws", "logs", "describe-log-groups", "--endpoint-url",
             f"http://127.0.0.1:{server.port}/mcp", "--region",
             "eu-central-1"], capture_output=True, text=True, check=False,
            env={"PATH": os.environ["PATH"], "AWS_ACCESS_KEY_ID": KEY,
                 "AWS_SECRET_ACCESS_KEY": secret, "HOME": "/nonexistent",
                 "AWS_MAX_ATTEMPTS": "1"}).stderr
    assert "401" in ask("not-the-secret-of-this"), ask("not-the-secret")
    text = ask(SECRET)
    assert "401" not in text and "403" not in text, text
    assert "415" in text, text


TESTS = [botocore_is_let_in, the_same_signature_is_taken_once,
         every_altered_byte_is_refused,
         another_secret_service_or_a_session_is_refused,
         the_aws_cli_is_let_in]


def main(program):
    passed = failed = 0
    for test in TESTS:
        with tempfile.TemporaryDirectory() as folder:
            server = Server(program, folder, "logs" if
                            test is the_aws_cli_is_let_in else
                            "cloudwatch-mcp")
            try:
                test(server)
                passed += 1
            except Exception as error:  # pylint: disable=broad-except
                failed += 1
                print(f"FAIL {test.__name__}: {type(error).__name__}: "
                      f"{error}")
            finally:
                server.process.kill()
                server.process.wait()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
