package sigma

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"

	"cordon/internal/event"
)

// viewOf makes a View without the project's scanner, which is not under test.
func viewOf(t testing.TB, raw string) *event.View {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(raw), &m); err != nil {
		t.Fatalf("record %.200s: %v", raw, err)
	}
	object := func(name string) []byte {
		if r := m[name]; r != nil && string(r) != "null" {
			return r
		}
		return nil
	}
	scalar := func(name string) []byte {
		r := object(name)
		if r == nil || r[0] == '{' || r[0] == '[' {
			return nil
		}
		var s string
		if r[0] == '"' {
			if err := json.Unmarshal(r, &s); err != nil {
				t.Fatal(err)
			}
			return append([]byte{}, s...)
		}
		return r
	}
	return &event.View{
		Raw: []byte(raw), Version: scalar("eventVersion"), ID: scalar("eventID"), Time: scalar("eventTime"), Name: scalar("eventName"),
		Source: scalar("eventSource"), Region: scalar("awsRegion"), Account: scalar("recipientAccountId"), Type: scalar("eventType"),
		Address: scalar("sourceIPAddress"), Agent: scalar("userAgent"), ErrorCode: scalar("errorCode"), ErrorMessage: scalar("errorMessage"),
		ReadOnly: scalar("readOnly"), SharedID: scalar("sharedEventID"), Management: scalar("managementEvent"), Category: scalar("eventCategory"),
		VPCEndpoint: scalar("vpcEndpointId"), FromConsole: scalar("sessionCredentialFromConsole"),
		Identity: object("userIdentity"), Request: object("requestParameters"), Response: object("responseElements"),
		Resources: object("resources"), Additional: object("additionalEventData"), Details: object("serviceEventDetails"),
	}
}

// coder gives codes as the store's dictionaries do.
type coder struct{ seen [4]map[string]uint32 }

func (c *coder) codes(v *event.View) Codes {
	some := func(b []byte) string { // absent and empty are two values
		if b == nil {
			return "-"
		}
		return "+" + string(b)
	}
	var out [4]uint32
	for i, key := range []string{
		some(v.Source) + "|" + some(v.Name), some(v.ErrorCode),
		some(v.Region) + "|" + some(v.Address) + "|" + some(v.Agent), some(v.Identity),
	} {
		if c.seen[i] == nil {
			c.seen[i] = map[string]uint32{}
		}
		if _, ok := c.seen[i][key]; !ok {
			c.seen[i][key] = uint32(len(c.seen[i]))
		}
		out[i] = c.seen[i][key]
	}
	return Codes{out[0], out[1], out[2], out[3]}
}

// ruleText is a whole rule around a detection.
func ruleText(detection string) string {
	lines := strings.Split(strings.TrimRight(detection, "\n"), "\n")
	return "title: Test\nlogsource:\n    product: aws\n    service: cloudtrail\ndetection:\n    " + strings.Join(lines, "\n    ") + "\n"
}

func load(t testing.TB, files ...string) (*Set, []Problem) {
	t.Helper()
	fsys := fstest.MapFS{}
	for i, f := range files {
		fsys[string(rune('a'+i))+".yml"] = &fstest.MapFile{Data: []byte(f)}
	}
	s, problems, err := Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return s, problems
}

// hit says whether the one rule hits the record.
func hits(t testing.TB, rule, record string) bool {
	t.Helper()
	s, problems := load(t, rule)
	if len(problems) > 0 || s.Len() != 1 {
		t.Fatalf("rule:\n%s\nproblems: %v", rule, problems)
	}
	v := viewOf(t, record)
	return len(s.Matcher().Match(v, Codes{})) == 1
}
