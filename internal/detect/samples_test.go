package detect

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
	"cordon/internal/finding"
)

// A sample is what a detection must or must not match. testdata/access.txt
// tells how they are written.
type sample struct {
	detection, reason, where string
	must                     bool
	events                   []event.Event
	past                     History
}

const (
	home   = "111122223333"
	stride = time.Second
)

var began = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// documents are written in the samples by name.
var documents = map[string]string{
	"$admin":    `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
	"$pass":     `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:PutUserPolicy","iam:PassRole"],"Resource":"*"}]}`,
	"$read":     `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"*"}]}`,
	"$deny":     `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`,
	"$everyone": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`,
	"$foreign":  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"sts:AssumeRole"}]}`,
	"$home":     `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}`,
	"$lambda":   `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`,
	"$anytoken": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/build.example"},"Action":"sts:AssumeRoleWithWebIdentity"}]}`,
	"$onetoken": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/build.example"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"build.example:sub":"repo:us/app"}}}]}`,
}

var documentName = regexp.MustCompile(`\$[a-z]+`)

func samples(t *testing.T) (all []sample) {
	t.Helper()
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		in := bufio.NewScanner(f)
		id := ""
		for n := 1; in.Scan(); n++ {
			line := strings.TrimSpace(in.Text())
			where := fmt.Sprintf("%s:%d", file, n)
			switch {
			case line == "", strings.HasPrefix(line, "#"):
			case strings.HasPrefix(line, "["):
				id = strings.Trim(line, "[]")
			default:
				s := sample{detection: id, where: where, must: strings.HasPrefix(line, "+")}
				parts := strings.Split(line[1:], " | ")
				s.reason = strings.TrimSpace(parts[0])
				at := began
				for _, part := range parts[1:] {
					s.add(t, part, &at)
				}
				all = append(all, s)
			}
		}
	}
	return all
}

// add reads one event of a sample, or as many as x says.
func (s *sample) add(t *testing.T, part string, at *time.Time) {
	t.Helper()
	opts := map[string]string{"by": "user/eve", "key": "AKIAEXAMPLEEVE000000", "addr": "198.51.100.23", "agent": "aws-cli/2.15 Python/3.11 Linux/6", "region": "eu-west-1", "x": "1", "each": "1"}
	rest := strings.TrimSpace(part)
	for {
		word, after, _ := strings.Cut(rest, " ")
		name, value, isOption := strings.Cut(word, "=")
		if !isOption {
			break
		}
		opts[name] = strings.ReplaceAll(value, "~", " ")
		rest = after
	}
	if strings.HasPrefix(opts["by"], "role/") && opts["key"] == "AKIAEXAMPLEEVE000000" {
		opts["key"] = "ASIAEXAMPLE" + strings.ToUpper(strings.ReplaceAll(opts["by"], "/", ""))
	}
	call, bodies, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(opts["x"])
	each, err2 := strconv.Atoi(opts["each"])
	if err != nil || err2 != nil {
		t.Fatalf("%s: %v, %v", s.where, err, err2)
	}
	if past := opts["past"]; past != "" {
		s.past = fakePast(past)
	}
	for i := range n {
		*at = at.Add(time.Duration(each) * stride)
		s.events = append(s.events, s.event(t, opts, count(call, i), count(documentName.ReplaceAllStringFunc(bodies, func(name string) string {
			b, _ := json.Marshal(documents[name])
			return string(b)
		}), i), i, *at))
	}
}

func count(s string, i int) string {
	if strings.Contains(s, "macos#") {
		return s
	}
	return strings.ReplaceAll(s, "#", strconv.Itoa(i))
}

func (s *sample) event(t *testing.T, opts map[string]string, call, bodies string, i int, at time.Time) event.Event {
	t.Helper()
	service, name, ok := strings.Cut(call, ":")
	if !ok {
		t.Fatalf("%s: %q is no call", s.where, call)
	}
	bodies, additional, _ := strings.Cut(bodies, "++")
	request, response, _ := strings.Cut(bodies, "->")
	record := map[string]any{
		"eventVersion": "1.11", "eventID": fmt.Sprintf("e-%d", len(s.events)), "eventTime": at.Format(time.RFC3339), "eventSource": service + ".amazonaws.com", "eventName": name,
		"awsRegion": count(opts["region"], i), "sourceIPAddress": opts["addr"], "userAgent": opts["agent"], "recipientAccountId": home, "eventType": "AwsApiCall", "userIdentity": identity(opts),
	}
	for key, option := range map[string]string{"eventType": "type", "errorCode": "error", "errorMessage": "message"} {
		if v := opts[option]; v != "" && v != "-" {
			record[key] = count(v, i)
		}
	}
	for key, body := range map[string]string{"requestParameters": request, "responseElements": response, "additionalEventData": additional} {
		if body = strings.TrimSpace(body); body != "" {
			if !json.Valid([]byte(body)) {
				t.Fatalf("%s: %s is no JSON", s.where, body)
			}
			record[key] = json.RawMessage(body)
		}
	}
	raw, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	e, err := event.Parse(raw)
	if err != nil {
		t.Fatalf("%s: %v", s.where, err)
	}
	return e
}

func identity(opts map[string]string) map[string]any {
	who := strings.Split(opts["by"], "/")
	out := map[string]any{"accountId": home, "accessKeyId": opts["key"]}
	switch who[0] {
	case "root":
		out["type"], out["arn"], out["principalId"] = "Root", "arn:aws:iam::"+home+":root", home
	case "user":
		out["type"], out["arn"], out["userName"] = "IAMUser", "arn:aws:iam::"+home+":user/"+who[1], who[1]
	case "role":
		role, session := who[1], who[2]
		out["type"], out["arn"], out["principalId"] = "AssumedRole", "arn:aws:sts::"+home+":assumed-role/"+role+"/"+session, "AROAEXAMPLE:"+session
		out["sessionContext"] = map[string]any{"sessionIssuer": map[string]any{"type": "Role", "arn": "arn:aws:iam::" + home + ":role/" + role, "userName": role, "accountId": home}}
	default:
		return map[string]any{"type": "IAMUser", "accountId": home}
	}
	return out
}

// fakePast knows everything: "new" that nothing was ever done before, "old"
// that all of it was.
type fakePast string

func (p fakePast) First(_, _, _ string) (time.Time, bool) {
	if p == "old" {
		return began.AddDate(-1, 0, 0), true
	}
	return began, true
}

func TestSamples(t *testing.T) {
	all := samples(t)
	must, mustNot := map[string]int{}, map[string]int{}
	declared := map[string]Detection{}
	for _, d := range All() {
		declared[d.ID] = d
	}
	for _, s := range all {
		d, known := declared[s.detection]
		if !known {
			t.Errorf("%s: %s is no detection", s.where, s.detection)
			continue
		}
		found := 0
		// As the store gives them: some without bodies, some not at all.
		for _, h := range Run(slices.Values(selected(s.events)), s.past) {
			if h.Detection != s.detection {
				continue
			}
			found++
			checkHit(t, s, d, h)
		}
		if s.must {
			must[s.detection]++
		} else {
			mustNot[s.detection]++
		}
		if s.must != (found > 0) {
			t.Errorf("%s: %s: %d hits: %s", s.where, s.detection, found, s.reason)
		}
	}
	for _, d := range All() {
		if must[d.ID] < 2 || mustNot[d.ID] < 2 {
			t.Errorf("%s has %d samples that must and %d that must not match, 2 and 2 are the least", d.ID, must[d.ID], mustNot[d.ID])
		}
	}
	t.Logf("%d detections, %d samples", len(declared), len(all))
}

func checkHit(t *testing.T, s sample, d Detection, h Hit) {
	t.Helper()
	for _, arg := range d.Args {
		if h.Args[arg] == "" {
			t.Errorf("%s: a hit of %s lacks %q", s.where, d.ID, arg)
		}
	}
	for arg := range h.Args {
		if !slices.Contains(d.Args, arg) && arg != "count" && arg != "what" {
			t.Errorf("%s: a hit of %s has %q, which it does not declare", s.where, d.ID, arg)
		}
	}
	ids := map[string]bool{}
	for _, e := range s.events {
		ids[e.ID] = true
	}
	for _, id := range h.EventIDs {
		if !ids[id] {
			t.Errorf("%s: %s cites %s, which is no event of the sample", s.where, d.ID, id)
		}
	}
	allFailed := !slices.ContainsFunc(s.events, func(e event.Event) bool { return slices.Contains(h.EventIDs, e.ID) && !e.Failed() })
	if len(h.EventIDs) == 0 || h.At.IsZero() || allFailed != (h.Status == Attempted) {
		t.Errorf("%s: %s: %d events, at %v, %s, everything failed: %v", s.where, d.ID, len(h.EventIDs), h.At, h.Status, allFailed)
	}
}

var (
	idShape     = regexp.MustCompile(`^[a-z0-9]+\.[a-z0-9]+(-[a-z0-9]+)*$`)
	attackShape = regexp.MustCompile(`^T1\d{3}(\.\d{3})?$`)
	callShape   = regexp.MustCompile(`^[a-z0-9-]+:[A-Z][A-Za-z0-9]+$`)
)

func TestDeclarations(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range All() {
		if !idShape.MatchString(d.ID) || seen[d.ID] {
			t.Errorf("%q is a bad or repeated id", d.ID)
		}
		seen[d.ID] = true
		if d.Severity < finding.Info || d.Severity > finding.Critical {
			t.Errorf("%s: severity %d", d.ID, d.Severity)
		}
		if len(d.Attack) == 0 {
			t.Errorf("%s names no technique", d.ID)
		}
		for _, id := range d.Attack {
			if !attackShape.MatchString(id) {
				t.Errorf("%s: %q is no technique", d.ID, id)
			}
			if strings.HasPrefix(id, "T1562") {
				t.Errorf("%s: %s was retired in ATT&CK v19", d.ID, id)
			}
		}
		for _, call := range d.On {
			if !callShape.MatchString(call) {
				t.Errorf("%s: %q is no call", d.ID, call)
			}
			if e := (event.Event{Name: call[strings.Index(call, ":")+1:]}); e.BaseName() != e.Name {
				t.Errorf("%s: %q carries an API version", d.ID, call)
			}
		}
		if d.Habit != "" && !slices.Contains([]string{"call", "service", "region", "address", "agent"}, d.Habit) {
			t.Errorf("%s: %q is no habit", d.ID, d.Habit)
		}
		if d.Match == nil && len(d.On) == 0 {
			t.Errorf("%s would match everything", d.ID)
		}
	}
	whole, columns := Calls()
	for _, call := range columns {
		if slices.Contains(whole, call) {
			t.Errorf("%s is wanted both ways", call)
		}
	}
	t.Logf("%d detections on %d calls whole and %d by columns", len(seen), len(whole), len(columns))
}
