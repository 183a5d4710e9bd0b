"""What the emulator does not know is put otherwise before the template is deployed there."""

import json
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from checks import expect, not_proven


def adapt(packaged: Path, adapted: Path) -> None:
    """Alarms on an expression become alarms on its first metric; nothing else is changed."""
    template = yaml_parse(packaged.read_text())
    alarms = [it for it in template["Resources"].values() if "Metrics" in it.get("Properties", {})]
    expect(alarms, "there are alarms on expressions")
    for alarm in alarms:
        expect(alarm["Type"] == "AWS::CloudWatch::Alarm", "of all resources only alarms have metrics")
        on_its_first_metric(alarm["Properties"])
    adapted.write_text(json.dumps(template))
    not_proven(f"the emulator knows no metric math: {len(alarms)} alarms are made on their first metric alone")


def on_its_first_metric(properties: dict[str, Any]) -> None:
    """As CloudFormation takes an alarm on one metric."""
    stat = next(query["MetricStat"] for query in properties.pop("Metrics") if "MetricStat" in query)
    properties.update(stat["Metric"], Period=stat["Period"], Statistic=stat["Stat"])
