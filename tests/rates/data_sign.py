"""How often stacks of opposite sign are seen among others, and how often they are seen where there are none.

`python -m tests.rates.data_sign [SETS]`: 400 images of 25 stacks, of which some are stored the other way round.
"""

from __future__ import annotations

import sys

import numpy as np

from cryoimport_gui.core.pictures.data_sign import detect_data_sign, opposed

from ..support.signal_images import SHAPES, particles, white

STACKS, IMAGES = 25, 400
INVERTED = (0, 1, 2, 5)
SNR = (0.003, 0.01, 0.03, 0.1)


def main(sets: int = 40) -> None:
    numbers = np.arange(IMAGES) % STACKS
    rng = np.random.default_rng(0)
    print(f"share of {sets} sets of {STACKS} stacks in which stacks of opposite sign were reported, and rightly so")
    print("SNR     " + "".join(f"{n:>4} inverted: said (right)  " for n in INVERTED))
    alarms = clean = 0
    for snr in SNR:
        said, right = dict.fromkeys(INVERTED, 0), dict.fromkeys(INVERTED, 0)
        for seed in range(sets):
            images, shifts = particles(SHAPES[seed % len(SHAPES)], snr, count=IMAGES, seed=seed)
            brighter = detect_data_sign(images, shifts).brighter
            for inverted in INVERTED:
                those = rng.choice(STACKS, inverted, replace=False)
                dark, light = opposed(np.where(np.isin(numbers, those), -brighter, brighter), numbers)
                rarer = min((dark, light), key=len)
                said[inverted] += bool(rarer)
                right[inverted] += bool(rarer) and set(rarer) <= set(those.tolist())
        alarms, clean = alarms + said[0], clean + sets
        print(f"{snr:<8}" + "".join(f"{said[n] / sets:>15.0%} ({right[n] / sets:.0%})   " for n in INVERTED))
    for seed in range(sets):
        brighter = detect_data_sign(white(np.random.default_rng(seed), (IMAGES, 32, 32))).brighter
        alarms, clean = alarms + any(opposed(brighter, numbers)), clean + 1
    print(f"false alarms, images of noise alone included: {alarms} of {clean}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
