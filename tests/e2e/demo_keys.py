#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""demo_keys.py PORT: temporary keys of the demo account's STS, as the JSON
object that callers bring along.
"""
import datetime
import json
import sys
import urllib.parse
import urllib.request
import xml.etree.ElementTree as xml


def main(port):
    form = urllib.parse.urlencode({
        "Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15",
        "RoleArn": "arn:aws:iam::111122223333:role/Browser",
        "RoleSessionName": "ann", "WebIdentityToken": "head.body.signature"})
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/",
                                form.encode()) as reply:
        tree = xml.fromstring(reply.read())
    found = {e.tag.split("}")[-1]: e.text for e in tree.iter()}
    ends = datetime.datetime.strptime(
        found["Expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(
            tzinfo=datetime.timezone.utc)
    json.dump({"accessKeyId": found["AccessKeyId"],
               "secretAccessKey": found["SecretAccessKey"],
               "sessionToken": found["SessionToken"],
               "expiresAt": int(ends.timestamp() * 1000),
               "accountId": "111122223333"}, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
