"""`CondaDependencies`: packages, as a conda specification names them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain.core import conda_file
from jupyter_mltrain.core.strict import Strict
from jupyter_mltrain.errors import InvalidSpec, UserError
from jupyter_mltrain.spec import PackagesSpec

DEFAULT_PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The Python of who describes the environment: what it pickles can be read there."""

_SDK: Final = "azureml-defaults"
_FILE: Final = "conda_dependencies.yml"
_CHANNELS: Final = ("anaconda", "conda-forge")


class CondaDependencies(Strict):
    """Packages of conda channels and of pip, and the version of Python.

    Without a file, only this Python's version and what the runtime provides anyway.
    """

    __slots__ = ("_data", "_is_default_python")

    DEFAULT_NUMBER_OF_CONDA_PACKAGES = 0
    DEFAULT_NUMBER_OF_PIP_PACKAGES = 0

    def __init__(self, conda_dependencies_file_path: str | Path | None = None) -> None:
        """The packages of a file, an ``environment.yml``.

        Raises
        ------
        FileNotFoundError
            The file is not there.
        InvalidSpec
            It is no conda specification; the sentence names the line.
        """
        self._is_default_python = conda_dependencies_file_path is None
        """Whether nobody has asked for a version: in an image, it is the image's then."""
        self._data: dict[str, Any] = {
            "name": "project_environment",
            "dependencies": [f"python={DEFAULT_PYTHON}", {"pip": [_SDK]}],
            "channels": list(_CHANNELS),
        }
        if conda_dependencies_file_path is not None:
            self._data = conda_file.read(Path(conda_dependencies_file_path))

    @classmethod
    def create(
        cls,
        pip_indexurl: str | None = None,
        pip_packages: Sequence[str] | None = None,
        conda_packages: Sequence[str] | None = None,
        python_version: str | None = None,
        pin_sdk_version: bool = True,
    ) -> CondaDependencies:
        """Packages by name.

        Parameters
        ----------
        python_version
            By default this Python's; in an image, the image's own.
        pin_sdk_version
            Azure's; what it would pin is in the runtime here.
        """
        made = cls()
        for package in conda_packages or ():
            made.add_conda_package(package)
        for package in pip_packages or ():
            made.add_pip_package(package)
        if pip_indexurl:
            made.set_pip_index_url(pip_indexurl)
        if python_version is not None:
            made.set_python_version(python_version)
        return made

    @classmethod
    def of(cls, packages: PackagesSpec) -> CondaDependencies:
        """The packages of a spec, exactly."""
        made = cls()
        made._is_default_python = False
        python = packages.python
        dependencies: list[Any] = list(packages.conda)
        if python is not None:
            joined = python if python[:1] in "<>=!~" else f"={python}"
            dependencies.insert(0, f"python{joined}")
        if packages.pip:
            dependencies.append({"pip": list(packages.pip)})
        made._data["dependencies"] = dependencies
        made._data["channels"] = list(packages.channels)
        return made

    def spec(self, *, in_image: bool = False) -> PackagesSpec:
        """What is to be installed."""
        python = conda_file.python_of(self._specs)
        conda = tuple(each for each in self._specs if _name(each) not in ("python", "pip"))
        pip = tuple(each for each in self._pip if each != _SDK)  # the runtime is that
        channels = tuple(self._channels)
        return PackagesSpec(
            python=None if in_image and self._is_default_python else python,
            conda=conda,
            # Where nothing is to come from them, the default ones say nothing.
            channels=() if not conda and channels == _CHANNELS else channels,
            pip=pip,
        )

    @classmethod
    def from_data(cls, data: dict[str, Any], path: Path) -> CondaDependencies:
        """A specification that was read before; `path` is where, for sentences."""
        made = cls()
        made._data = conda_file.parse(conda_file.written(data), path)
        made._is_default_python = False
        return made

    # What there is

    @property
    def name(self) -> str | None:
        """What the specification calls itself."""
        found = self._data.get("name")
        return None if found is None else str(found)

    @property
    def variables(self) -> dict[str, str]:
        """What the specification sets in the environment of whatever runs in it."""
        found = self._data.get("variables") or {}
        return {str(name): str(value) for name, value in found.items()}

    @property
    def conda_channels(self) -> Iterator[str]:
        """The channels, the first goes first."""
        return iter(list(self._channels))

    @property
    def conda_packages(self) -> Iterator[str]:
        """The packages of conda, Python among them."""
        return iter(list(self._specs))

    @property
    def pip_packages(self) -> Iterator[str]:
        """The packages of pip."""
        return iter([each for each in self._pip if not each.startswith("-")])

    @property
    def pip_options(self) -> Iterator[str]:
        """The options of pip, such as ``--index-url URL``."""
        return iter([each for each in self._pip if each.startswith("-")])

    def get_python_version(self) -> str | None:
        """Python's version as it is asked for, ``3.11`` say; `None` is any."""
        return conda_file.python_of(self._specs)

    def get_default_number_of_packages(self) -> int:
        """How many packages every environment has: none."""
        return 0

    def as_dict(self) -> dict[str, Any]:
        """A copy of the specification."""
        return deepcopy(self._data)

    # Changing it

    def set_python_version(self, version: str) -> None:
        """Ask for a version of Python, as in ``3.11`` or ``>=3.10``."""
        if not str(version).strip():
            raise InvalidSpec("Python's version is empty. Write one, as in '3.11'.")
        text = str(version).strip()
        self._put(f"python{text if text[0] in '<>=!~' else f'={text}'}", first=True)
        self._is_default_python = False

    def add_conda_package(self, conda_package: str) -> None:
        """Add a package of conda, as in ``numpy=1.26``; one of the same name goes."""
        text = conda_file.checked_package(conda_package)
        if _name(text) == "python":
            self._is_default_python = False
        self._put(text)

    def remove_conda_package(self, conda_package: str) -> None:
        """Take a package of conda away; it is named with or without its version."""
        self._data["dependencies"] = [
            each
            for each in self._data["dependencies"]
            if not isinstance(each, str) or _name(each) != _name(conda_package)
        ]

    def add_channel(self, channel: str) -> None:
        """Add a channel, the last of them."""
        if channel not in self._channels:
            self._channels.append(channel)

    def remove_channel(self, channel: str) -> None:
        """Take a channel away."""
        self._data["channels"] = [each for each in self._channels if each != channel]

    def add_pip_package(self, pip_package: str) -> None:
        """Add a package of pip, as in ``pandas>=2``; one of the same name goes."""
        for line in conda_file.checked_requirement(pip_package):
            self.add_pip_line(line)

    def add_pip_line(self, line: str) -> None:
        """Add a line that was checked: a package, or an option."""
        self._set_pip([*(each for each in self._pip if _key(each) != _key(line)), line])

    def remove_pip_package(self, pip_package: str) -> None:
        """Take a package of pip away; it is named with or without its version."""
        self._set_pip([each for each in self._pip if _key(each) != _key(pip_package)])

    def set_pip_requirements(self, pip_requirements: Iterable[str]) -> None:
        """Have exactly these packages of pip. Options stay."""
        lines = [line for each in pip_requirements for line in conda_file.checked_requirement(each)]
        self._set_pip([*self.pip_options, *lines])

    def set_pip_index_url(self, index_url: str) -> None:
        """Have pip's packages come from this index, or from this one too if it has one already."""
        flag = "--index-url"
        if any(each.startswith(flag) for each in self._pip):
            flag = "--extra-index-url"
        self.set_pip_option(f"{flag} {index_url}")

    def set_pip_option(self, pip_option: str) -> None:
        """Add an option of pip."""
        for line in conda_file.checked_requirement(pip_option):
            if line not in self._pip:
                self._set_pip([line, *self._pip])

    def remove_pip_option(self, pip_option: str) -> None:
        """Take an option of pip away; it is named with or without its value."""
        self._set_pip(
            [each for each in self._pip if each != pip_option and each.split()[0] != pip_option]
        )

    def add_tensorflow_conda_package(
        self, core_type: str = "cpu", version: str | None = None
    ) -> None:
        """Add TensorFlow from a channel."""
        self.add_conda_package(_framework("tensorflow", core_type, version and f"={version}"))

    def add_tensorflow_pip_package(
        self, core_type: str = "cpu", version: str | None = None
    ) -> None:
        """Add TensorFlow by pip."""
        self.add_pip_package(_framework("tensorflow", core_type, version and f"=={version}"))

    def add_cntk_package(self, core_type: str = "cpu") -> None:
        """Add CNTK by pip."""
        self.add_pip_package(_framework("cntk", core_type, None))

    # Out

    def serialize_to_string(self) -> str:
        """The specification as YAML."""
        return conda_file.written(self._data)

    def save_to_file(
        self, base_directory: str | Path, conda_file_path: str | Path | None = None
    ) -> str:
        """Write the specification below a folder; returns its path in there.

        Raises
        ------
        UserError
            The folder is not there.
        """
        path = str(conda_file_path or _FILE)
        self.save(Path(base_directory) / path)
        return path

    def save(self, path: str | Path | None = None) -> str:
        """Write the specification; returns where.

        Raises
        ------
        UserError
            The folder is not there.
        """
        target = Path(path or ".").expanduser()
        target = target / _FILE if target.is_dir() else target
        if not target.parent.is_dir():
            raise UserError(f"The folder {target.parent} is not there. Create it first.")
        target.write_text(self.serialize_to_string(), encoding="utf-8")
        return str(target)

    @staticmethod
    def merge_requirements(requirements: Iterable[str]) -> list[str]:
        """Each package once, with all that is asked of its version.

        Raises
        ------
        InvalidSpec
            One is no requirement.
        """
        from packaging.requirements import InvalidRequirement, Requirement
        from packaging.utils import canonicalize_name

        merged: dict[str, Requirement] = {}
        for text in requirements:
            try:
                found = Requirement(text)
            except InvalidRequirement as error:
                reason = str(error).splitlines()[0]
                raise InvalidSpec(f"{text!r} is no requirement: {reason}.") from None
            key = f"{canonicalize_name(found.name)};{found.marker or ''}"
            if key in merged:
                merged[key].specifier &= found.specifier
                merged[key].extras |= found.extras
                merged[key].url = merged[key].url or found.url
            else:
                merged[key] = found
        return [str(each) for each in merged.values()]

    @staticmethod
    def sdk_origin_url() -> str:
        """Where Azure's SDK would come from: nowhere, its part is in the runtime."""
        return ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CondaDependencies) and other._data == self._data

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"CondaDependencies({', '.join(repr(each) for each in (*self._specs, *self._pip))})"

    # Inside

    @property
    def _specs(self) -> list[str]:
        return [each for each in self._data["dependencies"] if isinstance(each, str)]

    @property
    def _channels(self) -> list[str]:
        found: list[str] = self._data.setdefault("channels", [])
        return found

    @property
    def _pip(self) -> list[str]:
        return [
            line
            for each in self._data["dependencies"]
            if isinstance(each, dict)
            for line in each["pip"]
        ]

    def _set_pip(self, lines: list[str]) -> None:
        kept = [each for each in self._data["dependencies"] if isinstance(each, str)]
        self._data["dependencies"] = [*kept, *([{"pip": lines}] if lines else [])]

    def _put(self, package: str, *, first: bool = False) -> None:
        pip = [each for each in self._data["dependencies"] if isinstance(each, dict)]
        others = [each for each in self._specs if _name(each) != _name(package)]
        specs = [package, *others] if first else [*others, package]
        self._data["dependencies"] = [*specs, *pip]


def _name(package: str) -> str:
    """Of a match spec, without channel, version and build."""
    return re.split(r"[\s=<>!~\[]", package.rpartition("::")[2].strip(), maxsplit=1)[0].lower()


def _key(line: str) -> str:
    """What two requirements of one package have in common; a line of any other kind itself."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    try:
        return canonicalize_name(Requirement(line).name)
    except InvalidRequirement:
        return line


def _framework(name: str, core_type: str, version: str | None) -> str:
    if core_type not in ("cpu", "gpu"):
        raise UserError(f"core_type {core_type!r} is neither 'cpu' nor 'gpu'.")
    return f"{name}{'-gpu' if core_type == 'gpu' else ''}{version or ''}"
