# SPDX-License-Identifier: Apache-2.0
"""What every object that is deployed has to keep to, beyond being valid.

violations(objects) yields "Kind/name: sentence". Most of it is the restricted
level of the Pod Security Standards, the rest is what this server promises.
test_policy.py plants each fault and sees it found.
"""
MI = 1024 * 1024
UNITS = {"Ki": 1024, "Mi": MI, "Gi": 1024 * MI, "m": 0.001, "": 1}


def quantity(text):
    text = str(text)
    digits = text.rstrip("KMGim")
    return float(digits) * UNITS[text[len(digits):]]


def pod_of(doc):
    """The pod's specification in this object, or None."""
    if doc["kind"] == "Pod":
        return doc["spec"]
    if doc["kind"] == "Deployment":
        return doc["spec"]["template"]["spec"]
    return None


def pod_rules(spec):
    if spec.get("automountServiceAccountToken") is not False:
        yield "mounts a token for Kubernetes, which the server never talks to"
    if spec.get("enableServiceLinks") is not False:
        yield "takes service links: CLOUDWATCH_MCP_PORT comes from Kubernetes"
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield f"uses {field}"
    security = spec.get("securityContext", {})
    if security.get("runAsNonRoot") is not True:
        yield "may run as root"
    if security.get("runAsUser") in (None, 0):
        yield "names no user"
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "has no seccomp profile"
    for volume in spec.get("volumes", []):
        kinds = set(volume) - {"name"}
        if not kinds <= {"configMap", "secret", "projected", "emptyDir",
                         "csi", "downwardAPI"}:
            yield f"volume {volume['name']} is of a kind not allowed"
        if "emptyDir" in kinds:
            yield f"volume {volume['name']} is writable: nothing needs one"
    for container in spec["containers"] + spec.get("initContainers", []):
        for sentence in container_rules(container):
            yield f"container {container['name']} {sentence}"


def container_rules(container):
    image = container["image"]
    if "@sha256:" not in image:
        tag = image.rsplit("/", 1)[-1].partition(":")[2]
        if tag in ("", "latest"):
            yield f"has an image without a version: {image}"
    security = container.get("securityContext", {})
    if security.get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges"
    if security.get("privileged"):
        yield "is privileged"
    if security.get("readOnlyRootFilesystem") is not True:
        yield "has a writable root"
    capabilities = security.get("capabilities", {})
    if capabilities.get("drop") != ["ALL"] or capabilities.get("add"):
        yield "holds capabilities"
    if security.get("runAsUser") == 0 or security.get("runAsNonRoot") is False:
        yield "runs as root"
    resources = container.get("resources", {})
    for side in ("requests", "limits"):
        for what in ("cpu", "memory"):
            if what not in resources.get(side, {}):
                yield f"has no {what} in its {side}"
    for port in container.get("ports", []):
        if "hostPort" in port:
            yield "takes a port of the node"
    for mount in container.get("volumeMounts", []):
        if mount.get("readOnly") is not True:
            yield f"can write to {mount['mountPath']}"
    for entry in container.get("env", []):
        if "valueFrom" not in entry and any(
                w in entry["name"] for w in ("SECRET", "TOKEN_VALUE",
                                             "PASSWORD")):
            yield f"holds a secret in {entry['name']}"


def deployment_rules(doc, settings):
    spec = doc["spec"]
    pod = spec["template"]["spec"]
    rolling = spec["strategy"].get("rollingUpdate", {})
    if rolling.get("maxUnavailable") != 0:
        yield "takes a pod away before its successor is ready"
    labels = spec["template"]["metadata"]["labels"]
    for key, value in spec["selector"]["matchLabels"].items():
        if labels.get(key) != value:
            yield f"selects pods by {key}, which they lack"
    if "checksum/config" not in spec["template"]["metadata"].get(
            "annotations", {}):
        yield "does not restart when its settings change"
    server = pod["containers"][0]
    for probe, path in (("livenessProbe", "/health"),
                        ("readinessProbe", "/ready")):
        if server.get(probe, {}).get("httpGet", {}).get("path") != path:
            yield f"has no {probe} on {path}"
    if "startupProbe" in server:
        yield "has a startup probe, which only delays it"
    if "preStop" in server.get("lifecycle", {}):
        yield "has a preStop hook, and the image has no shell"
    grace = int(settings.get("CLOUDWATCH_MCP_DRAIN_GRACE", 0))
    drain = int(settings.get("CLOUDWATCH_MCP_DRAIN_TIMEOUT", 25))
    if grace < 1:
        yield "closes its port before it is taken out of the Service"
    if pod.get("terminationGracePeriodSeconds", 30) <= grace + drain:
        yield "is killed before it has drained"


def settings_of(docs, pod):
    """The environment of the server, of ConfigMaps and literal values."""
    maps = {d["metadata"]["name"]: d.get("data", {}) for d in docs
            if d["kind"] == "ConfigMap"}
    found = {}
    container = pod["containers"][0]
    for source in container.get("envFrom", []):
        name = source.get("configMapRef", {}).get("name")
        found.update(maps.get(name, {}))
    for entry in container.get("env", []):
        found[entry["name"]] = entry.get("value", "")
    return found


def service_rules(doc, docs):
    """The Service reaches the Deployment's pods, and no others."""
    selector = doc["spec"]["selector"]

    def meets(labels):
        return all(labels.get(k) == v for k, v in selector.items())
    targets = [d for d in docs if d["kind"] == "Deployment" and
               meets(d["spec"]["template"]["metadata"]["labels"])]
    if len(targets) != 1:
        yield "selects no Deployment's pods"
        return
    if any(d["kind"] == "Pod" and meets(d["metadata"]["labels"])
           for d in docs):
        yield "sends traffic to the test pod"
    ports = {p["name"] for p in targets[0]["spec"]["template"]["spec"]
             ["containers"][0]["ports"]}
    for port in doc["spec"]["ports"]:
        if port["targetPort"] not in ports:
            yield f"leads to port {port['targetPort']}, which no pod has"


def network_rules(doc):
    spec = doc["spec"]
    if set(spec.get("policyTypes", [])) != {"Ingress", "Egress"}:
        yield "leaves a direction open"
    for side, peers in (("ingress", "from"), ("egress", "to")):
        for rule in spec.get(side, []):
            if not rule.get("ports"):
                yield f"has an {side} rule for every port"
    for rule in spec.get("egress", []):
        if not rule.get("to"):
            yield "lets the pods reach everything on a port"
        for peer in rule.get("to", []):
            cidr = peer.get("ipBlock", {}).get("cidr", "")
            if cidr.startswith("0.0.0.0/") and any(
                    p["port"] != 443 for p in rule.get("ports", [])):
                yield "lets the pods reach the world on another port than 443"


def violations(docs):
    for doc in docs:
        where = f"{doc['kind']}/{doc['metadata']['name']}"
        pod = pod_of(doc)
        found = []
        if doc["kind"] != "Namespace" and \
                "namespace" not in doc["metadata"]:
            found.append("lands in whatever namespace is current")
        if pod is not None:
            found += pod_rules(pod)
        if doc["kind"] == "Deployment":
            found += deployment_rules(doc, settings_of(docs, pod))
        if doc["kind"] == "ServiceAccount" and \
                doc.get("automountServiceAccountToken") is not False:
            found.append("mounts a token for Kubernetes")
        if doc["kind"] == "Service":
            found += service_rules(doc, docs)
        if doc["kind"] == "NetworkPolicy":
            found += network_rules(doc)
        if doc["kind"] == "Secret":
            found.append("holds a secret in the manifest")
        for sentence in found:
            yield f"{where}: {sentence}"
