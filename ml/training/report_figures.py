"""The report's figures for programs: what other documents quote. Pure."""

from collections.abc import Iterator
from typing import Any

import orjson

from ml.training.evaluate import Stage
from ml.training.study import Study

FILE = "figures.json"


def figures_of(study: Study) -> bytes:
    """JSON with what the page's tables on data, ranking and levels show, unrounded.

    The same study gives the same bytes.
    """
    data = study.data
    content = {
        "data": {
            "accounts": data.accounts,
            "labelled": data.labelled,
            "abusers": data.abusers,
            "redemptions": data.redemptions,
            "digest": data.digest,
        },
        "cross_validation": list(_ranking(study)),
        "levels": [
            {"level": one.level.value, "abusers": one.abusers, "honest": one.honest}
            for one in study.levels
        ],
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n"


def _ranking(study: Study) -> Iterator[dict[str, Any]]:
    evaluation = study.evaluation
    for (method, stage), found in sorted(
        evaluation.figures.items(), key=lambda item: list(Stage).index(item[0][1])
    ):
        yield {
            "stage": stage.value,
            "method": method.value,
            "average_precision": found.average_precision,
            "deviation": evaluation.deviations[method, stage].average_precision,
            "roc_auc": found.roc_auc,
            "precision_at_recall": dict(found.precision_at_recall),
        }
