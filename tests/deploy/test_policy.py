# SPDX-License-Identifier: Apache-2.0
"""Every variant keeps to the policy; every planted fault is found."""
import copy

import deploy
import policy


def server(docs):
    return deploy.of_kind(docs, "Deployment")[0]["spec"]["template"]["spec"]


def deployment(docs):
    return deploy.of_kind(docs, "Deployment")[0]


def container(docs):
    return server(docs)["containers"][0]


def config(docs):
    return deploy.of_kind(docs, "ConfigMap")[0]["data"]


def kind(docs, name):
    return deploy.of_kind(docs, name)[0]


def pop(thing, *keys):
    for key in keys[:-1]:
        thing = thing[key]
    thing.pop(keys[-1])


# What is broken, and words of the sentence that has to be said about it.
FAULTS = [
    (lambda d: server(d).update(automountServiceAccountToken=True),
     "mounts a token for Kubernetes"),
    (lambda d: pop(server(d), "enableServiceLinks"), "service links"),
    (lambda d: server(d).update(hostNetwork=True), "uses hostNetwork"),
    (lambda d: pop(server(d), "securityContext", "runAsNonRoot"),
     "may run as root"),
    (lambda d: server(d)["securityContext"].update(runAsUser=0),
     "names no user"),
    (lambda d: pop(server(d), "securityContext", "seccompProfile"),
     "no seccomp profile"),
    (lambda d: server(d)["volumes"].append(
        {"name": "x", "hostPath": {"path": "/"}}), "kind not allowed"),
    (lambda d: server(d)["volumes"].append(
        {"name": "x", "emptyDir": {}}), "is writable"),
    (lambda d: container(d).update(image="cloudwatch-mcp:latest"),
     "without a version"),
    (lambda d: container(d).update(image="host:5000/cloudwatch-mcp"),
     "without a version"),
    (lambda d: pop(container(d), "securityContext",
                   "allowPrivilegeEscalation"), "may gain privileges"),
    (lambda d: container(d)["securityContext"].update(privileged=True),
     "is privileged"),
    (lambda d: container(d)["securityContext"].update(
        readOnlyRootFilesystem=False), "writable root"),
    (lambda d: container(d)["securityContext"]["capabilities"].update(
        add=["NET_ADMIN"]), "holds capabilities"),
    (lambda d: container(d)["securityContext"].update(runAsUser=0),
     "runs as root"),
    (lambda d: pop(container(d), "resources", "limits", "memory"),
     "no memory in its limits"),
    (lambda d: pop(container(d), "resources", "requests", "cpu"),
     "no cpu in its requests"),
    (lambda d: container(d)["ports"][0].update(hostPort=80),
     "port of the node"),
    (lambda d: container(d)["volumeMounts"][0].update(readOnly=False),
     "can write to"),
    (lambda d: container(d)["env"].append(
        {"name": "AWS_SECRET_ACCESS_KEY", "value": "x"}),
     "holds a secret in"),
    (lambda d: deployment(d)["spec"]["strategy"]["rollingUpdate"].update(
        maxUnavailable=1), "before its successor"),
    (lambda d: deployment(d)["spec"]["selector"]["matchLabels"].update(a="b"),
     "which they lack"),
    (lambda d: pop(deployment(d), "spec", "template", "metadata",
                   "annotations", "checksum/config"),
     "does not restart"),
    (lambda d: container(d)["livenessProbe"]["httpGet"].update(path="/ready"),
     "no livenessProbe on /health"),
    (lambda d: pop(container(d), "readinessProbe"),
     "no readinessProbe on /ready"),
    (lambda d: container(d).update(
        startupProbe=container(d)["livenessProbe"]), "startup probe"),
    (lambda d: container(d).update(lifecycle={"preStop": {"exec": {}}}),
     "preStop"),
    (lambda d: config(d).update(CLOUDWATCH_MCP_DRAIN_GRACE="0"),
     "closes its port"),
    (lambda d: config(d).update(CLOUDWATCH_MCP_DRAIN_TIMEOUT="600"),
     "killed before it has drained"),
    (lambda d: pop(kind(d, "ServiceAccount"), "automountServiceAccountToken"),
     "ServiceAccount/reader: mounts a token"),
    (lambda d: kind(d, "Service")["spec"]["selector"].update(a="b"),
     "selects no Deployment's pods"),
    (lambda d: kind(d, "Service")["spec"]["ports"][0].update(targetPort="x"),
     "which no pod has"),
    (lambda d: kind(d, "Pod")["metadata"]["labels"].update(
        kind(d, "Service")["spec"]["selector"]), "to the test pod"),
    (lambda d: kind(d, "NetworkPolicy")["spec"].update(
        policyTypes=["Ingress"]), "leaves a direction open"),
    (lambda d: pop(kind(d, "NetworkPolicy")["spec"]["ingress"][0], "ports"),
     "for every port"),
    (lambda d: pop(kind(d, "NetworkPolicy")["spec"]["egress"][0], "to"),
     "reach everything on a port"),
    (lambda d: kind(d, "NetworkPolicy")["spec"]["egress"][1]["ports"][0]
     .update(port=22), "another port than 443"),
    (lambda d: d.append({"kind": "Secret", "metadata":
                         {"name": "x", "namespace": "y"}}),
     "secret in the manifest"),
    (lambda d: pop(kind(d, "Service"), "metadata", "namespace"),
     "whatever namespace"),
]


def every_variant_keeps_to_the_policy():
    for helm in deploy.helms():
        for path in deploy.VARIANTS:
            found = list(policy.violations(deploy.variant(path.stem, helm)))
            assert not found, (path.stem, found)


def plain_manifests_keep_to_the_policy():
    for path in sorted((deploy.DEPLOY / "kubernetes").glob("*.yaml")):
        if path.name.endswith(".values.yaml"):
            continue
        docs = deploy.objects(path.read_text(encoding="utf-8"))
        found = list(policy.violations(docs))
        assert not found, (path.name, found)


def every_planted_fault_is_found():
    clean = deploy.variant("everything")
    for plant, words in FAULTS:
        docs = copy.deepcopy(clean)
        plant(docs)
        found = list(policy.violations(docs))
        assert len(found) == 1 and words in found[0], (words, found)


def the_memory_limit_is_what_was_promised():
    docs = deploy.variant("irsa")
    resources = container(docs)["resources"]
    assert resources["requests"]["memory"] == "16Mi", resources
    assert resources["limits"]["memory"] == "64Mi", resources


deploy.run([every_variant_keeps_to_the_policy,
            plain_manifests_keep_to_the_policy,
            every_planted_fault_is_found,
            the_memory_limit_is_what_was_promised])
