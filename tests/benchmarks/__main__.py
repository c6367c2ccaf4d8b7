"""`python -m tests.benchmarks [NAME …]`: runs the benchmarks and prints a table of ratios.

Each module here with a `run()` is one; it yields rows of (what, figure, aim).  Each runs in a process of its own.
"""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

from . import __path__ as here


def main(names: list[str]) -> None:
    found = [
        module.name
        for module in pkgutil.iter_modules(here)
        if not module.name.startswith(("_", "made", "measure", "heartbeat"))
    ]
    if unknown := set(names) - set(found):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(found)}")
    if len(names) != 1:
        for name in names or found:
            subprocess.run([sys.executable, "-m", __package__, name], check=True)
        return
    for what, figure, aim in importlib.import_module(f"{__package__}.{names[0]}").run():
        print(f"{names[0]:12} {what:64} {figure:>14}   {aim}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
