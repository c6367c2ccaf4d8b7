"""A large STAR file of the kind that RELION 3.1 writes: 26 columns, about 510 bytes a row."""

from __future__ import annotations

from pathlib import Path

import numpy as np

HEADER = """
# version 30001

data_optics

loop_
_rlnOpticsGroup #1
_rlnOpticsGroupName #2
_rlnAmplitudeContrast #3
_rlnSphericalAberration #4
_rlnVoltage #5
_rlnImagePixelSize #6
_rlnMicrographOriginalPixelSize #7
_rlnImageSize #8
_rlnImageDimensionality #9
           1 opticsGroup1     0.100000     2.700000   300.000000     1.060000     1.060000           32            2
           2 opticsGroup2     0.100000     2.700000   300.000000     1.060000     1.060000           32            2


# version 30001

data_particles

loop_
"""
COLUMNS = """
CoordinateX CoordinateY ImageOriginalName MicrographName CtfMaxResolution CtfFigureOfMerit DefocusU DefocusV
DefocusAngle CtfBfactor CtfScalefactor PhaseShift AngleRot AngleTilt AnglePsi ClassNumber NormCorrection RandomSubset
LogLikeliContribution MaxValueProbDistribution NrOfSignificantSamples ImageName OpticsGroup OriginXAngst OriginYAngst
GroupNumber""".split()


def stack_name(number: int) -> str:
    return (
        f"Extract/job133/Micrographs/18aug10a_MC2_FoilHole_{10984848 + number}_Data_10985376_10985377_"
        f"20180810_2123-{144102 + number}_DW.mrcs"
    )


def make_star(path: Path, rows: int, stacks: int, seed: int = 1) -> None:
    """Write `rows` particles that lie in `stacks` stacks, in the order of the stacks."""
    rng = np.random.default_rng(seed)
    per_stack = -(-rows // stacks)
    with open(path, "w") as out:
        out.write(HEADER)
        out.writelines(f"_rln{name} #{number}\n" for number, name in enumerate(COLUMNS, 1))
        for stack in range(stacks):
            here = min(per_stack, rows - stack * per_stack)
            values = rng.uniform(-180, 180, (here, 15)).tolist()
            name = stack_name(stack)
            out.writelines(
                f"{abs(v[0]) * 20:12.6f} {abs(v[1]) * 20:12.6f} "
                f"{image:06d}@{name} {name[:-1]} {4.5:12.6f} {v[2]:12.6f} "
                f"{15000 + v[3]:12.6f} {14800 + v[4]:12.6f} {v[5]:12.6f} {0:12.6f} {1:12.6f} {0:12.6f} {v[6]:12.6f} "
                f"{abs(v[7]):12.6f} {v[8]:12.6f} {1 + image % 4:12d} {v[9]:12.6f} {1 + image % 2:12d} "
                f"{abs(v[10]) * 1e4:12.6e} {v[11]:12.6f} "
                f"{image % 100:12d} {image:06d}@{name} {1 + stack % 2:12d} {v[12] / 30:12.6f} "
                f"{v[13] / 30:12.6f} {stack + 1:12d} \n"
                for image, v in enumerate(values, 1)
            )
        out.write(" \n")


def make_stacks(folder: Path, stacks: int, images: int, box: int = 32) -> list[Path]:
    """The stacks that `make_star` names, as sparse files: headers are right, values are zero."""
    header = np.zeros(256, "<i4")
    header[:4] = box, box, images, 2
    header[7:10] = box, box, images
    header[10:13] = (np.array([box, box, images], "<f4") * np.float32(1.06)).view("<i4")
    header[52], header[53] = int.from_bytes(b"MAP ", "little"), 0x4444
    paths = []
    for number in range(stacks):
        path = folder / stack_name(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            file.write(header.tobytes())
            file.truncate(1024 + images * box * box * 4)
        paths.append(path)
    return paths
