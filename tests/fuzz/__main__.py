"""Throws damaged files at every reader, and some at the whole import: `python -m tests.fuzz --seconds 60`.

Inputs are numbered and made from their number alone.  They are read in a child process that can neither allocate
much nor take long; one that ends the child is a fault like any unexpected exception.  With atheris installed,
coverage leads the way (plain random inputs otherwise, or with `--plain`).
"""

from __future__ import annotations

import argparse
import concurrent.futures
import importlib.util
import json
import mmap
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from random import Random
from time import monotonic

NAMES = ("star", "picks", "mrc", "exposures", "settings", "agree", "import")
_ROOM_BYTES = 1 << 30  # beyond what the process has; the stacks of a few threads alone take half of it
_LONGEST_S = 20
_MAX_INPUT_BYTES = 40_000
_INPUTS_OF_ONE_PROCESS = 4_000  # code that is followed by atheris 3.0 keeps some 80 kB of each


def main() -> int:
    parser = argparse.ArgumentParser("tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="for each target")
    parser.add_argument("--target", choices=NAMES, action="append", help="all of them by default")
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--plain", action="store_true", help="random inputs even where atheris is installed")
    parser.add_argument("--save", type=Path, default=Path(tempfile.gettempdir()) / "cryoimport-fuzz")
    parser.add_argument("--replay", type=Path, help="read one saved input again")
    parser.add_argument("--guided", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.save.mkdir(parents=True, exist_ok=True)
    names = given.target or NAMES
    if given.guided:
        _run_guided(names[0], given.seconds, given.first, given.save)
    if given.replay:
        print(_target(names[0]).read(given.replay.read_bytes()))
        return 0
    guided = not given.plain and importlib.util.find_spec("atheris") is not None
    faults = 0
    for name in names:
        # agreement needs valid tables, which no mutation of bytes gives
        how = _guided if guided and name != "agree" else _plain
        tried, codes, found = how(name, given.seconds, given.first, given.save)
        printed = ", ".join(f"{code} {count:,}" for code, count in codes.most_common())
        led = " led by coverage" if how is _guided else ""
        print(f"{name}: {tried:,} inputs{led}, {found} faults; {printed}", flush=True)
        faults += found
    print(f"faulty inputs are in {given.save}" if faults else "no faults")
    return 1 if faults else 0


def _target(name: str):
    from .whole import ALL_TARGETS

    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    target = ALL_TARGETS[name](folder)
    assert target.seeds
    return target


def _input(target, number: int) -> bytes:
    return target.make(Random(f"{target.name} {number}"))


def _limit_memory(name: str) -> None:
    if name == "agree":  # what it is compared with takes more than it needs
        return
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + _ROOM_BYTES, resource.RLIM_INFINITY))


def _one(target, data: bytes, codes: Counter[str], save: Path) -> None:
    try:
        codes[target.read(data)] += 1
    except Exception:
        codes["FAULT"] += 1
        name = f"{target.name}-{codes['FAULT']}-{os.getpid()}"
        (save / name).write_bytes(data)
        (save / f"{name}.txt").write_text(traceback.format_exc())


def _plain(name: str, seconds: float, first: int, save: Path) -> tuple[int, Counter[str], int]:
    """Inputs by their numbers, in children; one that dies is followed by another."""
    target = _target(name)
    number = mmap.mmap(-1, 8)
    deadline, here, died = monotonic() + seconds, first, 0
    codes: Counter[str] = Counter()
    while monotonic() < deadline:
        tally = target.folder / "tally.json"
        tally.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            _limit_memory(name)
            mine: Counter[str] = Counter()
            for at in range(here, sys.maxsize):
                number[:] = at.to_bytes(8, "little")
                signal.alarm(_LONGEST_S)  # nobody handles it: it ends the process
                _one(target, _input(target, at), mine, save)
                if at % 100 == 0 or monotonic() > deadline:
                    tally.write_text(json.dumps(mine))
                if monotonic() > deadline:
                    os._exit(0)
        _, status = os.waitpid(child, 0)
        at = int.from_bytes(number[:], "little")
        codes.update(json.loads(tally.read_text()) if tally.exists() else {})
        if status:
            died += 1
            (save / f"{name}-{at}-status-{status}").write_bytes(_input(target, at))
        here = at + 1
    shutil.rmtree(target.folder)
    return here - first, codes, died + codes["FAULT"]


def _guided(name: str, seconds: float, first: int, save: Path) -> tuple[int, Counter[str], int]:
    """Processes of their own, whose modules are loaded for coverage; what they find interesting is handed on."""
    tally, corpus = save / f"{name}.tally.json", save / f"{name}.corpus"
    deadline, died = monotonic() + seconds, 0
    codes: Counter[str] = Counter()
    while (left := deadline - monotonic()) > 0:
        tally.unlink(missing_ok=True)
        options = {"--seconds": left, "--target": name, "--first": first + codes.total(), "--save": save}
        command = [sys.executable, "-m", "tests.fuzz", "--guided", *(str(x) for pair in options.items() for x in pair)]
        done = subprocess.run(command, capture_output=True, text=True)
        codes.update(json.loads(tally.read_text()) if tally.exists() else {})
        if done.returncode:
            died += 1
            (save / f"{name}-process-{died}.txt").write_text(done.stdout + done.stderr)
    tally.unlink(missing_ok=True)
    shutil.rmtree(corpus, ignore_errors=True)
    return codes.total(), codes, codes["FAULT"] + died


class _AtOnce(concurrent.futures.Executor):
    """Runs everything where it is asked for."""

    def __init__(self, *_: object) -> None:
        super().__init__()

    def submit(self, function, /, *arguments, **named):
        future: concurrent.futures.Future = concurrent.futures.Future()
        try:
            future.set_result(function(*arguments, **named))
        except Exception as error:
            future.set_exception(error)
        return future


def _run_guided(name: str, seconds: float, first: int, save: Path) -> None:
    import atheris

    concurrent.futures.ThreadPoolExecutor = _AtOnce  # what follows threads keeps something of each
    with atheris.instrument_imports(include=["cryoimport_gui"], enable_loader_override=False):
        target = _target(name)
    from ..support.damage import damaged

    codes: Counter[str] = Counter()
    corpus = save / f"{name}.corpus"
    corpus.mkdir(exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / str(number)).write_bytes(seed)
    deadline = monotonic() + seconds

    def one(data: bytes) -> None:
        _one(target, data, codes, save)
        at_end = monotonic() > deadline or codes.total() >= _INPUTS_OF_ONE_PROCESS
        if at_end or codes.total() % 100 == 0:
            (save / f"{name}.tally.json").write_text(json.dumps(codes))
        if at_end:
            shutil.rmtree(target.folder)
            os._exit(0)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        rng = Random(seed)
        if rng.random() < 0.3:
            return atheris.Mutate(data, most)
        return damaged(rng, [data, data, data, *target.seeds])[:most]

    _limit_memory(name)
    options = [f"-artifact_prefix={save}/", f"-max_len={_MAX_INPUT_BYTES}", f"-seed={first + 1}", "-rss_limit_mb=0"]
    atheris.Setup(["fuzz", *options, f"-timeout={_LONGEST_S}", str(corpus)], one, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
