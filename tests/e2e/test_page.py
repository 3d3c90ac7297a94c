#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page at / as bytes: that it unpacks, that its policy names what is in it,
and that it knows every tool's family. Its behaviour is tested by tests/page.

usage: test_page.py PROGRAM
"""
import base64
import gzip
import hashlib
import json
import re
import sys

from world import Server, World, run

BROWSER = {"Accept": "text/html,*/*;q=0.8", "Accept-Encoding": "gzip, br"}


def fetch(server, headers=None):
    response, data = server.request("GET", "/", headers=headers or BROWSER)
    return response, data


def page_of(server):
    response, data = fetch(server)
    assert response.status == 200, response.status
    assert response.getheader("Content-Encoding") == "gzip"
    return response, gzip.decompress(data).decode()


def one(pattern, page):
    found = re.findall(pattern, page, re.S)
    assert len(found) == 1, (pattern, len(found))
    return found[0]


def test_the_policy_has_the_hashes_of_style_and_script(world):
    response, page = page_of(world.server)
    policy = response.getheader("Content-Security-Policy")
    for element in ("style", "script"):
        inside = one(f"<{element}[^>]*>(.*?)</{element}>", page)
        digest = hashlib.sha256(inside.encode()).digest()
        want = f"{element}-src 'sha256-{base64.b64encode(digest).decode()}';"
        assert want in policy, (want, policy)


def test_nothing_in_the_page_comes_from_elsewhere(world):
    _, page = page_of(world.server)
    names = set(re.findall(r"https?://[^\s'\"`]+", page))
    assert names == {"http://www.w3.org/2000/svg"}, names
    for word in ("innerHTML", "insertAdjacentHTML", "eval(", "@families",
                 "@style", "@script", "<!--", "SPDX"):
        assert word not in page, word
    assert not re.search(r"<[^>]+ (on\w+|style)=", page.split("<script")[0])


def test_every_tool_has_its_family(world):
    _, page = page_of(world.server)
    families = dict(f.split(" ", 1) for f in
                    one(r"families = '([^']*)'", page).split(";"))
    known = " ".join(families.values()).split()
    _, data = world.server.request("GET", "/mcp/tools")
    for tool in json.loads(data)["tools"]:
        assert tool["name"] in known, tool["name"]
    assert "get_active_alarms" in families["alarms"].split()


def test_it_is_small_and_sent_once(world):
    response, data = fetch(world.server)
    assert len(data) <= 16384, len(data)
    tag = response.getheader("ETag")
    response, data = fetch(world.server, {**BROWSER, "If-None-Match": tag})
    assert (response.status, data) == (304, b"")


def test_it_can_be_switched_off(world):
    server = Server(world, {"CLOUDWATCH_MCP_PAGE": "false"}, "--demo")
    response, data = fetch(server)
    assert response.getheader("Content-Type") == "application/json"
    assert json.loads(data)["demo"] is True
    assert server.stop() == 0


def main(program):
    world = World(program)
    try:
        world.server = Server(world, {}, "--demo")
        return run([f for name, f in sorted(globals().items())
                    if name.startswith("test_")], world)
    finally:
        world.close()


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1]) else 0)
