package shape

import (
	"bytes"
	"encoding/json"
	"strings"
)

// lostECS: what Elastic's integration leaves out when event.original was not
// preserved.
const lostECS = "from Elastic without event.original: the identity in part, types of requests where they are not flattened"

// fromECS makes a record of a document in the Elastic Common Schema, as
// Elastic's CloudTrail integration writes it.
func fromECS(raw []byte) (made, error) {
	v, ok := decode(raw)
	doc, isObject := v.(map[string]any)
	if !ok || !isObject {
		return made{}, errAlien
	}
	if fields, ok := doc["fields"].(map[string]any); ok && doc["event"] == nil {
		doc = fields
	}
	if original := dig(doc, "event.original"); strings.HasPrefix(strings.TrimSpace(original), "{") {
		if m, err := unwrap([]byte(original), 1); err == nil || isSkipped(err) {
			return m, err
		}
	}
	if digValue(doc, "aws.cloudtrail") == nil && dig(doc, "aws.cloudtrail.event_version") == "" {
		return made{}, errAlien
	}
	out := map[string]any{}
	for _, pair := range ecsMembers {
		if s := dig(doc, pair.from); s != "" {
			plant(out, strings.Split(pair.to, "."), s)
		}
	}
	if dig(doc, "aws.cloudtrail.user_identity.type") == "AssumedRole" {
		plant(out, []string{"userIdentity", "sessionContext", "sessionIssuer", "userName"}, dig(doc, "user.name"))
	} else if name := dig(doc, "user.name"); name != "" {
		plant(out, []string{"userIdentity", "userName"}, name)
	}
	for _, b := range ecsBodies {
		if v := digValue(doc, "aws.cloudtrail.flattened."+b.from); v != nil {
			out[b.to] = v
		} else if text := dig(doc, "aws.cloudtrail."+b.from); text != "" {
			out[b.to] = bodyOf(text)
		}
	}
	return finished(out, lostECS)
}

type pair struct{ from, to string }

var ecsMembers = []pair{
	{"aws.cloudtrail.event_version", "eventVersion"}, {"event.id", "eventID"}, {"@timestamp", "eventTime"}, {"event.action", "eventName"},
	{"event.provider", "eventSource"}, {"cloud.region", "awsRegion"}, {"source.address", "sourceIPAddress"}, {"source.ip", "sourceIPAddress"},
	{"user_agent.original", "userAgent"}, {"aws.cloudtrail.error_code", "errorCode"}, {"aws.cloudtrail.error_message", "errorMessage"},
	{"aws.cloudtrail.event_type", "eventType"}, {"aws.cloudtrail.event_category", "eventCategory"}, {"aws.cloudtrail.api_version", "apiVersion"},
	{"aws.cloudtrail.request_id", "requestID"}, {"aws.cloudtrail.recipient_account_id", "recipientAccountId"},
	{"aws.cloudtrail.read_only", "readOnly"}, {"aws.cloudtrail.management_event", "managementEvent"},
	{"aws.cloudtrail.shared_event_id", "sharedEventID"}, {"aws.cloudtrail.vpc_endpoint_id", "vpcEndpointId"},
	{"aws.cloudtrail.user_identity.type", "userIdentity.type"}, {"aws.cloudtrail.user_identity.arn", "userIdentity.arn"},
	{"aws.cloudtrail.user_identity.access_key_id", "userIdentity.accessKeyId"}, {"aws.cloudtrail.user_identity.invoked_by", "userIdentity.invokedBy"},
	{"user.id", "userIdentity.principalId"}, {"cloud.account.id", "userIdentity.accountId"},
	{"aws.cloudtrail.user_identity.session_context.creation_date", "userIdentity.sessionContext.attributes.creationDate"},
	{"aws.cloudtrail.user_identity.session_context.mfa_authenticated", "userIdentity.sessionContext.attributes.mfaAuthenticated"},
	{"aws.cloudtrail.user_identity.session_context.session_issuer.type", "userIdentity.sessionContext.sessionIssuer.type"},
	{"aws.cloudtrail.user_identity.session_context.session_issuer.principal_id", "userIdentity.sessionContext.sessionIssuer.principalId"},
	{"aws.cloudtrail.user_identity.session_context.session_issuer.arn", "userIdentity.sessionContext.sessionIssuer.arn"},
	{"aws.cloudtrail.user_identity.session_context.session_issuer.account_id", "userIdentity.sessionContext.sessionIssuer.accountId"},
	{"aws.cloudtrail.user_identity.session_context.source_identity", "userIdentity.sessionContext.sourceIdentity"},
	{"aws.cloudtrail.console_login.additional_eventdata.mfa_used", "additionalEventData.MFAUsed"},
	{"aws.cloudtrail.console_login.additional_eventdata.login_to", "additionalEventData.LoginTo"},
}

var ecsBodies = []pair{
	{"request_parameters", "requestParameters"}, {"response_elements", "responseElements"},
	{"additional_eventdata", "additionalEventData"}, {"service_event_details", "serviceEventDetails"},
}

// bodyOf is a request or response from its text.
func bodyOf(text string) any {
	if v, ok := decode([]byte(text)); ok && whole([]byte(text)) {
		return v
	}
	if raw, ok := structText(text, ""); ok {
		return json.RawMessage(raw)
	}
	return text
}

// finished is a record made member by member.
func finished(out map[string]any, lost string) (made, error) {
	if out["eventName"] == nil || out["eventSource"] == nil {
		return made{}, errAlien
	}
	raw := encode(out)
	if raw == nil {
		return made{}, errAlien
	}
	return made{record: raw, lost: lost}, nil
}

// dig is the text at a path, whose names may stand nested, joined by dots, or
// both; of a list of one it is that one.
func dig(doc map[string]any, path string) string {
	switch v := digValue(doc, path).(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return ""
}

func digValue(doc map[string]any, path string) any {
	for end := len(path); end > 0; end = strings.LastIndexByte(path[:end], '.') {
		v, ok := doc[path[:end]]
		if !ok {
			continue
		}
		if list, isList := v.([]any); isList && len(list) == 1 {
			v = list[0]
		}
		if end == len(path) {
			return v
		}
		if inner, isObject := v.(map[string]any); isObject {
			if found := digValue(inner, path[end+1:]); found != nil {
				return found
			}
		}
	}
	return nil
}

// isTime says whether a text may be a time, not a number.
func isTime(s string) bool { return bytes.IndexByte([]byte(s), '-') > 0 }
