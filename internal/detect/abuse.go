package detect

import (
	"strings"
	"time"

	"cordon/internal/finding"
)

// abuse is what intruders resell: models, mail and text messages.
var abuse = []Detection{
	{
		ID: "models.access-opened", Severity: finding.High, Attack: []string{"T1496.004"}, Args: []string{"call"}, Habit: "call",
		On: on("bedrock:PutUseCaseForModelAccess CreateFoundationModelAgreement PutFoundationModelEntitlement CreateProvisionedModelThroughput"),
		Match: func(l *look) bool {
			if l.console {
				l.severity(finding.Medium)
			}
			return l.names("call", l.Name)
		},
	},
	{
		ID: "models.used", Severity: finding.Medium, Attack: []string{"T1496.004"}, Args: []string{"call"}, Columns: true,
		On: on("bedrock:InvokeModel InvokeModelWithResponseStream Converse ConverseStream CreateModelInvocationJob"),
		Match: func(l *look) bool {
			first, known := l.novel("service")
			return l.names("call", l.Name) && known && first && !hosted(l.Agent)
		},
	},
	{
		// Asking for a model, and being refused, in many ways: a stolen key is tried
		// out before it is sold.
		ID: "models.tried", Severity: finding.Medium, Attack: []string{"T1496.004"}, Args: []string{"count"}, Columns: true,
		On:    on("bedrock:InvokeModel InvokeModelWithResponseStream Converse ConverseStream"),
		Match: func(l *look) bool { return l.Failed() && !strings.Contains(l.Error.Code, "Throttl") },
		Burst: &burst{Within: 15 * time.Minute, Count: 5, Of: byEvent},
	},
	{
		ID: "mail.sandbox-left", Severity: finding.High, Attack: []string{"T1496.004", "T1535"}, Args: []string{"region"}, Columns: true,
		On: on("ses:PutAccountDetails"),
		Match: func(l *look) bool {
			if l.spree(l.Region) >= 3 { // nobody sends from everywhere
				l.severity(finding.Critical)
				l.confidence(finding.Sure)
			} else if first, known := l.novel("service"); known && !first {
				l.severity(finding.Low)
			}
			return l.names("region", l.Region)
		},
	},
	{
		ID: "mail.sender-made", Severity: finding.Medium, Attack: []string{"T1496.004", "T1585.002"}, Args: []string{"what"}, Habit: "call",
		On: on("ses:CreateEmailIdentity VerifyEmailIdentity VerifyDomainIdentity VerifyEmailAddress VerifyDomainDkim DeleteIdentity DeleteEmailIdentity UpdateAccountSendingEnabled PutAccountSendingAttributes",
			"workmail:CreateOrganization RegisterToWorkMail"),
		Match: func(l *look) bool {
			if l.console || strings.HasPrefix(l.Name, "Delete") {
				l.severity(finding.Low)
			}
			return l.names("what", strings.TrimSpace(l.Name+" "+l.one("emailIdentity", "emailAddress", "domain", "identity", "alias", "email")))
		},
	},
	{
		ID: "messages.set-up", Severity: finding.Medium, Attack: []string{"T1496.004"}, Args: []string{"call"}, Columns: true, Habit: "call",
		On:    on("sns:SetSMSAttributes CreateSMSSandboxPhoneNumber VerifySMSSandboxPhoneNumber", "sms-voice:RequestPhoneNumber RequestSenderId SetTextMessageSpendLimitOverride"),
		Match: func(l *look) bool { return l.names("call", l.Name) },
	},
}
