package lineage

const (
	recorderKind    = "config.recorder"
	analyzerKind    = "accessanalyzer.analyzer"
	archiveRuleKind = "accessanalyzer.archive-rule"
	alarmKind       = "cloudwatch.alarm"
	zoneKind        = "route53.zone"
	domainKind      = "route53domains.domain"
	distribution    = "cloudfront.distribution"
	userPool        = "cognito.user-pool"
	transferKind    = "transfer.server"
)

// watchingRules are the kinds that watch. The calls named Put write anew or
// over another: they are told as changes. The record of Security Hub's switch
// names nothing: there is one in a region.
var watchingRules = []rule{
	does("config", "PutConfigurationRecorder", Changed, recorderKind, "q:configurationRecorder.name"),
	does("config", "StartConfigurationRecorder", Changed, recorderKind, "q:configurationRecorderName"),
	does("config", "StopConfigurationRecorder", Changed, recorderKind, "q:configurationRecorderName"),
	does("config", "DeleteConfigurationRecorder", Deleted, recorderKind, "q:configurationRecorderName"),
	does("config", "PutDeliveryChannel", Changed, "config.delivery-channel", "q:deliveryChannel.name"),
	does("config", "DeleteDeliveryChannel", Deleted, "config.delivery-channel", "q:deliveryChannelName"),
	does("securityhub", "EnableSecurityHub", Created, "securityhub.hub", ""),
	does("securityhub", "UpdateSecurityHubConfiguration", Changed, "securityhub.hub", ""),
	does("securityhub", "DisableSecurityHub", Deleted, "securityhub.hub", ""),
	does("access-analyzer", "CreateAnalyzer", Created, analyzerKind, "q:analyzerName"),
	does("access-analyzer", "UpdateAnalyzer", Changed, analyzerKind, "q:analyzerName"),
	does("access-analyzer", "DeleteAnalyzer", Deleted, analyzerKind, "q:analyzerName"),
	does("access-analyzer", "CreateAnalyzer", Created, archiveRuleKind, "q:archiveRules[].ruleName"),
	does("access-analyzer", "CreateArchiveRule", Created, archiveRuleKind, "q:ruleName"),
	does("access-analyzer", "UpdateArchiveRule", Changed, archiveRuleKind, "q:ruleName"),
	does("access-analyzer", "DeleteArchiveRule", Deleted, archiveRuleKind, "q:ruleName"),
	does("monitoring", "PutMetricAlarm", Changed, alarmKind, "q:alarmName"),
	does("monitoring", "PutCompositeAlarm", Changed, alarmKind, "q:alarmName"),
	does("monitoring", "SetAlarmState", Changed, alarmKind, "q:alarmName"),
	does("monitoring", "EnableAlarmActions", Changed, alarmKind, "q:alarmNames[]"),
	does("monitoring", "DisableAlarmActions", Changed, alarmKind, "q:alarmNames[]"),
	does("monitoring", "DeleteAlarms", Deleted, alarmKind, "q:alarmNames[]"),
	does("servicequotas", "RequestServiceQuotaIncrease", Created, "servicequotas.request", "r:requestedQuota.id"),
}

// edgeRules are domains, distributions, user pools and file transfer.
var edgeRules = []rule{
	does("route53", "CreateHostedZone", Created, zoneKind, "r:hostedZone.id").as(after("/")),
	does("route53", "ChangeResourceRecordSets", Changed, zoneKind, "q:hostedZoneId").as(after("/")),
	does("route53", "UpdateHostedZoneComment", Changed, zoneKind, "q:id").as(after("/")),
	does("route53", "AssociateVPCWithHostedZone", Changed, zoneKind, "q:hostedZoneId").as(after("/")),
	does("route53", "DisassociateVPCFromHostedZone", Changed, zoneKind, "q:hostedZoneId").as(after("/")),
	does("route53", "CreateVPCAssociationAuthorization", Shared, zoneKind, "q:hostedZoneId").as(after("/")),
	does("route53", "DisableHostedZoneDNSSEC", Changed, zoneKind, "q:hostedZoneId").as(after("/")),
	does("route53", "DeleteHostedZone", Deleted, zoneKind, "q:id").as(after("/")),
	does("route53domains", "RegisterDomain", Created, domainKind, "q:domainName"),
	does("route53domains", "TransferDomain", Created, domainKind, "q:domainName"),
	does("route53domains", "EnableDomainTransferLock", Changed, domainKind, "q:domainName"),
	does("route53domains", "DisableDomainTransferLock", Changed, domainKind, "q:domainName"),
	does("route53domains", "EnableDomainAutoRenew", Changed, domainKind, "q:domainName"),
	does("route53domains", "DisableDomainAutoRenew", Changed, domainKind, "q:domainName"),
	does("route53domains", "UpdateDomainNameservers", Changed, domainKind, "q:domainName"),
	does("route53domains", "UpdateDomainContact", Changed, domainKind, "q:domainName"),
	does("route53domains", "TransferDomainToAnotherAwsAccount", Shared, domainKind, "q:domainName"),
	does("route53domains", "DeleteDomain", Deleted, domainKind, "q:domainName"),
	does("cloudfront", "CreateDistribution", Created, distribution, "r:distribution.id"),
	does("cloudfront", "CreateDistributionWithTags", Created, distribution, "r:distribution.id"),
	does("cloudfront", "CopyDistribution", Created, distribution, "r:distribution.id"),
	does("cloudfront", "UpdateDistribution", Changed, distribution, "q:id"),
	does("cloudfront", "AssociateAlias", Changed, distribution, "q:targetDistributionId"),
	does("cloudfront", "DeleteDistribution", Deleted, distribution, "q:id"),
	does("cognito-idp", "CreateUserPool", Created, userPool, "r:userPool.id"),
	does("cognito-idp", "UpdateUserPool", Changed, userPool, "q:userPoolId"),
	does("cognito-idp", "SetUserPoolMfaConfig", Changed, userPool, "q:userPoolId"),
	does("cognito-idp", "CreateUserPoolClient", Changed, userPool, "q:userPoolId"),
	does("cognito-idp", "UpdateUserPoolClient", Changed, userPool, "q:userPoolId"),
	does("cognito-idp", "CreateIdentityProvider", Changed, userPool, "q:userPoolId"),
	does("cognito-idp", "UpdateIdentityProvider", Changed, userPool, "q:userPoolId"),
	does("cognito-idp", "AdminCreateUser", Changed, userPool, "q:userPoolId"),
	does("cognito-idp", "AdminSetUserPassword", Changed, userPool, "q:userPoolId"),
	does("cognito-idp", "AdminDeleteUser", Changed, userPool, "q:userPoolId"),
	does("cognito-idp", "DeleteUserPool", Deleted, userPool, "q:userPoolId"),
}
