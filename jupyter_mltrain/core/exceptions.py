"""Azure's exceptions: names of ours, so that an ``except`` written for Azure catches them."""

from __future__ import annotations

from jupyter_mltrain.errors import (
    ComputeTargetError,
    DataUnavailable,
    InvalidSpec,
    MltrainError,
    NoSuchFile,
    NoSuchModel,
    NotInARun,
    NotOffered,
    RunFailed,
    ServiceUnavailable,
    SnapshotError,
    UserError,
    WorkspaceError,
)

AzureMLException = MltrainError
UserErrorException = UserError
ActivityFailedException = RunFailed
AuthenticationException = NotOffered
"""What ways to sign in raise when they are asked for a token."""
ComputeTargetException = ComputeTargetError
DatasetExecutionError = DataUnavailable
DatasetValidationError = DataUnavailable
DiscoveryUrlNotFoundException = ServiceUnavailable
ExperimentExecutionException = InvalidSpec
HyperDriveConfigException = InvalidSpec
ModelNotFoundException = NoSuchModel
ModelPathNotFoundException = NoSuchFile
ProjectSystemException = UserError
"""What the first versions of Azure's SDK raise where there is no configuration."""
RunConfigurationException = InvalidSpec
RunEnvironmentException = NotInARun
SnapshotException = SnapshotError
TrainingException = InvalidSpec
WebserviceException = UserError
"""Raised by Azure for models that are not there, too, so it is as wide as that."""
WorkspaceException = WorkspaceError
