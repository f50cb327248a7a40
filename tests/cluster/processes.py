"""The processes of the cluster: their words, and the order in which they can start."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cluster.api import Api
from tests.cluster.containers import configuration, is_serving
from tests.cluster.places import (
    API_PORT,
    CHECKOUT,
    ETCD_PEER_PORT,
    ETCD_PORT,
    GATEWAY,
    KUBELET_HEALTH_PORT,
    KUBELET_PORT,
    LOOPBACK,
    MANAGER_PORT,
    NODE,
    POD_RANGE,
    PROXY_HEALTH_PORT,
    PROXY_METRICS_PORT,
    SCHEDULER_PORT,
    SERVICE_RANGE,
    SOCKET,
    Places,
)
from tests.cluster.policies import has_chain
from tests.cluster.readiness import answers, answers_dns, listens
from tests.cluster.running import Service

Words = list[str | Path]

ORDER = (
    "etcd",
    "apiserver",
    "controller-manager",
    "scheduler",
    "containerd",
    "kubelet",
    "kube-proxy",
    "dns",
    "volumes",
    "policies",
    "traefik",
)
"""`down` ends them from the last to the first."""


def storage(places: Places) -> list[Service]:
    """etcd doesn't wait for the disk: nothing here must outlive the machine."""
    clients, peers = f"http://{LOOPBACK}:{ETCD_PORT}", f"http://{LOOPBACK}:{ETCD_PEER_PORT}"
    words = [
        f"--data-dir={places.run / 'etcd'}",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        "--unsafe-no-fsync",
    ]
    return [Service("etcd", [places.program("etcd"), *words], answers(f"{clients}/health"))]


def api_server(places: Places) -> list[Service]:
    """On the bridge's address alone: pods must reach it, and nobody outside can."""
    pki = places.pki
    words = [
        f"--bind-address={GATEWAY}",
        f"--advertise-address={GATEWAY}",
        f"--secure-port={API_PORT}",
        f"--etcd-servers=http://{LOOPBACK}:{ETCD_PORT}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction,ResourceQuota,LimitRanger",
        "--allow-privileged=true",
        "--endpoint-reconciler-type=lease",
        f"--client-ca-file={pki / 'ca.crt'}",
        f"--tls-cert-file={pki / 'apiserver.crt'}",
        f"--tls-private-key-file={pki / 'apiserver.key'}",
        f"--kubelet-certificate-authority={pki / 'ca.crt'}",
        f"--kubelet-client-certificate={pki / 'kubelet-client.crt'}",
        f"--kubelet-client-key={pki / 'kubelet-client.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--requestheader-client-ca-file={pki / 'ca.crt'}",
        f"--proxy-client-cert-file={pki / 'front-proxy.crt'}",
        f"--proxy-client-key-file={pki / 'front-proxy.key'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={pki / 'accounts.pub'}",
        f"--service-account-signing-key-file={pki / 'accounts.key'}",
    ]
    return [Service("apiserver", [places.kubernetes / "kube-apiserver", *words], Api(places).is_ready)]


def controllers(places: Places) -> list[Service]:
    """Two of one kind each: nobody to elect a leader among."""
    pki = places.pki
    alone = ["--leader-elect=false", f"--bind-address={LOOPBACK}", "--port=0"]
    manager = [
        f"--kubeconfig={places.kubeconfig_of('manager')}",
        f"--secure-port={MANAGER_PORT}",
        "--use-service-account-credentials",
        f"--service-account-private-key-file={pki / 'accounts.key'}",
        f"--root-ca-file={pki / 'ca.crt'}",
        f"--cluster-signing-cert-file={pki / 'ca.crt'}",
        f"--cluster-signing-key-file={pki / 'ca.key'}",
        "--allocate-node-cidrs=false",
    ]
    scheduler = [f"--kubeconfig={places.kubeconfig_of('scheduler')}", f"--secure-port={SCHEDULER_PORT}"]
    programs = places.kubernetes
    return [
        Service(
            "controller-manager",
            [programs / "kube-controller-manager", *alone, *manager],
            listens(LOOPBACK, MANAGER_PORT),
        ),
        Service("scheduler", [programs / "kube-scheduler", *alone, *scheduler], listens(LOOPBACK, SCHEDULER_PORT)),
    ]


def containerd(places: Places) -> list[Service]:
    """It finds runc and the shims by the PATH."""
    config = places.run / "containerd.toml"
    config.write_text(configuration(places))
    own = f"{places.programs}/usr/bin:{places.programs}/usr/sbin"
    env = {"PATH": f"{own}:{os.environ.get('PATH', os.defpath)}"}
    words: Words = [places.program("containerd"), "--config", config]
    return [Service("containerd", words, lambda: is_serving(places), env)]


def node(places: Places) -> list[Service]:
    """What makes this machine the node. kube-proxy asks for it, and asks again only after a long while."""
    config = places.run / "kubelet.json"
    config.write_text(json.dumps(kubelet_configuration(places), indent=1))
    kubelet = [
        f"--config={config}",
        f"--kubeconfig={places.kubeconfig_of('node')}",
        f"--root-dir={places.run / 'kubelet'}",
        "--container-runtime=remote",
        f"--container-runtime-endpoint=unix://{SOCKET}",
        f"--hostname-override={NODE}",
        f"--node-ip={GATEWAY}",
    ]
    proxy = [
        f"--kubeconfig={places.kubeconfig_of('proxy')}",
        "--proxy-mode=iptables",
        f"--cluster-cidr={POD_RANGE}",
        f"--hostname-override={NODE}",
        f"--nodeport-addresses={GATEWAY}/32",
        f"--healthz-bind-address={LOOPBACK}:{PROXY_HEALTH_PORT}",
        f"--metrics-bind-address={LOOPBACK}:{PROXY_METRICS_PORT}",
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
    ]
    api = Api(places)
    return [
        Service("kubelet", [places.kubernetes / "kubelet", *kubelet], lambda: api.node_is_ready(NODE)),
        Service(
            "kube-proxy",
            [places.kubernetes / "kube-proxy", *proxy],
            answers(f"http://{LOOPBACK}:{PROXY_HEALTH_PORT}/healthz"),
        ),
    ]


def kubelet_configuration(places: Places) -> dict[str, Any]:
    """Device plugins would leave a folder in /var/lib/kubelet, whatever the root is."""
    pki = places.pki
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": GATEWAY,
        "port": KUBELET_PORT,
        "healthzBindAddress": LOOPBACK,
        "healthzPort": KUBELET_HEALTH_PORT,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(pki / "kubelet.crt"),
        "tlsPrivateKeyFile": str(pki / "kubelet.key"),
        "cgroupDriver": "cgroupfs",
        "clusterDNS": [GATEWAY],
        "clusterDomain": "cluster.local",
        "resolvConf": str(places.run / "resolv.conf"),
        "volumePluginDir": str(places.run / "volume-plugins"),
        "featureGates": {"DevicePlugins": False},
        "failSwapOn": False,
        "protectKernelDefaults": False,
        "maxOpenFiles": 20000,
        "serializeImagePulls": False,
        # The images can't be pulled again, and the disk is others', too.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%"},
    }


def helpers(places: Places, store_port: int) -> list[Service]:
    """What a cluster has besides Kubernetes: DNS, volumes, policies in force and an ingress controller."""
    config = places.run / "traefik.yaml"
    config.write_text(json.dumps(traefik_configuration(store_port), indent=1))
    traefik: Words = [places.traefik, f"--configFile={config}"]
    kubeconfig = str(places.kubeconfig_of("traefik"))
    return [
        _ours(places, "dns", answers_dns),
        _ours(places, "volumes", lambda: True),
        _ours(places, "policies", has_chain),
        Service("traefik", traefik, listens(LOOPBACK, store_port), {"KUBECONFIG": kubeconfig}),
    ]


def _ours(places: Places, name: str, is_ready: Callable[[], bool]) -> Service:
    """A module of this package as a process."""
    words: Words = [sys.executable, "-m", f"tests.cluster.{name}", places.folder]
    return Service(name, words, is_ready, {"PYTHONPATH": str(CHECKOUT)})


def traefik_configuration(store_port: int) -> dict[str, Any]:
    return {
        "entryPoints": {"web": {"address": f"{LOOPBACK}:{store_port}"}},
        "providers": {"kubernetesIngress": {}},
        "log": {"level": "INFO"},
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
    }
