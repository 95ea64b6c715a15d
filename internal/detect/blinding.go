package detect

import (
	"slices"
	"strings"

	"cordon/internal/event"
	"cordon/internal/finding"
)

// blinding is what takes away the owner's eyes.
var blinding = []Detection{
	{
		ID: "trail.stopped", Severity: finding.Critical, Confidence: finding.Sure, Attack: []string{"T1685.002"}, Args: []string{"trail"},
		On:    on("cloudtrail:StopLogging DeleteTrail DeleteEventDataStore StopEventDataStoreIngestion"),
		Match: func(l *look) bool { return l.names("trail", lastPart(l.one("name", "eventDataStore"))) },
	},
	{
		ID: "trail.narrowed", Severity: finding.High, Attack: []string{"T1685.002"}, Args: []string{"trail", "what"},
		On: on("cloudtrail:UpdateTrail PutEventSelectors UpdateEventDataStore"),
		Match: func(l *look) bool {
			what := narrowed(l)
			if what == "" { // moved, or locked with another key
				what = l.one("s3BucketName", "kmsKeyId")
				l.severity(finding.Medium)
			}
			return l.names("trail", lastPart(l.one("name", "trailName", "eventDataStore"))) && l.names("what", what) && what != ""
		},
	},
	{
		ID: "vpc.flow-logs-deleted", Severity: finding.High, Attack: []string{"T1685.002"}, Args: []string{"what"},
		On: on("ec2:DeleteFlowLogs"),
		Match: func(l *look) bool {
			return l.names("what", strings.Join(append(l.req("DeleteFlowLogsRequest.FlowLogId.content"), l.req("flowLogIds.items[].flowLogId")...), ", "))
		},
	},
	{
		// An archiving filter, or a trusted list that begins with the intruder.
		ID: "detectors.muted", Severity: finding.High, Attack: []string{"T1685"}, Args: []string{"what"},
		On: on("guardduty:CreateFilter UpdateFilter CreateIPSet UpdateIPSet ArchiveFindings CreateTrustedEntitySet UpdateTrustedEntitySet DeleteThreatIntelSet",
			"securityhub:DeleteInsight UpdateFindings BatchUpdateFindings DisableImportFindingsForProduct", "access-analyzer:CreateArchiveRule", "inspector2:CreateFilter",
			"macie2:UpdateMacieSession", "macie:UpdateMacieSession"),
		Match: func(l *look) bool {
			l.arg("what", l.Call)
			switch l.Name {
			case "CreateFilter", "UpdateFilter":
				action := l.one("action")
				return action == "ARCHIVE" || action == "SUPPRESS"
			case "UpdateMacieSession": // rarer findings give more time
				l.severity(finding.Medium)
				return l.one("status") == "PAUSED" || l.one("findingPublishingFrequency") == "SIX_HOURS"
			case "DeleteInsight", "UpdateFindings", "DisableImportFindingsForProduct":
				l.severity(finding.Medium)
			case "ArchiveFindings":
				l.severity(finding.Low)
			case "BatchUpdateFindings":
				l.severity(finding.Low)
				state := l.one("workflow.status")
				return state == "SUPPRESSED" || state == "RESOLVED"
			}
			return true
		},
	},
	{
		ID: "config.off", Severity: finding.High, Attack: []string{"T1685"}, Args: []string{"what"},
		On: on("config:StopConfigurationRecorder DeleteConfigurationRecorder DeleteDeliveryChannel DeleteConfigurationAggregator DeleteConfigRule DeleteConformancePack DeleteRemediationConfiguration"),
		Match: func(l *look) bool {
			what := l.one("configRuleName", "conformancePackName")
			if what != "" {
				l.severity(finding.Low)
			}
			return l.names("what", strings.TrimSpace(l.Name+" "+what))
		},
	},
	{
		ID: "logs.off", Severity: finding.Medium, Attack: []string{"T1685.002", "T1070"}, Args: []string{"what"}, Habit: "call",
		On: on("logs:DeleteLogGroup DeleteLogStream DeleteSubscriptionFilter DeleteMetricFilter PutRetentionPolicy",
			"route53resolver:DeleteResolverQueryLogConfig DisassociateResolverQueryLogConfig",
			"bedrock:DeleteModelInvocationLoggingConfiguration", "rds:StopActivityStream ModifyActivityStream", "s3:PutBucketLogging", "eks:UpdateClusterConfig", "redshift:DisableLogging",
			"wafv2:DeleteLoggingConfiguration"),
		Match: func(l *look) bool {
			l.arg("what", strings.TrimSpace(l.Name+" "+l.one("logGroupName", "bucketName", "name", "resourceArn", "clusterIdentifier")))
			switch l.Call {
			case "logs:PutRetentionPolicy":
				return l.one("retentionInDays") == "1"
			case "s3:PutBucketLogging":
				return l.has("BucketLoggingStatus") && !l.has("BucketLoggingStatus.LoggingEnabled")
			case "eks:UpdateClusterConfig":
				return slices.Contains(l.req("logging.clusterLogging[].enabled"), "false")
			case "bedrock:DeleteModelInvocationLoggingConfiguration":
				l.severity(finding.High)
			}
			return !hosted(l.Agent)
		},
	},
	{
		ID: "alarms.off", Severity: finding.Medium, Attack: []string{"T1685"}, Args: []string{"what"}, Habit: "call",
		On: on("monitoring:DeleteAlarms DisableAlarmActions", "events:DisableRule DeleteRule RemoveTargets", "sns:Unsubscribe DeleteTopic"),
		Match: func(l *look) bool {
			if l.Service() == "sns" || l.Service() == "events" {
				l.severity(finding.Low)
			}
			return l.names("what", strings.Join(append(l.req("alarmNames[]"), l.one("name", "rule", "subscriptionArn", "topicArn")), " ")) && !hosted(l.Agent)
		},
	},
	{
		ID: "detectors.off", Severity: finding.High, Attack: []string{"T1685"}, Args: []string{"what"},
		On: on("guardduty:DeleteDetector UpdateDetector DisassociateFromMasterAccount DisassociateFromAdministratorAccount DisassociateMembers StopMonitoringMembers DeleteMembers "+
			"DeletePublishingDestination DisableOrganizationAdminAccount DeleteInvitations",
			"securityhub:DisableSecurityHub BatchDisableStandards DisassociateFromAdministratorAccount DisassociateFromMasterAccount DeleteMembers",
			"macie2:DisableMacie DisassociateFromAdministratorAccount", "access-analyzer:DeleteAnalyzer", "inspector2:Disable", "detective:DeleteGraph DeleteMembers",
			"wafv2:DeleteWebACL DisassociateWebACL", "waf:DeleteWebACL", "waf-regional:DeleteWebACL DisassociateWebACL", "shield:DeleteProtection"),
		Match: func(l *look) bool {
			l.arg("what", l.Call)
			switch {
			case l.Call == "guardduty:UpdateDetector":
				return l.one("enable") == "false" || slices.Contains(l.req("features[].status"), "DISABLED") || l.one("dataSources.s3Logs.enable") == "false"
			case strings.HasPrefix(l.Call, "waf"), l.Service() == "shield":
				l.severity(finding.Medium)
			}
			return true
		},
	},
}

// Narrowed says in what the trail that a call changes now sees less than everything
// that can be seen, by the request's own word for it; "" when in nothing.
func Narrowed(e event.Event) string { return narrowed(&look{Event: e}) }

// narrowed says in what a trail now sees less than everything that can be
// seen, "" when in nothing.
func narrowed(l *look) string {
	for _, gap := range []struct{ what, path, is string }{
		{"isMultiRegionTrail", "isMultiRegionTrail", "false"}, {"includeGlobalServiceEvents", "includeGlobalServiceEvents", "false"},
		{"enableLogFileValidation", "enableLogFileValidation", "false"}, {"includeManagementEvents", "eventSelectors[].includeManagementEvents", "false"},
		{"readWriteType", "eventSelectors[].readWriteType", "ReadOnly"}, {"multiRegionEnabled", "multiRegionEnabled", "false"},
	} {
		if slices.Contains(l.req(gap.path), gap.is) {
			return gap.what
		}
	}
	if sources := l.req("eventSelectors[].excludeManagementEventSources[]"); len(sources) > 0 {
		return "excludeManagementEventSources"
	}
	categories := l.req("advancedEventSelectors[].fieldSelectors[].equals[]")
	if l.has("advancedEventSelectors") && !slices.Contains(categories, "Management") {
		return "advancedEventSelectors"
	}
	if len(l.req("advancedEventSelectors[].fieldSelectors[].notEquals[]")) > 0 {
		return "advancedEventSelectors"
	}
	return ""
}
