"""Who, where and what the story's things are called.

Everything follows the company's own naming scheme, the intruder's things too:
nothing here may tell by its name or tag which side it is on. Addresses are of
the documentation and benchmark ranges, account numbers are made up.
"""

COMPANY = "tidemark"

FOREIGN_ACCOUNT = "999988887777"
VENDOR_ACCOUNT = "222233334444"
PARTNER_ACCOUNT = "333344445555"

HOME_REGIONS = ("eu-west-1", "eu-central-1", "us-east-1", "ap-southeast-1")
UNUSED_REGIONS = ("ap-south-1", "sa-east-1", "eu-north-1")
RECON_REGIONS = ("us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-1", "us-west-2")

# ---- where calls come from --------------------------------------------------

OFFICE_IPS = ("198.51.100.14", "198.51.100.22", "198.51.100.37")
SERVICE_IPS = {"svc-deploy": "192.0.2.20", "svc-reporting": "192.0.2.31",
               "svc-backup": "192.0.2.44", "svc-mailer": "192.0.2.58"}
VENDOR_IP = "192.0.2.201"
INTRUDER_IP = "203.0.113.47"
INTRUDER_SECOND_IP = "203.0.113.112"
INTRUDER_THIRD_IP = "198.18.44.10"

AGENT_CLI = "aws-cli/2.31.6 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.7 md/command#{command}"
AGENT_CONSOLE = "AWS Internal"
AGENT_TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.13.3 terraform-provider-aws/6.14.1 aws-sdk-go-v2/1.39.2"
AGENT_APP = "Boto3/1.40.31 md/Botocore#1.40.31 ua/2.1 os/linux#6.1.0 md/arch#aarch64 lang/python#3.12.11"
AGENT_VENDOR = "aws-sdk-go-v2/1.38.0 ua/2.1 os/linux lang/go#1.24.6 app/metrics-collector"
AGENT_BOTO = "Boto3/1.34.46 md/Botocore#1.34.46 ua/2.0 os/windows#10 md/arch#amd64 lang/python#3.11.4"
AGENT_S3_BROWSER = "S3 Browser/11.6.7 (https://s3browser.com)"
AGENT_OLD_CLI = "aws-cli/1.32.88 Python/3.10.12 Linux/5.15.0-105-generic botocore/1.34.88"
AGENT_AWS = "aws-internal/3 aws-sdk-java/1.12.780 Linux/5.10.245 OpenJDK_64-Bit_Server_VM/25.472-b08 java/1.8.0_472 vendor/Oracle_Corporation cfg/retry-mode/standard"

# ---- people and services of the company -------------------------------------

#: name, days ago, groups, password?, second factor?, key?
USERS = (
    ("martin.keller", 418, ("administrators",), True, True, True),
    ("sofia.lindqvist", 402, ("developers",), True, True, True),
    ("tomas.novak", 367, ("developers",), True, False, True),        # a person without a second factor
    ("anna.ruiz", 350, ("billing-readers",), True, True, False),
    ("james.okafor", 266, ("analysts",), True, False, False),
    ("svc-deploy", 395, ("deployers",), False, False, True),          # its key will leak
    ("svc-reporting", 322, ("analysts",), False, False, True),
    ("svc-backup", 310, ("backup-operators",), False, False, True),
    ("svc-mailer", 288, (), False, False, True),
    ("svc-legacy-sync", 409, ("developers",), False, False, True),    # an old key that nobody uses
)
ADMIN = "claire.moreau"
SECOND_ADMIN = "martin.keller"
LEAKED_USER = "svc-deploy"

#: group -> (managed policy names of AWS, policy names of the company)
GROUPS = {
    "administrators": (("AdministratorAccess",), ()),
    "developers": (("PowerUserAccess",), ()),
    "billing-readers": (("job-function/Billing",), ()),
    "analysts": ((), ("tidemark-data-read", "tidemark-artifact-access")),
    "deployers": ((), ("tidemark-deployment",)),
    "backup-operators": ((), ("tidemark-backup",)),
}

#: the company's own policies: name -> actions
POLICIES = {
    "tidemark-deployment": ["iam:*", "ec2:*", "lambda:*", "s3:*", "sts:*", "cloudtrail:*", "guardduty:*", "logs:*"],
    "tidemark-data-read": ["s3:GetObject", "s3:ListBucket", "s3:ListAllMyBuckets", "athena:*", "glue:Get*"],
    "tidemark-artifact-access": ["s3:GetObject", "s3:ListBucket"],
    "tidemark-backup": ["ec2:Describe*", "ec2:CreateSnapshot", "ec2:DeleteSnapshot", "ec2:CreateTags", "s3:ListAllMyBuckets"],
    "tidemark-operations": ["ec2:*", "lambda:*", "logs:*", "cloudwatch:*", "s3:*", "cloudtrail:Describe*", "sts:*"],
}

# ---- what the company runs --------------------------------------------------

#: region, function, runtime, published versions, days ago
FUNCTIONS = (
    ("eu-west-1", "orders-api", "python3.12", 3, 280),
    ("eu-west-1", "orders-worker", "python3.12", 2, 279),
    ("eu-west-1", "invoice-render", "python3.12", 1, 231),
    ("eu-central-1", "stock-sync", "python3.12", 2, 198),
    ("us-east-1", "edge-redirects", "nodejs22.x", 1, 176),
    ("us-east-1", "mail-bounces", "python3.12", 1, 160),
    ("ap-southeast-1", "track-ingest", "python3.12", 3, 141),
    ("ap-southeast-1", "geo-lookup", "python3.12", 1, 122),
)
LAYERS = (("eu-west-1", "common-utils", 282), ("eu-west-1", "pdf-fonts", 232))
LAYER_OF = {"orders-api": "common-utils", "invoice-render": "pdf-fonts"}

#: region, name, type, days ago, running?
INSTANCES = (
    ("eu-west-1", "web-1", "t3.medium", 300, True),
    ("eu-west-1", "web-2", "t3.medium", 300, True),
    ("eu-west-1", "orders-db", "m6i.large", 296, True),
    ("eu-west-1", "build-runner", "c6i.xlarge", 118, True),
    ("eu-central-1", "stock-web", "t3.small", 205, True),
    ("eu-central-1", "reports-archive", "t3.large", 204, False),      # stopped since spring, kept on purpose
    ("us-east-1", "edge-proxy", "t3.small", 180, True),
    ("us-east-1", "parcel-vision", "g4dn.xlarge", 74, True),          # the company's own GPU
    ("ap-southeast-1", "track-1", "t3.small", 144, True),
    ("ap-southeast-1", "track-2", "t3.small", 144, True),
)

#: bucket, region, days ago, objects
BUCKETS = (
    ("tidemark-audit-logs", "us-east-1", 420, ()),
    ("tidemark-audit-logs-eu", "eu-west-1", 300, ()),
    ("tidemark-artifacts", "eu-west-1", 330, ("orders-api/1.14.2.zip", "orders-worker/1.9.0.zip", "web/2026.08.tar")),
    ("tidemark-invoices", "eu-west-1", 325, ("2026/09/inv-20931.pdf", "2026/10/inv-21544.pdf")),
    ("tidemark-data-exports", "eu-central-1", 210, ("daily/2026-10-30.csv", "daily/2026-10-31.csv")),
    ("tidemark-parcel-images", "us-east-1", 178, ("train/batch-0001.tar",)),
)

# ---- what the intruder makes: in the company's manner -----------------------

NEW_ADMIN = "pavel.horak"
SHORT_LIVED_USER = "lena.brandt"
NEW_ROLE = "support-integration"
NEW_FUNCTION = "metrics-rollup"
NEW_LAYER = "runtime-support"
NEW_KEY_PAIR = "tidemark-render"
NEW_GROUP_NAME = "render-nodes"
NEW_INSTANCE_NAME = "render"
NEW_SAML = "tidemark-workforce"
NEW_OIDC_URL = "https://id.pipelines.example.net"
FOREIGN_USER = "ops"

#: words that no name, tag or description of a planted thing may contain
GIVEAWAYS = ("attack", "evil", "hack", "malicious", "backdoor", "test", "intrud",
             "pwn", "exploit", "miner", "mining", "crypto", "xmr", "persist",
             "steal", "exfil", "rogue", "compromis", "fake", "plant")

# ---- what AWS knows of the owner, and what the intruder costs ------------------

ACCOUNT_NAME = "tidemark-production"
CONTACT = {
    "FullName": "Claire Moreau", "CompanyName": "Tidemark SAS", "AddressLine1": "12 quai des Brumes", "City": "Nantes", "PostalCode": "44000",
    "CountryCode": "FR", "PhoneNumber": "+33240123456",
}
ALTERNATES = {
    "SECURITY": {"title": "Security", "name": "Tidemark security", "email_address": "security@tidemark.example", "phone_number": "+33240123457"},
    "BILLING": {"title": "Accounts", "name": "Anna Ruiz", "email_address": "billing@tidemark.example", "phone_number": "+33240123458"},
}

#: a region, a service and a jump that the company's own past does not explain
PLANTED_COSTS = [
    {"service": "Amazon Elastic Compute Cloud - Compute", "region": "ap-south-1", "usage": "APS3-BoxUsage:p3.8xlarge", "dollars": 183.6},
    {"service": "EC2 - Other", "region": "ap-south-1", "usage": "APS3-EBS:VolumeUsage.gp3", "dollars": 2.2},
    {"service": "Amazon SageMaker", "region": "eu-west-1", "usage": "EU-Notebk:ml.p3.2xlarge", "dollars": 91.2},
    {"service": "AWS Lambda", "region": "eu-west-1", "usage": "EU-Lambda-GB-Second", "dollars": 58.4},
]
