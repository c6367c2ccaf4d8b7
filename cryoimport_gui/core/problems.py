"""Every problem that an import can have: its code, how severe it is, and what to do about it.

The table `CODES` is the only place where codes stand; the report, the command, the pages and the tests use it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

MAX_EXAMPLES = 5
_PLAIN_WORD = re.compile(r"a|[a-z]{2,}(-[a-z]+)*,?")
_MAX_LETTERS = 4000


class Severity(StrEnum):
    """How bad a problem is: an error stops the import."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


#: a sign and a word, so that colour alone carries no meaning
SIGNS = {Severity.ERROR: "✖ Error", Severity.WARNING: "▲ Warning", Severity.INFO: "● Note"}


@dataclass(frozen=True)
class Code:
    """One kind of problem.

    `per_row`: it lies in single rows, which `--on-bad leave-out` leaves out instead of stopping.  `acceptable`: the
    result would very probably be wrong, but the user may know better and import anyway (`--accept`).
    """

    severity: Severity
    title: str
    hint: str
    per_row: bool = False
    acceptable: bool = False


def _error(title: str, hint: str) -> Code:
    return Code(Severity.ERROR, title, hint)


def _row_error(title: str, hint: str) -> Code:
    return Code(Severity.ERROR, title, hint, per_row=True)


def _acceptable(title: str, hint: str) -> Code:
    return Code(Severity.ERROR, title, hint, acceptable=True)


def _warning(title: str, hint: str) -> Code:
    return Code(Severity.WARNING, title, hint)


def _info(title: str, hint: str) -> Code:
    return Code(Severity.INFO, title, hint)


CODES: dict[str, Code] = {
    # metadata
    "meta-not-found": _error("Metadata file not found", "Check the particle meta path."),
    "meta-unreadable": _error("Metadata file cannot be read", "Check the file and your permissions, or copy it again."),
    "meta-not-star": _error(
        "Not a STAR file", "Give the particle STAR file that RELION wrote (…_data.star, particles.star)."
    ),
    "meta-no-particles": _error(
        "No particles in the STAR file", "Give a particle STAR file: a table with one row per particle."
    ),
    "meta-row-width": _error(
        "A row does not fit its columns", "The file is damaged or was edited by hand; correct that line."
    ),
    "meta-not-2d-stack": _error(
        "Not a stack of 2D particle images",
        "Only 2D images in stacks (`N@stack.mrcs`) can be imported, not subtomograms.",
    ),
    "image-name-missing": _error(
        "No particle images in the file",
        "There are no images to import. For locations only, choose to ignore raw data and give exposures; else extract "
        "the particles first.",
    ),
    "selection-unknown": _error(
        "A condition names a column that the file does not have", "Check the name of the column."
    ),
    "selection-empty": _error("No particle fits the conditions", "Change or remove a condition."),
    "image-name-bad": _row_error(
        "Image names that cannot be read", "An image name looks like `000012@path/stack.mrcs`."
    ),
    "value-not-finite": _row_error("Values that cannot be imported", "Correct those rows, or leave them out."),
    "optics-group-unknown": _row_error(
        "Optics groups that the optics table lacks", "Correct the optics table, or leave those rows out."
    ),
    "optics-groups-renumbered": _info(
        "Optics groups with other numbers than in their files",
        "Groups of several files had one number and different values. Conditions and microscope values for one group "
        "go by the new numbers.",
    ),
    "microscope-value-missing": _error("A microscope value is missing or impossible", "Give the value."),
    "microscope-value-odd": _warning("Unusual microscope values", "Possible, but more often a slip: check them."),
    "images-ctf-corrected": _acceptable(
        "The images are CTF-corrected already",
        "CryoSPARC would correct them again. Extract the particles without CTF correction, or import anyway.",
    ),
    # the way back
    "original-unreadable": _error(
        "Original particles cannot be read",
        "Give the .cs or .csg of the CryoSPARC particles that this file was exported from.",
    ),
    "original-unmatched": _row_error(
        "Rows that are none of the original particles",
        "Give the particles that this file was exported from, or leave those rows out.",
    ),
    "original-ambiguous": _row_error(
        "Rows with more than one possible original",
        "Remove rows that are listed twice, or give the originals from before the symmetry expansion.",
    ),
    # stacks
    "stack-missing": _row_error(
        "Stacks not found", "Give the folder that the image names start from as particle data path."
    ),
    "stack-ambiguous": _row_error(
        "Stacks found in more than one place", "Give a particle data path that has each stack only once."
    ),
    "stack-empty": _row_error("Stacks without images", "Copy or extract them again."),
    "stack-not-mrc": _row_error(
        "Stacks that cannot be read as MRC", "Copy or extract them again; check your permissions."
    ),
    "stack-truncated": _row_error(
        "Stacks shorter than their header says", "Copy them again: a copy was probably cut short."
    ),
    "stack-longer": _warning(
        "Stacks longer than their header says", "Look at the preview: images must not be cut or shifted."
    ),
    "stack-changed": _error(
        "Stacks that have changed",
        "Give the folder of the stacks that were imported; another stack cannot take the place of one.",
    ),
    "stack-not-square": _row_error("Stacks whose images are not square", "Extract them again with a square box."),
    "box-mismatch": _row_error(
        "Stacks with another box size", "CryoSPARC takes one box size at a time: import them separately."
    ),
    "image-index-zero": _error(
        "Images number 0",
        "A 0 means that all numbers are off by one. Give --image-numbers-from 0 if the file counts from 0.",
    ),
    "image-index-out-of-range": _row_error(
        "Image numbers beyond the end of their stack",
        "STAR file and stacks do not belong together, or a stack was cut.",
    ),
    "pixel-size-disagrees": _warning(
        "Pixel size differs between STAR file and stack headers",
        "The STAR file's is used; headers are often wrong. Check it.",
    ),
    "pixel-sizes-differ": _warning(
        "Particles of different pixel sizes",
        "CryoSPARC takes them for particles of one size in most jobs: import each optics group by itself.",
    ),
    "stack-rescaled": _warning(
        "Stacks were down-sampled after the file was written",
        "The pixel size of the stack headers is used; shifts follow. Check both.",
    ),
    "override-odd": _warning(
        "A pixel size far from the file's",
        "A calibration changes it by a few percent. Another sampling of the images would change the shifts as well.",
    ),
    "stack-format-doubtful": _warning(
        "Stacks that CryoSPARC may read differently",
        "Convert them to MRC mode 2 (float32) or 12 (float16), little-endian, with names that end in .mrcs.",
    ),
    "image-size-disagrees": _warning(
        "Image size differs between STAR file and stacks",
        "These may be stacks of another extraction: check the particle data path.",
    ),
    "shift-odd": _warning(
        "Shifts that lead out of the box", "Shifts in pixels and in Å may be confused, or the pixel size is wrong."
    ),
    "stack-elsewhere": _warning(
        "Stacks found in another folder", "Look at the preview: are these the images of this STAR file?"
    ),
    "particle-duplicate": _warning("Images listed more than once", "Remove duplicates if they are not wanted."),
    "symmetry-expanded": _info(
        "A symmetry-expanded set",
        "Each copy is imported as a particle of its own. In CryoSPARC use local refinement, 3D classification or 3D "
        "variability; not a global refinement.",
    ),
    "half-sets-mixed": _warning(
        "Copies of one image in both half-sets",
        "Resolution would be overestimated. Give all copies of an image, and all particles of a helical tube, the same "
        "half-set.",
    ),
    # exposures
    "exposures-missing": _error(
        "Picks without exposures",
        "Give the exposures that the particles were picked on: the .cs or .csg of an import, motion correction or CTF "
        "job.",
    ),
    "exposures-unreadable": _error(
        "Exposures dataset cannot be read", "Give the .cs or .csg of an import, motion correction or CTF job."
    ),
    "micrograph-name-missing": _error(
        "No rlnMicrographName column", "Particles are matched by micrograph name; import without exposures."
    ),
    "exposure-unmatched": _error(
        "Micrographs without a matching exposure",
        "Adjust the trimming rules, or keep or leave out the unmatched particles.",
    ),
    "exposure-ambiguous": _error(
        "Names that fit more than one exposure",
        "Cut fewer characters, or give the exposures of one session only.",
    ),
    "exposure-doubtful": _warning(
        "Exposures that may be those of other micrographs",
        "If they are not the same, give the exposures that the particles come from.",
    ),
    "coordinates-missing": _warning("No coordinates", "Locations are not written; particles cannot be re-extracted."),
    "coordinates-outside": _warning(
        "Particles outside of their exposure", "Check the coordinate scale and the exposures."
    ),
    "coordinates-scaled": _warning(
        "Coordinates were scaled to the exposures' pixels",
        "Particles were picked on micrographs of another pixel size.",
    ),
    "coordinate-scale-unclear": _warning(
        "The scale of the coordinates is not proven",
        "Look at the circled particles, or give --coordinate-scale.",
    ),
    "coordinate-y-unclear": _warning(
        "Positions are not proven",
        "y is kept; look at the circled particles, or choose keep or flip.",
    ),
    "exposures-mirrored": _warning(
        "Exposures that are mirror images of what was picked on",
        "After re-extraction, or reference-based motion correction, poses will not fit: for that, import the metadata "
        "alone (--ignore-raw-data), which mirrors them.",
    ),
    "locations-elsewhere": _acceptable(
        "Particles that are not on these exposures",
        "Probably these exposures belong to other micrographs: look at the circled particles, and check names and "
        "trimming rules.",
    ),
    "micrographs-unreadable": _warning(
        "Micrographs that cannot be compared",
        "Only whole MRC micrographs, of the size that their dataset says, can be shown and compared.",
    ),
    # content
    "ctf-missing": _warning("No defocus columns", "Run CTF estimation, or refine CTF, in CryoSPARC after the import."),
    "ctf-aberrations-dropped": _warning(
        "Higher-order aberrations are not imported",
        "Refine CTF again after the import: defocus was fitted together with them.",
    ),
    "pose-missing": _info("No poses", "Particles are imported without alignments."),
    "pose-placeholder": _row_error(
        "Rows without a pose among rows that have one",
        "Their angles are placeholders (-999): leave these rows out, or ignore pose data.",
    ),
    "poses-do-not-fit": _acceptable(
        "The poses do not fit the images",
        "Look at the pairs of images: are these the stacks of this file, in its order? Import anyway if the poses are "
        "only a start.",
    ),
    "shifts-do-not-fit": _acceptable(
        "The shifts do not fit the images", "Correct the shifts in the file, or import anyway."
    ),
    "poses-unclear": _info(
        "The poses are not fully confirmed",
        "Look at the pairs of images: with poor pictures, few particles or round ones this says nothing.",
    ),
    "ctf-does-not-fit": _warning(
        "The CTF does not fit the images",
        "Compare the pixel size with the extraction job's, and voltage and Cs with the microscope's: is this the STAR "
        "file of these stacks? If all are right, the images are probably CTF-corrected already.",
    ),
    "half-sets-missing": _info("No half-sets", "CryoSPARC will split the particles again."),
    "columns-not-imported": _info("Columns that are not imported", "CryoSPARC has no place for them."),
    "data-sign-unclear": _warning(
        "The pictures cannot tell the data sign",
        "Look at the montage: particles must be dark; or give --data-sign.",
    ),
    "image-values-odd": _warning(
        "Blank images",
        "CryoSPARC cannot use such images: extract or copy their stacks again, or remove these particles.",
    ),
    "data-sign-contradicts": _warning(
        "The chosen data sign contradicts the pictures",
        "Look at the montage: particles must be dark on light.",
    ),
    # output
    "output-exists": _error("The output folder exists and is not empty", "Give a new folder."),
    "output-not-writable": _error("The job folder cannot be used", "Choose a folder that you may write to."),
    "output-no-space": _error("Not enough space", "Free some space or choose another folder."),
    "output-outside-project": _error(
        "The output is outside of the project", "Choose a folder inside the CryoSPARC project."
    ),
    "output-job-number": _warning(
        "The output folder is named like a CryoSPARC job",
        "CryoSPARC gives such names to its own jobs. Choose another, such as imports/particles.",
    ),
    "output-inside-data": _warning(
        "The output is inside the source data", "Keep imports and source data in different folders."
    ),
}


@dataclass(frozen=True)
class Problem:
    """Something that was found: `count` is how many rows, stacks or names it concerns."""

    severity: Severity
    code: str
    message: str
    hint: str
    count: int = 1
    examples: tuple[str, ...] = ()
    accepted: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"severity": self.severity.value, "examples": list(self.examples)}

    def __str__(self) -> str:
        """For the terminal and the log."""
        accepted = ", accepted" if self.accepted else ""
        lines = [f"{self.severity.value}{accepted}: {self.message} [{self.code}]"]
        lines += [f"    {example}" for example in self.examples]
        flag = f" (--accept {self.code})" if CODES[self.code].acceptable and self.severity is Severity.ERROR else ""
        return "\n".join([*lines, f"    → {self.hint}{flag}"])


def sentence(message: str) -> str:
    """A message as a sentence; names of files, columns and groups that it begins with are left as they are."""
    first = message.partition(" ")[0]
    is_word = _PLAIN_WORD.fullmatch(first) and not first.startswith("rln")
    return (message[0].upper() + message[1:] if is_word else message) + "."


def problem(
    code: str,
    message: str,
    *,
    count: int = 1,
    examples: Iterable[str] = (),
    hint: str | None = None,
    severity: Severity | None = None,
) -> Problem:
    """A problem with the severity and hint of its code, unless others fit the case better."""
    kind = CODES[code]
    shown = tuple(_shortened(example) for _, example in zip(range(MAX_EXAMPLES), examples))
    return Problem(severity or kind.severity, code, _shortened(message), _shortened(hint or kind.hint), count, shown)


def _shortened(text: str) -> str:
    """Printable, and no longer than anyone reads: a name in a file can be a megabyte."""
    half = _MAX_LETTERS // 2
    return printable(text if len(text) <= _MAX_LETTERS else f"{text[:half]} … {text[-half:]}")


def printable(text: str) -> str:
    """Text from a file without control characters, newlines or broken encodings."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in text)


def count_of(number: int, noun: str) -> str:
    """`1 stack`, `1,234 stacks`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


class Refused(Exception):
    """The import cannot go on; carries the problem that says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def refuse(code: str, message: str, *, hint: str | None = None, examples: Iterable[str] = ()) -> Refused:
    return Refused(problem(code, message, hint=hint, examples=examples))
