"""The defocus of a micrograph for the particles picked on it, where their file has none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..particles import Particles
from .exposures import CTF_FIELDS, Exposures
from .matching import Matching


def with_exposure_ctf(
    particles: Particles, exposures: Exposures, matching: Matching, keeps_unmatched: bool
) -> Particles:
    """Particles without images, with the CTF that CryoSPARC estimated for each one's exposure.

    The same particles where they have a defocus of their own, or one of them would have none.  A particle without an
    exposure gets 0: it is not imported, unless `keeps_unmatched`.
    """
    if particles.has_images or particles.defocus_u_A is not None or "defocus_u_A" not in exposures.ctf:
        return particles
    of_rows = matching.of_rows(particles)
    exposure = of_rows[of_rows >= 0]
    if not len(exposure) or (keeps_unmatched and len(exposure) < len(of_rows)):
        return particles
    if not all((exposures.ctf[name][exposure] > 0).all() for name in ("defocus_u_A", "defocus_v_A")):
        return particles
    values: dict[str, Any] = {name: np.where(of_rows < 0, 0.0, ctf[of_rows]) for name, ctf in exposures.ctf.items()}
    names = {name: f"the exposure's {label}" for name, (label, _) in CTF_FIELDS.items()}
    return replace(particles, column_names={**particles.column_names, **names}, **values)
