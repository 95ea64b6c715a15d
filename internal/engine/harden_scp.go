package engine

import (
	"encoding/json"
	"fmt"
)

// An SCP is a service control policy that the management account of an
// organisation may attach to this account. cordon attaches none of them.
type SCP struct {
	Name     string          `json:"name"`
	Document json.RawMessage `json:"document"`
}

// ProposeSCPs writes the policies that hold for every principal of the account, its
// root user included, whatever their own policies say. used are the regions that
// the owner works in; with none, no region is closed. What they may break stands in
// docs/hardening.md.
func ProposeSCPs(partition string, used []string) ([]SCP, error) {
	deny := func(sid string, actions []string, rest map[string]any) map[string]any {
		s := map[string]any{"Sid": sid, "Effect": "Deny", "Action": actions, "Resource": "*"}
		for k, v := range rest {
			s[k] = v
		}
		return s
	}
	proposals := []struct {
		name string
		deny map[string]any
	}{
		{"cordon-keep-in-organization", deny("KeepInOrganization", []string{"organizations:LeaveOrganization"}, nil)},
		{"cordon-keep-watching", deny("KeepWatching", []string{
			"cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors",
			"guardduty:DeleteDetector", "guardduty:UpdateDetector", "guardduty:DisassociateFromAdministratorAccount", "guardduty:DeleteMembers",
			"config:StopConfigurationRecorder", "config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel",
			"access-analyzer:DeleteAnalyzer",
		}, nil)},
		{"cordon-no-root", deny("NoRoot", []string{"*"}, map[string]any{
			"Condition": map[string]any{"ArnLike": map[string]any{"aws:PrincipalArn": "arn:" + partition + ":iam::*:root"}},
		})},
		{"cordon-keep-private", deny("KeepPrivate", []string{
			"s3:PutAccountPublicAccessBlock", "ec2:DisableSnapshotBlockPublicAccess", "ec2:DisableImageBlockPublicAccess", "ec2:DisableEbsEncryptionByDefault",
		}, nil)},
	}
	if len(used) > 0 {
		regions := deny("OnlyUsedRegions", nil, map[string]any{
			"NotAction": worldwide, "Condition": map[string]any{"StringNotEquals": map[string]any{"aws:RequestedRegion": used}},
		})
		delete(regions, "Action")
		proposals = append(proposals, struct {
			name string
			deny map[string]any
		}{"cordon-only-used-regions", regions})
	}
	var all []SCP
	for _, p := range proposals {
		b, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{p.deny}})
		if err != nil {
			return nil, fmt.Errorf("cannot write the policy %s: %w", p.name, err)
		}
		all = append(all, SCP{p.name, b})
	}
	return all, nil
}

// worldwide are the services that are called in one region for all of them: they go
// on working when regions are closed (Organizations User Guide, "Deny access to AWS
// based on the requested AWS Region").
var worldwide = []string{
	"account:*", "acm:*", "artifact:*", "aws-marketplace:*", "aws-portal:*", "billing:*", "budgets:*", "ce:*", "chatbot:*", "cloudfront:*", "consoleapp:*",
	"consolidatedbilling:*", "cur:*", "directconnect:*", "fms:*", "freetier:*", "globalaccelerator:*", "health:*", "iam:*", "identitystore:*", "invoicing:*",
	"kms:*", "networkmanager:*", "notifications:*", "organizations:*", "payments:*", "pricing:*", "resource-explorer-2:*", "route53:*", "route53domains:*",
	"s3:GetAccountPublic*", "s3:ListAllMyBuckets", "s3:GetBucketLocation", "s3:PutAccountPublic*", "savingsplans:*", "shield:*", "signin:*", "sso:*", "sts:*",
	"support:*", "sustainability:*", "tax:*", "trustedadvisor:*", "waf:*", "waf-regional:*", "wafv2:*",
}
