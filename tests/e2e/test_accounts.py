#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A list of accounts: roles taken with the pod's token at an STS that verifies
signatures, one question to all of them, and one that fails among them.

usage: test_accounts.py PROGRAM
"""
import os
import socket
import sys
import time

from world import READER, Server, World, run

LIST = """\
---
region: eu-central-1              # of those without one
profiles:
  shop:
    account_id: "012345678901"
    description: 'the shop''s'
  data:
    account_id: 222233334444
    region: us-east-1
  sick:
    account_id: 7
"""


def text_of(result):
    return result["content"][0]["text"]


def server(world, text=LIST, token="token.of.the.pod", **more):
    """A server as IRSA makes it: no keys but a token in a file."""
    for name, content in (("accounts.yaml", text), ("token", token)):
        with open(os.path.join(world.folder, name), "w",
                  encoding="utf-8") as f:
            f.write(content)
    env = world.aws(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None,
                    AWS_WEB_IDENTITY_TOKEN_FILE=os.path.join(world.folder,
                                                             "token"),
                    AWS_ROLE_ARN="arn:aws:iam::999988887777:role/Pod",
                    CLOUDWATCH_MCP_ACCOUNTS_FILE=os.path.join(
                        world.folder, "accounts.yaml"), **more)
    return Server(world, env)


def data_of(result):
    assert not result.get("isError"), text_of(result)
    return result["structuredContent"]


def each_account_is_entered_by_its_role(world):
    s = server(world)
    assert data_of(s.call("whoami"))["account_id"] == "999988887777"
    who = data_of(s.call("whoami", profile_name="shop"))
    assert who["account_id"] == "012345678901", who
    assert who["region"] == "eu-central-1"
    assert "role/EKSMultiAccountMCPRole" in str(who), who
    who = data_of(s.call("whoami", profile_name="data"))
    assert (who["account_id"], who["region"]) == ("222233334444",
                                                  "us-east-1")
    rows = data_of(s.call("list_profiles", check=True))["profiles"]
    works = {r["profile_name"]: r["works"] for r in rows}
    assert works == {"shop": True, "data": True, "sick": False}, works
    assert all(r["source"] == "accounts_file" for r in rows)
    s.stop()


def one_question_goes_to_all(world):
    s = server(world)
    data = data_of(s.call("get_active_alarms", profiles=["*"],
                          regions=["eu-central-1", "us-east-1"]))
    alarms = data["metric_alarms"]
    where = {(a["account_id"], a["region"]) for a in alarms}
    assert where == {(a, r) for a in ("012345678901", "222233334444")
                     for r in ("eu-central-1", "us-east-1")}, where
    assert data["targets"]["asked"] == 4, data["targets"]
    assert [f["profile_name"] for f in data["failures"]] == ["sick"], data
    data = data_of(s.call("describe_log_groups", profiles=["shop"],
                          regions=["*"], max_bytes=500000))
    assert data["targets"]["answered"] == 17, data["targets"]
    data = data_of(s.call(
        "execute_cwl_insights_batch", profiles=["*"], limit=50,
        start_time="-1h", end_time="now",
        query_string="fields @message | limit 3",
        log_group_names=[data["log_group_metadata"][0]["logGroupName"]]))
    assert {r["_account"] for r in data["results"]} == {
        "012345678901", "222233334444"}
    s.stop()


def the_list_may_change_while_the_server_runs(world):
    s = server(world)
    assert data_of(s.call("get_active_alarms", profile_name="shop"))
    with open(os.path.join(world.folder, "accounts.yaml"), "w",
              encoding="utf-8") as f:
        f.write('{"profiles": {"new": {"account_id": "333344445555"}}}')
    assert data_of(s.call("whoami", profile_name="new"))[
        "account_id"] == "333344445555"
    gone = s.call("get_active_alarms", profile_name="shop")
    assert gone["isError"] and "profile 'shop' is not in" in text_of(gone)
    s.stop()


def a_call_may_name_only_what_the_setting_says(world):
    s = server(world, CLOUDWATCH_MCP_PROFILES="d*")
    data = data_of(s.call("get_active_alarms", profiles=["*"]))
    assert {a["profile_name"] for a in data["metric_alarms"]} == {"data"}
    refused = s.call("get_active_alarms", profile_name="shop")
    assert refused["isError"] and "those that may: data" in text_of(refused)
    s.stop()


def a_token_that_expired_fails_every_account_with_a_sentence(world):
    s = server(world, token="expired")
    refused = s.call("get_active_alarms", profiles=["shop", "data"])
    assert refused["isError"], refused
    assert "(2 failures)" in text_of(refused), text_of(refused)
    assert "expired" in text_of(refused).lower()
    s.stop()


def throttling_in_one_wave_is_waited_out(world):
    s = server(world)
    assert data_of(s.call("get_active_alarms", profiles=["shop", "data"]))
    world.faults("throttle:2@DescribeAlarms")
    began = time.monotonic()
    data = data_of(s.call("get_active_alarms", profiles=["shop", "data"]))
    assert data["failures"] == [], data["failures"]
    assert time.monotonic() - began < 20
    s.stop()


def a_silent_account_costs_its_own_time(world):
    silent = socket.create_server(("127.0.0.1", 0))
    config = os.path.join(world.folder, "silent")
    with open(config, "w", encoding="utf-8") as f:
        for name, url in (
                ("good", f"https://localhost:{world.tls.port}"),
                ("mute", f"http://127.0.0.1:{silent.getsockname()[1]}")):
            f.write(f"[profile {name}]\nendpoint_url = {url}\n"
                    f"aws_access_key_id = {READER[0]}\n"
                    f"aws_secret_access_key = {READER[1]}\n")
    s = Server(world, world.aws(AWS_ENDPOINT_URL=None,
                                AWS_CONFIG_FILE=config),
               "--call-timeout", "8")
    began = time.monotonic()
    data = data_of(s.call("get_active_alarms", profiles=["mute", "good"]))
    assert time.monotonic() - began < 8
    assert data["metric_alarms"], data
    assert [(f["profile_name"], f["code"]) for f in data["failures"]] == [
        ("mute", "TIMEOUT")], data["failures"]
    silent.close()
    s.stop()


TESTS = [
    each_account_is_entered_by_its_role,
    one_question_goes_to_all,
    the_list_may_change_while_the_server_runs,
    a_call_may_name_only_what_the_setting_says,
    a_token_that_expired_fails_every_account_with_a_sentence,
    throttling_in_one_wave_is_waited_out,
    a_silent_account_costs_its_own_time,
]


def main():
    world = World(sys.argv[1])
    try:
        failed = run(TESTS, world)
    finally:
        world.close()
    sys.exit(1 if failed else 0)


main()
