"""The table: every module path of Azure ML's SDK v1, the names in it, and where each lives.

It is the surface of azureml-core 1.61 and its companions, with older paths that notebooks use.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jupyter_mltrain.azureml import refusals

VERSION: Final = "1.61.0"
"""The version of Azure's SDK whose names, parameters and defaults these are."""

__version__ = VERSION

_LIVES: Final[Mapping[str, str]] = {
    # Workspace, experiments, runs
    "core.authentication": (
        "AbstractAuthentication ArmTokenAuthentication AzureCliAuthentication "
        "InteractiveLoginAuthentication MsiAuthentication ServicePrincipalAuthentication "
        "TokenAuthentication"
    ),
    "core.exceptions": (
        "AzureMLException ActivityFailedException AuthenticationException ComputeTargetException "
        "DatasetExecutionError DatasetValidationError DiscoveryUrlNotFoundException "
        "ExperimentExecutionException HyperDriveConfigException ModelNotFoundException "
        "ModelPathNotFoundException ProjectSystemException RunConfigurationException "
        "RunEnvironmentException SnapshotException TrainingException UserErrorException "
        "WebserviceException WorkspaceException"
    ),
    "core.experiment": "Experiment",
    "core.keyvault": "Keyvault KeyVaultContentType",
    "core.run": "Run ScriptRun",
    "core.run_names": "_OfflineRun get_run",
    "core.telemetry": "set_diagnostics_collection",
    "core.workspace": "Workspace",
    "widgets": "RunDetails",
    "azureml.names": "VERSION __version__",
    # Environments and what a run is made of
    "core.conda_dependencies": "CondaDependencies",
    "core.container_registry": "ContainerRegistry",
    "core.docker_section": (
        "DEFAULT_CPU_IMAGE DEFAULT_GPU_IMAGE DockerConfiguration DockerSection"
    ),
    "core.environment": "Environment",
    "core.image_build": "ImageBuildDetails",
    "core.python_section": "PythonSection",
    "core.distributed": (
        "Gloo Mpi MpiConfiguration Nccl ParallelTaskConfiguration ParameterServer "
        "PyTorchConfiguration TensorflowConfiguration"
    ),
    "core.run_configuration": "LOCAL_RUNCONFIG_NAME RunConfiguration",
    "core.run_sections": (
        "AmlComputeConfiguration ApplicationEndpointConfiguration HdiConfiguration "
        "HistoryConfiguration KubernetesComputeConfiguration SparkConfiguration"
    ),
    "core.resource_configuration": "ResourceConfiguration",
    "core.script_run_config": "ScriptRunConfig get_run_config_from_script_run",
    "core.estimator": "Chainer Estimator MMLBaseEstimator PyTorch SKLearn TensorFlow",
    # Compute
    "core.aml_compute": "AmlCompute AmlComputeProvisioningConfiguration BatchAiCompute",
    "core.aml_compute_status": "AmlComputeStatus ScaleSettings",
    "core.compute_instance": (
        "ComputeInstance ComputeInstanceProvisioningConfiguration ComputeInstanceStatus"
    ),
    "core.remote_compute": "RemoteCompute",
    "core.compute_target": (
        "ComputeTarget ComputeTargetAttachConfiguration ComputeTargetProvisioningConfiguration"
    ),
    # Data and models
    "core.data_reference": (
        "Data DataLocation DataPath DataPathComputeBinding DataReference "
        "DataReferenceConfiguration OutputData SUPPORTED_DATAREF_MODES"
    ),
    "core.abstract_dataset": "AbstractDataset",
    "core.dataset": "Dataset",
    "core.dataset_consumption": "DatasetConsumptionConfig",
    "core.abstract_datastore": (
        "AbstractAzureStorageDatastore AbstractDatastore AzureBlobDatastore AzureFileDatastore"
    ),
    "core.datastore": "Datastore",
    "core.file_dataset": "FileDataset FileDatasetFactory",
    "core.model": "Model",
    "core.output_dataset": (
        "OutputDatasetConfig OutputFileDatasetConfig OutputTabularDatasetConfig"
    ),
    "core.tabular_dataset": "DataType PromoteHeadersBehavior TabularDataset TabularDatasetFactory",
    # HyperDrive's values
    "core.hyperdrive": (
        "PrimaryMetricGoal choice lognormal loguniform normal qlognormal qloguniform qnormal "
        "quniform randint uniform"
    ),
}
"""Module of this package -> the names that live in it."""

HOMES: Final[Mapping[str, str]] = {
    name: home for home, names in _LIVES.items() for name in names.split()
}
"""Name -> module of this package; a name without one is a refusal."""

_EXCEPTIONS: Final = (
    "ActivityFailedException AuthenticationException AzureMLException ComputeTargetException "
    "DiscoveryUrlNotFoundException ExperimentExecutionException ModelNotFoundException "
    "ModelPathNotFoundException ProjectSystemException RunConfigurationException "
    "RunEnvironmentException SnapshotException TrainingException UserErrorException "
    "WebserviceException WorkspaceException"
)
_COMPUTES: Final = (
    "AdlaCompute AksCompute AmlCompute BatchAiCompute BatchCompute ComputeInstance ComputeTarget "
    "DataFactoryCompute DatabricksCompute DsvmCompute HDInsightCompute KubernetesCompute "
    "RemoteCompute SynapseCompute"
)
_IMAGES: Final = "ContainerImage Image ImageConfig"
_SERVICES: Final = "AciWebservice AksEndpoint AksWebservice LocalWebservice Webservice"
_POLICIES: Final = (
    "BanditPolicy EarlyTerminationPolicy MedianStoppingPolicy NoTerminationPolicy "
    "TruncationSelectionPolicy"
)
_SAMPLINGS: Final = (
    "BayesianParameterSampling GridParameterSampling HyperParameterSampling RandomParameterSampling"
)
_EXPRESSIONS: Final = (
    "choice lognormal loguniform normal qlognormal qloguniform qnormal quniform randint uniform"
)
_HYPERDRIVE_RUNS: Final = "HyperDriveConfig HyperDriveRun HyperDriveRunConfig PrimaryMetricGoal"
_STEPS: Final = (
    "AdlaStep AutoMLStep AzureBatchStep CommandStep DataTransferStep DatabricksStep EstimatorStep "
    "HyperDriveStep HyperDriveStepRun KustoStep ModuleStep MpiStep ParallelRunConfig "
    "ParallelRunStep PythonScriptStep RScriptStep SynapseSparkStep"
)
_PIPELINES: Final = (
    "InputPortBinding Module ModuleVersion OutputPortBinding Pipeline PipelineData PipelineDraft "
    "PipelineEndpoint PipelineParameter PipelineRun PipelineStep PortDataReference "
    "PublishedPipeline Schedule ScheduleRecurrence StepRun StepSequence TrainingOutput"
)

_NAMES: Final[Mapping[str, str]] = {
    "": "",
    "core": (
        "ComputeTarget ContainerRegistry Dataset Datastore Environment Experiment Image Keyvault "
        "LinkedService Model PrivateEndPoint PrivateEndPointConfig Run RunConfiguration ScriptRun "
        "ScriptRunConfig SynapseWorkspaceLinkedServiceConfiguration VERSION Webservice Workspace "
        "__version__ get_run"
    ),
    "core.authentication": _LIVES["core.authentication"],
    "core.compute": _COMPUTES,
    "core.compute.adla": "AdlaCompute",
    "core.compute.aks": "AksCompute",
    "core.compute.amlcompute": (
        "AmlCompute AmlComputeProvisioningConfiguration AmlComputeStatus ScaleSettings"
    ),
    "core.compute.batch": "BatchCompute",
    "core.compute.compute": (
        "ComputeTarget ComputeTargetAttachConfiguration ComputeTargetProvisioningConfiguration"
    ),
    "core.compute.computeinstance": (
        "ComputeInstance ComputeInstanceProvisioningConfiguration ComputeInstanceStatus"
    ),
    "core.compute.databricks": "DatabricksCompute",
    "core.compute.datafactory": "DataFactoryCompute",
    "core.compute.dsvm": "DsvmCompute",
    "core.compute.hdinsight": "HDInsightCompute",
    "core.compute.kubernetescompute": "KubernetesCompute",
    "core.compute.remote": "RemoteCompute",
    "core.compute.synapse": "SynapseCompute",
    "core.compute_target": "ComputeTarget ComputeTargetException",
    "core.conda_dependencies": "CondaDependencies",
    "core.container_registry": "ContainerRegistry RegistryIdentity",
    "core.databricks": (
        "EggLibrary JarLibrary MavenLibrary NotebookResource PyPiLibrary RCranLibrary"
    ),
    "core.dataset": "Dataset",
    "core.datastore": "Datastore",
    "core.environment": (
        "CondaDependencies ContainerRegistry DEFAULT_CPU_IMAGE DEFAULT_GPU_IMAGE "
        "DatabricksSection DockerBuildContext DockerImageDetails DockerSection Environment "
        "EnvironmentReference ImageBuildDetails PythonSection RSection SparkSection"
    ),
    "core.experiment": "Experiment",
    "core.image": _IMAGES,
    "core.image.container": "ContainerImage",
    "core.image.image": "Image ImageConfig",
    "core.keyvault": "Keyvault KeyVaultContentType",
    "core.linked_service": "LinkedService SynapseWorkspaceLinkedServiceConfiguration",
    "core.model": "Dataset InferenceConfig Model ModelPackage",
    "core.private_endpoint": "PrivateEndPoint PrivateEndPointConfig",
    "core.profile": "ImageProfile ModelProfile",
    "core.resource_configuration": "ResourceConfiguration",
    "core.run": "Run _OfflineRun get_run",
    "core.runconfig": (
        "AmlComputeConfiguration ApplicationEndpointConfiguration CondaDependencies "
        "ContainerRegistry DEFAULT_CPU_IMAGE DEFAULT_GPU_IMAGE Data DataLocation DataReference "
        "DataReferenceConfiguration DockerConfiguration Environment HdiConfiguration "
        "HistoryConfiguration KubernetesComputeConfiguration LOCAL_RUNCONFIG_NAME "
        "MpiConfiguration OutputData ParallelTaskConfiguration PyTorchConfiguration "
        "RunConfiguration SUPPORTED_DATAREF_MODES ScriptRunConfig SparkConfiguration "
        "TensorflowConfiguration"
    ),
    "core.script_run": "ScriptRun",
    "core.script_run_config": "ScriptRunConfig get_run_config_from_script_run",
    "core.webservice": _SERVICES,
    "core.webservice.aci": "AciWebservice",
    "core.webservice.aks": "AksEndpoint AksWebservice",
    "core.webservice.local": "LocalWebservice",
    "core.webservice.webservice": "Webservice",
    "core.workspace": "UserErrorException Workspace",
    "data": (
        "DataType FileDataset LinkFileOutputDatasetConfig LinkTabularOutputDatasetConfig "
        "OutputFileDatasetConfig TabularDataset __version__"
    ),
    "data.abstract_dataset": "AbstractDataset",
    "data.abstract_datastore": "AbstractDatastore",
    "data.azure_data_lake_datastore": "AzureDataLakeDatastore AzureDataLakeGen2Datastore",
    "data.azure_my_sql_datastore": "AzureMySqlDatastore",
    "data.azure_postgre_sql_datastore": "AzurePostgreSqlDatastore",
    "data.azure_sql_database_datastore": "AzureSqlDatabaseDatastore",
    "data.azure_storage_datastore": (
        "AbstractAzureStorageDatastore AzureBlobDatastore AzureFileDatastore"
    ),
    "data.data_reference": "DataReference",
    "data.datapath": "DataPath DataPathComputeBinding",
    "data.dataset_consumption_config": "DatasetConsumptionConfig",
    "data.dataset_error_handling": "DatasetExecutionError DatasetValidationError",
    "data.dataset_factory": "DataType FileDatasetFactory TabularDatasetFactory",
    "data.dataset_type_definitions": "PromoteHeadersBehavior",
    "data.dbfs_datastore": "DBFSDatastore",
    "data.file_dataset": "FileDataset",
    "data.output_dataset_config": (
        "LinkFileOutputDatasetConfig LinkTabularOutputDatasetConfig OutputDatasetConfig "
        "OutputFileDatasetConfig OutputTabularDatasetConfig"
    ),
    "data.sql_data_reference": "SqlDataReference",
    "data.stored_procedure_parameter": "StoredProcedureParameter StoredProcedureParameterType",
    "data.tabular_dataset": "TabularDataset",
    "exceptions": _EXCEPTIONS,
    "mlflow": "",
    "telemetry": "set_diagnostics_collection",
    "train": "",
    "train.dnn": (
        "Chainer Gloo Mpi Nccl ParallelTaskConfiguration ParameterServer PyTorch TensorFlow"
    ),
    "train.estimator": "Estimator MMLBaseEstimator Mpi",
    "train.hyperdrive": " ".join((_HYPERDRIVE_RUNS, _POLICIES, _SAMPLINGS, _EXPRESSIONS)),
    "train.hyperdrive.exceptions": "HyperDriveConfigException",
    "train.hyperdrive.parameter_expressions": _EXPRESSIONS,
    "train.hyperdrive.policy": _POLICIES,
    "train.hyperdrive.run": "HyperDriveRun PrimaryMetricGoal",
    "train.hyperdrive.runconfig": "HyperDriveConfig PrimaryMetricGoal",
    "train.hyperdrive.sampling": _SAMPLINGS,
    "train.sklearn": "SKLearn",
    "train.widgets": "RunDetails",
    "widgets": "RunDetails",
    # Of these only what notebooks use is listed; every other name in them is a refusal as well.
    "automl": "",
    "contrib": "",
    "datadrift": "DataDriftDetector AlertConfiguration",
    "dataprep": "",
    "explain": "",
    "interpret": "ExplanationClient",
    "monitoring": "ModelDataCollector",
    "opendatasets": "Diabetes MNIST NycTlcGreen NycTlcYellow OjSalesSimulated PublicHolidays",
    "pipeline": "",
    "pipeline.core": _PIPELINES,
    "pipeline.steps": _STEPS,
    "tensorboard": "Tensorboard",
    "train.automl": "AutoMLConfig",
    "train.automl.run": "AutoMLRun",
}

MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    path: tuple(names.split()) for path, names in _NAMES.items()
}
"""Path below ``azureml`` -> the names in it. ``""`` is ``azureml`` itself."""


def is_module(path: str) -> bool:
    """Whether there is a module at this path below ``azureml``."""
    return path in MODULES or refusals.subject_of(path) is not None


def children(path: str) -> set[str]:
    """Last parts of the listed modules directly below this one."""
    start = f"{path}." if path else ""
    below = (each.removeprefix(start) for each in MODULES if each.startswith(start) and each)
    return {each.partition(".")[0] for each in below} - {""}
