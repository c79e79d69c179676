r"""News articles into a stance and sentiment dataset that others can trust, and baselines that others can beat.

The names below are the public ones; each is loaded when it is first used, so that importing the package costs nothing.

>>> import toolkit
>>> toolkit.segment(["One paragraph.\n\nAnother paragraph."])["start"].tolist()
[0, 16]
"""

from typing import TYPE_CHECKING

_MODULES = {
    "ToolkitError": "toolkit.errors",
    "Agreement": "toolkit.api.labels",
    "AuditOfAnnotators": "toolkit.api.labels",
    "AuditOfSentiment": "toolkit.api.labels",
    "SplitCertificate": "toolkit.api.labels",
    "aggregate": "toolkit.api.labels",
    "agreement": "toolkit.api.labels",
    "audit_annotators": "toolkit.api.labels",
    "audit_labels": "toolkit.api.labels",
    "audit_sentiment": "toolkit.api.labels",
    "certify": "toolkit.api.labels",
    "load_gold": "toolkit.api.labels",
    "Evaluation": "toolkit.api.texts",
    "LabelModel": "toolkit.api.texts",
    "duplicates": "toolkit.api.texts",
    "evaluate": "toolkit.api.texts",
    "load_model": "toolkit.api.texts",
    "segment": "toolkit.api.texts",
    "train": "toolkit.api.texts",
    "Campaign": "toolkit.api.campaign",
    "StepResult": "toolkit.api.campaign",
}

if TYPE_CHECKING:
    from toolkit.api.campaign import Campaign, StepResult
    from toolkit.api.labels import (
        Agreement,
        AuditOfAnnotators,
        AuditOfSentiment,
        SplitCertificate,
        aggregate,
        agreement,
        audit_annotators,
        audit_labels,
        audit_sentiment,
        certify,
        load_gold,
    )
    from toolkit.api.texts import Evaluation, LabelModel, duplicates, evaluate, load_model, segment, train
    from toolkit.errors import ToolkitError

    __version__: str
else:

    def __getattr__(name: str) -> object:
        """Load a public name."""
        if name == "__version__":
            import importlib.metadata

            return importlib.metadata.version("stance-toolkit")
        if name not in __all__:
            raise AttributeError(f"module 'toolkit' has no attribute {name!r}; public are {', '.join(__all__)}")
        import importlib

        return getattr(importlib.import_module(_MODULES[name]), name)


__all__ = [
    "Agreement",
    "AuditOfAnnotators",
    "AuditOfSentiment",
    "Campaign",
    "Evaluation",
    "LabelModel",
    "SplitCertificate",
    "StepResult",
    "ToolkitError",
    "__version__",
    "aggregate",
    "agreement",
    "audit_annotators",
    "audit_labels",
    "audit_sentiment",
    "certify",
    "duplicates",
    "evaluate",
    "load_gold",
    "load_model",
    "segment",
    "train",
]


def __dir__() -> list[str]:
    return __all__
