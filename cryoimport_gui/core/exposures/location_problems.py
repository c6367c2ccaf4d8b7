"""What is wrong or doubtful about the places of particles on their exposures, in words."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence

import numpy as np

from ..parameters import ImportParameters
from ..particles import Particles
from ..problems import Problem, count_of, problem
from .exposures import Exposures
from .locations import came_through_csparc2star
from .matching import Matching
from .placing import GroupPlace, Placing

_TIFF = (".tif", ".tiff")


def placing_problems(
    particles: Particles, exposures: Exposures, matching: Matching, placing: Placing, parameters: ImportParameters
) -> Iterator[Problem]:
    """Args: particles: those that are imported."""
    if particles.coordinates_px is None:
        message = f"the file has no {particles.called('coordinate_x_px', 'coordinate_y_px')}; no locations are written"
        yield problem("coordinates-missing", message, count=len(particles))
        return
    yield from _unreadable(placing, exposures)
    yield from _outside(particles, exposures, matching, placing)
    if placing.groups:
        yield from _y_unclear(placing, exposures, particles, parameters)
        yield from _y_contradicts(placing, parameters)
        yield from _scale_unclear(placing)
        yield from _mirrored(placing, parameters)
        yield from _elsewhere(placing, exposures)
        yield from _not_found(placing, exposures)
    yield from _scaled(placing)


def _unreadable(placing: Placing, exposures: Exposures) -> Iterator[Problem]:
    if movies := int(exposures.is_movie.sum()):
        what = "the exposures" if exposures.are_movies else f"{movies:,} of {len(exposures):,} exposures"
        message = f"{what} are movies, which are matched by name but cannot be compared with the particles"
        hint = "Give the micrographs of Patch Motion instead: they can be compared, and show where particles lie."
        yield problem("micrographs-unreadable", message, count=movies, hint=hint)
    absent = [path for path, reason in placing.unreadable.items() if reason == os.strerror(errno.ENOENT)]
    others = [f"{path}: {reason}" for path, reason in placing.unreadable.items() if path not in set(absent)]
    if absent:
        message = f"{count_of(len(absent), 'micrograph')} of the sample not found: no particle can be compared there"
        hint = (
            "Paths in the exposures dataset are relative to the CryoSPARC project folder. Give --project if that is "
            "not the folder above the dataset's job, or put the micrographs back if they were moved."
        )
        yield problem("micrographs-unreadable", message, count=len(absent), examples=absent, hint=hint)
    if others:
        message = f"{count_of(len(others), 'micrograph')} of the sample cannot be compared with the particles"
        yield problem("micrographs-unreadable", message, count=len(others), examples=others)


def _y_unclear(
    placing: Placing, exposures: Exposures, particles: Particles, parameters: ImportParameters
) -> Iterator[Problem]:
    if placing.nowhere:
        sampled = sum(group.sampled for group in placing.groups)
        message = "the particles are not at their coordinates in these exposures, whichever way y runs "
        message += f"({_compared(placing.groups)})"
        by_picks = placing.any_where(by="picks")
        if by_picks:
            message += f"; where the coordinates lie on them says that y is {_way(by_picks[0].seen_flip)}"
        elif parameters.coordinate_y == "auto":
            message += "; y is kept"
        hint = (
            "Probably these are other exposures, or coordinates, their scale or the pixel size are wrong (x and y "
            "exchanged?): look at the circled particles. Images that were changed since, as by subtraction, may not be "
            "recognised either."
        )
        yield problem("coordinate-y-unclear", message, count=sampled, hint=hint)
        return
    unclear = [group for group in placing.groups if group.y_source in ("default", "others")]
    if unclear:
        yield _y_not_seen(unclear, placing, exposures, particles)
    mixed = [group for group in placing.groups if group.turned and group.undecided]
    if mixed and parameters.coordinate_y == "auto":
        count = sum(group.undecided for group in mixed)
        message = (
            f"some exposures need another way of y than most, and of {count_of(count, 'exposure')} it is not known"
        )
        examples = (f"{g.name}: {g.found} found, {g.turned} the other way, {g.undecided} not known" for g in mixed)
        hint = "They are written as most of their group are. Look at them, or import them by themselves."
        yield problem("coordinate-y-unclear", message, count=count, examples=examples, hint=hint)


def _y_not_seen(unclear: Sequence[GroupPlace], placing: Placing, exposures: Exposures, particles: Particles) -> Problem:
    """Nothing says which way y runs, in some or all groups."""
    sampled = sum(group.sampled for group in unclear)
    where = "" if len(unclear) == len(placing.groups) else f" in {len(unclear)} of {len(placing.groups)} groups"
    if sampled:
        message = f"the pictures do not show which way y runs{where} ({_compared(unclear)})"
    elif placing.micrographs_of_picks:
        looked_at = count_of(placing.micrographs_of_picks, "exposure")
        message = f"what lies at the coordinates on {looked_at} does not show which way y runs{where}"
    else:
        message = f"no pictures tell which way y runs{where}"
    if unclear[0].y_source == "others":
        message += f"; it is {_way(unclear[0].flip)} as in the others"
    else:
        message += "; it is kept"
    likelier, hint = "", "Look at the circled particles, or choose keep or flip for --coordinate-y."
    of_movies = [group for group in unclear if group.of_movies]
    if len(of_movies) == len(unclear):
        hint = "Give the micrographs of Patch Motion instead: they show it. Else give --coordinate-y."
        files = [exposures.files[i] for i in np.flatnonzero(exposures.is_movie)[:100].tolist()]
        if all(path.lower().endswith(_TIFF) for path in files):
            likelier = "flipped is likelier: RELION turns TIFF movies over when it reads them"
    if came_through_csparc2star(particles):
        likelier = "flipped is likelier: csparc2star, which these names look like, writes ny - y"
    if likelier and unclear[0].y_source == "default":
        message += f"; {likelier}"
    examples = (group.name for group in unclear) if len(placing.groups) > 1 else ()
    count = sum(group.particles for group in unclear)
    return problem("coordinate-y-unclear", message, count=count, examples=examples, hint=hint)


def _y_contradicts(placing: Placing, parameters: ImportParameters) -> Iterator[Problem]:
    chosen = parameters.coordinate_y
    against = [g for g in placing.groups if g.y_source == "user" and g.seen_flip not in (None, chosen == "flip")]
    if against:
        seen = "flip" if against[0].seen_flip else "keep"
        message = f"the pictures say {seen} ({_compared(against)}), but {chosen} was chosen"
        hint = "Choose auto, or look at the circled particles."
        yield problem("coordinate-y-unclear", message, count=sum(g.particles for g in against), hint=hint)


def _compared(groups: Sequence[GroupPlace]) -> str:
    most = max(groups, key=lambda group: group.sampled)
    if most.by == "picks":
        return "where the coordinates lie on the exposures"
    words = f"correlation {most.keep_correlation:.2f} kept, {most.flip_correlation:.2f} flipped"
    return f"{words}, over {count_of(most.sampled, 'particle')}"


def _way(flip: bool | None) -> str:
    return "flipped" if flip else "kept"


def _scale_unclear(placing: Placing) -> Iterator[Problem]:
    doubtful = [group for group in placing.groups if group.scale_doubt]
    for doubt in dict.fromkeys(group.scale_doubt for group in doubtful):
        its = [group for group in doubtful if group.scale_doubt == doubt]
        message = f"{doubt}; {its[0].scale:.4g} is used"
        examples = (group.name for group in its) if len(placing.groups) > 1 else ()
        count = sum(group.particles for group in its)
        yield problem("coordinate-scale-unclear", message, count=count, examples=examples)


def _scaled(placing: Placing) -> Iterator[Problem]:
    why = {"detected": "as the pictures show", "extent": "as far as they reach", "file": "by the file's pixel sizes"}
    scaled = [group for group in placing.groups if group.scale != 1 and group.scale_source in why]
    if scaled:
        ways = dict.fromkeys(f"{group.scale:.4g} ({why[group.scale_source]})" for group in scaled)
        message = f"coordinates are multiplied by {', '.join(list(ways)[:4])} to count pixels of the exposures"
        hint = None
        if any(group.scale_source == "extent" for group in scaled):
            hint = (
                "How far coordinates reach is proof only if particles lie all over the exposures: look at the circled "
                "particles, or give --coordinate-scale."
            )
        yield problem("coordinates-scaled", message, count=sum(g.particles for g in scaled), hint=hint)


def _mirrored(placing: Placing, parameters: ImportParameters) -> Iterator[Problem]:
    seen = [group for group in placing.groups if group.mirrored]
    particles = sum(group.particles for group in seen)
    turned = sum(mirrored for _, mirrored in placing.turned.values())
    by_picks = bool(seen) and all(group.by == "picks" for group in seen)
    if placing.mirror_poses == "all":
        message = "poses, shifts and the angle of astigmatism are mirrored, as was chosen"
        if not any(group.by for group in seen):
            message += "; no picture shows that the exposures are mirror images of the picked micrographs"
        yield problem("exposures-mirrored", message, count=particles)
        return
    if not seen and not turned:
        if parameters.coordinate_y == "flip" and parameters.ignore_raw_data and not placing.is_seen:
            message = (
                "y is flipped as chosen; whether the exposures are mirror images of the picked micrographs is not known"
            )
            hint = (
                "If they are, as with TIFF movies that RELION has flipped, poses and CTF must be mirrored as well: "
                "give --mirror-poses yes."
            )
            yield problem("exposures-mirrored", message, count=sum(g.particles for g in placing.groups), hint=hint)
        return
    what = f"exposures of {count_of(particles, 'particle')}" if seen else count_of(turned, "exposure")
    verb = "are mirror images" if seen or turned > 1 else "is a mirror image"
    message, hint = f"{what} {verb} of what the particles were cut from, top to bottom", ""
    if not parameters.ignore_raw_data:
        message += ": the images that are imported fit their poses, those cut from these exposures will not"
    elif placing.mirror_poses == "none":
        message += "; poses, shifts and the angle of astigmatism are left as they are"
        hint = "Particles that are extracted from these exposures will not fit them. Give --mirror-poses auto."
    else:
        message += "; poses, shifts and the angle of astigmatism are mirrored to fit particles extracted from them"
        hint = "To import them as they are, give --mirror-poses no."
        if by_picks:
            message += ". Places alone cannot prove it: y may also count from the other end of the same picture"
            hint = "Reconstruct some extracted particles, and compare with --mirror-poses no if the map is poor."
    yield problem("exposures-mirrored", message, count=particles or turned, hint=hint or None)


def _elsewhere(placing: Placing, exposures: Exposures) -> Iterator[Problem]:
    looked = sum(g.found + g.turned + g.elsewhere for g in placing.groups)
    if placing.exchanged:
        of, count = placing.exchanged, len(placing.exchanged)
        are_pairs = all(of.get(other) == exposure for exposure, other in of.items())
        message = f"{count} of {count_of(looked, 'exposure')} " + (
            "are exchanged: their particles are found on each other's"
            if are_pairs
            else "do not show the particles of their name: these are found on another exposure"
        )
        names = (f"the particles of {exposures.paths[a]} are on {exposures.paths[b]}" for a, b in of.items())
        hint = "Names, or the files of the exposures, were exchanged: correct the micrograph names of these particles."
        yield problem("locations-elsewhere", message, count=count, examples=names, hint=hint)
    if placing.elsewhere:
        count = len(placing.elsewhere)
        message = (
            f"on {count_of(count, 'exposure')} the particles lie somewhere else than their coordinates say, "
            f"unlike those on {looked - count - len(placing.exchanged)} others that were looked at"
        )
        examples = (f"{exposures.paths[i]}: {count_of(n, 'coordinate')}" for i, n in placing.elsewhere.items())
        yield problem("locations-elsewhere", message, count=count, examples=examples)


def _not_found(placing: Placing, exposures: Exposures) -> Iterator[Problem]:
    """Correlation alone never says that exposures are others', but where it is missing nothing is confirmed."""
    if absent := placing.not_found:
        looked_at = count_of(len(placing.states), "exposure")
        message = f"{len(absent):,} of {looked_at} do not show their particles, though the others do"
        hint = (
            "Look at these exposures: they may be those of other micrographs with such names, or pictures that were "
            "processed very differently. If they are not the same, give the exposures that the particles come from."
        )
        examples = (exposures.paths[i] for i in absent)
        yield problem("exposure-doubtful", message, count=len(absent), examples=examples, hint=hint)


def _outside(particles: Particles, exposures: Exposures, matching: Matching, placing: Placing) -> Iterator[Problem]:
    assert particles.coordinates_px is not None
    of_rows = matching.of_rows(particles)
    linked = np.flatnonzero(of_rows >= 0)
    exposure = of_rows[linked]
    place = particles.coordinates_px[linked] * placing.of(particles).scale[linked, None]
    outside = ((place < 0) | (place >= exposures.shape[exposure][:, ::-1])).any(axis=1)
    if outside.any():
        examples = (
            f"{particles.describe(row)} at {x:g}, {y:g} on {exposures.shape[number][1]} × {exposures.shape[number][0]}"
            for row, number, (x, y) in zip(linked[outside], exposure[outside], place[outside])
        )
        message = f"{count_of(int(outside.sum()), 'particle')} outside of the exposure"
        yield problem("coordinates-outside", message, count=int(outside.sum()), examples=examples)
