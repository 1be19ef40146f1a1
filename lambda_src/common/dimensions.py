"""Metrics of one thing among several of its kind: of a data class, of a transfer."""

from __future__ import annotations

from collections.abc import Mapping

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit


def write_metrics(dimension: str, value: str, metrics: Mapping[str, tuple[MetricUnit, float]]) -> None:
    """Write metrics (name -> unit, value) with the dimensions ``service`` and ``dimension``, in a line of their own
    (https://docs.aws.amazon.com/powertools/python/latest/core/metrics/)."""
    line = EphemeralMetrics()
    line.add_dimension(dimension, value)
    for name, (unit, number) in metrics.items():
        line.add_metric(name, unit, number)
    line.flush_metrics()
