"""Pieces of HTML; whatever comes from files is escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..pictures.png import write_png
from ..problems import printable


def html_text(value: Any) -> str:
    return escape(printable(str(value)))


def html_list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{html_text(line)}</li>" for line in lines) + "</ul>"


def html_table(rows: Iterable[Iterable[Any]], head: Iterable[str] = ()) -> str:
    heading = "".join(f"<th>{html_text(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{html_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{f'<tr>{heading}</tr>' if heading else ''}{body}</table>"


def html_picture(picture: NDArray[np.uint8], alt: str) -> str:
    """A grey picture inside of the page."""
    png = BytesIO()
    write_png(png, picture)
    data = base64.b64encode(png.getvalue()).decode()
    return f'<img alt="{html_text(alt)}" src="data:image/png;base64,{data}">'


def html_figure(content: str, caption: str, width_percent: int = 100) -> str:
    """A picture or plot with its caption; figures stand side by side while there is room."""
    return f'<figure style="width:{width_percent}%">{content}<figcaption>{html_text(caption)}</figcaption></figure>'
