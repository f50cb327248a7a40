"""Claims about every Dockerfile; that they build can only be seen where there is Docker (docs/limits.md)."""

from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.images.platform.dockerfile import stages

ROOT = Path(__file__).resolve().parents[2]
IMAGES = {"platform": ROOT, "storefront": ROOT, "medusa": ROOT / "deploy/images/medusa"}


def ignore_file(image: str) -> Path:
    folder = ROOT / "deploy/images" / image
    return folder / "Dockerfile.dockerignore" if IMAGES[image] == ROOT else folder / ".dockerignore"


@pytest.mark.parametrize("image", IMAGES)
def test_the_image_is_of_several_stages_and_runs_as_nobody_special(image: str) -> None:
    found = stages((ROOT / "deploy/images" / image / "Dockerfile").read_text())
    last = found[-1]
    assert len(found) > 1
    assert last.all("USER") == ["1000:1000"]
    assert len(last.all("HEALTHCHECK")) == 1
    assert "CMD" in last.all("HEALTHCHECK")[0]
    assert "org.opencontainers.image.licenses" in last.all("LABEL")[0]
    assert not any("apt-get" in words for words in last.all("RUN"))


@pytest.mark.parametrize("image", IMAGES)
def test_what_is_copied_is_there_and_not_ignored(image: str) -> None:
    context = IMAGES[image]
    allowed = [line[1:] for line in ignore_file(image).read_text().splitlines() if line.startswith("!")]
    for stage in stages((ROOT / "deploy/images" / image / "Dockerfile").read_text()):
        for origin, sources, _ in stage.copies():
            for source in sources if not origin else ():
                assert (context / source).exists(), source
                assert source == "." or any(fnmatch(source, f"{name}*") for name in allowed), source


@pytest.mark.parametrize("image", IMAGES)
def test_nothing_that_a_person_leaves_about_gets_in(image: str) -> None:
    lines = ignore_file(image).read_text().splitlines()
    assert next(line for line in lines if line and not line.startswith("#")) == "*"
    assert not any(name in lines for name in ("!.storeplane", "!.build", "!.git", "!tests"))
