"""The scripts that build and install, with stubs for docker, kind, helm and kubectl that write down their words.

Those programs, and what they talk to, can't be had where this runs (docs/limits.md); which words they would get can.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("docker", "kind", "helm", "kubectl", "k3s")
# One that is given "-" reads it to its end, as the real one does: whoever writes to it would be killed by SIGPIPE.
STUB = """#!/bin/bash
echo "{program} $*" >> "$ASKED"
echo "$2 ${{BUILDX_NO_DEFAULT_ATTESTATIONS:-0}}" >> "$ASKED.attested"
[[ "$1" != save && "$*" != *dry-run* ]] || echo image
[[ "${{@: -1}}" != - ]] || cat >/dev/null
"""


@dataclass
class Shell:
    """Runs a script; `asked` is what the stubs were asked since."""

    folder: Path

    def run(self, script: str, *words: str, without: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "asked").write_text("")
        if without:
            (self.folder / without).unlink()
        path = f"{self.folder}:{self.folder / 'system'}"
        return subprocess.run(
            ["/bin/bash", str(ROOT / "deploy" / script), *words],
            env={"PATH": path, "HOME": str(self.folder), "ASKED": str(self.folder / "asked"), **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @property
    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().splitlines()

    def helm(self) -> list[str]:
        """The words of the installation of the platform."""
        (found,) = [line.split() for line in self.asked if line.startswith("helm upgrade --install storeplane ")]
        return found


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    for program in PROGRAMS:
        stub = tmp_path / program
        stub.write_text(STUB.format(program=program))
        stub.chmod(0o755)
    system = tmp_path / "system"
    system.mkdir()
    for program in ("bash", "dirname", "sed", "grep", "cat", "env"):
        os.symlink(shutil.which(program) or "", system / program)
    return Shell(tmp_path)


def test_all_images_are_built_each_from_its_own_file(shell: Shell) -> None:
    done = shell.run("images/build.sh")
    assert done.returncode == 0, done.stderr
    assert [line.removeprefix("docker buildx build ") for line in shell.asked] == [
        "--file deploy/images/platform/Dockerfile --tag storeplane/platform:0.1.0 --load .",
        "--file deploy/images/medusa/Dockerfile --tag storeplane/medusa:2.18.0 --load deploy/images/medusa",
        "--file deploy/images/storefront/Dockerfile --tag storeplane/storefront:0.1.0 --load .",
    ]


def test_an_image_for_a_cluster_of_this_machine_names_no_attestation(shell: Shell) -> None:
    """`docker save` leaves it out, and then `kind load` and `ctr images import` fail (kind#3795)."""
    shell.run("images/build.sh", "platform")
    shell.run("images/build.sh", "--registry", "ghcr.io/acme", "--push", "platform")
    assert (shell.folder / "asked.attested").read_text().splitlines() == ["build 1", "build 0"]


def test_an_image_is_pushed_with_what_is_in_it_and_how_it_was_made(shell: Shell) -> None:
    done = shell.run("images/build.sh", "--registry", "ghcr.io/acme", "--push", "platform", TAG="7")
    assert done.returncode == 0, done.stderr
    (words,) = shell.asked
    assert "--tag ghcr.io/acme/platform:7 --sbom=true --provenance=true --push ." in words


def test_what_stands_after_two_dashes_is_for_docker(shell: Shell) -> None:
    done = shell.run("images/build.sh", "storefront", "--", "--network", "host", "--build-arg", "A=two words")
    assert done.returncode == 0, done.stderr
    (words,) = shell.asked
    assert "--tag storeplane/storefront:0.1.0 --network host --build-arg A=two words --load ." in words


def test_images_reach_the_cluster_that_is_named(shell: Shell) -> None:
    assert shell.run("images/build.sh", "--kind", "dev", "storefront").returncode == 0
    assert shell.asked[1:] == ["kind load docker-image storeplane/storefront:0.1.0 --name dev"]
    assert shell.run("images/build.sh", "--k3s", "storefront").returncode == 0
    assert sorted(shell.asked[1:]) == ["docker save storeplane/storefront:0.1.0", "k3s ctr images import -"]


@pytest.mark.parametrize(
    ("script", "words", "said"),
    [
        ("images/build.sh", ["--push"], "--push needs --registry"),
        ("images/build.sh", ["medusae"], "unknown word 'medusae'"),
        ("install.sh", ["docker"], "'docker' is none of kind, k3s and cluster"),
        ("install.sh", ["k3s"], "k3s needs --domain"),
        ("install.sh", ["cluster"], "cluster needs --values"),
        ("install.sh", ["kind", "--force"], "unknown word '--force'"),
    ],
)
def test_a_wrong_word_is_told_and_nothing_is_done(shell: Shell, script: str, words: list[str], said: str) -> None:
    done = shell.run(script, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert shell.asked == []


@pytest.mark.parametrize(
    ("script", "words", "missing"), [("images/build.sh", [], "docker"), ("install.sh", ["kind"], "helm")]
)
def test_a_missing_program_is_told_with_what_to_do(shell: Shell, script: str, words: list[str], missing: str) -> None:
    done = shell.run(script, *words, without=missing)
    assert done.returncode == 2
    assert f"{missing} is not on the PATH" in done.stderr
    assert shell.asked == []


def test_on_kind_everything_is_made_that_a_laptop_lacks(shell: Shell) -> None:
    done = shell.run("install.sh", "kind")
    assert done.returncode == 0, done.stderr
    assert "kind create cluster --config deploy/kind/cluster.yaml" in shell.asked
    assert any(line.startswith("helm upgrade --install traefik ") for line in shell.asked)
    assert len([line for line in shell.asked if line.startswith("kind load docker-image")]) == 3
    words = shell.helm()
    assert words[words.index("--values") + 1] == "deploy/chart/values-local.yaml"
    assert {"stores.port=8080", "stores.storageClass=", "--wait"} <= set(words)


@pytest.mark.parametrize(
    ("words", "there", "restarted"), [([], True, True), ([], False, False), (["--no-build"], True, False)]
)
def test_images_that_were_built_anew_are_what_runs_in_the_end(
    shell: Shell, words: list[str], there: bool, restarted: bool
) -> None:
    """They have the names of those before, and so `helm upgrade` sees no change in a pod."""
    if not there:
        first = STUB.format(program="helm") + '[[ "$1" != status ]]\n'
        (shell.folder / "helm").write_text(first)
    done = shell.run("install.sh", "kind", *words)
    assert done.returncode == 0, done.stderr
    ours = "--selector app.kubernetes.io/name=storeplane"
    rollouts = [f"rollout restart deployment {ours}", f"rollout status deployment {ours} --timeout 15m"]
    told = [f"kubectl --namespace storeplane-system {each}" for each in rollouts]
    assert shell.asked[-2:] == told if restarted else not set(told) & set(shell.asked)


def test_on_k3s_the_names_and_the_certificates_follow_the_domain(shell: Shell, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text("{}")
    words = ["k3s", "--domain", "shops.example", "--issuer", "letsencrypt", "--registry", "ghcr.io/acme"]
    done = shell.run("install.sh", *words, KUBECONFIG=str(kubeconfig))
    assert done.returncode == 0, done.stderr
    assert not any(line.startswith("docker") for line in shell.asked)
    told = shell.helm()
    assert {
        "ingress.host=storeplane.shops.example",
        "stores.domain=shops.example",
        r"ingress.tls.enabled=true,ingress.annotations.cert-manager\.io/cluster-issuer=letsencrypt",
        r"stores.scheme=https,stores.port=443,stores.ingress.annotations.cert-manager\.io/cluster-issuer=letsencrypt",
        "images.platform=ghcr.io/acme/platform:0.1.0",
        "stores.images.medusa=ghcr.io/acme/medusa:2.18.0",
        "stores.images.storefront=ghcr.io/acme/storefront:0.1.0",
    } <= set(told)


@pytest.mark.parametrize("words", [[], ["--no-build"]])
def test_a_tag_is_that_of_what_is_built_and_of_what_is_installed(shell: Shell, words: list[str]) -> None:
    assert shell.run("install.sh", "kind", *words, TAG="7").returncode == 0
    built = {line.split()[3] for line in shell.asked if line.startswith("kind load docker-image")}
    ours = {"storeplane/platform:7", "storeplane/storefront:7", "storeplane/medusa:2.18.0"}
    assert built == (set() if words else ours)
    assert {f"images.{image.split('/')[1].split(':')[0]}={image}" for image in ours} == {
        word.removeprefix("stores.") for word in shell.helm() if "storeplane/" in word
    }


@pytest.mark.parametrize("where", ["kind", "k3s"])
def test_every_file_of_values_that_is_named_is_there(shell: Shell, tmp_path: Path, where: str) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text("{}")
    words = [where, "--no-build", *(["--domain", "x.example"] if where == "k3s" else [])]
    assert shell.run("install.sh", *words, KUBECONFIG=str(kubeconfig)).returncode == 0
    told = shell.helm()
    files = [told[at + 1] for at, word in enumerate(told) if word == "--values"]
    assert files
    assert all((ROOT / file).is_file() for file in files)
