"""What the rows that are imported say, and what a user should know of it before CryoSPARC takes it as it is."""

from __future__ import annotations

from collections.abc import Iterator

from ..layout import PARTICLES
from ..parameters import ImportParameters
from ..particles import Part, Particles
from ..problems import Problem, Severity, count_of, problem

_USUAL_DEFOCUS_A = (500.0, 100_000.0)
_CORRECTED = {"premultiplied": "multiplied with the CTF", "phase-flipped": "phase-flipped"}
_NOT_WRITTEN = {Part.POSES: "shifts are written as 0", Part.COORDINATES: "no locations are written"}


def content_remarks(particles: Particles, parameters: ImportParameters) -> Iterator[Problem]:
    """Remarks on what these particles say, for the parts of the import that are wanted."""
    if not parameters.ignore_raw_data:
        yield from _corrected_images(particles)
    yield from _odd_defocus(particles)
    yield from _not_imported(particles, parameters)


def _corrected_images(particles: Particles) -> Iterator[Problem]:
    groups = [group for group in particles.optics_groups if group.particles and group.ctf_corrected]
    if groups:
        count = sum(group.particles for group in groups)
        done = " or ".join(words for how, words in _CORRECTED.items() if any(g.ctf_corrected == how for g in groups))
        message = f"according to the file, the images of {count_of(count, 'particle')} are {done} already"
        examples = (
            f"{group.name}: {_CORRECTED[group.ctf_corrected]}, {count_of(group.particles, 'particle')}"
            for group in groups
        )
        yield problem("images-ctf-corrected", message, count=count, examples=examples)


def _odd_defocus(particles: Particles) -> Iterator[Problem]:
    defocus_A, (low, high) = particles.defocus_u_A, _USUAL_DEFOCUS_A
    if defocus_A is not None and (odd := int(((defocus_A < low) | (defocus_A > high)).sum())):
        column, least, most = particles.called("defocus_u_A"), defocus_A.min(), defocus_A.max()
        message = f"{column} of {count_of(odd, 'particle')} not between {low:g} and {high:g} Å"
        message += f"; the values go from {least:g} to {most:g} Å"
        hint = "Defocus counts in Å, underfocus positive: check units and sign of the file."
        yield problem("microscope-value-odd", message, count=odd, hint=hint)


def _not_imported(particles: Particles, parameters: ImportParameters) -> Iterator[Problem]:
    columns, tables, found, hints = particles.columns_not_imported, particles.tables_not_imported, [], []
    if columns:
        found.append(f"{count_of(len(columns), 'column')} not imported: {', '.join(columns)}")
        if not particles.has_images:
            hints.append("Scores of a picker mean something else than those that CryoSPARC keeps with picks.")
    wanted = {
        Part.POSES: bool(particles.poses) and not parameters.ignore_pose_data,
        Part.COORDINATES: bool(parameters.exposures),
    }
    lone = [(column, missing, part) for column, missing, part in particles.lone_columns if wanted[part]]
    for column, missing, part in lone:
        found.append(f"{column} means nothing without {missing}, which the file lacks: {_NOT_WRITTEN[part]}")
        hints.append(f"Add the column {missing}.")
    if particles.helical_tube is not None:
        found.append("the filament that a particle belongs to is not imported")
        hints.append("CryoSPARC keeps it in a slot of its own: where a job needs it, trace the filaments there.")
    if tables:
        found.append(f"{count_of(len(tables), 'table')} of particles not imported: {', '.join(tables)}")
        hints.append("Bodies of a multi-body refinement: subtract the other bodies, and import what that job wrote.")
    if particles.no_joined_file:
        found.append(f"{PARTICLES} with the rows of all files is not written: {particles.no_joined_file}")
        hints.append("The dataset has all rows; source/ links to the files that they come from.")
    if found:
        count, severity = len(columns) + len(tables), Severity.WARNING if lone else None
        yield problem(
            "columns-not-imported", "; ".join(found), count=count, hint=" ".join(hints) or None, severity=severity
        )
