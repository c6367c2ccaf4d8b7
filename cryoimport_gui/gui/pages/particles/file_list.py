"""The files behind the particle meta path, where there are several: how many rows each has, and which are joined."""

from __future__ import annotations

from ....core.names import Names
from ...widgets.path_list import PathList


class FileList(PathList):
    """The files that were read; until they are, the paths as they were typed."""

    NAME = "meta"
    TITLE = "Files that are joined"
    TIP = "These files are imported as one, in this order. Drop another one here to add it."
    REMOVE_TIP = "Remove the selected file from the import. The file itself stays where it is."

    def lines(self) -> list[tuple[str, str]]:
        inputs = self.session.plan.inputs if self.session.is_current else ()
        paths = [file.path for file in inputs] or [*self.session.parameters.meta]
        rows = [f": {file.rows:,} rows" for file in inputs] or [""] * len(paths)
        return [(path, name + count) for path, name, count in zip(paths, Names(paths).told_apart, rows)]
