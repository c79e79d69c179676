"""What can go wrong, said so that the reader knows where, what and what to do.

::

    ToolkitError            the base: catch this one
     ├── DataError          a file, a row or a value breaks its contract
     ├── ConfigError        a codebook, a campaign or the target registry breaks its contract
     ├── MissingFileError   a file that an earlier step writes is not there
     ├── StudioError        Label Studio is down, refuses, or is not what was left there
     │    └── UnansweredError    the request may have arrived: look before it is repeated
     └── UsageError         the command was called in a way that it does not know (exit code 2)
"""


class ToolkitError(Exception):
    """Anything that the toolkit refuses; the message says where, what and what to do."""


class DataError(ToolkitError):
    """A file, a row or a value breaks its contract."""


class ConfigError(ToolkitError):
    """A codebook, a campaign or the target registry breaks its contract."""


class MissingFileError(ToolkitError):
    """A file that an earlier step writes is not there."""


class StudioError(ToolkitError):
    """Label Studio is down, refuses, or is not what was left there."""


class UnansweredError(StudioError):
    """No answer came from Label Studio, so nobody knows whether the request arrived."""


class UsageError(ToolkitError):
    """The command was called in a way that it does not know."""
