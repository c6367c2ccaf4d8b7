"""Do angles, shifts and CTFs belong to these images?  Proved by a reconstruction from a sample of some hundred.

`Transforms` takes images in, a few at a time, and keeps some 220 Fourier coefficients of each.  `check_poses` makes a
map from each half of them with the poses as they will be written, re-projects it at the other half's poses, and
compares with those images; the same with shuffled poses, and with other readings of the poses (`hypotheses`).
`PoseCheck` holds the verdict and the pictures behind it.  It reads no file and knows no plan.

In order: transforms, sample (the fields and what they do to the coefficients), half_maps, score, signal, hypotheses,
verdict (what is enough for which answer), check.  Another reading of the poses goes into `hypotheses`, a rule into
`verdict`; its error rates are measured by `python -m tests.rates.poses`.
"""

from .check import LIMITS, PoseCheck, central_slices, check_poses, projections
from .sample import CtfColumns, PosedParticles, halves
from .transforms import RADIUS, SMALLEST_BOX, HalfPlane, Transforms
from .verdict import FEWEST, CtfDoubt

__all__ = [
    "FEWEST",
    "LIMITS",
    "RADIUS",
    "SMALLEST_BOX",
    "CtfColumns",
    "CtfDoubt",
    "HalfPlane",
    "PoseCheck",
    "PosedParticles",
    "Transforms",
    "central_slices",
    "check_poses",
    "halves",
    "projections",
]
