"""Where the program's own files are."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "resources"  # the wheel carries the folder inside the package
_RESOURCES = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent / "resources"  # in a checkout: beside it


def resource(name: str) -> Path:
    """Path of a file that comes with the program, such as ``resource("help/preview.html")``.

    Raises FileNotFoundError if there is none: Qt would show a missing icon as nothing at all.
    """
    path = _RESOURCES / name
    if not path.is_file():
        raise FileNotFoundError(path)
    return path
