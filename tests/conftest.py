"""Fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from cryoimport_gui.core.demo import Demo, make_demo  # noqa: E402

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Settings, logs and caches of the program go into a folder of the test."""
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(home))
    yield home


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real files by other programs, which do not belong to the project."""
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real files is not there")
    return CORPUS


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The default demo data set; read only."""
    return make_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def demo_values(demo: Demo) -> dict[str, object]:
    """Parameters that import the demo whole."""
    paths = {"meta": demo.star, "data": demo.data, "exposures": demo.exposures, "project": ""}
    return {name: str(path) for name, path in paths.items()} | demo.trims
