"""Names of Azure ML's SDK for what is not offered: they import, and say so when they are used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from jupyter_mltrain.errors import NotOffered

_INSTEAD: Final[Mapping[str, str]] = {
    "service": (
        "Models are not deployed to Azure from here. `Model.download` gives the model's files, "
        "for a server of your choice."
    ),
    "image": (
        "Azure's images of models are not built here. `Model.download` gives the model's files, "
        "and `Environment.from_dockerfile` builds images for training."
    ),
    "pipeline": (
        "Azure's pipelines are not offered. Submit one run after the other: "
        "`run = experiment.submit(config)`, `run.wait_for_completion()`, then the next one, with "
        "files passed on by `OutputFileDatasetConfig`."
    ),
    "automl": (
        "Azure's AutoML is not offered. Submit a script that searches with a library of your "
        "choice, with `ScriptRunConfig`."
    ),
    "hyperdrive": (
        "HyperDrive comes next. Until then submit one run for each set of values, in a loop: "
        "`experiment.submit(ScriptRunConfig(…, arguments=['--lr', lr]))`."
    ),
    "spark": (
        "Spark is not offered. Use an image or packages that bring pyspark, and submit a script "
        "that starts it."
    ),
    "databricks": (
        "Databricks is not offered. Submit a script, with its packages in an `Environment`."
    ),
    "compute": (
        "This compute is Azure's own. `AmlCompute` is a cluster on this machine, and "
        "`ComputeTarget.attach` takes a Docker Engine elsewhere."
    ),
    "network": (
        "Private endpoints belong to Azure's network. A workspace here is a folder, and its "
        "service listens on a socket that only you can open."
    ),
    "link": (
        "Services of Azure cannot be linked. A workspace here is a folder, and stands by itself."
    ),
    "datastore": (
        "This store of Azure's is not offered. `Datastore.register_azure_blob_container`, or "
        "`Datastore.register` with any URL that fsspec opens, registers one that is."
    ),
    "output": (
        "Outputs cannot be linked to other data. `OutputFileDatasetConfig` keeps what a run "
        "writes, in a datastore of your choice."
    ),
    "opendatasets": (
        "Azure's open datasets are not offered. Give the addresses of the files to "
        "`Dataset.File.from_files` or `Dataset.Tabular.from_delimited_files`."
    ),
    "dataprep": (
        "Azure's data preparation is not offered. `Dataset.Tabular` reads tables, and "
        "`to_pandas_dataframe` gives them to pandas."
    ),
    "explain": (
        "Explanations are not uploaded to Azure. Log what your library gives with "
        "`run.log_image`, `run.log_table` or `run.upload_file`."
    ),
    "monitoring": (
        "Models are not deployed from here, so their data is neither collected nor compared."
    ),
    "tensorboard": (
        "TensorBoard is not started from here. `run.download_files('logs', 'tb')` fetches a run's "
        "logs; then start `tensorboard --logdir tb`."
    ),
    "contrib": ("Azure's previews are not offered. `jupyter_mltrain.azureml.core` has what is."),
    "docker context": (
        "A build context in Azure's storage is not offered. `Environment.from_dockerfile` builds "
        "from a Dockerfile and the files beside it."
    ),
    "r": (
        "Environments of R are not offered. Use an image that has R, and "
        "`ScriptRunConfig(command=['Rscript', 'train.R'])`."
    ),
    "reference": (
        "An environment is referred to by name: `Environment.get(workspace, name, version)`."
    ),
    "identity": (
        "Registries do not take identities of Azure here. Set `username` and `password` of the "
        "`ContainerRegistry`, or sign in with `docker login`."
    ),
    "details": "`Environment.get_image_details` gives a dictionary of them.",
    "sql": (
        "Databases are not read as datasets. Read them in the script, with the address and the "
        "password from `run.get_secret`."
    ),
}
"""Subject -> what is not offered, and what to use instead."""

_NAMES: Final[Mapping[str, str]] = {
    "service": (
        "AciWebservice AksEndpoint AksWebservice ImageProfile InferenceConfig LocalWebservice "
        "ModelPackage ModelProfile Webservice"
    ),
    "image": "ContainerImage Image ImageConfig",
    "hyperdrive": (
        "BanditPolicy BayesianParameterSampling EarlyTerminationPolicy GridParameterSampling "
        "HyperDriveConfig HyperDriveRun HyperDriveRunConfig HyperParameterSampling "
        "MedianStoppingPolicy NoTerminationPolicy RandomParameterSampling "
        "TruncationSelectionPolicy"
    ),
    "spark": "HDInsightCompute SparkSection SynapseCompute",
    "databricks": (
        "DBFSDatastore DatabricksCompute DatabricksSection EggLibrary JarLibrary MavenLibrary "
        "NotebookResource PyPiLibrary RCranLibrary"
    ),
    "compute": (
        "AdlaCompute AksCompute BatchCompute DataFactoryCompute DsvmCompute KubernetesCompute"
    ),
    "network": "PrivateEndPoint PrivateEndPointConfig",
    "link": "LinkedService SynapseWorkspaceLinkedServiceConfiguration",
    "datastore": "AzureDataLakeDatastore AzureDataLakeGen2Datastore",
    "output": "LinkFileOutputDatasetConfig LinkTabularOutputDatasetConfig",
    "docker context": "DockerBuildContext",
    "r": "RSection",
    "reference": "EnvironmentReference",
    "identity": "RegistryIdentity",
    "details": "DockerImageDetails",
    "sql": (
        "AzureMySqlDatastore AzurePostgreSqlDatastore AzureSqlDatabaseDatastore SqlDataReference "
        "StoredProcedureParameter StoredProcedureParameterType"
    ),
}

_SUBJECTS: Final[Mapping[str, str]] = {
    name: subject for subject, names in _NAMES.items() for name in names.split()
}
"""Name -> its subject."""

_FAMILIES: Final[Mapping[str, str]] = {
    "automl": "automl",
    "contrib": "contrib",
    "datadrift": "monitoring",
    "dataprep": "dataprep",
    "explain": "explain",
    "interpret": "explain",
    "monitoring": "monitoring",
    "opendatasets": "opendatasets",
    "pipeline": "pipeline",
    "tensorboard": "tensorboard",
    "train.automl": "automl",
}
"""Path below ``azureml`` -> the subject of whatever is there and below."""


def subject_of(path: str) -> str | None:
    """The subject of a module in which every name is a refusal, else `None`."""
    for family, subject in _FAMILIES.items():
        if path == family or path.startswith(f"{family}."):
            return subject
    return None


def refused(name: str, subject: str | None = None) -> Any:
    """The refusal of that name; always the same one, so that it can be pickled."""
    return _made(name, subject or _SUBJECTS[name])


def __getattr__(name: str) -> Any:
    """Where `pickle` and `help` find what was made."""
    if name in _SUBJECTS:
        return refused(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Refusing(type):
    """The type of refusals: calling them, or anything of them, raises the sentence."""

    sentence: str

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotOffered(f"{cls.__name__}: {cls.sentence}")

    def __getattr__(cls, name: str) -> Callable[..., NoReturn]:
        # What looks for special methods, such as IPython, is told that there are none.
        if name.startswith("_"):
            raise AttributeError(f"{cls.__name__} has no attribute {name!r}")

        def refuse(*args: Any, **kwargs: Any) -> NoReturn:
            raise NotOffered(f"{cls.__name__}.{name}: {cls.sentence}")

        refuse.__name__ = name
        return refuse


def _made(name: str, subject: str) -> Any:
    found = _known.get((name, subject))
    if found is None:
        sentence = _INSTEAD[subject]
        body = {"__doc__": sentence, "__module__": __name__, "sentence": sentence}
        found = _known[name, subject] = _Refusing(name, (), body)
    return found


_known: Final[dict[tuple[str, str], Any]] = {}
