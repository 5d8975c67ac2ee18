"""`Environment`: what a script runs in, described once, used by many runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain.core import pythons
from jupyter_mltrain.core.conda_dependencies import CondaDependencies
from jupyter_mltrain.core.container_registry import ContainerRegistry
from jupyter_mltrain.core.docker_section import DockerConfiguration, DockerSection
from jupyter_mltrain.core.python_section import PythonSection
from jupyter_mltrain.core.strict import Strict
from jupyter_mltrain.errors import InvalidSpec, UserError
from jupyter_mltrain.spec import EnvironmentSpec, EnvironmentVersion
from jupyter_mltrain.wire import BuildRequest

if TYPE_CHECKING:
    from jupyter_mltrain.core.compute_target import ComputeTarget
    from jupyter_mltrain.core.image_build import ImageBuildDetails
    from jupyter_mltrain.core.workspace import Workspace

_CURRENT: Final = "current"


class Environment(Strict):
    """A named description of what a script runs in: an image, packages, or a Python that is there.

    `docker` says whether that is a container, `python` what is installed. An unknown attribute is
    refused, so that a typo does not pass for a setting.
    """

    __slots__ = ("_known", "docker", "environment_variables", "name", "python", "version")

    def __init__(self, name: str) -> None:
        self.name = name
        self.version: str | None = None
        """Of a registered one, as it was registered or got."""
        self.docker = DockerSection()
        self.python = PythonSection()
        self.environment_variables: dict[str, str] = {}
        """Of every run in it; a run's own go before them."""
        self._known: tuple[Path, EnvironmentSpec] | None = None
        """The workspace where exactly this is registered under `name` and `version`."""

    # Describing

    @classmethod
    def current(cls) -> Environment:
        """The interpreter that this code runs in, with everything installed there."""
        environment = cls(_CURRENT)
        environment.python.user_managed_dependencies = True
        return environment

    @classmethod
    def from_conda_specification(cls, name: str, file_path: str | Path) -> Environment:
        """The packages, and the variables, of a conda specification such as ``environment.yml``.

        Raises
        ------
        FileNotFoundError
            The file is not there.
        InvalidSpec
            It is no conda specification; the sentence names the line.
        """
        environment = cls(name)
        environment._install(conda_specification=file_path)
        return environment

    @classmethod
    def from_pip_requirements(
        cls, name: str, file_path: str | Path, pip_version: str | None = None
    ) -> Environment:
        """The packages of a requirements file; `pip_version` is Azure's, pip does not install them.

        Raises
        ------
        FileNotFoundError
            The file, or one that it names, is not there.
        InvalidSpec
            A line cannot be installed; the sentence names it.
        """
        environment = cls(name)
        environment._install(pip_requirements_file=file_path)
        return environment

    @classmethod
    def from_dockerfile(
        cls,
        name: str,
        dockerfile: str | Path,
        conda_specification: str | Path | None = None,
        pip_requirements: str | Path | None = None,
    ) -> Environment:
        """The image of a Dockerfile, given as its path or its text, and packages on top of it.

        Without packages the image's Python is used as it is.
        """
        environment = cls(name)
        environment.docker.enabled = True
        environment.docker.base_dockerfile = dockerfile
        environment._install(conda_specification, pip_requirements)
        return environment

    @classmethod
    def from_docker_image(
        cls,
        name: str,
        image: str,
        container_registry: ContainerRegistry | str | None = None,
        conda_specification: str | Path | None = None,
        pip_requirements: str | Path | None = None,
    ) -> Environment:
        """An image, and packages on top of it; without them its Python is used as it is."""
        environment = cls(name)
        environment.docker.enabled = True
        environment.docker.base_image = image
        if container_registry is not None:
            environment.docker.base_image_registry = container_registry
        environment._install(conda_specification, pip_requirements)
        return environment

    @classmethod
    def from_existing_conda_environment(cls, name: str, conda_environment_name: str) -> Environment:
        """The packages that a conda environment of this machine has, with their exact versions.

        Raises
        ------
        UserError
            There is none of that name; the sentence lists those there are.
        """
        from jupyter_mltrain.core import conda_environments

        environment = cls(name)
        found = conda_environments.packages_of(conda_environment_name)
        environment.python.conda_dependencies = CondaDependencies.of(found)
        return environment

    def _install(
        self,
        conda_specification: str | Path | None = None,
        pip_requirements_file: str | Path | None = None,
    ) -> None:
        """Have the packages of these files; without any, what is there is used as it is."""
        if conda_specification is None and pip_requirements_file is None:
            self.python.user_managed_dependencies = True
            return
        dependencies = CondaDependencies(conda_specification)
        self.environment_variables.update(dependencies.variables)
        if pip_requirements_file is not None:
            from jupyter_mltrain.core import pip_requirements

            for line in pip_requirements.read(Path(pip_requirements_file)):
                dependencies.add_pip_line(line)
        self.python.conda_dependencies = dependencies

    def clone(self, new_name: str) -> Environment:
        """The same under another name."""
        cloned = deepcopy(self)
        cloned.name, cloned.version, cloned._known = new_name, None, None
        return cloned

    # Registered

    @classmethod
    def get(
        cls,
        workspace: Workspace,
        name: str,
        version: str | None = None,
        label: str | None = None,
    ) -> Environment:
        """A registered environment, by default its latest version.

        Raises
        ------
        NoSuchEnvironment
            There is none of that name or version.
        UserError
            A label other than "Latest" was given: labels are not kept here.
        """
        if label is not None and label.lower() != "latest":
            raise UserError(f"No label {label!r}: only 'Latest' is one. Give a version instead.")
        details = workspace.client.environment(name, None if version is None else str(version))
        return cls._of(workspace, details.versions[0])

    @classmethod
    def list(cls, workspace: Workspace) -> dict[str, Environment]:
        """Name -> latest version, of every environment."""
        summaries = workspace.client.environments()
        return {each.name: cls.get(workspace, each.name) for each in summaries}

    def register(self, workspace: Workspace) -> Environment:
        """Keep this in the workspace, as a new version unless it is the same as the latest.

        Returns
        -------
        Environment
            As it was registered. This object gets the version, too.

        Raises
        ------
        InvalidSpec
            The name cannot be one or is reserved, or the definition contradicts itself.
        """
        spec = self.spec()
        self.keep_password(workspace)
        registered = workspace.client.register(spec)
        self.version, self._known = registered.spec.version, (workspace.directory, spec)
        return self._of(workspace, registered)

    @classmethod
    def _of(cls, workspace: Workspace, registered: EnvironmentVersion) -> Environment:
        environment = cls.from_spec(registered.spec)
        environment._known = workspace.directory, environment.spec()
        return environment

    def registered_in(self, workspace: Workspace) -> str | None:
        """``NAME:VERSION`` under which that workspace knows exactly this; `None` if it does not."""
        known = self.version is not None and self._known == (workspace.directory, self.spec())
        return f"{self.name}:{self.version}" if known else None

    def keep_password(self, workspace: Workspace) -> None:
        """Hand the registry's password, if one was given, to the service's keyring."""
        credentials = self.docker.credentials
        if credentials is not None:
            workspace.client.keep_credentials(*credentials)

    # Built

    def build(
        self, workspace: Workspace, image_build_compute: str | ComputeTarget | None = None
    ) -> ImageBuildDetails:
        """Make it ready now, so that no run has to wait; registers it if it is not.

        Parameters
        ----------
        image_build_compute
            For which compute target; by default ``local``.
        """
        from jupyter_mltrain.core.image_build import ImageBuildDetails

        named = self.registered_in(workspace)
        if named is None:
            registered = self.register(workspace)
            named = f"{registered.name}:{registered.version}"
        else:
            self.keep_password(workspace)
        target = image_build_compute or "local"
        compute = target if isinstance(target, str) else target.name
        build = workspace.client.build(BuildRequest(environment=named, compute=compute))
        return ImageBuildDetails(workspace, build)

    def build_local(
        self,
        workspace: Workspace,
        platform: str | None = None,
        *,
        useDocker: bool = False,
        pushImageToWorkspaceAcr: bool = False,
    ) -> str:
        """Make it ready on this machine, printing the log; returns the image or the interpreter.

        Parameters
        ----------
        platform
            As `docker.platform`, for this build.
        useDocker
            Make an image, also of an environment that would be built without one.
        pushImageToWorkspaceAcr
            Azure's; images stay on the engine here.
        """
        described = deepcopy(self)
        described.docker.enabled = self.docker.enabled or useDocker
        described.docker.platform = platform or self.docker.platform
        built = described.build(workspace).wait_for_completion().build.built
        return (built and (built.image or built.interpreter)) or ""

    def get_image_details(self, workspace: Workspace) -> dict[str, Any]:
        """What of it is built, in the shape of Azure's.

        Raises
        ------
        NoSuchEnvironment
            It is not registered in that workspace.
        """
        from jupyter_mltrain.core.image_build import image_details

        details = workspace.client.environment(self.name, self.version)
        return image_details(self, details.versions[0].build)

    # Saved

    def save_to_directory(self, path: str | Path, overwrite: bool = False) -> None:
        """Write the description, without its password, into a folder that is made if need be.

        Raises
        ------
        UserError
            The folder holds one already, and `overwrite` is not set.
        """
        from jupyter_mltrain.core import environment_files

        environment_files.save(self, Path(path), overwrite=overwrite)

    @classmethod
    def load_from_directory(cls, path: str | Path) -> Environment:
        """What `save_to_directory`, or Azure's SDK, wrote.

        Raises
        ------
        FileNotFoundError
            There is no description in the folder.
        """
        from jupyter_mltrain.core import environment_files

        return environment_files.load(Path(path), cls)

    # Sent

    def spec(self, runtime: DockerConfiguration | None = None) -> EnvironmentSpec:
        """What the service needs to know.

        Parameters
        ----------
        runtime
            What a run says about its container.

        Raises
        ------
        InvalidSpec
            The interpreter is not there, or something else about it cannot be.
        """
        contained = self.docker.asked or (runtime is not None and runtime.use_docker)
        image = self.docker.spec(runtime) if contained else None
        python = self.python
        packages = (
            None
            if python.user_managed_dependencies
            else python.conda_dependencies.spec(in_image=contained)
        )
        path = python.interpreter_path
        interpreter, inherited = None, {}
        if image is not None:
            interpreter = None if path == "python" else path
        elif packages is None:
            interpreter = pythons.executable(path)
            inherited = pythons.inherited(interpreter)
        return EnvironmentSpec(
            name=self.name,
            version=self.version,
            interpreter=interpreter,
            inherited=inherited,
            variables={str(name): str(value) for name, value in self._variables().items()},
            packages=packages,
            image=image,
        )

    @classmethod
    def from_spec(cls, spec: EnvironmentSpec) -> Environment:
        """The environment that gives this spec; the password of its registry is not known."""
        environment = cls(spec.name)
        environment.version = spec.version
        environment.environment_variables = dict(spec.variables)
        if spec.image is not None:
            environment.docker = DockerSection.of(spec.image)
        python = environment.python
        python.interpreter_path = spec.interpreter or "python"
        python.user_managed_dependencies = spec.packages is None
        if spec.packages is not None:
            python.conda_dependencies = CondaDependencies.of(spec.packages)
        return environment

    @staticmethod
    def named(text: str) -> EnvironmentSpec:
        """Of ``NAME`` or ``NAME:VERSION`` no more than that; the service knows the rest."""
        name, _, version = text.partition(":")
        return EnvironmentSpec(name=name, version=version or None)

    def _variables(self) -> Mapping[str, str]:
        found = self.environment_variables
        if not isinstance(found, Mapping | None):
            raise InvalidSpec(
                f"environment_variables of {self.name!r} is a dict of names and values, not "
                f"{type(found).__name__}."
            )
        return found or {}

    def __repr__(self) -> str:
        from jupyter_mltrain.core import environment_files

        return json.dumps(environment_files.definition(self), indent=4)
