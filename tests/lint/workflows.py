# SPDX-License-Identifier: Apache-2.0
"""workflows.py: what this project asks of .github/workflows beyond actionlint.

Every action is pinned by a whole commit id, with its version as a comment, and
the same action by the same one everywhere; a workflow may read the contents and
nothing else, a job that needs more says so itself; there is a concurrency group
and a time limit; a step is an action or one make target that the Makefile has;
no expression of an outsider's making stands in a script. The rules are also
tried on faulty copies.
"""
import copy
import glob
import re
import sys

import yaml

PIN = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
LINE = re.compile(r"uses: (\S+@\S+)( # v\d+(\.\d+)*)?$")
# Where a job may write, and why.
MAY = {
    ("release.yml", "publish"): {"packages", "id-token", "attestations"},
    ("deploy.yml", "deploy"): {"id-token"},
}


def targets():
    with open("Makefile", encoding="utf-8") as f:
        text = f.read().replace("\\\n", " ")
    return set(" ".join(re.findall(r"^\.PHONY: (.*)$", text, re.M)).split())


def step(where, s, known, job):
    if "uses" in s:
        if not s["uses"].startswith("./") and not PIN.fullmatch(s["uses"]):
            yield "%s: %s is not pinned by a commit" % (where, s["uses"])
        return
    run = s["run"]
    names = [run]
    if "${{ matrix.target }}" in run:
        names = [run.replace("${{ matrix.target }}", t)
                 for t in job["strategy"]["matrix"]["target"]]
    for name in names:
        m = re.match(r"make ([a-z0-9-]+)( [A-Z_]+=.*)?$", name)
        if not m or m.group(1) not in known:
            yield "%s: '%s' is no make target" % (where, name)
    if re.search(r"\$\{\{ *(github\.(event|head_ref)|inputs)", run):
        yield "%s: an input stands in a script" % where


def faults(name, flow, known):
    if flow.get("permissions") != {"contents": "read"}:
        yield "%s: permissions of the workflow" % name
    if not flow.get("concurrency"):
        yield "%s: no concurrency group" % name
    for job_name, job in flow["jobs"].items():
        where = "%s: %s" % (name, job_name)
        writes = {k for k, v in job.get("permissions", {}).items()
                  if v != "read"}
        if writes - MAY.get((name, job_name), set()):
            yield "%s: may write %s" % (where, sorted(writes))
        if "uses" in job:
            yield from step(where, job, known, job)
            continue
        if "timeout-minutes" not in job:
            yield "%s: no time limit" % where
        for s in job["steps"]:
            yield from step(where, s, known, job)


def damaged(flow):
    """Faulty copies of a workflow."""
    job = next(j for j in flow["jobs"] if "steps" in flow["jobs"][j])
    for damage in (
            lambda f: f.update(permissions={"contents": "write"}),
            lambda f: f.pop("concurrency"),
            lambda f: f["jobs"][job].update(permissions={"actions": "write"}),
            lambda f: f["jobs"][job].pop("timeout-minutes"),
            lambda f: f["jobs"][job]["steps"].append(
                {"uses": "actions/checkout@v4"}),
            lambda f: f["jobs"][job]["steps"].append({"run": "curl x | sh"}),
            lambda f: f["jobs"][job]["steps"].append(
                {"run": "make push REGISTRY=${{ github.event.x }}"})):
        out = copy.deepcopy(flow)
        damage(out)
        yield out


def main():
    known = targets()
    bad, pins = [], {}
    paths = sorted(glob.glob(".github/workflows/*.yml"))
    for path in paths:
        name = path.rsplit("/", 1)[1]
        with open(path, encoding="utf-8") as f:
            text = f.read()
        flow = yaml.safe_load(text)
        bad += faults(name, flow, known)
        for line in re.findall(r"uses: .*$", text, re.M):
            m = LINE.match(line)
            if m and not m.group(2):
                bad.append("%s: no version behind %s" % (name, line))
            if m and pins.setdefault(m.group(1).split("@")[0],
                                     m.group(1)) != m.group(1):
                bad.append("%s: %s is pinned twice" % (name, line))
        for i, copied in enumerate(damaged(flow)):
            if not list(faults(name, copied, known)):
                bad.append("%s: fault %d was not seen" % (name, i))
    if len(paths) < 4:
        bad.append("workflows are missing")
    print("\n".join(bad), end="\n" if bad else "")
    sys.exit(1 if bad else 0)


main()
