"""AWS Support: cases by subject, opened and resolved, as its API of 2013-04-15 answers.

moto gives cases ids and severities at random and loses the submitter. Accounts on the Basic plan have no API: a test
says so with a fault, "SubscriptionRequiredException".
"""
from . import clock, registry, trail
from .ml_fixes import digits, page, pictured, shelf
from .registry import AwsError

trail.EVENT_SOURCES.setdefault("support", "support")

HOME = "us-east-1"  # one place for all regions
LEVELS = [("low", "General guidance"), ("normal", "System impaired"), ("high", "Production system impaired"),
          ("urgent", "Production system down")]


def cases(account):
    return shelf(account, HOME, "support.cases")


def find(account, case_id):
    if case_id not in cases(account):
        raise AwsError(400, "CaseIdNotFound", f"The caseId {case_id} could not be located.")
    return cases(account)[case_id]


@registry.answers("support:DescribeSeverityLevels")
def levels(call, account):
    return {"severityLevels": [{"code": code, "name": name} for code, name in LEVELS]}


@registry.answers("support:CreateCase")
def create_case(call, account):
    """AWS: subject and communicationBody are required; issueType is "technical" unless it is said."""
    asked = call.params
    if asked.get("language", "en") not in ("en", "zh", "ja", "ko"):
        raise AwsError(400, "ValidationException", "Value at 'language' failed to satisfy constraint.")
    if asked.get("severityCode", "low") not in [code for code, _ in LEVELS]:
        raise AwsError(400, "ValidationException", "Value at 'severityCode' failed to satisfy constraint.")
    now, n = clock.utcnow(), len(cases(account))
    case_id = f"case-{account}-muen-{now.year}-{digits(account, str(n))}"
    cases(account)[case_id] = {
        "caseId": case_id, "displayId": digits("display", account, str(n)), "subject": asked["subject"], "status": "opened",
        "serviceCode": asked.get("serviceCode", "general-info"), "categoryCode": asked.get("categoryCode", "other"),
        "severityCode": asked.get("severityCode", "low"), "submittedBy": f"owner@{account}.example.com",
        "timeCreated": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "language": asked.get("language", "en"),
        "body": asked["communicationBody"], "issueType": asked.get("issueType", "technical"),
    }
    return {"caseId": case_id}


@registry.answers("support:DescribeCases")
def describe_cases(call, account):
    """AWS: resolved cases only if includeResolvedCases says so, the newest first, 10 to 100 on a page."""
    every = [c for c in reversed(list(cases(account).values()))
             if (call.params.get("includeResolvedCases") or c["status"] != "resolved")
             and c["caseId"] in (call.params.get("caseIdList") or [c["caseId"]])]
    shown = [{k: v for k, v in c.items() if k not in ("body", "issueType")} for c in every]
    return page(call, shown, "cases", "maxResults", "nextToken")


@registry.answers("support:ResolveCase")
def resolve_case(call, account):
    case = find(account, call.params["caseId"])
    before, case["status"] = case["status"], "resolved"
    return {"initialCaseStatus": before, "finalCaseStatus": "resolved"}


pictured("support", "support.cases")
