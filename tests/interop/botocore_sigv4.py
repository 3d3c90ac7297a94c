#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares our SigV4 signatures with botocore's over generated requests.

    botocore_sigv4.py PROBE [COUNT]

PROBE is the program built from sigv4_probe.c. The requests come from a fixed
seed: paths with dots, doubled slashes and encoded bytes, queries out of order,
repeated and blank-padded headers, session tokens, every region and service
that matters here, header and query form. Ends with "N passed, M failed".
"""
import datetime
import json
import random
import subprocess
import sys
import types
from unittest import mock
from urllib.parse import quote

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SEED = 20261120
REGIONS = ["us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1"]
SERVICES = ["monitoring", "logs", "sts", "execute-api", "cloudwatch-mcp"]
HEADERS = ["X-Amz-Target", "Content-Type", "X-Custom", "Accept",
           "mcp-protocol-version", "Amz-Sdk-Request", "x-a", "X-B"]


def text(rnd, alphabet, most):
    return "".join(rnd.choice(alphabet) for _ in range(rnd.randint(0, most)))


def encoded(rnd, most):
    return quote(text(rnd, "aZ09-_.~ /%+&=?#:@\u00e4\u20ac\U0001f600", most),
                 safe="-_.~")


def make_request(rnd):
    segments = [rnd.choice(["a", "b%20c", "..", ".", "", "mcp",
                            encoded(rnd, 4)])
                for _ in range(rnd.randint(0, 6))]
    pairs = ["%s=%s" % (encoded(rnd, 5) or "k", encoded(rnd, 8))
             for _ in range(rnd.randint(0, 6))]
    headers = [["Host", "host-%d.example.com" % rnd.randint(1, 9)]]
    presign = rnd.random() < 0.3
    if presign:  # botocore keeps only one of repeated parameters then
        pairs = ["%d%s" % (i, pair) for i, pair in enumerate(pairs)]
    for _ in range(rnd.randint(0, 5)):
        value = text(rnd, "ab  \t,;=\"'9", 20)
        headers.append([rnd.choice(HEADERS), value])
    when = datetime.datetime(1970, 1, 1) + datetime.timedelta(
        seconds=rnd.randint(10 ** 9, 4 * 10 ** 9))
    return {
        "method": rnd.choice(["GET", "POST", "PUT", "DELETE"]),
        "path": "/" + "/".join(segments),
        "query": "&".join(pairs),
        "headers": headers,
        "body": "" if presign else text(rnd, "{}\":, a\u00e4\u20ac", 60),
        "access_key": "AKID" + text(rnd, "ABC234", 16),
        "secret": text(rnd, "abcXYZ012/+", 40) or "s",
        "token": rnd.choice([None, "tok/en+==" + text(rnd, "ab/+=", 30)]),
        "time": when.strftime("%Y%m%dT%H%M%SZ"),
        "region": rnd.choice(REGIONS),
        "service": rnd.choice(SERVICES),
        "expires": rnd.choice([1, 60, 900, 604800]) if presign else 0,
    }


def frozen(moment):
    """Patches for the clocks that versions of botocore.auth look at."""
    class Frozen(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return moment

    module = types.SimpleNamespace(datetime=Frozen)
    patches = [mock.patch.object(botocore.auth, "datetime", module,
                                 create=True)]
    if hasattr(botocore.auth, "get_current_datetime"):
        patches.append(mock.patch.object(
            botocore.auth, "get_current_datetime", lambda: moment))
    return patches


def by_botocore(case):
    url = "https://" + case["headers"][0][1] + case["path"]
    if case["query"]:
        url += "?" + case["query"]
    request = AWSRequest(method=case["method"], url=url,
                         data=case["body"].encode())
    for name, value in case["headers"]:
        request.headers.add_header(name, value)
    keys = Credentials(case["access_key"], case["secret"], case["token"])
    if case["expires"]:
        auth = botocore.auth.SigV4QueryAuth(
            keys, case["service"], case["region"], expires=case["expires"])
    else:
        auth = botocore.auth.SigV4Auth(keys, case["service"], case["region"])
    patches = frozen(datetime.datetime.strptime(case["time"],
                                                "%Y%m%dT%H%M%SZ"))
    for patch in patches:
        patch.start()
    try:
        auth.add_auth(request)
    finally:
        for patch in patches:
            patch.stop()
    if case["expires"]:
        return request.url.rsplit("X-Amz-Signature=", 1)[1]
    return request.headers["Authorization"]


def ours(answer):
    if "query" in answer:
        return answer["query"].rsplit("X-Amz-Signature=", 1)[1]
    return answer["authorization"]


def main():
    probe = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    rnd = random.Random(SEED)
    cases = [make_request(rnd) for _ in range(count)]
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    run = subprocess.run([probe], input=lines.encode(), check=True,
                         stdout=subprocess.PIPE)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    failed = len(cases) - len(answers)
    for case, answer in zip(cases, answers):
        want = by_botocore(case)
        if ours(answer) != want:
            failed += 1
            if failed <= 3:
                print("differs: %s\n  ours %s\n  want %s\n  %r" % (
                    case, ours(answer), want, answer.get("canonical")))
    print("%d passed, %d failed" % (len(cases) - failed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
