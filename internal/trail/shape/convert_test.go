package shape

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	"cordon/internal/event"
)

// sameEvent compares what a converted record gives with what CloudTrail's own
// gives, and names each member that differs.
func sameEvent(t *testing.T, name string, got, want event.Event, but ...string) {
	t.Helper()
	skip := set(but...)
	pairs := map[string][2]string{
		"version": {got.Version, want.Version}, "id": {got.ID, want.ID}, "time": {got.Time.String(), want.Time.String()},
		"name": {got.Name, want.Name}, "source": {got.Source, want.Source}, "region": {got.Region, want.Region}, "account": {got.Account, want.Account},
		"type": {got.Type, want.Type}, "credential": {got.Credential, want.Credential}, "address": {got.Address, want.Address}, "agent": {got.Agent, want.Agent},
		"error": {got.Error.Code, want.Error.Code}, "message": {got.Error.Message, want.Error.Message}, "failed": {js(got.Failed()), js(want.Failed())},
		"principal type": {got.Principal.Type, want.Principal.Type}, "arn": {got.Principal.ARN, want.Principal.ARN}, "principal id": {got.Principal.ID, want.Principal.ID},
		"user": {got.Principal.User, want.Principal.User}, "issuer arn": {got.Principal.Issuer.ARN, want.Principal.Issuer.ARN},
		"issuer name": {got.Principal.Issuer.Name, want.Principal.Issuer.Name}, "session": {got.Principal.SessionCreated.String(), want.Principal.SessionCreated.String()},
		"mfa": {js(got.Principal.MFA), js(want.Principal.MFA)}, "shared": {got.SharedID, want.SharedID}, "read only": {js(got.ReadOnly), js(want.ReadOnly)},
		"request": {plain(got.Request), plain(want.Request)}, "response": {plain(got.Response), plain(want.Response)},
	}
	for member, p := range pairs {
		if p[0] != p[1] && !skip[member] {
			t.Errorf("%s: %s is %q, want %q", name, member, p[0], p[1])
		}
	}
}

// plain is a body in one spelling; {} is nothing, and so is an empty text, which
// Elastic leaves out.
func plain(raw json.RawMessage) string {
	v, _ := decode(raw)
	if m, ok := v.(map[string]any); ok {
		maps.DeleteFunc(m, func(_ string, value any) bool { return value == "" })
	}
	if s := js(v); s != "{}" {
		return s
	}
	return "null"
}

func converted(t *testing.T, name, raw string) (event.Event, bool) {
	t.Helper()
	m, err := normalise([]byte(raw))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return event.Event{}, false
	}
	e, err := event.Parse(m.record)
	if err != nil {
		t.Errorf("%s: %v in %s", name, err, m.record)
		return event.Event{}, false
	}
	return e, true
}

// TestElastic: a document without event.original, written after Elastic's
// integration for the first of our records.
func TestElastic(t *testing.T) {
	want := events(t, ours[0])[0]
	for name, doc := range map[string]string{
		"nested": `{"@timestamp":"2026-01-02T03:04:05.000Z","aws":{"cloudtrail":{"event_version":"1.08","event_type":"AwsApiCall","event_category":"Management","flattened":{"request_parameters":{"userName":"eve","tags":[{"key":"a","value":"b"}],"n":3,"on":true},"response_elements":{"user":{"userName":"eve","arn":"arn:aws:iam::111122223333:user/eve","path":"/"}}},"recipient_account_id":"111122223333","request_id":"r-1","read_only":false,"shared_event_id":"sh-1","vpc_endpoint_id":"vpce-1","user_identity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/deploy/dep,loy=a@b","access_key_id":"ASIAEXAMPLE1","session_context":{"creation_date":"2026-01-02T03:00:00.000Z","mfa_authenticated":"true","session_issuer":{"type":"Role","principal_id":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/deploy","account_id":"111122223333"}}}}},"cloud":{"account":{"id":"111122223333"},"region":"us-east-1"},"event":{"action":"CreateUser","id":"11111111-2222-3333-4444-555555555501","provider":"iam.amazonaws.com","outcome":"success"},"source":{"address":"192.0.2.7","ip":"192.0.2.7"},"user":{"id":"AROAEXAMPLE:dep,loy=a@b","name":"deploy"},"user_agent":{"original":"aws-cli/2.1, \"x\""}}`,
		"dotted": `{"@timestamp":"2026-01-02T03:04:05.000Z","aws.cloudtrail.event_version":"1.08","aws.cloudtrail.event_type":"AwsApiCall","aws.cloudtrail.flattened.request_parameters":{"userName":"eve","tags":[{"key":"a","value":"b"}],"n":3,"on":true},"aws.cloudtrail.flattened.response_elements":{"user":{"userName":"eve","arn":"arn:aws:iam::111122223333:user/eve","path":"/"}},"aws.cloudtrail.recipient_account_id":"111122223333","aws.cloudtrail.read_only":false,"aws.cloudtrail.shared_event_id":"sh-1","aws.cloudtrail.vpc_endpoint_id":"vpce-1","aws.cloudtrail.user_identity.type":"AssumedRole","aws.cloudtrail.user_identity.arn":"arn:aws:sts::111122223333:assumed-role/deploy/dep,loy=a@b","aws.cloudtrail.user_identity.access_key_id":["ASIAEXAMPLE1"],"aws.cloudtrail.user_identity.session_context":{"creation_date":"2026-01-02T03:00:00.000Z","mfa_authenticated":"true","session_issuer.type":"Role","session_issuer.principal_id":"AROAEXAMPLE","session_issuer.arn":"arn:aws:iam::111122223333:role/deploy","session_issuer.account_id":"111122223333"},"cloud.account.id":"111122223333","cloud.region":"us-east-1","event.action":"CreateUser","event.id":"11111111-2222-3333-4444-555555555501","event.provider":"iam.amazonaws.com","source.ip":"192.0.2.7","user.id":"AROAEXAMPLE:dep,loy=a@b","user.name":"deploy","user_agent.original":"aws-cli/2.1, \"x\""}`,
	} {
		if got, ok := converted(t, name, doc); ok {
			sameEvent(t, name, got, want)
		}
		if s, err := Sniff("x", []byte(doc)); err != nil || name == "nested" && s != ECS {
			t.Errorf("%s: %s, %v", name, s, err)
		}
		r := NewReader(strings.NewReader(doc), ECS)
		if item, err := r.Next(); err != nil || item.Damage != nil || r.Lost()[lostECS] != 1 {
			t.Errorf("%s: %v, %v, %v", name, item.Damage, err, r.Lost())
		}
	}
}

// TestOCSF: API Activity, after AWS's published mapping, for the first two of
// our records.
func TestOCSF(t *testing.T) {
	want := events(t, ours[:2]...)
	one := `{"activity_id":1,"class_uid":6003,"actor":{"session":{"created_time_dt":"2026-01-01T22:00:00.000-05:00","is_mfa":true,"issuer":"arn:aws:iam::111122223333:role/deploy"},"user":{"account":{"uid":"111122223333"},"credential_uid":"ASIAEXAMPLE1","type":"AssumedRole","uid":"arn:aws:sts::111122223333:assumed-role/deploy/dep,loy=a@b","uid_alt":"AROAEXAMPLE:dep,loy=a@b"}},"api":{"operation":"CreateUser","request":{"data":"{\"userName\":\"eve\",\"tags\":[{\"key\":\"a\",\"value\":\"b\"}],\"n\":3,\"on\":true}","uid":"r-1"},"response":{"data":"{\"user\":{\"userName\":\"eve\",\"arn\":\"arn:aws:iam::111122223333:user/eve\",\"path\":\"/\"}}"},"service":{"name":"iam.amazonaws.com"}},"cloud":{"provider":"AWS","region":"us-east-1"},"http_request":{"user_agent":"aws-cli/2.1, \"x\""},"metadata":{"event_code":"AwsApiCall","product":{"feature":{"name":"Management"},"name":"CloudTrail","vendor_name":"AWS","version":"1.08"},"uid":"11111111-2222-3333-4444-555555555501","version":"1.1.0"},"src_endpoint":{"ip":"192.0.2.7"},"status":"Success","time":1767323045000,"unmapped":{"readOnly":"false","recipientAccountId":"111122223333","sharedEventID":"sh-1","vpcEndpointId":"vpce-1","sessionCredentialFromConsole":"true","userIdentity.sessionContext.sessionIssuer.userName":"deploy"}}`
	two := `{"class_uid":6003,"actor":{"user":{"account":{"uid":"111122223333"},"credential_uid":"AKIAEXAMPLE2","type":"IAMUser","name":"ann","uid":"arn:aws:iam::111122223333:user/ann","uid_alt":"AIDAEXAMPLE"}},"api":{"operation":"GetBucketAcl","request":{"data":{"bucketName":"b"},"uid":"r-2"},"response":{"error":"AccessDenied","message":"no \"way\""},"service":{"name":"s3.amazonaws.com"}},"cloud":{"region":"eu-west-1"},"http_request":{"user_agent":"Grüße\n\t\\ 中文"},"metadata":{"event_code":"AwsApiCall","product":{"name":"CloudTrail","version":"1.05"},"uid":"11111111-2222-3333-4444-555555555502"},"src_endpoint":{"ip":"075.050.255.67"},"time_dt":"2026-01-02T03:05:05Z","unmapped":[{"key":"readOnly","value":"true"},{"key":"recipientAccountId","value":"111122223333"}]}`
	for i, doc := range []string{one, two} {
		if got, ok := converted(t, doc[:40], doc); ok {
			sameEvent(t, js(i), got, want[i])
		}
		if s, err := Sniff("x", []byte(doc)); s != OCSF || err != nil {
			t.Error(s, err)
		}
	}
	if _, err := Normalise([]byte(`{"class_uid":6003,"metadata":{"product":{"name":"Other"}},"api":{"operation":"A","service":{"name":"b"}}}`)); err == nil {
		t.Error("another product's API Activity was taken for CloudTrail's")
	}
}

// sharedPairs are published pairs of a record and what it was converted to.
func sharedPairs(t *testing.T, file, member string, each func(name string, raw, made json.RawMessage)) {
	f, err := os.Open("../../../../shared/data/cloudtrail/formats/" + file)
	if err != nil {
		t.Skip("the shared data is not here")
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var pair map[string]json.RawMessage
		if err := json.Unmarshal(lines.Bytes(), &pair); err != nil {
			t.Fatal(err)
		}
		each(string(pair["case"])+string(pair["raw_file"]), pair["raw"], pair[member])
	}
}

func TestElasticPairs(t *testing.T) {
	n := 0
	sharedPairs(t, "elastic_pairs.jsonl", "ecs", func(name string, raw, ecs json.RawMessage) {
		want, err := event.Parse(raw)
		if err != nil {
			return // a digest, an Insight record
		}
		if got, ok := converted(t, name+" with original", string(ecs)); ok && js(canonical(got)) != js(canonical(want)) {
			t.Errorf("%s: %+v", name, got)
		}
		var doc map[string]any
		if err := json.Unmarshal(ecs, &doc); err != nil {
			t.Fatal(err)
		}
		delete(doc["event"].(map[string]any), "original")
		if got, ok := converted(t, name, js(doc)); ok {
			if strings.HasPrefix(want.ID, "sha256-") { // it has none: a hash of the record is its id
				got.ID = want.ID
			}
			sameEvent(t, name, got, want)
			n++
		}
	})
	t.Logf("%d pairs", n)
}

func TestOCSFPairs(t *testing.T) {
	sharedPairs(t, "ocsf_pairs.jsonl", "ocsf", func(name string, raw, ocsf json.RawMessage) {
		want, err := event.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := converted(t, name, string(ocsf)); ok {
			sameEvent(t, name, got, want)
		}
	})
}
