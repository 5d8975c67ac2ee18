"""Which package to install for a module that is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PACKAGES: Final[Mapping[str, str]] = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "Bio": "biopython",
    "cairo": "pycairo",
    "Crypto": "pycryptodome",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "faiss": "faiss-cpu",
    "fitz": "pymupdf",
    "git": "gitpython",
    "google": "google-api-python-client",
    "hydra": "hydra-core",
    "igraph": "python-igraph",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "kafka": "kafka-python",
    "ldap": "python-ldap",
    "Levenshtein": "levenshtein",
    "lightning_fabric": "lightning-fabric",
    "magic": "python-magic",
    "mpl_toolkits": "matplotlib",
    "MySQLdb": "mysqlclient",
    "OpenGL": "pyopengl",
    "OpenSSL": "pyopenssl",
    "osgeo": "gdal",
    "PIL": "pillow",
    "pkg_resources": "setuptools",
    "pl_bolts": "lightning-bolts",
    "psycopg2": "psycopg2-binary",
    "pptx": "python-pptx",
    "pylab": "matplotlib",
    "pytorch_lightning": "pytorch-lightning",
    "rest_framework": "djangorestframework",
    "ruamel": "ruamel.yaml",
    "sentence_transformers": "sentence-transformers",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "sklearnex": "scikit-learn-intelex",
    "skopt": "scikit-optimize",
    "slugify": "python-slugify",
    "snappy": "python-snappy",
    "tables": "tables",
    "tensorflow_datasets": "tensorflow-datasets",
    "tensorflow_hub": "tensorflow-hub",
    "tensorflow_probability": "tensorflow-probability",
    "umap": "umap-learn",
    "usb": "pyusb",
    "win32com": "pywin32",
    "xdg": "pyxdg",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}
"""Top-level module -> package on PyPI, where the names differ."""


def package_of(module: str) -> str:
    """Name to give `pip install` for `module` (dotted names count by their first part)."""
    top = module.partition(".")[0]
    return PACKAGES.get(top, top)
