#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's AWS CLI against the demo endpoint: what AWS's own client makes of
our answers, of our signature check and of our errors.

usage: awscli.py PROGRAM

CLI 2.9 speaks CloudWatch in the query protocol (XML), which the demo account
does not: of CloudWatch, only that it says so is tested. Logs and STS are read.
"""
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

AWS = "/usr/bin/aws"
READER = ("AKIDEMOREADER0000001", "demo/secret/of/the/reader/key0000000001")
DENIED = ("AKIDEMODENIED0000001", "demo/secret/of/the/denied/key0000000001")
GROUP = "/ecs/shop-prod/checkout"


class Endpoint:
    """The demo endpoint on a free port of loopback."""

    def __init__(self, program):
        self.folder = tempfile.mkdtemp(prefix="cloudwatch-mcp-awscli.")
        self.process = subprocess.Popen(
            [program, "demo-endpoint", "--port", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={"HOME": self.folder})
        line = self.process.stdout.readline().decode()
        self.url = line.split("=", 1)[1].strip()
        self.port = int(self.url.rsplit(":", 1)[1])

    def faults(self, text):
        c = http.client.HTTPConnection("127.0.0.1", self.port)
        c.request("POST", "/demo/faults", body=text)
        assert c.getresponse().status == 200

    def run(self, *words, key=READER, region="eu-central-1", url=None,
            attempts=1):
        env = {"PATH": "/usr/bin:/bin", "HOME": self.folder,
               "AWS_ACCESS_KEY_ID": key[0], "AWS_SECRET_ACCESS_KEY": key[1],
               "AWS_MAX_ATTEMPTS": str(attempts), "AWS_PAGER": "",
               "AWS_EC2_METADATA_DISABLED": "true"}
        return subprocess.run(
            [AWS, "--endpoint-url", url or self.url, "--region", region,
             "--output", "json", *words], env=env, capture_output=True,
            timeout=60, check=False)

    def ok(self, *words, **more):
        done = self.run(*words, **more)
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout or b"null")

    def fails(self, code, *words, **more):
        """The error text, which must carry this code in the CLI's own form."""
        done = self.run(*words, **more)
        text = done.stderr.decode()
        assert done.returncode == 254, (done.returncode, text)
        assert f"An error occurred ({code}) when calling the " in text, text
        return text


class Altering(ThreadingHTTPServer):
    """Passes requests on after a change that the signature must notice."""
    daemon_threads = True

    def __init__(self, port, alter):
        super().__init__(("127.0.0.1", 0), AlteringHandler)
        self.target_port = port
        self.alter = alter
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class AlteringHandler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers, body = self.server.alter(dict(self.headers), body)
        c = http.client.HTTPConnection("127.0.0.1", self.server.target_port)
        c.request("POST", self.path, body=body, headers=headers)
        response = c.getresponse()
        data = response.read()
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("date", "server"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


def who_am_i(aws):
    answer = aws.ok("sts", "get-caller-identity")
    assert answer["Account"] == "111122223333", answer
    assert answer["Arn"].endswith(":user/demo-reader"), answer


def log_groups_are_paged_to_the_end(aws):
    groups = aws.ok("logs", "describe-log-groups", "--page-size", "10")
    names = [g["logGroupName"] for g in groups["logGroups"]]
    assert len(names) >= 25 and len(set(names)) == len(names), names
    assert names == sorted(names), names
    assert ":eu-central-1:" in groups["logGroups"][0]["arn"], groups
    one = aws.ok("logs", "describe-log-groups", "--log-group-name-prefix",
                 GROUP, "--region", "us-east-1")
    assert one["logGroups"][0]["logGroupName"] == GROUP, one


def events_are_read_both_ways(aws):
    since = str(int((time.time() - 7200) * 1000))
    found = aws.ok("logs", "filter-log-events", "--log-group-name", GROUP,
                   "--filter-pattern", "ERROR", "--start-time", since,
                   "--max-items", "5")
    assert len(found["events"]) == 5, found
    first = found["events"][0]
    assert "ERROR" in first["message"], first
    events = aws.ok("logs", "get-log-events", "--log-group-name", GROUP,
                    "--log-stream-name", first["logStreamName"],
                    "--start-time", str(first["timestamp"]), "--end-time",
                    str(first["timestamp"] + 1), "--start-from-head")
    assert first["message"] in [e["message"] for e in events["events"]]
    assert events["nextForwardToken"] and events["nextBackwardToken"]


def a_query_runs_from_start_to_results(aws):
    now = int(time.time())
    query = aws.ok("logs", "start-query", "--log-group-name", GROUP,
                   "--start-time", str(now - 7200), "--end-time", str(now),
                   "--query-string", "filter level = 'ERROR' "
                   "| stats count(*) as errors by msg | sort errors desc")
    for _ in range(20):
        answer = aws.ok("logs", "get-query-results", "--query-id",
                        query["queryId"])
        if answer["status"] not in ("Scheduled", "Running"):
            break
    assert answer["status"] == "Complete", answer
    rows = [{f["field"]: f["value"] for f in row}
            for row in answer["results"]]
    assert any("connection slots" in r["msg"] for r in rows), rows
    assert answer["statistics"]["bytesScanned"] > 0, answer
    errors = [int(r["errors"]) for r in rows]
    assert errors == sorted(errors, reverse=True), errors


def a_malformed_query_has_the_usual_text(aws):
    text = aws.fails("MalformedQueryException", "logs", "start-query",
                     "--log-group-name", GROUP, "--start-time", "1",
                     "--end-time", "2", "--query-string", "fieldz x")
    assert "StartQuery operation" in text and "fieldz" in text, text


def what_is_not_there_is_not_found(aws):
    aws.fails("ResourceNotFoundException", "logs", "filter-log-events",
              "--log-group-name", "/no/such/group")


def a_wrong_secret_is_an_invalid_signature(aws):
    wrong = (READER[0], "wrong")
    text = aws.fails("InvalidSignatureException", "logs",
                     "describe-log-groups", key=wrong)
    assert "does not match the signature you provided" in text, text
    aws.fails("SignatureDoesNotMatch", "sts", "get-caller-identity",
              key=wrong)


def an_unknown_key_is_an_invalid_token(aws):
    unknown = ("AKIDEMONOBODY0000001", READER[1])
    aws.fails("UnrecognizedClientException", "logs", "describe-log-groups",
              key=unknown)
    aws.fails("InvalidClientTokenId", "sts", "get-caller-identity",
              key=unknown)


def a_denied_key_is_told_the_action(aws):
    text = aws.fails("AccessDeniedException", "logs", "describe-log-groups",
                     key=DENIED)
    assert "not authorized to perform: logs:DescribeLogGroups" in text, text
    # As with AWS, this needs no permission.
    aws.ok("sts", "get-caller-identity", key=DENIED)


def an_altered_body_is_noticed(aws):
    def alter(headers, body):
        assert b'"limit": 7' in body, body
        return headers, body.replace(b'"limit": 7', b'"limit": 8')
    proxy = Altering(aws.port, alter)
    aws.fails("InvalidSignatureException", "logs", "describe-log-groups",
              "--limit", "7", url=proxy.url)
    proxy.shutdown()


def an_altered_header_is_noticed(aws):
    def alter(headers, body):
        headers["X-Amz-Target"] = "Logs_20140328.DescribeLogStreams"
        return headers, body
    proxy = Altering(aws.port, alter)
    aws.fails("InvalidSignatureException", "logs", "describe-log-groups",
              url=proxy.url)
    proxy.shutdown()


def an_old_request_has_expired(aws):
    def alter(headers, body):
        old = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - 1200))
        headers["X-Amz-Date"] = old
        headers["Authorization"] = headers["Authorization"].replace(
            time.strftime("/%Y%m%d/", time.gmtime()), f"/{old[:8]}/")
        return headers, body
    proxy = Altering(aws.port, alter)
    text = aws.fails("InvalidSignatureException", "logs",
                     "describe-log-groups", url=proxy.url)
    assert "Signature expired" in text, text
    proxy.shutdown()


def throttling_is_retried_by_the_cli(aws):
    aws.faults("throttle:1@DescribeLogGroups")
    aws.ok("logs", "describe-log-groups", "--max-items", "1", attempts=3)
    aws.faults("throttle@DescribeLogGroups")
    aws.fails("ThrottlingException", "logs", "describe-log-groups")
    aws.faults("")


def cloudwatch_in_xml_is_refused_by_name(aws):
    text = aws.fails("InvalidAction", "cloudwatch", "describe-alarms")
    assert "query protocol" in text, text


TESTS = [
    who_am_i,
    log_groups_are_paged_to_the_end,
    events_are_read_both_ways,
    a_query_runs_from_start_to_results,
    a_malformed_query_has_the_usual_text,
    what_is_not_there_is_not_found,
    a_wrong_secret_is_an_invalid_signature,
    an_unknown_key_is_an_invalid_token,
    a_denied_key_is_told_the_action,
    an_altered_body_is_noticed,
    an_altered_header_is_noticed,
    an_old_request_has_expired,
    throttling_is_retried_by_the_cli,
    cloudwatch_in_xml_is_refused_by_name,
]


def main():
    aws = Endpoint(sys.argv[1])
    passed = failed = 0
    try:
        for test in TESTS:
            try:
                test(aws)
                passed += 1
            except Exception as error:  # pylint: disable=broad-except
                failed += 1
                print(f"FAIL {test.__name__}: "
                      f"{type(error).__name__}: {error}")
    finally:
        aws.process.terminate()
        aws.process.wait()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
