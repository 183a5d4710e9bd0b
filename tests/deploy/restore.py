"""The table is lost and comes back from a backup, by the steps of docs/OPERATIONS.md."""

import time
from pathlib import Path

import sam
from checks import equal, eventually, expect, passed
from deployment import Deployment, Items, Json, client
from tenant import operator


def lost_and_back(deployment: Deployment, packaged: Path, environment: str, parameters: dict[str, str]) -> None:
    """A backup, a disaster, and the same table under the same name; then the stack is told of its stream."""
    dynamodb, table = client("dynamodb"), deployment.table
    backup = dynamodb.create_backup(TableName=table, BackupName="postern")["BackupDetails"]["BackupArn"]
    # What ends before this test does may go at any time.
    until = time.time() + 3600
    before = lasting(deployment.items(), until)

    # Nothing is deleted before that.
    eventually(lambda: is_available(backup), "the backup is available")
    dynamodb.delete_table(TableName=table)
    dynamodb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
    body = {"grant_type": "password", "client_id": "x", "username": "x", "password": "x"}
    status = deployment.call("POST", "/oauth/token", body).status
    expect(status >= 500, f"without its table the service fails closed: {status}")

    dynamodb.restore_table_from_backup(TargetTableName=table, BackupArn=backup)
    dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
    as_it_was_set(table)
    stream = dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    sam.deploy(packaged, deployment.name, environment, {**parameters, "NoticesStreamArn": stream})
    equal(lasting(deployment.items(), until), before, "what is in the restored table")
    reads(deployment, stream)
    doctor(deployment)
    passed(f"the table was deleted, and {len(before)} lasting items came back from a backup under the same name")


def lasting(items: Items, until: float) -> Items:
    """Those that DynamoDB does not delete before that time."""
    return {key: it for key, it in items.items() if "expires_at" not in it or int(it["expires_at"]["N"]) > until}


def is_available(backup: str) -> bool:
    """Whether a backup can be restored from."""
    described = client("dynamodb").describe_backup(BackupArn=backup)["BackupDescription"]
    return described["BackupDetails"]["BackupStatus"] == "AVAILABLE"


def as_it_was_set(table: str) -> None:
    """What a backup does not hold."""
    dynamodb = client("dynamodb")
    dynamodb.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    dynamodb.update_table(
        TableName=table, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    )
    dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def reads(deployment: Deployment, stream: str) -> None:
    """`notices` reads the new stream, and nothing else."""
    mappings = client("lambda").list_event_source_mappings()["EventSourceMappings"]
    name = deployment.resources()["NoticesFunction"][1]
    found = [it["EventSourceArn"] for it in mappings if f":function:{name}" in it["FunctionArn"]]
    equal(found, [stream], "the streams that notices reads")


def doctor(deployment: Deployment) -> None:
    """The operator's command finds the table as it must be."""
    checks: list[Json] = operator(deployment, "doctor", may_fail=True)["checks"]
    found = {check["check"]: check["state"] for check in checks}
    wanted = dict.fromkeys(["table", "index", "stream", "ttl", "kms-key", "kms-use", "keys"], "ok")
    equal({name: found[name] for name in wanted}, wanted, f"what doctor says: {checks}")
