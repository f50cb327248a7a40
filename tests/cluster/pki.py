"""Certificates and kubeconfigs, by openssl: made at every start of a cluster, and gone with it.

Who somebody is, the API server reads from a certificate: the user from CN, the group from O.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

from tests.cluster.commands import run
from tests.cluster.places import API, FIRST_SERVICE, GATEWAY, LOOPBACK, NODE, Places

Words = list[str | Path]

DAYS = "30"
_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")

# Users of the API: each gets a certificate and a kubeconfig.
USERS = {
    "admin": "/O=system:masters/CN=admin",
    "manager": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
    "proxy": "/CN=system:kube-proxy",
    "node": f"/O=system:nodes/CN=system:node:{NODE}",
    "traefik": "/CN=traefik",
}
# Certificates alone: two servers', and two that the API server shows to others.
OTHERS = {
    "apiserver": "/CN=kube-apiserver",
    "kubelet": f"/CN={NODE}",
    "kubelet-client": "/O=system:masters/CN=kube-apiserver-kubelet-client",
    "front-proxy": "/CN=front-proxy",
}
_SERVICE = "kubernetes.default.svc"
_NAMES = ("localhost", NODE, "kubernetes", "kubernetes.default", _SERVICE, f"{_SERVICE}.cluster.local")
_ADDRESSES = (LOOPBACK, GATEWAY, FIRST_SERVICE)


def make_pki(places: Places) -> None:
    """All certificates and kubeconfigs that aren't there yet."""
    if places.kubeconfig.exists():
        return
    places.pki.mkdir(parents=True, mode=0o700)
    _make_authority(places.pki)
    for name, subject in {**USERS, **OTHERS}.items():
        _make_certificate(places.pki, name, subject)
    _make_account_keys(places.pki)
    for user in reversed(USERS):  # the administrator's last: it stands for all
        _write_kubeconfig(places, user)


def _make_authority(folder: Path) -> None:
    names: Words = ["-keyout", folder / "ca.key", "-out", folder / "ca.crt"]
    run(["openssl", "req", "-x509", *_CURVE, *names, "-subj", "/CN=storeplane-cluster", "-days", DAYS])
    alternatives = [*(f"DNS:{name}" for name in _NAMES), *(f"IP:{address}" for address in _ADDRESSES)]
    usages = "serverAuth,clientAuth"
    (folder / "extensions").write_text(f"subjectAltName={','.join(alternatives)}\nextendedKeyUsage={usages}\n")


def _make_certificate(folder: Path, name: str, subject: str) -> None:
    request = folder / f"{name}.csr"
    run(["openssl", "req", "-new", *_CURVE, "-keyout", folder / f"{name}.key", "-out", request, "-subj", subject])
    authority: Words = ["-CA", folder / "ca.crt", "-CAkey", folder / "ca.key", "-CAcreateserial"]
    out: Words = ["-out", folder / f"{name}.crt", "-days", DAYS, "-extfile", folder / "extensions"]
    run(["openssl", "x509", "-req", "-in", request, *authority, *out])
    request.unlink()


def _make_account_keys(folder: Path) -> None:
    """What tokens of service accounts are signed with."""
    run(["openssl", "genrsa", "-out", folder / "accounts.key", "2048"])
    run(["openssl", "rsa", "-in", folder / "accounts.key", "-pubout", "-out", folder / "accounts.pub"])


def _write_kubeconfig(places: Places, user: str) -> None:
    """With everything inside, so that it can be copied elsewhere. JSON is YAML, too."""
    cluster = {"server": API, "certificate-authority-data": _base64(places.pki / "ca.crt")}
    certificate, key = _base64(places.pki / f"{user}.crt"), _base64(places.pki / f"{user}.key")
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "real", "cluster": cluster}],
        "users": [{"name": user, "user": {"client-certificate-data": certificate, "client-key-data": key}}],
        "contexts": [{"name": "real", "context": {"cluster": "real", "user": user}}],
        "current-context": "real",
    }
    path = places.kubeconfig_of(user)
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=1))


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
