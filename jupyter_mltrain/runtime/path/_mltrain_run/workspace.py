"""The workspace and the experiment of a run, as its script sees them."""

import os

from .errors import UserErrorException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional


class Workspace:
    """The run's own workspace, whichever a script asks for.

    What is here works wherever a run executes. Where jupyter_mltrain is installed, and the
    workspace can be reached, it has all the rest too.
    """

    def __init__(
        self,
        subscription_id: "Optional[str]" = None,
        resource_group: "Optional[str]" = None,
        workspace_name: "Optional[str]" = None,
        auth: "Any" = None,
        **kwargs: "Any",
    ) -> None:
        if workspace_name not in (None, self.name):
            raise UserErrorException(
                "A run sees its own workspace only, which is {!r}, not {!r}. Leave out the name, "
                "or use Run.get_context().experiment.workspace.".format(self.name, workspace_name)
            )
        self.subscription_id = subscription_id or named("AZUREML_ARM_SUBSCRIPTION")
        self.resource_group = resource_group or named("AZUREML_ARM_RESOURCEGROUP")

    @classmethod
    def from_config(cls, path: "Any" = None, auth: "Any" = None, **kwargs: "Any") -> "Workspace":
        """The run's own workspace: a config file that was shipped along is passed over."""
        return cls()

    @classmethod
    def get(
        cls,
        name: "Optional[str]" = None,
        auth: "Any" = None,
        subscription_id: "Optional[str]" = None,
        resource_group: "Optional[str]" = None,
        **kwargs: "Any",
    ) -> "Workspace":
        """The run's own workspace, if that is its name."""
        return cls(subscription_id, resource_group, name)

    @property
    def name(self) -> str:
        return named("MLTRAIN_WORKSPACE_NAME", "AZUREML_ARM_WORKSPACE_NAME")

    @property
    def location(self) -> str:
        """The workspace's folder; Azure has a region there."""
        return os.path.dirname(os.path.dirname(os.environ.get("MLTRAIN_RUN_DIR", "")))

    @property
    def models(self) -> "Dict[str, Any]":
        """The latest version of each model by name."""
        from .models import Model

        return {model.name: model for model in Model.list(self, latest=True)}

    @property
    def datasets(self) -> "Any":
        """The latest version of each dataset by name, brought to the run when it is used."""
        from .registered import Dataset

        return Dataset.get_all(self)

    def get_default_keyvault(self) -> "Any":
        """The secrets of the workspace, to read."""
        from .keyvault import Keyvault

        return Keyvault(self)

    def get_mlflow_tracking_uri(self, with_auth: bool = False) -> str:
        """Where MLflow logs to inside the run."""
        from .context import Run
        from .mlflow_plugin import SCHEME, run_key

        return "{}:/{}".format(SCHEME, run_key(Run.get_context(allow_offline=False).id))

    def __getattr__(self, name: str) -> "Any":
        if name.startswith("_"):
            raise AttributeError(name)
        whole = _whole()
        if whole is None:
            raise _elsewhere("Workspace." + name)
        return getattr(whole, name)

    def __repr__(self) -> str:
        return "Workspace(name={!r})".format(self.name)


class Experiment:
    """The experiment of a run, by name."""

    def __init__(
        self, workspace: "Any" = None, name: "Optional[str]" = None, **kwargs: "Any"
    ) -> None:
        if name not in (None, self.name):
            raise UserErrorException(
                "A run sees its own experiment only, which is {!r}, not {!r}.".format(
                    self.name, name
                )
            )

    @property
    def name(self) -> str:
        return named("MLTRAIN_EXPERIMENT", "AZUREML_ARM_PROJECT_NAME")

    @property
    def workspace(self) -> Workspace:
        return Workspace()

    def __getattr__(self, name: str) -> "Any":
        if name.startswith("_"):
            raise AttributeError(name)
        from .offers import installed

        whole, experiments = _whole(), installed("jupyter_mltrain.core.experiment")
        if whole is None or experiments is None:
            raise _elsewhere("Experiment." + name)
        return getattr(experiments.Experiment(whole, self.name), name)

    def __repr__(self) -> str:
        return "Experiment(Name: {},\nWorkspace: {})".format(self.name, self.workspace.name)


def _elsewhere(what: str) -> AttributeError:
    return AttributeError(
        "{} is not offered inside a run. Use it in the notebook or script that submits the "
        "run.".format(what)
    )


def named(*variables: str) -> str:
    return next((os.environ[each] for each in variables if os.environ.get(each)), "")


def _whole() -> "Any":
    """The workspace as a notebook has it; `None` where it can't be had, in a container say."""
    folder = Workspace().location
    if not os.path.exists(os.path.join(folder, "workspace.json")):
        return None
    from .offers import installed

    found = installed("jupyter_mltrain.core.workspace")
    return None if found is None else found.Workspace.at(folder)
