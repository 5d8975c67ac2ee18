"""What a run's own calls raise. Logging never does."""


class RunError(Exception):
    """Base of every error here; `message` is the whole sentence."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class AzureMLException(RunError):
    """The base under which Azure ML's scripts catch everything."""


class UserErrorException(AzureMLException):
    """The call can't be met as it stands; nothing was changed."""


class RunEnvironmentException(AzureMLException):
    """The process is not part of a run."""


class WebserviceException(AzureMLException):
    """The base of what is raised about models."""


class ModelNotFoundException(WebserviceException):
    """The workspace has no such model, or no such version of it."""


class InvalidName(UserErrorException, ValueError):
    """A name can't be used for a file of the run."""


class AlreadyThere(UserErrorException):
    """The name is taken, and what it names can't be changed."""
