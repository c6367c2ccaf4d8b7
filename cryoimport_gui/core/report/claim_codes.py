"""Which claim each problem speaks for."""

from __future__ import annotations

from enum import StrEnum


class Topic(StrEnum):
    """What a claim is about, in the order in which claims stand.

    images: every image is there and is the one the file means.  microscope: pixel size, kV, Cs and amplitude contrast
    are known.  data sign: particles are dark on light.  poses: angles, shifts and CTF fit the images.  positions:
    particles lie where their exposure shows them.
    """

    IMAGES = "images"
    MICROSCOPE = "microscope"
    DATA_SIGN = "data sign"
    POSES = "poses"
    POSITIONS = "positions"


#: Claim → the codes of its problems; the first is one that the page with the evidence lists.  None: about no claim.
CODES_OF_CLAIMS: dict[Topic | None, tuple[str, ...]] = {
    Topic.IMAGES: (
        "stack-missing",
        "stack-ambiguous",
        "stack-empty",
        "stack-not-mrc",
        "stack-truncated",
        "stack-longer",
        "stack-changed",
        "stack-not-square",
        "stack-rescaled",
        "stack-format-doubtful",
        "stack-elsewhere",
        "box-mismatch",
        "image-name-missing",
        "image-name-bad",
        "image-index-zero",
        "image-index-out-of-range",
        "image-size-disagrees",
        "image-values-odd",
        "images-ctf-corrected",
        "particle-duplicate",
        "meta-not-found",
        "meta-unreadable",
        "meta-not-star",
        "meta-no-particles",
        "meta-row-width",
        "meta-not-2d-stack",
    ),
    Topic.MICROSCOPE: (
        "microscope-value-missing",
        "microscope-value-odd",
        "optics-group-unknown",
        "pixel-size-disagrees",
        "pixel-sizes-differ",
        "override-odd",
    ),
    Topic.DATA_SIGN: ("data-sign-unclear", "data-sign-contradicts"),
    Topic.POSES: (
        "poses-do-not-fit",
        "shifts-do-not-fit",
        "ctf-does-not-fit",
        "poses-unclear",
        "pose-missing",
        "pose-placeholder",
        "shift-odd",
    ),
    Topic.POSITIONS: (
        "coordinate-y-unclear",
        "coordinate-scale-unclear",
        "coordinates-missing",
        "coordinates-outside",
        "exposures-mirrored",
        "locations-elsewhere",
        "micrographs-unreadable",
        "micrograph-name-missing",
        "exposures-missing",
        "exposures-unreadable",
        "exposure-unmatched",
        "exposure-ambiguous",
        "exposure-doubtful",
    ),
    None: (
        "selection-unknown",
        "selection-empty",
        "value-not-finite",
        "optics-groups-renumbered",
        "original-unreadable",
        "original-unmatched",
        "original-ambiguous",
        "half-sets-missing",
        "half-sets-mixed",
        "symmetry-expanded",
        "coordinates-scaled",
        "columns-not-imported",
        "ctf-missing",
        "ctf-aberrations-dropped",
        "output-exists",
        "output-not-writable",
        "output-no-space",
        "output-outside-project",
        "output-job-number",
        "output-inside-data",
    ),
}
_CLAIM_OF = {code: topic for topic, codes in CODES_OF_CLAIMS.items() for code in codes}
#: The claim says in words of its own what these are about: its verdict, or that it is not imported.
BY_VERDICT = {
    *CODES_OF_CLAIMS[Topic.DATA_SIGN],
    "pixel-size-disagrees",
    "poses-do-not-fit",
    "shifts-do-not-fit",
    "poses-unclear",
    "coordinate-y-unclear",
    "coordinates-missing",
    "micrographs-unreadable",
}


def claim_of(code: str) -> Topic | None:
    """The claim that a problem is about; None: no claim."""
    return _CLAIM_OF.get(code)
