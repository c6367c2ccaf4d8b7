"""The exposures datasets that are used, where there are several: what each adds."""

from __future__ import annotations

from ....core.looks.datasets import dataset_shares
from ....core.names import Names
from ....core.problems import count_of
from ...widgets.path_list import PathList


class DatasetList(PathList):
    """The datasets that were read; until they are, the paths as they were typed."""

    NAME = "exposures"
    TITLE = "Exposures datasets that are used"
    TIP = "These datasets are used together. Drop another one here to add it."
    REMOVE_TIP = "Remove the selected dataset from the import. The file itself stays where it is."

    def lines(self) -> list[tuple[str, str]]:
        shares = dataset_shares(self.session.plan) if self.session.is_current else []
        if shares:
            return [(one.path, f"{one.name}: {_words(one.exposures, one.matched)}") for one in shares]
        paths = Names(self.session.parameters.exposures)
        return list(zip(paths, paths.with_folder))


def _words(exposures: int, matched: int) -> str:
    if not exposures:
        return "all of its exposures are in another one as well"
    return f"{count_of(exposures, 'exposure')}, {count_of(matched, 'micrograph')} of the particles matched"
