"""Pieces of HTML; whatever comes from files is escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..pictures.png import write_png
from ..pictures.scale_bar import round_length, scale_label
from ..problems import printable

_BAR_PART = 0.2  # of the picture's width: a scale bar is about so long


def html_text(value: Any) -> str:
    return escape(printable(str(value)))


def html_list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{html_text(line)}</li>" for line in lines) + "</ul>"


def html_table(
    rows: Iterable[Iterable[Any]], head: Sequence[str | tuple[str, str]] = (), is_named: bool = False
) -> str:
    """A table that never makes a page wider.

    Args:
        head: Titles of the columns, each perhaps with small words below it.
        is_named: The first cell of a row is its heading.
    """
    titles = (title if isinstance(title, tuple) else (title, "") for title in head)
    heading = "".join(
        f"<th scope=col>{html_text(title)}{f'<small>{html_text(below)}</small>' if below else ''}</th>"
        for title, below in titles
    )
    body = "".join(f"<tr>{''.join(_cells(row, is_named))}</tr>" for row in rows)
    return f"<div class=table><table>{f'<tr>{heading}</tr>' if heading else ''}{body}</table></div>"


def _cells(row: Iterable[Any], is_named: bool) -> Iterable[str]:
    for number, cell in enumerate(row):
        is_name = is_named and number == 0
        yield f"<th scope=row>{html_text(cell)}</th>" if is_name else f"<td>{html_text(cell)}</td>"


def html_picture(
    picture: NDArray[np.uint8],
    alt: str,
    rows: Sequence[str] = (),
    pixel_size: float = 0.0,
    unit: str = "Å",
    varies: bool = False,
) -> str:
    """A grey picture inside of the page, with words beside its rows of tiles and a scale bar below.

    Args:
        pixel_size: Of the picture, in `unit`; 0 or nan: no bar.
        varies: It is not the same everywhere.
    """
    png = BytesIO()
    write_png(png, picture)
    data = base64.b64encode(png.getvalue()).decode()
    height, width = picture.shape
    image = f'<img alt="{html_text(alt)}" src="data:image/png;base64,{data}" width="{width}" height="{height}">'
    if length := round_length(_BAR_PART * width * pixel_size):
        part = 100 * length / (width * pixel_size)
        image += f'<p class=scale><i style="width:{part:.2f}%"></i>{scale_label(length, unit, varies)}</p>'
    if not rows:
        return image
    names = "".join(f"<span>{html_text(name)}</span>" for name in rows)
    return f"<div class=rows><div>{names}</div><div>{image}</div></div>"


def html_figure(content: str, caption: str, width_percent: float = 100, is_beside: bool = False) -> str:
    """A picture or plot with its caption below or beside it; figures stand side by side while there is room.

    Args:
        width_percent: Of the picture; a caption beside it has the rest of the page.
    """
    kind = " class=beside" if is_beside else ""
    style = f' style="--{"p" if is_beside else "w"}:{width_percent:g}%"' if width_percent < 100 else ""
    return f"<figure{kind}{style}>{content}<figcaption>{html_text(caption)}</figcaption></figure>"
