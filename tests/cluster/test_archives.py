"""A layer and an archive as containerd reads them."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from tests.cluster.archives import File, Image, Layer, Tree, full_name, make_layer, write_archive


@pytest.fixture
def layer(tmp_path: Path) -> Layer:
    root = tmp_path / "root"
    (root / "proc").mkdir(parents=True)
    (root / "proc" / "cpuinfo").write_text("the kernel's")
    (root / "etc").mkdir()
    (root / "etc" / "passwd").write_text("root")
    files = [File("usr/local/bin/start", "#!/bin/sh\n", 0o755)]
    return Layer("root", "1", [Tree(root, keeps_owners=True)], files, ["data"])


def test_a_layer_holds_trees_files_and_folders_and_nothing_of_the_kernels(layer: Layer, tmp_path: Path) -> None:
    made = make_layer(layer, tmp_path / "layers")

    with tarfile.open(made.path) as archive:
        members = {member.name.removeprefix("./"): member for member in archive}
        start = archive.extractfile("usr/local/bin/start")
        assert start is not None
        assert start.read() == b"#!/bin/sh\n"
    assert {"etc/passwd", "proc", "usr/local/bin/start", "data"} <= members.keys()
    assert "proc/cpuinfo" not in members
    assert (members["usr/local/bin/start"].mode, members["data"].isdir()) == (0o755, True)
    assert made.digest == hashlib.sha256(made.path.read_bytes()).hexdigest()


def test_a_tree_goes_where_it_is_wanted_and_is_roots(tmp_path: Path) -> None:
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "start.mjs").write_text("")
    made = make_layer(Layer("app", "1", [Tree(tmp_path / "built", "app")]), tmp_path / "layers")

    with tarfile.open(made.path) as archive:
        members = {member.name: (member.uid, member.gid, member.uname) for member in archive}
    assert members == {"app": (0, 0, ""), "app/start.mjs": (0, 0, "")}


def test_a_file_stands_in_for_that_of_the_tree_and_is_not_in_it_twice(tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "settings").write_text("the tree's")
    files = [File("share/settings", "ours")]
    made = make_layer(Layer("app", "1", [Tree(tmp_path / "share", "share")], files), tmp_path / "layers")

    with tarfile.open(made.path) as archive:
        assert archive.getnames() == ["share", "share/settings"]
        settings = archive.extractfile("share/settings")
        assert settings is not None
        assert settings.read() == b"ours"


def test_a_layer_is_made_once_for_a_key_and_the_one_before_is_removed(layer: Layer, tmp_path: Path) -> None:
    folder = tmp_path / "layers"
    made = make_layer(layer, folder)
    made.path.write_text("kept")
    assert make_layer(layer, folder).path.read_text() == "kept"

    make_layer(Layer("root", "2", layer.trees), folder)
    assert [path.name for path in folder.iterdir()] == ["root-2.tar"]


def test_an_archive_names_its_layers_in_order_and_its_configuration_by_digest(layer: Layer, tmp_path: Path) -> None:
    second = Layer("app", "1", files=[File("app", "")])
    image = Image("docker.io/storeplane/medusa:1", [layer, second], {"Entrypoint": ["node"]})
    layers = [make_layer(each, tmp_path / "layers") for each in image.layers]
    out = io.BytesIO()
    write_archive(image, layers, out)

    out.seek(0)
    with tarfile.open(fileobj=out) as archive:
        content = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    (manifest,) = json.loads(content["manifest.json"])
    config = content[manifest["Config"]]
    digests = [layer.digest for layer in layers]
    assert manifest["RepoTags"] == ["docker.io/storeplane/medusa:1"]
    assert manifest["Config"] == f"{hashlib.sha256(config).hexdigest()}.json"
    assert manifest["Layers"] == [f"{digest}.tar" for digest in digests]
    assert json.loads(config)["rootfs"]["diff_ids"] == [f"sha256:{digest}" for digest in digests]
    assert json.loads(config)["config"] == {"Entrypoint": ["node"]}
    assert [hashlib.sha256(content[name]).hexdigest() for name in manifest["Layers"]] == digests


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("postgres:16", "docker.io/library/postgres:16"),
        ("storeplane/medusa:2.18.0", "docker.io/storeplane/medusa:2.18.0"),
        ("ghcr.io/a/b:1", "ghcr.io/a/b:1"),
        ("localhost/b:1", "localhost/b:1"),
        ("localhost:5000/b:1", "localhost:5000/b:1"),
    ],
)
def test_a_name_is_written_out_as_containerd_knows_it(name: str, full: str) -> None:
    assert full_name(name) == full
