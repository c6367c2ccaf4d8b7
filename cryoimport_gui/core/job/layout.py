"""The names of what lies in a job folder."""

from __future__ import annotations

import os
import secrets

DATASET = "imported_particles.cs"


RESULT_GROUP = "imported_particles.csg"


_MAX_NAME_BYTES = 255


def link_name(path: str) -> str:
    """21 digits, `_`, the stack's own name; a name too long for a file system loses its beginning.

    Bytes that are not UTF-8 are left out, as no dataset with them could be read; control characters become `_`.
    """
    name = os.fsencode(os.path.basename(path))[-(_MAX_NAME_BYTES - 22) :].decode("utf-8", "ignore")
    return f"{secrets.randbits(64):021d}_" + "".join(c if c.isprintable() else "_" for c in name)
