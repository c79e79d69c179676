r"""News articles into a stance and sentiment dataset that others can trust, and baselines that others can beat.

The names below are the public ones; each is loaded from its room when it is first used, so that importing the
package costs nothing.

>>> import toolkit
>>> [span.start for span in toolkit.segment_text("One.\n\nTwo.")]
[0, 6]
"""

import importlib
from typing import Any

_ROOMS = {
    "ToolkitError": "errors",
    "Annotation": "records",
    "Annotator": "records",
    "Article": "records",
    "Example": "records",
    "Gold": "records",
    "Item": "records",
    "Paragraph": "records",
    "Prediction": "records",
    "Vote": "records",
    "Codebook": "codebook",
    "read_codebook": "codebook",
    "CampaignConfig": "workspace",
    "read_campaign": "workspace",
    "read_articles": "articles.reading.reader",
    "cluster_articles": "articles.duplicates.clusters",
    "segment_article": "segmentation.segmenter",
    "segment_text": "segmentation.segmenter",
    "certify": "splitting.certificate",
    "agreement": "labels.agreement.headline",
    "aggregate": "labels.aggregation.gold",
    "score": "baselines.evaluation",
    "train_baseline": "baselines.training",
    "load_model": "baselines.persistence",
}

__all__ = sorted(_ROOMS)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public name
    if name not in _ROOMS:
        raise AttributeError(f"module 'toolkit' has no attribute {name!r}; public are {', '.join(__all__)}")
    return getattr(importlib.import_module(f"toolkit.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return __all__
