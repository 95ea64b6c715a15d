package leak

// The ids of rules that the code speaks of.
const (
	RuleKey       = "aws-access-key-id"
	RuleTemporary = "aws-temporary-key-id"
	RuleSecret    = "aws-secret-access-key"
	RuleSession   = "aws-session-token"
	ruleMail      = "aws-ses-smtp-password"
	ruleAccount   = "aws-account-id"
	rulePrivate   = "private-key"
)

// aws are AWS's own rules. Those without Starts are found by what stands around
// them: bare.go.
var aws = []Rule{
	{
		ID: RuleKey, Name: "AWS access key ID", Vendor: "aws", Class: KeyID, Sure: High,
		Starts: []string{"AKIA", "A3T"}, Pattern: `(?:AKIA|A3T[A-Z0-9])[A-Z0-9]{16}`, Entropy: 2.2, Loose: true,
		Hit: []string{
			"aws_access_key_id = AKIA{u16}", `KEY_AKIA{u16}`, "`AKIA{u16}`", "<accessKey>AKIA{u16}</accessKey>", "prodAKIA{u16}, yes",
			"https://b.s3.amazonaws.com/x?X-Amz-Credential=AKIA{u16}%2F20260101%2Fus-east-1", "A3TX{u16}", "AKIAI{u15}",
		},
		Miss: []string{"AKIAIOSFODNN7" + "EXAMPLE", "AKIA{u15}", "AKIA{u16}A", "AKIAXXXXXXXXXXXXXXXX", "XAKIA{u16}", "akia{l16}", "AKIA{u10}-{u6}"},
	},
	{
		ID: RuleTemporary, Name: "AWS temporary access key ID", Vendor: "aws", Class: KeyID, Sure: High,
		Starts: []string{"ASIA"}, Pattern: `ASIA[A-Z0-9]{16}`, Entropy: 2.2, Loose: true,
		Hit:  []string{"export AWS_ACCESS_KEY_ID=ASIA{u16}", `"AccessKeyId": "ASIA{u16}",`},
		Miss: []string{"ASIAIOSFODNN7" + "EXAMPLE", "ASIAPACIFICREGIONSTORES", "ASIA{u15}"},
	},
	{
		ID: "aws-service-key-id", Name: "AWS service bearer token or context-specific key ID", Vendor: "aws", Class: KeyID, Sure: Medium,
		Starts: []string{"ABIA", "ACCA"}, Pattern: `(?:ABIA|ACCA)[A-Z0-9]{16}`, Entropy: 2.2, Loose: true,
		Hit:  []string{"token id ABIA{u16}", "credential ACCA{u16}"},
		Miss: []string{"ACCA{u14}", "ABIA{u17}", "ACCAAAAAAAAAAAAAAAAA"},
	},
	{
		ID: "aws-identifier", Name: "AWS unique identifier of a user, role, group or policy", Vendor: "aws", Class: Identifier, Sure: High,
		Starts:  []string{"AIDA", "AROA", "AGPA", "AIPA", "ANPA", "ANVA", "APKA", "ASCA"},
		Pattern: `(?:AIDA|AROA|AGPA|AIPA|ANPA|ANVA|APKA|ASCA)[A-Z0-9]{16,17}`, Entropy: 2.2, Loose: true,
		Hit:  []string{`"UserId": "AIDA{u17}"`, "AROA{u17}:session", "AROA{u16}"},
		Miss: []string{"AIDA{u12}", "AROA{u19}", "AIDACKCEVSQ6C2" + "EXAMPLE"},
	},
	{
		ID: RuleSecret, Name: "AWS secret access key", Vendor: "aws", Class: Secret, Sure: High,
		Hit: []string{
			"aws_secret_access_key = {b40}", `MY_AWS_SECRET_ACCESS_KEY={b40}`, `TF_VAR_aws_secret_key="{b40}"`, "<secretKey>{b40}</secretKey>",
			`"AWS_SECRET_ACCESS_KEY", "{b40}"`, "secret: `{b40}`", "sEcReTkEy={b40}", "key => '{b40}'", "PROD_AWS_SECRET_ACCESS_KEY: {b40}",
			"AKIA{u16},{b40}", "AKIA{u16} {b40}", `credentials("AKIA{u16}", "{b40}")`,
		},
		Miss: []string{
			"wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY", "secret commit {h40}", "key: {l40}", "the key to internal/Providers/google2/Compute/instance",
			"aws_secret_access_key = {b39}", "aws_secret_access_key = {b41}", "{b40}", "integrity sha1-{b40} of the package",
			"policy key: AmazonElasticContainerRegistry2ReadAccess",
		},
	},
	{
		ID: RuleSession, Name: "AWS session token", Vendor: "aws", Class: Secret, Sure: High,
		Starts: []string{"FwoGZXIvYXdz", "FQoGZXIvYXdz", "FQoDYXdz", "AQoDYXdz", "IQoJb3JpZ2lu"}, Pattern: `[A-Za-z0-9/+_=-]{100,}`, Entropy: 4, Loose: true,
		Hit:  []string{"aws_session_token = IQoJb3JpZ2lu{b220}", "AWS_SESSION_TOKEN=FwoGZXIvYXdz{b180}==", "FQoDYXdz{b120}"},
		Miss: []string{"IQoJb3JpZ2lu{b40}", "AQoDYXdz"},
	},
	{
		ID: "aws-bedrock-api-key", Name: "Amazon Bedrock long-term API key", Vendor: "aws", Class: Secret, Sure: High,
		Starts: []string{"ABSK"}, Pattern: `ABSK[A-Za-z0-9+/]{109,}={0,2}`, Entropy: 4,
		Hit:  []string{"AWS_BEARER_TOKEN_BEDROCK=ABSK{b128}", "ABSK{b110}=="},
		Miss: []string{"ABSK{b40}", "ABSKI", "{w40}ABSK{b128}"},
	},
	{
		ID: "aws-bedrock-short-term-key", Name: "Amazon Bedrock short-term API key", Vendor: "aws", Class: Secret, Sure: High,
		Starts: []string{"bedrock-api-key-"}, Pattern: `bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t[A-Za-z0-9+/=_-]{20,}`, Entropy: 4,
		Hit:  []string{"token: bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t{b200}"},
		Miss: []string{"bedrock-api-key-in-the-vault-of-ours", "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t"},
	},
	{
		ID: ruleMail, Name: "Amazon SES SMTP password", Vendor: "aws", Class: Secret, Sure: Medium,
		Hit:  []string{"SES_SMTP_PASSWORD=B{b43}", `smtp_password: "B{b43}"`},
		Miss: []string{"B{b43}", "password: B{b43}", "smtp_host=B{b20}"},
	},
	{
		ID: "aws-mws-token", Name: "Amazon Marketplace Web Service token", Vendor: "aws", Class: Secret, Sure: High,
		Starts: []string{"amzn.mws."}, Pattern: `amzn\.mws\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, Entropy: 2.5,
		Hit:  []string{"MWS=amzn.mws.{h8}-{h4}-{h4}-{h4}-{h12}"},
		Miss: []string{"amzn.mws.{h8}-{h4}", "mws.{h8}-{h4}-{h4}-{h4}-{h12}"},
	},
	{
		ID: "aws-appsync-api-key", Name: "AWS AppSync API key", Vendor: "aws", Class: Secret, Sure: High,
		Starts: []string{"da2-"}, Pattern: `da2-[a-z0-9]{26}`, Entropy: 3,
		Hit:  []string{`"apiKey": "da2-{l26}"`, "aws_appsync_apiKey: 'da2-{l26}'"},
		Miss: []string{"da2-{l20}", "sda2-{l26}", "da2-aaaaaaaaaaaaaaaaaaaaaaaaaa", "da2-{l26}x"},
	},
	{
		ID: "aws-sso-token", Name: "AWS IAM Identity Center token", Vendor: "aws", Class: Secret, Sure: Medium,
		Starts: []string{"aoaAAAAA", "aorAAAAA"}, Pattern: `ao[ar]AAAAA[A-Za-z0-9_-]{40,}`, Entropy: 3.5,
		Hit:  []string{`"accessToken": "aoaAAAAAG{w120}"`, `"refreshToken": "aorAAAAAG{w120}"`},
		Miss: []string{"aoaAAAAAG{w12}", "aobAAAAAG{w120}"},
	},
	{
		ID: "aws-ecr-token", Name: "Amazon ECR authorization token", Vendor: "aws", Class: Secret, Sure: Medium,
		Starts: []string{"QVdTOmV5"}, Pattern: `QVdTOmV5[A-Za-z0-9+/]{200,}={0,2}`, Entropy: 4,
		Hit:  []string{`"authorizationToken": "QVdTOmV5{b400}"`},
		Miss: []string{"QVdTOmV5{b40}"},
	},
	{
		ID: ruleAccount, Name: "AWS account ID", Vendor: "aws", Class: Account, Sure: Low,
		Hit:  []string{"aws_account_id = {n12}", `"AccountId": "{n12}"`, "ACCOUNT_ID={n4}-{n4}-{n4}", "arn:aws:iam::{n12}:role/admin"},
		Miss: []string{"{n12}", "bank account: {n11}", "account {n13}", "account_id = 123456789012", "aws_account_id = 111122223333"},
	},
}
