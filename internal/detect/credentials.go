package detect

import (
	"strconv"
	"strings"
	"time"

	"cordon/internal/finding"
)

// credentials are secrets read, and ways onto machines.
var credentials = []Detection{
	{
		// Of one program the secrets are few, and always the same.
		ID: "secrets.swept", Severity: finding.High, Attack: []string{"T1555.006"}, Args: []string{"count"},
		On:    on("secretsmanager:GetSecretValue"),
		Burst: &burst{Within: 10 * time.Minute, Count: 5, Console: 12, Of: secretsOf},
	},
	{
		// Many in one call, or a tree of them: few calls make little noise.
		ID: "secrets.batch", Severity: finding.Medium, Attack: []string{"T1555.006", "T1552.001"}, Args: []string{"what"}, Habit: "call",
		On: on("secretsmanager:BatchGetSecretValue", "ssm:GetParametersByPath GetParameters"),
		Match: func(l *look) bool {
			switch l.Name {
			case "BatchGetSecretValue":
				return catchAll(l)
			case "GetParameters":
				l.severity(finding.Low)
				n := len(l.req("names[]"))
				return l.names("what", strconv.Itoa(n)) && decrypts(l) && n >= 5 && !l.console
			}
			return l.names("what", l.one("path")) && decrypts(l) && l.one("path") == "/" && l.one("recursive") == "true"
		},
	},
	{
		ID: "parameters.swept", Severity: finding.Medium, Attack: []string{"T1552.001", "T1555"}, Args: []string{"count"}, Habit: "call",
		On:    on("ssm:GetParameter GetParameters GetParametersByPath"),
		Match: decrypts,
		Burst: &burst{Within: 10 * time.Minute, Count: 20, Of: each("name", "names[]")},
	},
	{
		ID: "ec2.password-read", Severity: finding.Medium, Attack: []string{"T1552.005", "T1555"}, Args: []string{"instance"}, Habit: "call",
		On: on("ec2:GetPasswordData"),
		Match: func(l *look) bool {
			return l.machine(finding.High, 4) && (!l.console || l.hit.Severity >= finding.High)
		},
	},
	{
		ID: "ec2.start-script-changed", Severity: finding.High, Attack: []string{"T1578", "T1651"}, Args: []string{"instance"},
		On: on("ec2:ModifyInstanceAttribute"),
		Match: func(l *look) bool {
			return l.names("instance", l.one("instanceId")) && (l.has("userData") || l.one("attribute") == "userData")
		},
	},
	{
		ID: "ec2.start-script-read", Severity: finding.Info, Confidence: finding.Ask, Attack: []string{"T1552.005", "T1580"}, Args: []string{"instance"}, Habit: "call", Script: true,
		On:    on("ec2:DescribeInstanceAttribute"),
		Match: func(l *look) bool { return l.one("attribute") == "userData" && l.machine(finding.Medium, 5) },
	},
	{
		ID: "ec2.key-pushed", Severity: finding.Low, Attack: []string{"T1021.007", "T1098"}, Args: []string{"instance"}, Habit: "call",
		On: on("ec2-instance-connect:SendSSHPublicKey"),
		Match: func(l *look) bool {
			return l.machine(finding.High, 3) && (!l.console || l.hit.Severity >= finding.High)
		},
	},
	{
		ID: "ec2.serial-console", Severity: finding.Medium, Attack: []string{"T1021.007"}, Args: []string{"what"}, Habit: "call",
		On: on("ec2:EnableSerialConsoleAccess", "ec2-instance-connect:SendSerialConsoleSSHPublicKey"),
		Match: func(l *look) bool {
			what := l.one("instanceId")
			if what == "" {
				what = l.Region
			}
			return l.names("what", what)
		},
	},
	{
		ID: "ec2.key-pair", Severity: finding.Low, Confidence: finding.Ask, Attack: []string{"T1098"}, Args: []string{"key"}, Habit: "call", Script: true,
		On: on("ec2:ImportKeyPair CreateKeyPair", "lightsail:ImportKeyPair CreateKeyPair DownloadDefaultKeyPair"), Match: func(l *look) bool { return l.names("key", l.one("keyName", "keyPairName")) },
	},
	{
		// Programs in Lambda and the like run commands every minute; a key that
		// somebody carries about, or a person, is another matter.
		ID: "ssm.command", Severity: finding.Medium, Attack: []string{"T1651"}, Args: []string{"document"}, Habit: "call",
		On: on("ssm:SendCommand StartAutomationExecution"),
		Match: func(l *look) bool {
			l.arg("document", l.one("documentName"))
			for _, command := range append(l.req("parameters.commands[]"), l.req("parameters.commands")...) {
				if strings.Contains(command, "169.254.169.254") || strings.Contains(command, "169.254.170.2") || strings.Contains(command, "security-credentials") {
					l.severity(finding.Critical)
					l.confidence(finding.Sure)
					return true
				}
			}
			return !hosted(l.Agent) && !l.console
		},
	},
	{
		ID: "ssm.session", Severity: finding.Low, Confidence: finding.Ask, Attack: []string{"T1021.007", "T1651"}, Args: []string{"instance"}, Habit: "call", Script: true,
		On: on("ssm:StartSession ResumeSession"), Match: func(l *look) bool { return l.names("instance", l.one("target", "sessionId")) },
	},
	{
		ID: "ssm.foothold", Severity: finding.Medium, Attack: []string{"T1098", "T1651"}, Args: []string{"what"}, Habit: "call",
		On: on("ssm:CreateActivation CreateAssociation CreateAssociationBatch"),
		Match: func(l *look) bool {
			return l.names("what", l.one("defaultInstanceName", "name", "iamRole")) && !hosted(l.Agent)
		},
	},
}

// has says whether the request has a member at all: of secrets the value is
// removed, and AWS leaves some empty.
func (l *look) has(name string) bool {
	if len(l.Request) == 0 {
		return false
	}
	for _, v := range decoded(&l.request, l.Request).at(name) {
		if v != nil {
			return true
		}
	}
	return false
}

// secretsOf counts a secret under its name, whether by ARN or not.
func secretsOf(l *look) []string {
	id := l.one("secretId")
	if _, name, ok := strings.Cut(id, ":secret:"); ok {
		if len(name) > 7 && name[len(name)-7] == '-' {
			name = name[:len(name)-7]
		}
		id = name
	}
	if id == "" {
		return nil
	}
	return []string{id}
}

// catchAll sees a batch that asks for whatever there is: by a filter that only
// excludes, or for as many as one call gives.
func catchAll(l *look) bool {
	keys, values, ids := l.req("filters[].key"), l.req("filters[].values[]"), l.req("secretIdList[]")
	if len(ids) >= 10 {
		return l.names("what", strconv.Itoa(len(ids)))
	}
	if len(keys) == 0 || len(ids) > 0 {
		return false
	}
	for _, v := range values {
		if !strings.HasPrefix(v, "!") {
			return false
		}
	}
	return l.names("what", strings.Join(values, ", "))
}

func decrypts(l *look) bool { return l.one("withDecryption") == "true" }

// machine names the instance, and makes it worse when the same actor did the
// same to several of them within a quarter of an hour.
func (l *look) machine(worse finding.Severity, several int) bool {
	id := l.one("instanceId")
	if l.spree(id) >= several {
		l.severity(worse)
	}
	return l.names("instance", id)
}

// hosted recognises programs that run where AWS hosts them.
func hosted(agent string) bool {
	return strings.Contains(agent, "exec-env/AWS_Lambda") || strings.Contains(agent, "exec-env/AWS_ECS") || strings.Contains(agent, "exec-env/CodeBuild")
}
