package lineage_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/detect"
	"cordon/internal/event"
	"cordon/internal/lineage"
)

// A scenario is an intrusion that somebody else recorded or wrote, with the
// truth about it. They are read where they lie.
type scenario struct {
	name       string
	events     []event.Event
	attack     map[string]bool // event ids
	credential string          // empty: root without a key
	principal  string          // ends the ARN
	addresses  []string
	issued     []string
	first      time.Time
	last       time.Time
}

const scenarios = "../../../shared/data/cloudtrail/scenarios/"

var loaded []scenario

func loadScenarios(t *testing.T) []scenario {
	t.Helper()
	if loaded == nil {
		loaded = readScenarios(t)
	}
	return loaded
}

func readScenarios(t *testing.T) (all []scenario) {
	t.Helper()
	if _, err := os.Stat(scenarios); err != nil {
		t.Skip("the shared data is not here")
	}
	folders, _ := filepath.Glob(scenarios + "remix/scenario-*")
	for _, folder := range folders {
		all = append(all, remix(t, folder))
	}
	if len(all) == 0 {
		t.Fatal("no remix scenario is there")
	}
	return append(all, breach(t), compromisedRoot(t))
}

func remix(t *testing.T, folder string) scenario {
	var truth struct {
		Key       string    `json:"abused_credential"`
		Principal string    `json:"principal"`
		Address   string    `json:"intruder_ip"`
		First     time.Time `json:"first"`
		Last      time.Time `json:"last"`
		Issued    []string  `json:"credentials_issued"`
		Events    []string  `json:"attack_eventIDs"`
	}
	b, err := os.ReadFile(filepath.Join(folder, "truth.json"))
	if err != nil || json.Unmarshal(b, &truth) != nil {
		t.Fatal(folder, err)
	}
	s := scenario{name: filepath.Base(folder), attack: map[string]bool{}, credential: truth.Key, principal: truth.Principal,
		addresses: []string{truth.Address}, issued: truth.Issued, first: truth.First, last: truth.Last}
	for _, id := range truth.Events {
		s.attack[id] = true
	}
	err = filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".json.gz") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			return err
		}
		var log struct{ Records []json.RawMessage }
		if err := json.NewDecoder(z).Decode(&log); err != nil {
			return err
		}
		for _, raw := range log.Records {
			s.events = append(s.events, parse(t, raw))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// breach is a stolen instance role; every address was scrubbed to one, so that
// only the agent tells.
func breach(t *testing.T) scenario {
	const key = "ASIA5FLZVX4OPVKKVBMX"
	s := scenario{name: "cloud-breach-s3", attack: map[string]bool{}, credential: key,
		principal: "assumed-role/MordorNginxStack-BankingWAFRole-9S3E0UAE1MM0/i-0317f6c6b66ae9c40", addresses: []string{"1.2.3.4"}}
	for _, raw := range lines(t, scenarios+"cloud-breach-s3/events.jsonl") {
		e := parse(t, raw)
		s.events = append(s.events, e)
		if e.Credential == key {
			s.add(e)
		}
	}
	return s
}

func (s *scenario) add(e event.Event) {
	s.attack[e.ID] = true
	if s.first.IsZero() || e.Time.Before(s.first) {
		s.first = e.Time
	}
	if e.Time.After(s.last) {
		s.last = e.Time
	}
}

func compromisedRoot(t *testing.T) scenario {
	s := scenario{name: "compromised-root", attack: map[string]bool{}, principal: ":root", addresses: []string{"92.55.146.245"},
		issued: []string{"AKIA5ZZZK44445XXFFVB", "AKIASWJJJ66ZZZII4IYY"}}
	for i, raw := range lines(t, scenarios+"panther-compromised-root/labelled_events.jsonl") {
		var l struct {
			Label string
			Event json.RawMessage
		}
		if err := json.Unmarshal(raw, &l); err != nil {
			t.Fatal(err)
		}
		e := parse(t, l.Event)
		e.ID = fmt.Sprintf("line-%d", i+1) // all of them say "1"
		s.events = append(s.events, e)
		if l.Label == "attacker" {
			s.add(e)
		}
	}
	return s
}

func lines(t *testing.T, path string) (all [][]byte) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewReader(f)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 1 {
			all = append(all, line)
		}
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func parse(t *testing.T, raw []byte) event.Event {
	t.Helper()
	e, err := event.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// A result is what was found without a hint, against the truth.
type result struct {
	intruders                    int
	key, principal, place, issue bool
	first, last                  bool
	hit, blamed                  int // attack events found; others called the intruder's
	attack                       int
	low                          []string
	his                          map[string]bool
}

func (r result) String() string {
	mark := func(ok bool) string { return map[bool]string{true: "exact", false: "WRONG"}[ok] }
	precision := 1.0
	if r.hit+r.blamed > 0 {
		precision = float64(r.hit) / float64(r.hit+r.blamed)
	}
	return fmt.Sprintf("%d  %-9s %-9s %-9s %-5s %-5s %-6s %.3f     %.3f  %d", r.intruders, mark(r.key), mark(r.principal), mark(r.place), mark(r.first), mark(r.last), mark(r.issue),
		precision, float64(r.hit)/float64(max(r.attack, 1)), r.blamed)
}

// judge finds the intruders of a scenario and compares every event's lane.
func judge(t *testing.T, s scenario) (r result) {
	t.Helper()
	signs := signsOf(s.events)
	found := lineage.Find(s.events, signs, lineage.Options{})
	r.intruders, r.attack = len(found), len(s.attack)
	r.his = map[string]bool{}
	if len(found) == 0 {
		return r
	}
	var seeds []lineage.Suspect
	for _, in := range found {
		seeds = append(seeds, in.Seeds...)
	}
	seed := found[0].Seeds[0]
	r.key = seed.Credential == s.credential
	r.principal = strings.HasSuffix(seed.ARN, s.principal)
	c := lineage.New(seeds, found[0].Since)
	c.Know(lineage.Known{Signs: signs})
	c.Add(lineage.Query{}, s.events)
	var first, last time.Time
	var places []string
	for _, e := range s.events {
		l := c.Lane(e)
		if l.Who != lineage.ByIntruder {
			if s.attack[e.ID] {
				r.low = append(r.low, fmt.Sprintf("%s %s %s %v", e.Name, l.Who, l.Confidence, l.Why))
			}
			continue
		}
		r.his[e.ID] = true
		if !s.attack[e.ID] {
			r.blamed++
			r.low = append(r.low, fmt.Sprintf("blamed: %s %s %s %s %v", e.Name, e.Time, e.Address, e.Agent, l))
			continue
		}
		r.hit++
		if first.IsZero() || e.Time.Before(first) {
			first = e.Time
		}
		if e.Time.After(last) {
			last = e.Time
		}
		places = append(places, e.Address)
	}
	slices.Sort(places)
	r.place = slices.Equal(slices.Compact(places), s.addresses)
	r.first, r.last = first.Equal(s.first) && found[0].Since.Equal(s.first), last.Equal(s.last)
	var issued []string
	for _, x := range c.Suspects() {
		if x.Depth > 0 && x.Credential != "" {
			issued = append(issued, x.Credential)
		}
	}
	slices.Sort(issued)
	want := slices.Sorted(slices.Values(s.issued))
	r.issue = slices.Equal(issued, want)
	if !r.issue {
		r.low = append(r.low, fmt.Sprintf("issued %v, want %v", issued, want))
	}
	return r
}

// TestScenarios: without any hint the credential, principal, addresses, first
// and last call and issued credentials of every recorded intrusion come out
// exact, and none of the owner's calls is the intruder's.
func TestScenarios(t *testing.T) {
	t.Log("scenario            n  key       principal addresses first last  issued precision recall blamed")
	for _, s := range loadScenarios(t) {
		r := judge(t, s)
		t.Logf("%-19s %s", s.name, r)
		if r.intruders != 1 || !r.key || !r.principal || !r.place || !r.first || !r.last || !r.issue || r.blamed > 0 || r.hit != r.attack {
			t.Errorf("%s: %d intruders, %d of %d, %q", s.name, r.intruders, r.hit, r.attack, r.low)
		}
	}
}

// signsOf runs the detections, as the engine does.
func signsOf(events []event.Event) (all []lineage.Sign) {
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b event.Event) int { return a.Time.Compare(b.Time) })
	for _, h := range detect.Run(slices.Values(sorted), nil) {
		for _, id := range h.EventIDs {
			all = append(all, lineage.Sign{EventID: id, What: h.Detection, Weight: lineage.Weights[h.Severity], Confidence: string(h.Confidence)})
		}
	}
	return all
}

// TestNobody: where nothing is known to be bad, there is no intruder: in the
// background of each scenario, and in 840 events of services and audits.
func TestNobody(t *testing.T) {
	for _, s := range loadScenarios(t) {
		var rest []event.Event
		for _, e := range s.events {
			if !s.attack[e.ID] {
				rest = append(rest, e)
			}
		}
		if found := lineage.Find(rest, signsOf(rest), lineage.Options{}); len(found) > 0 {
			t.Errorf("%s: %+v", s.name, found)
		}
	}
	var events []event.Event
	for _, raw := range lines(t, scenarios+"../benign/opensearch-sample.jsonl") {
		events = append(events, parse(t, raw))
	}
	if found := lineage.Find(events, signsOf(events), lineage.Options{}); len(events) < 800 || len(found) > 0 {
		t.Errorf("%d events: %+v", len(events), found)
	}
}
