"""Handwritten digits in MNIST's format, on a web server of loopback."""

from __future__ import annotations

import gzip
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

_TRAIN = 1500
"""Of the 1797 digits that scikit-learn has; the rest is for testing."""


def write_digits(folder: Path) -> None:
    """Write the four files of MNIST: images as 8-bit gray in the IDX format, and their labels."""
    digits = load_digits()
    images = (digits.images * 15.9375).astype(np.uint8)
    for name, part in (("train", slice(_TRAIN)), ("t10k", slice(_TRAIN, None))):
        count, rows, columns = images[part].shape
        head = struct.pack(">IIII", 0x00000803, count, rows, columns)
        _write(folder / f"{name}-images-idx3-ubyte.gz", head + images[part].tobytes())
        labels = digits.target[part].astype(np.uint8)
        head = struct.pack(">II", 0x00000801, count)
        _write(folder / f"{name}-labels-idx1-ubyte.gz", head + labels.tobytes())


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(gzip.compress(data, mtime=0))


class _Quiet(SimpleHTTPRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: a test's output is its own."""


@contextmanager
def digits_site(folder: Path) -> Iterator[str]:
    """Serve the four files; gives the address of their folder."""
    (folder / "mnist").mkdir(parents=True)
    write_digits(folder / "mnist")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/mnist"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
