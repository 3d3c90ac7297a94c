# SPDX-License-Identifier: Apache-2.0
"""What the checks of this folder share: where things are, rendering, counting.

Environment from run.sh: HELMS, the helm binaries, blank-separated; PROGRAM,
the program under test; NODE and NODE_MODULES.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "deploy"
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "cloudwatch-mcp"
VARIANTS = sorted((HERE / "variants").glob("*.yaml"))
NAMESPACE = "observability"


class Refused(Exception):
    """A tool said no; what it said."""


def command(*words, **more):
    done = subprocess.run([str(w) for w in words], capture_output=True,
                          text=True, check=False, **more)
    if done.returncode != 0:
        raise Refused((done.stdout + done.stderr).strip())
    return done.stdout


def folder():
    return tempfile.TemporaryDirectory(prefix="cloudwatch-mcp-deploy.")


def start_event(env, limit):
    """What the program says at start under these settings, when it may hold
    half of limit for requests: the half of a container's limit that it finds
    by itself where there is one."""
    env = dict(env, CLOUDWATCH_MCP_MAX_MEMORY=str(int(limit / 2)),
               CLOUDWATCH_MCP_PORT="0", CLOUDWATCH_MCP_METRICS_PORT="0",
               CLOUDWATCH_MCP_SERVER_HOST="127.0.0.1",
               AWS_REGION="eu-central-1", CLOUDWATCH_MCP_LOG_LEVEL="INFO",
               AWS_ACCESS_KEY_ID="AKIDEXAMPLE0000000001",
               AWS_SECRET_ACCESS_KEY="none")
    process = subprocess.Popen([program()], env=env, stderr=subprocess.PIPE)
    timer = threading.Timer(10, process.kill)
    timer.start()
    event = {}
    for line in process.stderr:
        if not line.startswith(b"{"):
            raise Refused(line.decode().strip())
        event = json.loads(line)
        if event["event"] == "start":
            break
    timer.cancel()
    process.kill()
    process.communicate()
    assert event.get("event") == "start", event or \
        f"nothing said, exit {process.returncode}, {env}"
    return event


def helms():
    return os.environ["HELMS"].split()


def program():
    return os.environ["PROGRAM"]


def render(helm, *words):
    """The chart's objects as text."""
    return command(helm, "template", "cloudwatch-mcp", CHART, "--namespace",
                   NAMESPACE, *words)


def objects(text):
    return [o for o in yaml.safe_load_all(text) if o is not None]


def variant(name, helm=None):
    """The objects of one file of variants/."""
    return objects(render(helm or helms()[-1], "-f",
                          HERE / "variants" / f"{name}.yaml"))


def of_kind(docs, kind):
    return [d for d in docs if d["kind"] == kind]


def run(tests):
    """Runs each test; prints, and ends with, how many passed and failed."""
    passed = failed = 0
    for test in tests:
        try:
            test()
            passed += 1
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f"FAIL {test.__name__}: {type(error).__name__}: {error}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
