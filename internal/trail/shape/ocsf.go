package shape

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

const lostOCSF = "from OCSF: members of the record that the schema has no place for"

// fromOCSF makes a record of a CloudTrail event in the classes API Activity,
// Authentication and Account Change, as Security Lake and AWS's own mappings
// write them.
func fromOCSF(raw []byte) (made, error) {
	v, ok := decode(raw)
	doc, isObject := v.(map[string]any)
	if !ok || !isObject || !strings.EqualFold(dig(doc, "metadata.product.name"), "CloudTrail") {
		return made{}, errAlien
	}
	out := map[string]any{}
	for _, pair := range ocsfMembers {
		if s := dig(doc, pair.from); s != "" && s != "''" {
			plant(out, strings.Split(pair.to, "."), s)
		}
	}
	if t := ocsfTime(doc, "time"); t != "" {
		out["eventTime"] = t
	}
	if t := ocsfTime(doc, "actor.session.created_time"); t != "" {
		plant(out, strings.Split("userIdentity.sessionContext.attributes.creationDate", "."), t)
	}
	for _, b := range []pair{{"api.request.data", "requestParameters"}, {"api.response.data", "responseElements"}} {
		switch v := digValue(doc, b.from).(type) {
		case string:
			out[b.to] = bodyOf(v)
		case map[string]any:
			out[b.to] = v
		}
	}
	if dig(doc, "class_uid") == "3002" && dig(doc, "is_mfa") == "true" { // Authentication
		plant(out, []string{"additionalEventData", "MFAUsed"}, "Yes")
	}
	unmapped(out, doc["unmapped"])
	return finished(out, lostOCSF)
}

// The first that is there wins: the schema moved members between versions.
var ocsfMembers = []pair{
	{"metadata.product.version", "eventVersion"}, {"metadata.uid", "eventID"}, {"metadata.event_code", "eventType"},
	{"metadata.product.feature.name", "eventCategory"}, {"api.operation", "eventName"}, {"api.service.name", "eventSource"},
	{"api.version", "apiVersion"}, {"api.request.uid", "requestID"}, {"api.response.error", "errorCode"},
	{"api.response.error_message", "errorMessage"}, {"api.response.message", "errorMessage"}, {"cloud.region", "awsRegion"},
	{"src_endpoint.ip", "sourceIPAddress"}, {"src_endpoint.domain", "sourceIPAddress"}, {"src_endpoint.svc_name", "sourceIPAddress"},
	{"http_request.user_agent", "userAgent"}, {"src_endpoint.uid", "vpcEndpointId"},
	{"actor.user.type", "userIdentity.type"}, {"actor.user.uid", "userIdentity.arn"}, {"actor.user.uid_alt", "userIdentity.principalId"},
	{"actor.user.name", "userIdentity.userName"}, {"actor.user.account.uid", "userIdentity.accountId"}, {"actor.user.account_uid", "userIdentity.accountId"},
	{"actor.user.credential_uid", "userIdentity.accessKeyId"}, {"actor.session.credential_uid", "userIdentity.accessKeyId"},
	{"actor.invoked_by", "userIdentity.invokedBy"}, {"actor.idp.name", "userIdentity.identityProvider"},
	{"actor.session.issuer", "userIdentity.sessionContext.sessionIssuer.arn"},
	{"actor.session.is_mfa", "userIdentity.sessionContext.attributes.mfaAuthenticated"}, {"actor.session.mfa", "userIdentity.sessionContext.attributes.mfaAuthenticated"},
}

// ocsfTime is a time in whatever form the schema's version has it.
func ocsfTime(doc map[string]any, path string) string {
	if s := dig(doc, path+"_dt"); isTime(s) {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return t.UTC().Format(time.RFC3339Nano)
		}
	}
	s := dig(doc, path)
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil && ms > 0 {
		if ms < 1e11 {
			ms *= 1000
		}
		return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano)
	}
	if isTime(s) {
		return s
	}
	return ""
}

// unmapped puts back what the mapping kept aside, by the record's own paths.
func unmapped(out map[string]any, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			nested, ok := v[name].(map[string]any)
			if !ok || strings.Count(name, ".") > maxCellDeep {
				plantUnmapped(out, name, v[name])
				continue
			}
			for _, below := range slices.Sorted(maps.Keys(nested)) {
				unmapped(out, map[string]any{name + "." + below: nested[below]})
			}
		}
	case []any: // pairs
		for _, one := range v {
			if pair, ok := one.(map[string]any); ok {
				plantUnmapped(out, dig(pair, "key"), digValue(pair, "value"))
			}
		}
	case string:
		if inner, ok := decode([]byte(v)); ok {
			if _, isText := inner.(string); !isText {
				unmapped(out, inner)
			}
		}
	}
}

func plantUnmapped(out map[string]any, name string, value any) {
	path := strings.Split(name, ".")
	if name == "" || len(path) > maxCellDeep || !recordNames[path[0]] {
		return
	}
	if text, ok := value.(string); ok && (text == "true" || text == "false") && len(path) == 1 {
		value = json.RawMessage(text)
	}
	if _, isText := value.(string); isText || len(path) > 1 || value != nil {
		plantAsIs(out, path, value)
	}
}

// plantAsIs is plant for names that are the record's own already.
func plantAsIs(tree map[string]any, path []string, value any) {
	for _, name := range path[:len(path)-1] {
		next, ok := tree[name].(map[string]any)
		if !ok {
			if tree[name] != nil {
				return
			}
			next = map[string]any{}
			tree[name] = next
		}
		tree = next
	}
	if _, taken := tree[path[len(path)-1]]; !taken {
		tree[path[len(path)-1]] = value
	}
}
