package detect

import (
	"strings"

	"cordon/internal/finding"
)

// functions are Lambda and what calls it: the place where a way in needs no
// machine.
var functions = []Detection{
	{
		ID: "lambda.opened", Severity: finding.High, Attack: []string{"T1098", "T1648"}, Args: []string{"function", "who"},
		On: on("lambda:AddPermission"),
		Match: func(l *look) bool {
			who := l.one("principal")
			l.arg("function", functionName(l))
			l.arg("who", who)
			switch {
			case who == "*":
				return l.one("principalOrgID", "sourceAccount", "sourceArn") == ""
			case who == "": // old records do not say
				l.severity(finding.Info)
				return true
			}
			account := accountIn(who)
			return account != "" && account != l.account()
		},
	},
	{
		ID: "lambda.public-url", Severity: finding.High, Attack: []string{"T1648"}, Args: []string{"function"}, Habit: "call",
		On:    on("lambda:CreateFunctionUrlConfig UpdateFunctionUrlConfig"),
		Match: func(l *look) bool { return l.names("function", functionName(l)) && l.one("authType") == "NONE" },
	},
	{
		ID: "lambda.code-changed", Severity: finding.Medium, Confidence: finding.Ask, Attack: []string{"T1648", "T1578"}, Args: []string{"function"}, Habit: "call",
		On: on("lambda:UpdateFunctionCode CreateFunction"),
		Match: func(l *look) bool {
			if strings.HasPrefix(l.Name, "Create") {
				l.severity(finding.Info)
			}
			return l.names("function", functionName(l)) && l.one("dryRun") != "true"
		},
	},
	{
		ID: "lambda.foreign-layer", Severity: finding.High, Attack: []string{"T1648", "T1574"}, Args: []string{"function", "layer"}, Habit: "call",
		On: on("lambda:UpdateFunctionConfiguration CreateFunction"),
		Match: func(l *look) bool {
			for _, layer := range append(l.req("layers[]"), l.req("layers[].arn")...) {
				if account := accountIn(layer); account != "" && account != l.account() && !publisher(account) {
					return l.names("function", functionName(l)) && l.names("layer", layer)
				}
			}
			return false
		},
	},
	{
		ID: "persist.trigger", Severity: finding.Info, Confidence: finding.Ask, Attack: []string{"T1546", "T1053", "T1648"}, Args: []string{"what"}, Habit: "call", Script: true,
		On: on("events:PutTargets", "scheduler:CreateSchedule", "lambda:CreateEventSourceMapping", "apigateway:CreateApi CreateRestApi"),
		Match: func(l *look) bool {
			return l.names("what", l.one("rule", "name", "functionName", "createRestApiInput.name")) && !hosted(l.Agent)
		},
	},
	{
		ID: "codebuild.opened", Severity: finding.High, Attack: []string{"T1537", "T1098"}, Args: []string{"what"},
		On: on("codebuild:UpdateProjectVisibility ImportSourceCredentials CreateWebhook"),
		Match: func(l *look) bool {
			if l.Name == "UpdateProjectVisibility" {
				return l.names("what", lastPart(l.one("projectArn"))) && l.one("projectVisibility") == "PUBLIC_READ"
			}
			l.severity(finding.Low)
			return l.names("what", l.one("projectName", "serverType"))
		},
	},
	{
		ID: "cloudshell.new", Severity: finding.Low, Confidence: finding.Ask, Attack: []string{"T1059"}, Columns: true,
		On: on("cloudshell:CreateEnvironment CreateSession"),
		Match: func(l *look) bool {
			first, known := l.novel("service")
			return known && first
		},
	},
}

func functionName(l *look) string {
	name := l.one("functionName", "layerName")
	if f := strings.Split(name, ":"); len(f) >= 7 && f[0] == "arn" {
		return f[6]
	}
	return name
}

// publisher recognises accounts in which AWS and its large partners publish
// layers, as their guides name them.
func publisher(account string) bool {
	return strings.Contains("580247275435 094274105915 345057560386 464622532012 901920570463 184161586896 177933569100 017000801446 753240598075 590474943231 451483290750", account)
}
