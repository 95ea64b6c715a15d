package detect

import "cordon/internal/finding"

// accounts is what concerns the account as a whole, its organisation and its
// bill.
var accounts = []Detection{
	{
		ID: "org.left", Severity: finding.Critical, Attack: []string{"T1666"}, Args: []string{"call"},
		On: on("organizations:LeaveOrganization CloseAccount RemoveAccountFromOrganization DeleteOrganization"), Match: func(l *look) bool { return l.names("call", l.Name) },
	},
	{
		ID: "org.changed", Severity: finding.High, Attack: []string{"T1666", "T1136.003"}, Args: []string{"call"}, Habit: "call",
		On: on("organizations:DetachPolicy DisablePolicyType DeletePolicy UpdatePolicy DeregisterDelegatedAdministrator DisableAWSServiceAccess",
			"organizations:CreateAccount InviteAccountToOrganization AcceptHandshake CreateGovCloudAccount MoveAccount RegisterDelegatedAdministrator"),
		Columns: true, Match: func(l *look) bool { return l.names("call", l.Name) },
	},
	{
		ID: "account.region-enabled", Severity: finding.Medium, Attack: []string{"T1535"}, Args: []string{"region"},
		On:    on("account:EnableRegion", "cloudtrail:EnableRegion"),
		Match: func(l *look) bool { return l.names("region", l.one("RegionName", "regionName")) },
	},
	{
		ID: "account.contact-changed", Severity: finding.High, Attack: []string{"T1098", "T1531"}, Args: []string{"call"}, Habit: "call",
		On: on("account:PutAlternateContact DeleteAlternateContact PutContactInformation StartPrimaryEmailUpdate AcceptPrimaryEmailUpdate"), Match: func(l *look) bool { return l.names("call", l.Name) },
	},
	{
		ID: "account.quota", Severity: finding.Medium, Attack: []string{"T1578"}, Args: []string{"what"}, Habit: "call",
		On: on("servicequotas:RequestServiceQuotaIncrease", "support:CreateCase"),
		Match: func(l *look) bool {
			if l.Service() == "support" {
				l.severity(finding.Low)
				return l.names("what", l.Name) && !l.console
			}
			return l.names("what", l.one("serviceCode")+" "+l.one("quotaCode"))
		},
	},
	{
		ID: "account.purchase", Severity: finding.Medium, Attack: []string{"T1496"}, Args: []string{"call"}, Habit: "call", Columns: true,
		On: on("ec2:PurchaseReservedInstancesOffering PurchaseHostReservation", "savingsplans:CreateSavingsPlan", "rds:PurchaseReservedDBInstancesOffering",
			"agreement-marketplace:AcceptAgreementRequest", "aws-marketplace:AcceptAgreementRequest Subscribe"),
		Match: func(l *look) bool { return l.names("call", l.Call) },
	},
	{
		ID: "domain.taken", Severity: finding.High, Attack: []string{"T1583.001", "T1584"}, Args: []string{"domain", "call"}, Habit: "call",
		On: on("route53domains:RegisterDomain TransferDomain TransferDomainToAnotherAwsAccount DisableDomainTransferLock RetrieveDomainAuthCode UpdateDomainNameservers DeleteDomain",
			"route53:CreateHostedZone DeleteHostedZone"),
		Match: func(l *look) bool {
			if l.Service() == "route53" {
				l.severity(finding.Low)
			}
			return l.names("domain", l.one("domainName", "name", "id")) && l.names("call", l.Name) && (l.Service() != "route53" || !l.console)
		},
	},
}
