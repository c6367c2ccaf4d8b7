"""The small pictures of the claims show what the claims say, and a look that fails costs only itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cryoimport_gui.core.demo import Demo
from cryoimport_gui.core.parameters import ImportParameters
from cryoimport_gui.core.plan.plan import ImportPlan
from cryoimport_gui.core.plan.planner import plan_import
from cryoimport_gui.core.progress import Cancelled, Progress
from cryoimport_gui.core.report import thumbnails
from cryoimport_gui.core.report.claim_codes import Topic
from cryoimport_gui.core.report.thumbnails import MOST, thumbnails_of

from ...support.truth import parameters_of


@pytest.fixture(scope="module")
def plan(demo: Demo) -> ImportPlan:
    """Of the whole demo; read only."""
    return plan_import(parameters_of(demo))


def alike(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_each_claim_has_pictures(plan: ImportPlan) -> None:
    pictures = thumbnails_of(plan)
    assert list(pictures) == list(Topic)
    for topic, of_topic in pictures.items():
        if topic is Topic.MICROSCOPE:
            (histogram,) = of_topic
            assert histogram.shape[1] == MOST * histogram.shape[0]
        else:
            assert len(of_topic) == MOST and all(p.shape[0] == p.shape[1] for p in of_topic)


def test_the_average_is_dark_on_light_only_with_the_right_sign(plan: ImportPlan) -> None:
    right = thumbnails_of(plan)[Topic.DATA_SIGN][0].astype(float)
    assert plan.data_sign is not None
    other = replace(plan, data_sign=replace(plan.data_sign, value=-plan.data_sign.value))
    wrong = thumbnails_of(other)[Topic.DATA_SIGN][0].astype(float)
    for average, lighter in ((right, -1), (wrong, 1)):
        assert lighter * (average[28:36, 28:36].mean() - average[:4].mean()) > 80


def test_a_particle_is_like_its_projection_and_its_place(plan: ImportPlan) -> None:
    pictures = thumbnails_of(plan)
    particle, projected, _ = pictures[Topic.POSES]
    assert alike(particle, projected) > 0.4
    particle, kept, flipped = pictures[Topic.POSITIONS]
    assert alike(particle, kept) > 0.8 > 0.5 > alike(particle, flipped)


def test_there_are_none_of_nothing() -> None:
    assert thumbnails_of(ImportPlan(ImportParameters())) == {topic: [] for topic in Topic}


def test_a_look_that_fails_costs_only_itself(
    plan: ImportPlan, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("planted")

    monkeypatch.setattr(thumbnails, "look_at_some", fail)
    pictures = thumbnails_of(plan)
    assert pictures[Topic.POSITIONS] == [] and len(pictures[Topic.IMAGES]) == MOST
    assert "positions" in caplog.text


def test_it_can_be_cancelled(plan: ImportPlan, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        thumbnails_of(plan, Progress(lambda: True))
