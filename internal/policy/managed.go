package policy

import "strings"

// managed returns a document that stands for an AWS-managed policy where its
// own body is not at hand: enough of it to judge administrators by, and no
// more. Bodies change; names in this table have kept their meaning for years.
func managed(arn string) (body string, known bool) {
	_, name, ok := strings.Cut(arn, ":iam::aws:policy/")
	if !ok {
		return "", false
	}
	if strings.HasPrefix(name, "AWSCompromisedKeyQuarantine") {
		return quarantine, true
	}
	body, known = managedBodies[name]
	return body, known
}

const (
	harmless = `{"Version":"2012-10-17","Statement":[]}`
	// quarantine is what every version of it denies of the calls judged here,
	// and what V2 and later add.
	quarantine = `{"Statement":{"Effect":"Deny","Resource":"*","Action":["iam:AddUserToGroup","iam:AttachGroupPolicy",
"iam:AttachRolePolicy","iam:AttachUserPolicy","iam:ChangePassword","iam:CreateAccessKey","iam:CreateInstanceProfile",
"iam:CreateLoginProfile","iam:CreatePolicyVersion","iam:CreateRole","iam:CreateUser","iam:DetachUserPolicy","iam:PassRole",
"iam:PutGroupPolicy","iam:PutRolePolicy","iam:PutUserPermissionsBoundary","iam:PutUserPolicy","iam:SetDefaultPolicyVersion",
"iam:UpdateAccessKey","iam:UpdateAccountPasswordPolicy","iam:UpdateAssumeRolePolicy","iam:UpdateLoginProfile","iam:UpdateUser",
"ec2:RunInstances","lambda:CreateFunction"]}}`
)

var managedBodies = map[string]string{
	"AdministratorAccess": `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
	"IAMFullAccess":       `{"Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}`,
	// Everything but IAM, organisations and the account itself.
	"PowerUserAccess": `{"Statement":{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"}}`,
	// These two pass any role to what they create.
	"AWSLambda_FullAccess": `{"Statement":{"Effect":"Allow","Action":["lambda:*","iam:PassRole"],"Resource":"*"}}`,
	"AWSLambdaFullAccess":  `{"Statement":{"Effect":"Allow","Action":["lambda:*","iam:PassRole"],"Resource":"*"}}`,
	"AWSDenyAll":           `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`,

	"ReadOnlyAccess":                harmless,
	"SecurityAudit":                 harmless,
	"job-function/ViewOnlyAccess":   harmless,
	"job-function/SupportUser":      harmless,
	"job-function/Billing":          harmless,
	"IAMReadOnlyAccess":             harmless,
	"IAMUserChangePassword":         harmless,
	"AWSSupportAccess":              harmless,
	"AWSBillingReadOnlyAccess":      harmless,
	"AmazonS3FullAccess":            harmless,
	"AmazonS3ReadOnlyAccess":        harmless,
	"AmazonEC2FullAccess":           harmless, // passes no role but service-linked ones
	"AmazonEC2ReadOnlyAccess":       harmless,
	"AmazonVPCFullAccess":           harmless,
	"AmazonSESFullAccess":           harmless,
	"AmazonSNSFullAccess":           harmless,
	"AmazonSQSFullAccess":           harmless,
	"CloudWatchAgentServerPolicy":   harmless,
	"CloudWatchLogsFullAccess":      harmless,
	"CloudWatchReadOnlyAccess":      harmless,
	"AmazonSSMManagedInstanceCore":  harmless,
	"AmazonBedrockLimitedAccess":    harmless,
	"AWSXRayDaemonWriteAccess":      harmless,
	"AWSCloudTrail_ReadOnlyAccess":  harmless,
	"AmazonGuardDutyReadOnlyAccess": harmless,

	"service-role/AWSLambdaBasicExecutionRole":          harmless,
	"service-role/AWSLambdaVPCAccessExecutionRole":      harmless,
	"service-role/AmazonECSTaskExecutionRolePolicy":     harmless,
	"service-role/AmazonEC2ContainerServiceforEC2Role":  harmless,
	"service-role/AWSConfigRole":                        harmless,
	"service-role/AmazonAPIGatewayPushToCloudWatchLogs": harmless,
}
