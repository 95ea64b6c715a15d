"""The bill: Cost Explorer, budgets and their actions, and the free tier.

moto answers GetCostAndUsage with what somebody queued, once. Here an account has charges of every day: those of a small
company, made from the day and the name alone, and on top of them what a scenario puts down under "bill" of its facts.
An account without that has Cost Explorer turned off: DataUnavailableException.
"""

from __future__ import annotations

import datetime as dt
import zlib
from typing import Any, Iterator

from . import clock, dump, registry, state
from .pages import cut
from .registry import AwsError


EC2 = "Amazon Elastic Compute Cloud - Compute"

#: service, region, usage type, dollars a day, how much it varies, what else it does
USUAL = (
    (EC2, "eu-west-1", "EU-BoxUsage:m5.large", 42.0, 0.06, "weekend"),
    (EC2, "eu-central-1", "EUC1-BoxUsage:t3.medium", 9.0, 0.05, ""),
    (EC2, "us-east-1", "BoxUsage:t3.small", 3.1, 0.05, ""),
    ("EC2 - Other", "eu-west-1", "EU-EBS:VolumeUsage.gp3", 6.1, 0.02, "grows"),
    ("EC2 - Other", "eu-west-1", "EU-NatGateway-Hours", 1.2, 0.01, ""),
    ("Amazon Simple Storage Service", "eu-west-1", "EU-TimedStorage-ByteHrs", 3.4, 0.02, "grows"),
    ("Amazon Simple Storage Service", "us-east-1", "TimedStorage-ByteHrs", 0.8, 0.02, ""),
    ("Amazon Relational Database Service", "eu-west-1", "EU-InstanceUsage:db.r6g.large", 11.0, 0.01, ""),
    ("AWS Lambda", "eu-west-1", "EU-Lambda-GB-Second", 1.6, 0.2, "weekend"),
    ("AmazonCloudWatch", "eu-west-1", "EU-CW:MetricMonitorUsage", 1.1, 0.04, ""),
    ("AWS Key Management Service", "eu-west-1", "eu-west-1-KMS-Keys", 0.1, 0.0, ""),
    ("Amazon Route 53", "global", "HostedZone", 2.5, 0.0, "monthly"),
    ("Amazon Route 53", "global", "DNS-Queries", 0.03, 0.3, ""),
    ("Amazon CloudFront", "global", "EU-DataTransfer-Out-Bytes", 4.0, 0.15, "weekend"),
    ("Amazon DynamoDB", "ap-southeast-1", "APS1-WriteRequestUnits", 0.4, 0.1, "sundays"),
    ("Amazon Simple Queue Service", "eu-west-1", "EU-Requests-Tier1", 0.0, 0.0, ""),  # within the free tier
)


def chance(*parts: Any) -> float:
    """Between -1 and 1, the same for the same parts."""
    return zlib.crc32(":".join(map(str, parts)).encode()) / 2**31 - 1


def usual(day: dt.date) -> Iterator[tuple[str, str, str, str, float]]:
    """What the company pays on a day: record type, service, region, usage type, dollars."""
    for service, region, usage, amount, varies, also in USUAL:
        if also == "monthly" and day.day != 1:
            continue
        if also == "weekend" and day.weekday() >= 5:
            amount *= 0.7
        if also == "sundays" and day.weekday() == 6:
            amount *= 9
        if also == "grows":
            amount *= 1 + 0.0006 * (day - dt.date(2026, 1, 1)).days
        yield "Usage", service, region, usage, round(amount * (1 + varies * chance(day, service, usage)), 6)
    if day.day == 1:
        yield "Tax", "Tax", "NoRegion", "", 310.0
    if day.day == 2:
        yield "Credit", EC2, "eu-west-1", "EU-BoxUsage:m5.large", -500.0


def charges(account: str, day: dt.date) -> Iterator[tuple[str, str, str, str, float]]:
    yield from usual(day)
    for planted in state.seeded(account)["bill"]["planted"]:
        if dt.date.fromisoformat(planted["from"]) <= day:
            yield "Usage", planted["service"], planted["region"], planted["usage"], planted["dollars"]


def turned_on(account: str) -> dict[str, Any]:
    bill = state.seeded(account).get("bill")
    if not bill:
        raise AwsError(400, "DataUnavailableException", "Data is not available. Please try to adjust the time period. If just enabled "
                       "Cost Explorer, data might not be ingested yet")
    return bill


def left_out(account: str, filter_: dict | None) -> set[str]:
    """The record types that a filter leaves out; all of them, for an account that it does not name. Other filters are not
    answered, and not ignored."""
    without: set[str] = set()
    for part in (filter_ or {}).get("And", [filter_] if filter_ else []):
        not_, of = part.get("Not", {}).get("Dimensions", {}), part.get("Dimensions", {})
        if not_.get("Key") == "RECORD_TYPE":
            without |= set(not_["Values"])
        elif of.get("Key") == "LINKED_ACCOUNT":
            without |= set() if account in of["Values"] else {"Usage", "Tax", "Credit"}
        else:
            raise AwsError(400, "ValidationException", "The lab only knows filters by account and of record types left out.")
    return without


PAGE = 60  # days; AWS cuts by the size of the answer


@registry.answers("ce:GetCostAndUsage")
def get_cost_and_usage(call, account: str) -> dict[str, Any]:
    """AWS: at most two groups; the end is exclusive; TimePeriod and Metrics are required."""
    asked = call.params
    start, end = (dt.date.fromisoformat(asked["TimePeriod"][k]) for k in ("Start", "End"))
    today = clock.utcnow().date()
    groups = [g["Key"] for g in asked.get("GroupBy") or []]
    if start >= end or end > today + dt.timedelta(days=1) or asked.get("Granularity") != "DAILY":
        raise AwsError(400, "ValidationException", "Start date (and hour) should be before end date (and hour)")
    if len(groups) > 2:
        raise AwsError(400, "ValidationException", "Must specify no more than 2 group definitions")
    turned_on(account)
    column = {"SERVICE": 1, "REGION": 2, "USAGE_TYPE": 3}
    if asked.get("Metrics") != ["UnblendedCost"] or any(g not in column for g in groups):
        raise AwsError(400, "ValidationException", "The lab only knows UnblendedCost by SERVICE, REGION and USAGE_TYPE.")
    without = left_out(account, asked.get("Filter"))
    results = []
    for n in range((end - start).days):
        day = start + dt.timedelta(days=n)
        sums: dict[tuple[str, ...], float] = {}
        if day <= today:
            for line in charges(account, day):
                if line[0] not in without:
                    keys = tuple(line[column[g]] for g in groups)
                    sums[keys] = sums.get(keys, 0.0) + line[4]
        results.append({
            "TimePeriod": {"Start": day.isoformat(), "End": (day + dt.timedelta(days=1)).isoformat()}, "Total": {},
            "Groups": [{"Keys": list(keys), "Metrics": {"UnblendedCost": {"Amount": f"{total:.10f}", "Unit": "USD"}}}
                       for keys, total in sorted(sums.items())],
            "Estimated": day.month == today.month and day.year == today.year,
        })
    error = AwsError(400, "InvalidNextTokenException", "The pagination token is invalid.")
    shown, marker = cut(results, PAGE, asked.get("NextPageToken"), "ce:GetCostAndUsage", error)
    return {"ResultsByTime": shown, "GroupDefinitions": asked.get("GroupBy") or [], **({"NextPageToken": marker} if marker else {})}


@registry.answers("ce:GetAnomalies")
def get_anomalies(call, account: str) -> dict[str, Any]:
    """What AWS's own detection found, by its first day."""
    bill, since = turned_on(account), call.params["DateInterval"]["StartDate"]
    return {"Anomalies": [a for a in bill.get("anomalies", []) if a["AnomalyStartDate"] >= since]}


@registry.after("budgets:DescribeBudgets")
def describe_budgets(call, account: str, result: dict[str, Any]) -> dict[str, Any]:
    """moto leaves what is spent at nothing."""
    result["Budgets"] = (state.seeded(account).get("bill") or {}).get("budgets", []) + (result.get("Budgets") or [])
    return result


@registry.answers("budgets:DescribeBudgetActionsForAccount")
def describe_actions(call, account: str) -> dict[str, Any]:
    return {"Actions": (state.seeded(account).get("bill") or {}).get("actions", [])}


@registry.answers("freetier:GetFreeTierUsage")
def free_tier(call, account: str) -> dict[str, Any]:
    return {"freeTierUsages": (state.seeded(account).get("bill") or {}).get("free", [])}


def seed(account: str, start: dt.datetime, planted: list[dict[str, Any]]) -> None:
    """Turn Cost Explorer on, with what an intruder's things cost from the day of start on."""
    first = start.date().isoformat()
    with state.LOCK:
        state.seeded(account)["bill"] = {
            "planted": [{"from": first, **line} for line in planted],
            "anomalies": [{
                "AnomalyId": "0d1c9f7e-5b1e-4f6e-9d0e-1f2a3b4c5d6e", "AnomalyStartDate": first, "AnomalyScore": {"MaxScore": 0.9, "CurrentScore": 0.8},
                "MonitorArn": f"arn:aws:ce::{account}:anomalymonitor/default", "DimensionValue": planted[0]["service"],
                "Impact": {"MaxImpact": planted[0]["dollars"], "TotalImpact": planted[0]["dollars"]},
                "RootCauses": [{"Service": planted[0]["service"], "Region": planted[0]["region"], "UsageType": planted[0]["usage"]}],
            }],
            "budgets": [{
                "BudgetName": "monthly-total", "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": "3000.0", "Unit": "USD"},
                "CalculatedSpend": {"ActualSpend": {"Amount": "1893.41", "Unit": "USD"}, "ForecastedSpend": {"Amount": "2610.0", "Unit": "USD"}},
            }],
            "actions": [],
            "free": [{
                "service": "Amazon Simple Queue Service", "operation": "", "usageType": "EU-Requests-Tier1", "region": "eu-west-1",
                "actualUsageAmount": 961000.0, "forecastedUsageAmount": 1310000.0, "limit": 1000000.0, "unit": "Requests",
                "description": "1000000.0 Requests are always free per month as part of AWS Free Usage Tier", "freeTierType": "Always Free",
            }],
        }


@dump.service("bill")
def picture(account: str) -> dict[str, Any]:
    bill = state.seeded(account).get("bill") or {}
    return {f"{sort}/{i}": one for sort, every in bill.items() for i, one in enumerate(every)}
