"""Keeps pictures as ``outputs/figures/figure-<n>.png``, numbered in the order they are shown."""

import os

from . import notices

FOLDER = "outputs/figures"


def save(png: bytes) -> None:
    """Write one picture under the next free number, and say its name."""
    work = os.path.join(os.environ.get("MLTRAIN_RUN_DIR", ".."), "work")
    folder = os.path.join(work if os.path.isdir(work) else os.getcwd(), FOLDER)
    try:
        os.makedirs(folder, exist_ok=True)
        name = _write(folder, png)
    except OSError as error:
        notices.say_once(
            "figures",
            "Figures can't be saved in {}: {}. The run goes on without them.".format(
                folder, notices.reason(error)
            ),
        )
    else:
        print("Saved {}/{}".format(FOLDER, name), flush=True)


def _write(folder: str, png: bytes) -> str:
    number = 1 + max((_number(name) for name in os.listdir(folder)), default=0)
    while True:
        name = "figure-{}.png".format(number)
        try:
            # Exclusively: several processes of one run may show figures.
            with open(os.path.join(folder, name), "xb") as file:
                file.write(png)
            return name
        except FileExistsError:
            number += 1


def _number(name: str) -> int:
    stem, _, number = os.path.splitext(name)[0].partition("-")
    return int(number) if stem == "figure" and number.isdecimal() else 0
