"""CryoSPARC's result groups (`.csg`): which dataset holds which slot."""

from __future__ import annotations

import os

from .cs_reader import DatasetError

#: ten times what the largest result groups have, and read in half a second whatever stands in it
_MAX_BYTES = 1 << 15
_MAX_DATASETS = 100


def slot_datasets(path: str, project: str = "") -> dict[str, str]:
    """Slot → the path of the dataset that holds it, in the order of the group.

    Paths in it count from the CryoSPARC project: `project`, else the folder above the one that holds the group; a
    leading `>` means beside the group.

    Raises:
        DatasetError: It is no result group; the message goes on after the group's name.
    """
    import yaml

    if not os.path.isfile(path):
        raise DatasetError("is not there")
    try:
        with open(path, "rb") as file:
            text = file.read(_MAX_BYTES + 1)
        if len(text) > _MAX_BYTES:
            raise ValueError(f"longer than {_MAX_BYTES} bytes")
        # Texts, lists and dictionaries alone: nothing can be called or grow.  The loader in C dies of deep nesting.
        content = yaml.load(text, yaml.BaseLoader)
        names = {name: entry["metafile"] for name, entry in content["results"].items()}
        if not all(isinstance(name, str) for pair in names.items() for name in pair):
            raise TypeError("a metafile that is no text")
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise DatasetError(f"is not a result group: {error}") from None
    folder = os.path.dirname(os.path.abspath(path))
    root = os.path.abspath(project) if project else os.path.dirname(folder)
    of_slots = {
        slot: os.path.join(folder, name[1:]) if name.startswith(">") else os.path.join(root, name)
        for slot, name in names.items()
    }
    if not 0 < len(set(of_slots.values())) <= _MAX_DATASETS:
        raise DatasetError(f"lists {len(set(of_slots.values()))} datasets")
    return of_slots
