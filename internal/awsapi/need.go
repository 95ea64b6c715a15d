package awsapi

import (
	"slices"
	"strings"
)

// A Need is one API call that a kind or a verb makes, written as the SDK names
// it: "iam:ListUsers". The service is the SDK's ServiceID in lower case without
// spaces. Where IAM names the action otherwise, both are written, call=action:
// "s3:ListObjectsV2=s3:ListBucket". Several actions are separated by commas; a
// call that needs no permission ends in "="; an action that goes with no call
// of its own (iam:PassRole) begins with "=".
type Need = string

// Actions answers the IAM actions behind needs, sorted, each once: what a
// policy must allow for exactly these calls.
func Actions(needs []Need) []string {
	var out []string
	for _, n := range needs {
		call, actions, differs := strings.Cut(n, "=")
		if !differs {
			actions = action(call)
		}
		for a := range strings.SplitSeq(actions, ",") {
			if a = strings.TrimSpace(a); a != "" {
				out = append(out, a)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// calls answers the set of SDK calls that needs permit.
func calls(needs []Need) map[string]bool {
	may := make(map[string]bool, len(needs))
	for _, n := range needs {
		if call, _, _ := strings.Cut(n, "="); call != "" {
			may[strings.TrimSpace(call)] = true
		}
	}
	return may
}

// service writes an SDK ServiceID as needs write it.
func service(id string) string {
	return strings.ToLower(strings.ReplaceAll(id, " ", ""))
}

// action turns an SDK call into the IAM action of the same operation.
func action(call string) string {
	svc, op, ok := strings.Cut(call, ":")
	if p := prefixes[svc]; ok && p != "" {
		return p + ":" + op
	}
	return call
}

// prefixes are the services whose IAM prefix is not their SDK name. A service
// that is missing here only makes its Needs spell the action out.
var prefixes = map[string]string{
	"accessanalyzer":           "access-analyzer",
	"apigatewayv2":             "apigateway",
	"applicationautoscaling":   "application-autoscaling",
	"bedrockagent":             "bedrock",
	"cloudcontrol":             "cloudformation",
	"cloudwatchlogs":           "logs",
	"cognitoidentity":          "cognito-identity",
	"cognitoidentityprovider":  "cognito-idp",
	"configservice":            "config",
	"costexplorer":             "ce",
	"costoptimizationhub":      "cost-optimization-hub",
	"docdb":                    "rds",
	"efs":                      "elasticfilesystem",
	"elasticloadbalancingv2":   "elasticloadbalancing",
	"emr":                      "elasticmapreduce",
	"eventbridge":              "events",
	"neptune":                  "rds",
	"opensearch":               "es",
	"pinpointsmsvoicev2":       "sms-voice",
	"resourceexplorer2":        "resource-explorer-2",
	"resourcegroups":           "resource-groups",
	"resourcegroupstaggingapi": "tag",
	"s3control":                "s3",
	"sesv2":                    "ses",
	"sfn":                      "states",
	"ssoadmin":                 "sso",
	"ssooidc":                  "sso-oauth",
}
