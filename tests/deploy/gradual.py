"""Gradual deployment, which the emulator cannot do: what the SAM transform makes of the template is looked at."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from checks import equal, expect, not_proven, passed
from routes import contract

ALARMS = {"ErrorRatioAlarm", "GatewayErrorsAlarm", "LatencyAlarm"}
logging.getLogger("samtranslator").setLevel(logging.CRITICAL)
NO_POLICIES = SimpleNamespace(load=dict)


def translated(template: Path, gradual: str) -> dict[str, Any]:
    """The resources that the transform makes."""
    parsed = yaml_parse(template.read_text())
    return transform(parsed, {"GradualDeployment": gradual}, NO_POLICIES)["Resources"]


def chosen(value: Any) -> Any:
    """What a choice is with the parameter."""
    condition, gradual, _ = value["Fn::If"]
    equal(condition, "IsGradual", "what decides")
    return gradual


def executed(resources: dict[str, Any], alarm: str) -> Any:
    """The version that an alarm watches."""
    dimensions = resources[alarm]["Properties"]["Dimensions"]
    return next(it["Value"] for it in dimensions if it["Name"] == "ExecutedVersion")


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: it for name, it in resources.items() if it["Type"] == kind}


def check(packaged: Path) -> None:
    """Every alias that the gateway calls is shifted by CodeDeploy, and back by the alarms; without the parameter by none."""
    plain, gradual = translated(packaged, "false"), translated(packaged, "true")
    expect(not of_type(plain, "AWS::CodeDeploy::DeploymentGroup"), "without the parameter nothing is of CodeDeploy")
    routes = of_type(gradual, "AWS::ApiGatewayV2::Route")
    equal(len(routes), len(contract()) + 1, "routes")
    integrations = of_type(gradual, "AWS::ApiGatewayV2::Integration").values()
    aliases = {chosen(it["Properties"]["IntegrationUri"])["Ref"] for it in integrations}
    groups = of_type(gradual, "AWS::CodeDeploy::DeploymentGroup")
    for version in of_type(gradual, "AWS::Lambda::Version").values():
        equal(version["Properties"]["Description"], {"Ref": "Release"}, "what makes another version")
        kept = (version["UpdateReplacePolicy"], version["DeletionPolicy"])
        equal(kept, ("Retain", "Retain"), "what becomes of the version before")
    for name in aliases:
        shift = gradual[name]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        group = groups[shift["DeploymentGroupName"]["Ref"]]["Properties"]
        expect("DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"], f"{name} goes back")
        watched = [it["Name"] for it in group.get("AlarmConfiguration", {}).get("Alarms", [])]
        watched = {(chosen(it) if "Fn::If" in it else it)["Ref"] for it in watched}
        function = name.removesuffix("FunctionAliaslive")
        own = {f"{function}ErrorRatioAlarm", f"{function}VersionErrorsAlarm"}
        equal(watched, ALARMS | own, f"the alarms that {name} goes back by")
        equal(executed(gradual, f"{function}VersionErrorsAlarm"), gradual[name]["Properties"]["FunctionVersion"], name)
    equal(len(groups), len(aliases), "deployment groups")
    not_proven("the emulator has no CodeDeploy: the shift is looked at in the translated template only")
    passed(f"{len(aliases)} aliases, which the gateway calls, would be shifted gradually and back")
