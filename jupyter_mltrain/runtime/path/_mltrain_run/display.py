"""What `display` and a last expression show in a run: text on stdout, pictures as files."""

import io
import sys

from . import figures

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def display(*objects: "Any", **kwargs: "Any") -> None:
    """Show objects as a notebook does: figures and images are saved, the rest is printed.

    IPython's keywords are taken and have no effect.
    """
    for each in objects:
        if not _save(each):
            print(repr(each))


def echo(value: "Any") -> None:
    """Stand in for Python's display hook: show the value of the cell's last expression."""
    if not _save(value):
        sys.__displayhook__(value)


def _save(value: "Any") -> bool:
    """Save a figure or image; imports neither's library to tell what it has."""
    figure = getattr(sys.modules.get("matplotlib.figure"), "Figure", None)
    if figure is not None and isinstance(value, figure):
        save_figure(value)
        return True
    image = getattr(sys.modules.get("PIL.Image"), "Image", None)
    if image is None or not isinstance(value, image):
        return False
    figures.save(_image_png(value))
    return True


def _image_png(image: "Any") -> bytes:
    file = io.BytesIO()
    try:
        image.save(file, format="PNG")
    except OSError:  # a mode that PNG lacks, CMYK say
        file = io.BytesIO()
        image.convert("RGB").save(file, format="PNG")
    return file.getvalue()


def save_figure(figure: "Any", again: bool = True) -> None:
    """Draw and save a figure; without `again` only if it looks new since it was last saved."""
    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight")
    look = hash(file.getvalue())
    if again or getattr(figure, "_mltrain_look", None) != look:
        figures.save(file.getvalue())
    figure._mltrain_look = look


def save_open_figures() -> None:
    """Save what is left open at the end of a cell, where our backend draws."""
    backend = sys.modules.get("_mltrain_run.mpl_backend")
    if backend is not None:
        backend.save_open()
