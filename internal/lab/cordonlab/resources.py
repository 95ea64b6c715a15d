"""The resource ARNs that a request is about, well enough for resource-scoped policies.

The Service Authorization Reference says for each action which resource it is checked against. cordon's own calls and
the attackers' calls are mostly about one named thing; a call without one is checked against "*".
"""
import re

_IAM = {"UserName": "user", "RoleName": "role", "GroupName": "group", "InstanceProfileName": "instance-profile",
        "ServerCertificateName": "server-certificate"}
_IAM_ARNS = ("PolicySourceArn", "SAMLProviderArn", "OpenIDConnectProviderArn", "Arn")
_IAM_ATTACHED = re.compile(r"^(Attach|Detach)(User|Role|Group)Policy$")
_EC2 = {"InstanceId": "instance", "VolumeId": "volume", "SnapshotId": "snapshot", "ImageId": "image",
        "GroupId": "security-group", "VpcId": "vpc", "SubnetId": "subnet", "KeyName": "key-pair",
        "NetworkInterfaceId": "network-interface", "LaunchTemplateId": "launch-template"}
_EC2_UNOWNED = ("image", "snapshot")
_EC2_WILD = re.compile(r"^Describe|^Get(Ebs|SnapshotBlock|ImageBlock)|^(Enable|Disable)(Ebs|SnapshotBlock|ImageBlock)")


def resources(service, op, params, region, account, lookup=None):
    """The ARNs a call acts on, or ["*"].

    `lookup(kind, name)` may give the full ARN of a user, role or group: their path is part of it.
    """
    find = _FINDERS.get(service)
    found = find(op, params or {}, region, account, lookup) if find else []
    return found or ["*"]


def _iam(op, params, region, account, lookup):
    if op.startswith("List") and not op.startswith(("ListAttached", "ListUserPol", "ListRolePol", "ListGroupPol")):
        if not params.get("UserName"):
            return []
    if "PolicyArn" in params and not _IAM_ATTACHED.match(op):
        return [params["PolicyArn"]] if op != "CreatePolicy" else []
    if op == "CreatePolicy":
        return [f"arn:aws:iam::{account}:policy{params.get('Path') or '/'}{params.get('PolicyName')}"]
    if params.get("SerialNumber") and "UserName" not in params:
        return [params["SerialNumber"]]
    for key in ("GroupName", "UserName", "RoleName", "InstanceProfileName", "ServerCertificateName"):
        if params.get(key):
            kind, name = _IAM[key], params[key]
            known = lookup(kind, name) if lookup else None
            path = params.get("Path") or "/"
            return [known or f"arn:aws:iam::{account}:{kind}{path}{name}"]
    return [params[key] for key in _IAM_ARNS if params.get(key)][:1]


def _ec2(op, params, region, account, lookup):
    if _EC2_WILD.match(op):
        return []
    if op == "RunInstances":
        return [f"arn:aws:ec2:{region}:{account}:instance/*"]
    out = []
    for key, kind in _EC2.items():
        for value in _values(params, key):
            owner = "" if kind in _EC2_UNOWNED else account
            out.append(f"arn:aws:ec2:{region}:{owner}:{kind}/{value}")
    for value in params.get("Resources") or []:
        out.append(f"arn:aws:ec2:{region}:{account}:*/{value}")
    return out


def _values(params, key):
    """InstanceId or InstanceIds."""
    one, many = params.get(key), params.get(key + "s")
    return ([one] if isinstance(one, str) else []) + [v for v in many or [] if isinstance(v, str)]


def _lambda(op, params, region, account, lookup):
    name = params.get("FunctionName")
    if name:
        return [name] if name.startswith("arn:") else [f"arn:aws:lambda:{region}:{account}:function:{name}"]
    layer = params.get("LayerName")
    if layer:
        base = layer if layer.startswith("arn:") else f"arn:aws:lambda:{region}:{account}:layer:{layer}"
        version = params.get("VersionNumber")
        return [f"{base}:{version}" if version is not None else base]
    return [f"arn:aws:lambda:{region}:{account}:event-source-mapping:{params['UUID']}"] if params.get("UUID") else []


def _s3(op, params, region, account, lookup):
    bucket, key = params.get("Bucket"), params.get("Key")
    if not bucket:
        return []
    return [f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"]


def _sts(op, params, region, account, lookup):
    if params.get("RoleArn"):
        return [params["RoleArn"]]
    if op == "GetFederationToken":
        return [f"arn:aws:sts::{account}:federated-user/{params.get('Name')}"]
    return []


def _cloudtrail(op, params, region, account, lookup):
    name = params.get("Name") or params.get("TrailName")
    if not name:
        return []
    return [name] if name.startswith("arn:") else [f"arn:aws:cloudtrail:{region}:{account}:trail/{name}"]


def _guardduty(op, params, region, account, lookup):
    detector = params.get("DetectorId")
    return [f"arn:aws:guardduty:{region}:{account}:detector/{detector}"] if detector else []


_FINDERS = {"iam": _iam, "ec2": _ec2, "lambda": _lambda, "s3": _s3, "sts": _sts, "cloudtrail": _cloudtrail,
            "guardduty": _guardduty}

_PREFIX = {"stepfunctions": "states", "cloudwatch": "cloudwatch", "sesv2": "ses", "service-quotas": "servicequotas",
           "resourcegroupstaggingapi": "tag", "sso-admin": "sso", "elbv2": "elasticloadbalancing",
           "elb": "elasticloadbalancing", "emr": "elasticmapreduce", "s3control": "s3", "opensearch": "es",
           "cloudcontrol": "cloudformation", "accessanalyzer": "access-analyzer", "efs": "elasticfilesystem",
           "bedrock-runtime": "bedrock", "bedrock-agent": "bedrock"}
_S3_ACTIONS = {"ListBuckets": "ListAllMyBuckets", "ListObjects": "ListBucket", "ListObjectsV2": "ListBucket",
               "HeadBucket": "ListBucket", "HeadObject": "GetObject", "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
               "ListObjectVersions": "ListBucketVersions",
               "GetPublicAccessBlock": "GetBucketPublicAccessBlock", "CopyObject": "PutObject",
               "PutPublicAccessBlock": "PutBucketPublicAccessBlock", "UploadPart": "PutObject",
               "DeletePublicAccessBlock": "PutBucketPublicAccessBlock", "DeleteObjects": "DeleteObject",
               "CreateMultipartUpload": "PutObject", "CompleteMultipartUpload": "PutObject"}


def action(service, op):
    """The IAM action of an API call: mostly service:Operation, but prefix and name differ for some."""
    if service == "lambda" and op == "Invoke":
        op = "InvokeFunction"
    if service == "s3":
        op = _S3_ACTIONS.get(op, op)
    return f"{_PREFIX.get(service, service)}:{op}"
