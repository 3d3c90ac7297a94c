#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Signs MCP messages as AWS's proxy for MCP does, with botocore.

Takes that proxy's arguments, a message a line on standard input, and sends
each as a POST whose signed headers are those the proxy signs: all but a few,
and no hash of the body among them.

usage: clients_sigv4_proxy.py ENDPOINT --service S --region R --profile P
"""
import argparse
import json
import sys
import urllib.error
import urllib.request

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

parser = argparse.ArgumentParser()
parser.add_argument("endpoint")
for option in ("service", "region", "profile"):
    parser.add_argument("--" + option, required=True)
words = parser.parse_args()
keys = botocore.session.Session(profile=words.profile).get_credentials()
version = None

for line in sys.stdin:
    body = line.strip().encode()
    headers = {"Accept": "application/json, text/event-stream",
               "Accept-Encoding": "gzip, deflate",
               "Content-Length": str(len(body)),
               "Content-Type": "application/json"}
    if version:
        headers["mcp-protocol-version"] = version
    request = AWSRequest("POST", words.endpoint, data=body, headers=headers)
    SigV4Auth(keys, words.service, words.region).add_auth(request)
    sent = request.prepare()
    assert "x-amz-content-sha256" not in {k.lower() for k in sent.headers}
    try:
        with urllib.request.urlopen(urllib.request.Request(
                words.endpoint, body, dict(sent.headers))) as answer:
            text = answer.read().decode()
            kind = answer.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        sys.exit(f"HTTP {error.code}: {error.read().decode()}")
    if kind == "text/event-stream":
        text = text.rsplit("data: ", 1)[1]
    if text:
        reply = json.loads(text)
        version = reply.get("result", {}).get("protocolVersion", version)
        print(json.dumps(reply), flush=True)
