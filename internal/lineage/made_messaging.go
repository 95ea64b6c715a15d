package lineage

import (
	"encoding/json"
	"strings"

	"cordon/internal/event"
)

// messagingRules are the calls about mail, topics, queues and text messages.
var messagingRules = []rule{
	// mail: both APIs of SES write the same source, and some names of calls twice
	does("ses", "PutAccountSendingAttributes", Changed, "ses.account", ""),
	does("ses", "UpdateAccountSendingEnabled", Changed, "ses.account", ""),
	does("ses", "PutAccountDetails", Changed, "ses.account", ""),
	does("ses", "CreateEmailIdentity", Created, "ses.identity", "q:emailIdentity"),
	does("ses", "VerifyEmailIdentity", Created, "ses.identity", "q:emailAddress"),
	does("ses", "VerifyEmailAddress", Created, "ses.identity", "q:emailAddress"),
	does("ses", "VerifyDomainIdentity", Created, "ses.identity", "q:domain"),
	does("ses", "VerifyDomainDkim", Changed, "ses.identity", "q:domain"),
	does("ses", "PutIdentityPolicy", Shared, "ses.identity", "q:identity").granting(),
	does("ses", "CreateEmailIdentityPolicy", Shared, "ses.identity", "q:emailIdentity").granting(),
	does("ses", "UpdateEmailIdentityPolicy", Shared, "ses.identity", "q:emailIdentity").granting(),
	does("ses", "DeleteIdentityPolicy", Changed, "ses.identity", "q:identity"),
	does("ses", "DeleteEmailIdentityPolicy", Changed, "ses.identity", "q:emailIdentity"),
	does("ses", "PutEmailIdentityFeedbackAttributes", Changed, "ses.identity", "q:emailIdentity"),
	does("ses", "PutEmailIdentityMailFromAttributes", Changed, "ses.identity", "q:emailIdentity"),
	does("ses", "SetIdentityFeedbackForwardingEnabled", Changed, "ses.identity", "q:identity"),
	does("ses", "SetIdentityNotificationTopic", Changed, "ses.identity", "q:identity"),
	does("ses", "DeleteIdentity", Deleted, "ses.identity", "q:identity"),
	does("ses", "DeleteVerifiedEmailAddress", Deleted, "ses.identity", "q:emailAddress"),
	does("ses", "DeleteEmailIdentity", Deleted, "ses.identity", "q:emailIdentity"),
	does("ses", "CreateReceiptRuleSet", Created, "ses.receipt-rule-set", "q:ruleSetName"),
	does("ses", "CloneReceiptRuleSet", Created, "ses.receipt-rule-set", "q:ruleSetName"),
	does("ses", "CreateReceiptRule", Changed, "ses.receipt-rule-set", "q:ruleSetName"),
	does("ses", "UpdateReceiptRule", Changed, "ses.receipt-rule-set", "q:ruleSetName"),
	does("ses", "DeleteReceiptRule", Changed, "ses.receipt-rule-set", "q:ruleSetName"),
	does("ses", "ReorderReceiptRuleSet", Changed, "ses.receipt-rule-set", "q:ruleSetName"),
	does("ses", "SetActiveReceiptRuleSet", Changed, "ses.receipt-rule-set", "q:ruleSetName"),
	does("ses", "DeleteReceiptRuleSet", Deleted, "ses.receipt-rule-set", "q:ruleSetName"),
	does("ses", "CreateConfigurationSet", Created, "ses.configuration-set", "q:configurationSetName|q:configurationSet.name"),
	does("ses", "CreateConfigurationSetEventDestination", Changed, "ses.configuration-set", "q:configurationSetName"),
	does("ses", "UpdateConfigurationSetEventDestination", Changed, "ses.configuration-set", "q:configurationSetName"),
	does("ses", "DeleteConfigurationSetEventDestination", Changed, "ses.configuration-set", "q:configurationSetName"),
	does("ses", "PutConfigurationSetSendingOptions", Changed, "ses.configuration-set", "q:configurationSetName"),
	does("ses", "DeleteConfigurationSet", Deleted, "ses.configuration-set", "q:configurationSetName"),

	// topics
	does("sns", "CreateTopic", Created, "sns.topic", "r:topicArn"),
	does("sns", "SetTopicAttributes", Changed, "sns.topic", "q:topicArn"),
	does("sns", "AddPermission", Shared, "sns.topic", "q:topicArn").granting(),
	does("sns", "RemovePermission", Changed, "sns.topic", "q:topicArn"),
	does("sns", "DeleteTopic", Deleted, "sns.topic", "q:topicArn"),
	does("sns", "Subscribe", Created, "sns.subscription", "r:subscriptionArn"),
	does("sns", "Subscribe", Changed, "sns.topic", "q:topicArn"),
	does("sns", "ConfirmSubscription", Created, "sns.subscription", "r:subscriptionArn"),
	does("sns", "SetSubscriptionAttributes", Changed, "sns.subscription", "q:subscriptionArn"),
	does("sns", "Unsubscribe", Deleted, "sns.subscription", "q:subscriptionArn"),
	// text messages
	does("sns", "SetSMSAttributes", Changed, "sns.sms", ""),
	does("sms-voice", "SetTextMessageSpendLimitOverride", Changed, "sns.sms", ""),
	does("sms-voice", "DeleteTextMessageSpendLimitOverride", Changed, "sns.sms", ""),
	does("sms-voice", "RequestPhoneNumber", Created, "sms.number", "r:phoneNumberId").as(after("/")),
	does("sms-voice", "UpdatePhoneNumber", Changed, "sms.number", "q:phoneNumberId").as(after("/")),
	does("sms-voice", "ReleasePhoneNumber", Deleted, "sms.number", "q:phoneNumberId").as(after("/")),
	does("sms-voice", "CreatePool", Created, "sms.phone-pool", "r:poolId").as(after("/")),
	does("sms-voice", "UpdatePool", Changed, "sms.phone-pool", "q:poolId").as(after("/")),
	does("sms-voice", "AssociateOriginationIdentity", Changed, "sms.phone-pool", "q:poolId").as(after("/")),
	does("sms-voice", "DisassociateOriginationIdentity", Changed, "sms.phone-pool", "q:poolId").as(after("/")),
	does("sms-voice", "DeletePool", Deleted, "sms.phone-pool", "q:poolId").as(after("/")),

	// queues, by the last part of their address
	does("sqs", "CreateQueue", Created, "sqs.queue", "q:queueName|r:queueUrl").as(after("/")),
	does("sqs", "SetQueueAttributes", Changed, "sqs.queue", "q:queueUrl").as(after("/")),
	does("sqs", "AddPermission", Shared, "sqs.queue", "q:queueUrl").as(after("/")).granting(),
	does("sqs", "RemovePermission", Changed, "sqs.queue", "q:queueUrl").as(after("/")),
	does("sqs", "PurgeQueue", Changed, "sqs.queue", "q:queueUrl").as(after("/")),
	does("sqs", "DeleteQueue", Deleted, "sqs.queue", "q:queueUrl").as(after("/")),

	// WorkMail
	does("workmail", "CreateOrganization", Created, "workmail.organization", "r:organizationId"),
	does("workmail", "CreateUser", Changed, "workmail.organization", "q:organizationId"),
	does("workmail", "RegisterToWorkMail", Changed, "workmail.organization", "q:organizationId"),
	does("workmail", "DeregisterFromWorkMail", Changed, "workmail.organization", "q:organizationId"),
	does("workmail", "ResetPassword", Changed, "workmail.organization", "q:organizationId"),
	does("workmail", "RegisterMailDomain", Changed, "workmail.organization", "q:organizationId"),
	does("workmail", "DeleteUser", Changed, "workmail.organization", "q:organizationId"),
	does("workmail", "DeleteOrganization", Deleted, "workmail.organization", "q:organizationId"),
}

// refineMessaging names what a region has one of, and tells the writing of a
// policy from that of another attribute.
func refineMessaging(e event.Event, d *Deed) {
	switch d.Ref.Kind {
	case "ses.account":
		d.Ref.ID = "sending"
	case "sns.sms":
		d.Ref.ID = "sms"
	case "sns.subscription":
		if !strings.HasPrefix(d.Ref.ID, "arn:") {
			d.Ref.ID = "" // "pending confirmation": it has no name of its own yet
		}
	case "sns.topic", "sqs.queue":
		if d.Wanted == Changed && writesPolicy(e) {
			d.Change, d.Wanted, d.Grants = Shared, Shared, true
		}
	}
}

// writesPolicy says whether a call that sets attributes sets a policy.
func writesPolicy(e event.Event) bool {
	switch baseName(e) {
	case "SetTopicAttributes":
		return strings.EqualFold(findOne(e, "q:attributeName"), "Policy")
	case "SetQueueAttributes":
		var q struct {
			Attributes, Attribute map[string]json.RawMessage
		}
		if json.Unmarshal(e.Request, &q) != nil {
			return false
		}
		for _, all := range []map[string]json.RawMessage{q.Attributes, q.Attribute} {
			for key := range all {
				if strings.EqualFold(key, "Policy") {
					return true
				}
			}
		}
	}
	return false
}
