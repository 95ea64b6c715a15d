package detect

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
)

// shared is material by others that lies beside the checkout.
const shared = "../../../shared/data/cloudtrail/"

func material(t *testing.T, pattern string) []string {
	t.Helper()
	files, _ := filepath.Glob(shared + pattern)
	if len(files) == 0 {
		t.Skip("the shared data is not here")
	}
	return files
}

// lines reads JSON lines.
func lines(t *testing.T, file string) (out []json.RawMessage) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Skip("the shared data is not here")
	}
	in := bufio.NewScanner(bytes.NewReader(b))
	in.Buffer(nil, 1<<24)
	for in.Scan() {
		if len(bytes.TrimSpace(in.Bytes())) > 0 {
			out = append(out, bytes.Clone(in.Bytes()))
		}
	}
	return out
}

func parsed(t *testing.T, raws []json.RawMessage) (all []event.Event) {
	t.Helper()
	for _, raw := range raws {
		e, err := event.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	slices.SortStableFunc(all, func(a, b event.Event) int { return a.Time.Compare(b.Time) })
	return all
}

// selected leaves what the store would give: what Calls and Wanted ask for,
// without bodies where columns are to be enough.
func selected(all []event.Event) (out []event.Event) {
	whole, columns := Calls()
	for _, e := range all {
		call := e.Service() + ":" + e.BaseName()
		switch {
		case slices.Contains(whole, call):
		case slices.Contains(columns, call), Wanted(e.Principal.ARN, e.Error.Code):
			e.Request, e.Response = nil, nil
		default:
			continue
		}
		out = append(out, e)
	}
	return out
}

func hitsOf(all []event.Event) []Hit { return Run(slices.Values(selected(all)), nil) }

type group struct {
	detection, principal string
	hour                 time.Time
}

func groups(hits []Hit) map[group]int {
	out := map[group]int{}
	for _, h := range hits {
		out[group{h.Detection, h.Principal, h.At.Truncate(time.Hour)}]++
	}
	return out
}

func TestRecallOfTechniques(t *testing.T) {
	found, total := 0, 0
	for _, raw := range lines(t, shared+"stratus/techniques.jsonl") {
		var tech struct {
			Technique string   `json:"technique"`
			KeyCalls  []string `json:"key_calls"`
		}
		if err := json.Unmarshal(raw, &tech); err != nil {
			t.Fatal(err)
		}
		all := parsed(t, lines(t, shared+"stratus/sanitised/"+tech.Technique+".jsonl"))
		key := map[string]bool{}
		for _, e := range all {
			key[e.ID] = slices.Contains(tech.KeyCalls, e.Name)
		}
		total++
		var by, other []string
		for _, h := range hitsOf(all) {
			if slices.ContainsFunc(h.EventIDs, func(id string) bool { return key[id] }) {
				by = append(by, h.Detection+" ("+h.Severity.String()+", "+h.Status+")")
			} else {
				other = append(other, h.Detection)
			}
		}
		if len(by) > 0 {
			found++
		}
		slices.Sort(by)
		t.Logf("%-55s %s; besides %v", tech.Technique, strings.Join(slices.Compact(by), ", "), other)
	}
	t.Logf("techniques found on their own calls: %d of %d", found, total)
	if found < 9 {
		t.Errorf("%d of %d techniques found, 9 of 10 are asked for", found, total)
	}
}

func TestFailedLaunchIsAttempted(t *testing.T) {
	all := parsed(t, lines(t, shared+"stratus/sanitised/aws.execution.ec2-launch-unusual-instances.jsonl"))
	n := 0
	for _, h := range hitsOf(all) {
		if h.Detection == "compute.large" {
			n++
			if h.Status != Attempted {
				t.Errorf("a refused launch is %s", h.Status)
			}
		}
	}
	if n == 0 {
		t.Error("the refused launch was not seen")
	}
}

func TestQuietOnConsoleSessions(t *testing.T) {
	events, n := 0, 0
	for _, file := range material(t, "benign/console-sessions/*.json") {
		if strings.Contains(file, "expected-signals") {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var raws []json.RawMessage
		if err := json.Unmarshal(b, &raws); err != nil {
			t.Fatal(err)
		}
		all := parsed(t, raws)
		events += len(all)
		for g, count := range groups(hitsOf(all)) {
			n++
			t.Logf("%s %s: %s ×%d", filepath.Base(file), g.hour.Format(time.DateTime), g.detection, count)
		}
	}
	t.Logf("console sessions: %d groups in %d events, %.1f per 10,000", n, events, float64(n)/float64(events)*10000)
	if n > 8 {
		t.Errorf("%d groups on benign console sessions, 8 are allowed", n)
	}
}

func TestQuietOnServiceTraffic(t *testing.T) {
	all := parsed(t, lines(t, shared+"benign/opensearch-sample.jsonl"))
	got := groups(hitsOf(all))
	for g, count := range got {
		t.Logf("%+v ×%d", g, count)
	}
	t.Logf("service traffic: %d groups in %d events", len(got), len(all))
	if len(got) > 0 {
		t.Errorf("%d groups on service traffic, none is allowed", len(got))
	}
}

// A contrast pair is a True and a False event of one rule. It is told apart
// when something hits the True one that does not hit the False one.
type contrast struct{ pairs, byID, byStatus int }

func TestContrastPairs(t *testing.T) {
	type row struct {
		Rule     string          `json:"rule_id"`
		Test     string          `json:"test"`
		Expected bool            `json:"expected"`
		Event    json.RawMessage `json:"event"`
	}
	type seen struct {
		row
		name        string
		ids, status map[string]bool
	}
	byRule := map[string][]seen{}
	var order []string
	unreadable := 0
	for _, raw := range lines(t, shared+"panther/cloudtrail_tests.jsonl") {
		var r row
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatal(err)
		}
		e, ok := patched(r.Event)
		if !ok {
			unreadable++
			continue
		}
		s := seen{row: r, name: e.Service() + ":" + e.BaseName(), ids: map[string]bool{}, status: map[string]bool{}}
		for _, h := range hitsOf([]event.Event{e}) {
			s.ids[h.Detection] = true
			s.status[h.Detection+" "+h.Status] = true
		}
		if byRule[r.Rule] == nil {
			order = append(order, r.Rule)
		}
		byRule[r.Rule] = append(byRule[r.Rule], s)
	}
	var all, sameName contrast
	for _, rule := range order {
		for _, yes := range byRule[rule] {
			for _, no := range byRule[rule] {
				if !yes.Expected || no.Expected {
					continue
				}
				byID, byStatus := more(yes.ids, no.ids), more(yes.status, no.status)
				all.count(byID, byStatus)
				if yes.name == no.name {
					sameName.count(byID, byStatus)
				}
				if !byStatus {
					t.Logf("not told apart: %s: %q and %q", rule, yes.Test, no.Test)
				}
			}
		}
	}
	t.Logf("contrast pairs: %d of %d told apart (%d by detection alone); of those with a shared event name %d of %d (%d); %d unreadable events",
		all.byStatus, all.pairs, all.byID, sameName.byStatus, sameName.pairs, sameName.byID, unreadable)
	for _, c := range []contrast{all, sameName} {
		if c.byStatus*100 < c.pairs*78 {
			t.Errorf("%d of %d contrast pairs told apart", c.byStatus, c.pairs)
		}
	}
}

func (c *contrast) count(byID, byStatus bool) {
	c.pairs++
	if byID {
		c.byID++
	}
	if byStatus {
		c.byStatus++
	}
}

func more(a, b map[string]bool) bool {
	for k := range a {
		if !b[k] {
			return true
		}
	}
	return false
}

// patched gives hand-written events the time and source that some lack.
func patched(raw json.RawMessage) (event.Event, bool) {
	var fields map[string]any
	if json.Unmarshal(raw, &fields) != nil {
		return event.Event{}, false
	}
	if at, _ := fields["eventTime"].(string); at == "" {
		fields["eventTime"] = "2024-01-01T00:00:00Z"
	}
	b, err := json.Marshal(fields)
	if err != nil {
		return event.Event{}, false
	}
	e, err := event.Parse(b)
	return e, err == nil
}
