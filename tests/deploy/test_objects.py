# SPDX-License-Identifier: Apache-2.0
"""Every rendered object is one that Kubernetes takes, field by field."""
import copy
import json
import os
import tempfile

import deploy

KINDS = {"ConfigMap", "Deployment", "ExternalSecret", "HorizontalPodAutoscaler",
         "Ingress", "NetworkPolicy", "Pod", "PodDisruptionBudget",
         "PrometheusRule", "Service", "ServiceAccount", "ServiceMonitor"}


def validate(named):
    """What validate.mjs says about {name: objects}, a line a complaint."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, docs in named.items():
            files.append(os.path.join(folder, name + ".json"))
            with open(files[-1], "w", encoding="utf-8") as f:
                json.dump(docs, f)
        # It finds its modules beside itself: run.sh has put it there.
        work = os.environ["WORK"]
        try:
            deploy.command(os.environ["NODE"], "validate.mjs", *files,
                           cwd=work)
        except deploy.Refused as refused:
            return str(refused).replace(folder + "/", "").splitlines()
        return []


def every_variant_is_valid():
    named = {p.stem: deploy.variant(p.stem) for p in deploy.VARIANTS}
    for path in sorted((deploy.DEPLOY / "kubernetes").glob("*.yaml")):
        if not path.name.endswith(".values.yaml"):
            named["kubernetes-" + path.stem] = deploy.objects(
                path.read_text(encoding="utf-8"))
    found = validate(named)
    assert not found, "\n".join(found)
    seen = {d["kind"] for docs in named.values() for d in docs}
    assert seen == KINDS | {"Namespace"}, seen ^ KINDS


def spec(docs, kind):
    return deploy.of_kind(docs, kind)[0]["spec"]


def pod(docs):
    return spec(docs, "Deployment")["template"]["spec"]


# A fault, and words of the complaint.
FAULTS = [
    (lambda d: pod(d).update(terminationGraceSeconds=1),
     '"terminationGraceSeconds"'),
    (lambda d: pod(d)["containers"][0].update(imagee="x"), '"imagee"'),
    (lambda d: pod(d)["containers"][0].pop("name"), "name"),
    (lambda d: pod(d)["containers"][0]["ports"][0].update(
        containerPort="3334"), "containerPort"),
    (lambda d: pod(d)["containers"][0]["resources"]["limits"].update(
        memory=[1]), "memory"),
    (lambda d: pod(d).update(volumes={}), "volumes"),
    (lambda d: spec(d, "Service")["ports"][0].update(targetPorts="http"),
     '"targetPorts"'),
    (lambda d: spec(d, "NetworkPolicy")["egress"][0].update({"from": []}),
     '"from"'),
    (lambda d: spec(d, "HorizontalPodAutoscaler").update(maxReplicas="10"),
     "maxReplicas"),
    (lambda d: spec(d, "PodDisruptionBudget").update(maxUnavaillable=1),
     '"maxUnavaillable"'),
    (lambda d: spec(d, "Ingress")["rules"][0]["http"]["paths"][0].pop(
        "pathType"), "pathType"),
    (lambda d: spec(d, "ExternalSecret")["data"][0]["remoteRef"].pop("key"),
     "key"),
    (lambda d: spec(d, "ExternalSecret").update(refresh="1h"), '"refresh"'),
    (lambda d: spec(d, "ServiceMonitor")["endpoints"][0].update(prot="x"),
     '"prot"'),
    (lambda d: deploy.of_kind(d, "Deployment")[0].update(
        apiVersion="apps/v1beta9"), "no Deployment in apps/v1beta9"),
]


def every_planted_fault_is_found():
    clean = deploy.variant("everything")
    named = {}
    for n, (plant, _) in enumerate(FAULTS):
        named[f"fault{n:02}"] = copy.deepcopy(clean)
        plant(named[f"fault{n:02}"])
    found = validate(named)
    for n, (_, words) in enumerate(FAULTS):
        mine = [f for f in found if f.startswith(f"fault{n:02}.json")]
        assert any(words in f for f in mine), (words, mine)


deploy.run([every_variant_is_valid, every_planted_fault_is_found])
