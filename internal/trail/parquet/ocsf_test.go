package parquet

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

const pairs = "../../../../shared/data/cloudtrail/formats/ocsf_pairs.jsonl"

// render is what a row of a schema says, as JSON would have it.
func render(nodes []node, r *record, i int) map[string]any {
	out := map[string]any{}
	for _, n := range nodes {
		switch {
		case n.size != nil && n.pairs:
			m := map[string]any{}
			for j := range n.size(r) {
				m[n.fields[0].text(r, j)] = n.fields[1].text(r, j)
			}
			out[n.name] = m
		case n.size != nil:
			var list []any
			for j := range n.size(r) {
				item := render(n.fields, r, j)
				if v, plain := item[""]; plain {
					list = append(list, v)
				} else {
					list = append(list, item)
				}
			}
			if list != nil {
				out[n.name] = list
			}
		case n.fields != nil:
			if m := render(n.fields, r, i); len(m) > 0 {
				out[n.name] = m
			}
		case n.kind == kindText:
			if s := n.text(r, i); s != "" {
				out[n.name] = s
			}
		default:
			if v, known := n.number(r, i); known && n.kind == kindBool {
				out[n.name] = v == 1
			} else if known {
				out[n.name] = float64(v)
			}
		}
	}
	return out
}

func rendered(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	r, err := read(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range OCSF("cordon").tables {
		if table.rows(&r) {
			return render(table.fields, &r, 0)
		}
	}
	t.Fatal("no table takes the record")
	return nil
}

// differs are the paths at which got has not what want has. What got has
// besides is not looked at.
func differs(want, got any, path string) (out []string) {
	switch want := want.(type) {
	case map[string]any:
		m, _ := got.(map[string]any)
		for key, v := range want {
			out = append(out, differs(v, m[key], path+"/"+key)...)
		}
	case []any:
		l, _ := got.([]any)
		if len(l) != len(want) {
			return []string{fmt.Sprintf("%s: %v and not %v", path, got, want)}
		}
		want, l = byText(want), byText(l)
		for i := range want {
			out = append(out, differs(want[i], l[i], fmt.Sprintf("%s[%d]", path, i))...)
		}
	default:
		if fmt.Sprint(want) != fmt.Sprint(got) {
			out = append(out, fmt.Sprintf("%s: %v and not %v", path, got, want))
		}
	}
	slices.Sort(out)
	return out
}

// byText orders a list: OCSF's have no order.
func byText(l []any) []any {
	return slices.SortedFunc(slices.Values(l), func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

// Where our answer is another on purpose, and why.
var otherwise = map[string]string{
	"/metadata/uid":                   "an id that is no UUID is made distinct by package event",
	"/metadata/version":               "1.1.0 there",
	"/time_dt":                        "a timestamp here, text in the zone of the sample's author there",
	"/api/request/uid: <nil> and":     "the sample has two quotation marks for a request id that is missing",
	"/actor/session/created_time_dt":  "a timestamp here",
	"/class":                          "the sample is Account Change; Security Lake's own mapping of CloudTrail calls it API Activity",
	"/category":                       "as class",
	"/type":                           "as class",
	"/user":                           "Account Change has the user that was changed",
	"/observables[1]":                 "as user",
	"/observables: [map[name:src_end": "as user",
}

// OCSF's own samples of CloudTrail: every field that they have is here, with
// the same value.
func TestOCSFAgainstItsSamples(t *testing.T) {
	f, err := os.Open(pairs)
	if err != nil {
		t.Skipf("OCSF's samples are not here: %v", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		var p struct {
			Class int64           `json:"class_uid"`
			Raw   json.RawMessage `json:"raw"`
			OCSF  map[string]any  `json:"ocsf"`
		}
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		n++
		got := rendered(t, p.Raw)
		for _, d := range differs(p.OCSF, got, "") {
			known := false
			for path := range otherwise {
				account := strings.HasPrefix(path, "/class") || strings.HasPrefix(path, "/category") || strings.HasPrefix(path, "/type") || strings.HasPrefix(path, "/user") || strings.HasPrefix(path, "/observables")
				known = known || strings.HasPrefix(d, path) && (!account || p.Class == 3001)
			}
			if !known {
				t.Errorf("class %d: %s", p.Class, d)
			}
		}
	}
	if err := lines.Err(); err != nil || n == 0 {
		t.Errorf("%d samples: %v", n, err)
	}
}

// What OCSF 1.5 requires of both classes is there, whatever the record lacks.
func TestOCSFRequired(t *testing.T) {
	for _, raw := range []string{
		`{"eventTime":"2014-03-06T21:01:59Z","eventSource":"x.amazonaws.com","eventName":"Frobnicate"}`,
		`{"eventTime":"2026-10-13T05:00:00Z","eventSource":"signin.amazonaws.com","eventName":"SwitchRole","responseElements":{"SwitchRole":"Failure"}}`,
	} {
		got := rendered(t, []byte(raw))
		for _, name := range []string{"class_uid", "category_uid", "activity_id", "type_uid", "time", "severity_id", "status_id", "metadata", "cloud", "api"} {
			if got[name] == nil {
				t.Errorf("no %s in %v", name, got)
			}
		}
		if got["type_uid"] != got["class_uid"].(float64)*100+got["activity_id"].(float64) {
			t.Errorf("type_uid %v", got["type_uid"])
		}
	}
}

func TestActivities(t *testing.T) {
	for call, want := range map[string]int64{
		"CreateUser": 1, "RunInstances": 1, "DescribeInstances": 2, "GetObject": 2, "PutUserPolicy": 3, "AttachUserPolicy": 3, "DeleteTrail": 4, "TerminateInstances": 4, "Frobnicate": 99,
	} {
		r := record{}
		r.Name = call
		if got := activityOf(&r).id; got != want {
			t.Errorf("%s is %d", call, got)
		}
	}
	r := record{}
	r.Name, r.ReadOnlyKnown, r.Type = "Frobnicate", true, "AwsApiCall"
	if activityOf(&r).id != 3 {
		t.Error("a call that writes is an update")
	}
	r.ReadOnly = true
	if activityOf(&r).id != 2 {
		t.Error("a call that only reads is a read")
	}
}

func TestIsAddress(t *testing.T) {
	for s, want := range map[string]bool{"192.0.2.1": true, "2001:db8::1": true, "::1": true, "075.050.255.67": true, "ec2.amazonaws.com": false, "AWS Internal": false, "": false, "abc": false, "dead.beef": false} {
		if isAddress(s) != want {
			t.Errorf("%q: not %v", s, want)
		}
	}
}

// Lists and groups: what is null, and at which level.
func TestNesting(t *testing.T) {
	files, _ := export(t, OCSF("cordon"), Options{},
		made("a", "2026-10-13T05:00:00Z", `"resources":[{"ARN":"x","accountId":"1"},{"type":"T"}],"userIdentity":{"userName":"u"}`),
		made("b", "2026-10-13T05:00:01Z", `"sourceIPAddress":"ec2.amazonaws.com"`),
		made("c", "2026-10-13T05:00:02Z", `"resources":[{"ARN":"y"}],"userIdentity":{"arn":"p"}`),
		made("d", "2026-10-13T05:00:03Z", `"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","responseElements":{"ConsoleLogin":"Failure"}`),
	)
	api, signin := files["cordon-api/1.0/region=eu-west-1/accountId=111122223333/eventDay=20261013/part-0.parquet"], files["cordon-signin/1.0/region=eu-west-1/accountId=111122223333/eventDay=20261013/part-0.parquet"]
	if api.rows != 3 || signin.rows != 1 {
		t.Fatalf("%d calls, %d sign-ins: %v", api.rows, signin.rows, files)
	}
	for name, want := range map[string]struct {
		values   []any
		def, rep []int
	}{
		"resources.list.element.uid":               {[]any{"x", nil, nil, "y"}, []int{3, 2, 0, 3}, []int{0, 1, 0, 0}},
		"resources.list.element.type":              {[]any{nil, "T", nil, nil}, []int{2, 3, 0, 2}, []int{0, 1, 0, 0}},
		"resources.list.element.owner.account.uid": {[]any{"1", nil, nil, nil}, []int{3, 2, 0, 2}, []int{0, 1, 0, 0}},
		"metadata.profiles.list.element":           {[]any{"cloud", "datetime", "cloud", "datetime", "cloud", "datetime"}, []int{3, 3, 3, 3, 3, 3}, []int{0, 1, 0, 1, 0, 1}},
		"actor.user.uid":                           {[]any{nil, nil, "p"}, []int{2, 0, 3}, []int{0, 0, 0}},
		"actor.user.account.uid":                   {[]any{nil, nil, nil}, []int{2, 0, 2}, []int{0, 0, 0}},
		"observables.list.element.value":           {[]any{"192.0.2.1", "u", nil, "192.0.2.1"}, []int{3, 3, 0, 3}, []int{0, 1, 0, 0}},
		"src_endpoint.domain":                      {[]any{nil, "ec2.amazonaws.com", nil}, []int{1, 2, 1}, []int{0, 0, 0}},
		"unmapped.key_value.key":                   {[]any{"recipientAccountId", "recipientAccountId", "recipientAccountId"}, []int{2, 2, 2}, []int{0, 0, 0}},
		"unmapped.key_value.value":                 {[]any{"111122223333", "111122223333", "111122223333"}, []int{3, 3, 3}, []int{0, 0, 0}},
	} {
		c := api.columns[name]
		if c == nil || !slices.Equal(c.values, want.values) || !slices.Equal(c.def, want.def) || !slices.Equal(c.rep, want.rep) {
			t.Errorf("%s: %+v and not %+v", name, c, want)
		}
	}
	if got := signin.columns["status_id"].values[0]; got != int64(2) {
		t.Errorf("status %v", got)
	}
}
