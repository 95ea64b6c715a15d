package cli

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"cordon/internal/lab"
)

// TestTrail runs the stories about the record of events: offline, over an
// account that testdata/script/trail-account.txt tells line by line.
func TestTrail(t *testing.T) {
	calls, err := readAccount(filepath.Join(scripts, "trail-account.txt"))
	if err != nil {
		t.Fatal(err)
	}
	p := params(t, "trail-*.txtar", func(e *testscript.Env) error {
		for _, c := range calls {
			e.Setenv("EVENT_"+strings.ReplaceAll(c.name, "-", "_"), c.id)
		}
		return nil
	})
	p.Condition = func(cond string) (bool, error) {
		if cond == "root" {
			return os.Geteuid() == 0, nil
		}
		return false, fmt.Errorf("unknown condition %q", cond)
	}
	p.Cmds["account"] = func(ts *testscript.TestScript, _ bool, args []string) { writeAccount(ts, calls, args) }
	p.Cmds["same-records"] = sameRecords
	testscript.Run(t, p)
}

// deliver has the trails of the script's lab write their files.
func deliver(ts *testscript.TestScript, _ bool, _ []string) {
	l, ok := ts.Value("lab").(*lab.Lab)
	if !ok {
		ts.Fatalf("this script has no lab")
	}
	done, err := l.Deliver(context.Background())
	ts.Check(err)
	for arn, d := range done {
		if d.Error != "" {
			ts.Fatalf("%s: %s", arn, d.Error)
		}
		fmt.Fprintf(ts.Stdout(), "%s: %d events, %d files, %d digests\n", d.Bucket, d.Events, d.Files, d.Digests)
	}
}

// A called is one record of the account.
type called struct {
	name, id, day, region string
	at                    time.Time
	record                json.RawMessage
}

// readAccount expands the account's lines into records, in the order of time.
func readAccount(file string) (all []called, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	words := map[string]string{}
	in := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(in.Text())
		if name, text, ok := strings.Cut(line, " = "); ok && !strings.Contains(line, "|") {
			words[strings.TrimSpace(name)] = strings.TrimSpace(text)
			continue
		}
		if line == "" || line[0] == '#' {
			continue
		}
		calls, err := expand(line, words)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
		all = append(all, calls...)
	}
	slices.SortStableFunc(all, func(a, b called) int { return a.at.Compare(b.at) })
	return all, in.Err()
}

// expand makes one line into one record, or one for each of its days.
func expand(line string, words map[string]string) (all []called, err error) {
	f := strings.Split(line, "|")
	if len(f) != 9 {
		return nil, fmt.Errorf("%d fields, want 9", len(f))
	}
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	name, when, _ := strings.Cut(f[0], " ")
	days := []string{when}
	if i := strings.Index(when, ".."); i > 0 {
		from, err1 := strconv.Atoi(when[i-2 : i])
		to, err2 := strconv.Atoi(when[i+2 : i+4])
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("%s is no span of days", when)
		}
		days = nil
		for d := from; d <= to; d++ {
			days = append(days, fmt.Sprintf("%s%02d%s", when[:i-2], d, when[i+4:]))
		}
	}
	for _, day := range days {
		at, err := time.Parse(time.RFC3339, day)
		if err != nil {
			return nil, err
		}
		c := called{name: name, at: at, region: f[4], day: at.Format("2006/01/02")}
		sum := sha256.Sum256([]byte(line + day))
		h := hex.EncodeToString(sum[:16])
		c.id = h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
		if c.record, err = record(c, f, words); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func record(c called, f []string, words map[string]string) (json.RawMessage, error) {
	word := func(s string) string {
		if text, known := words[s]; known {
			return text
		}
		return s
	}
	service, call, ok := strings.Cut(f[5], ":")
	if !ok {
		return nil, fmt.Errorf("%s is no call", f[5])
	}
	who, err := identity(word(f[1]), c.at)
	if err != nil {
		return nil, err
	}
	reads := strings.HasPrefix(call, "Get") || strings.HasPrefix(call, "List") || strings.HasPrefix(call, "Describe")
	r := map[string]any{
		"eventVersion": "1.11", "eventID": c.id, "eventTime": c.at.Format(time.RFC3339), "eventType": "AwsApiCall", "eventCategory": "Management",
		"eventSource": service + ".amazonaws.com", "eventName": call, "awsRegion": f[4], "sourceIPAddress": word(f[2]), "userAgent": word(f[3]),
		"userIdentity": who, "requestParameters": json.RawMessage(f[6]), "responseElements": json.RawMessage(f[7]),
		"readOnly": reads, "managementEvent": true, "recipientAccountId": "111122223333", "requestID": "request-of-" + c.id,
	}
	if f[8] != "" {
		r["errorCode"], r["errorMessage"] = f[8], "invented"
	}
	if !strings.HasPrefix(word(f[1]), "service ") && strings.HasPrefix(word(f[3]), "Mozilla/") {
		r["sessionCredentialFromConsole"] = "true"
	}
	return json.Marshal(r)
}

// identity writes a userIdentity.
func identity(who string, at time.Time) (map[string]any, error) {
	const account = "111122223333"
	f := strings.Fields(who)
	switch {
	case len(f) == 2 && f[0] == "service":
		return map[string]any{"type": "AWSService", "invokedBy": f[1]}, nil
	case len(f) == 3 && f[0] == "user":
		id := map[string]any{
			"type": "IAMUser", "userName": f[1], "arn": "arn:aws:iam::" + account + ":user/" + f[1], "accountId": account,
			"accessKeyId": f[2], "principalId": unique("AIDA", f[1]),
		}
		if strings.HasPrefix(f[2], "ASIA") {
			id["sessionContext"] = map[string]any{"attributes": map[string]any{"mfaAuthenticated": "true", "creationDate": at.Truncate(24 * time.Hour).Format(time.RFC3339)}}
		}
		return id, nil
	case len(f) == 3 && f[0] == "role":
		name, session, _ := strings.Cut(f[1], "/")
		return map[string]any{
			"type": "AssumedRole", "arn": "arn:aws:sts::" + account + ":assumed-role/" + f[1], "accountId": account, "accessKeyId": f[2],
			"principalId": unique("AROA", name) + ":" + session,
			"sessionContext": map[string]any{
				"attributes":    map[string]any{"mfaAuthenticated": "false", "creationDate": at.Truncate(time.Hour).Format(time.RFC3339)},
				"sessionIssuer": map[string]any{"type": "Role", "userName": name, "arn": "arn:aws:iam::" + account + ":role/" + name, "accountId": account, "principalId": unique("AROA", name)},
			},
		}, nil
	}
	return nil, fmt.Errorf("%q is nobody", who)
}

func unique(prefix, name string) string {
	if name == "backup-sync" {
		return "AIDAEXAMPLEPLANTED001" // as CreateUser answered
	}
	return prefix + "EXAMPLE" + strings.ToUpper(strings.ReplaceAll(name, "-", "")) + "0001"
}

// writeAccount runs "account SHAPE PATH": the same records as a tree of log
// files as a trail delivers them, as JSON Lines, or as lookup-events prints.
func writeAccount(ts *testscript.TestScript, calls []called, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: account tree|lines|lookup PATH")
	}
	path := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	var b bytes.Buffer
	switch args[0] {
	case "tree":
		ts.Check(writeTree(path, calls))
		return
	case "lines":
		for _, c := range calls {
			b.Write(append(c.record, '\n'))
		}
	case "lookup":
		var page struct{ Events []map[string]any }
		for _, c := range slices.Backward(calls) { // newest first, as AWS does
			page.Events = append(page.Events, map[string]any{"EventId": c.id, "EventTime": c.at.Unix(), "CloudTrailEvent": string(c.record)})
		}
		out, err := json.MarshalIndent(page, "", "    ")
		ts.Check(err)
		b.Write(out)
	default:
		ts.Fatalf("there is no shape %s", args[0])
	}
	ts.Check(os.WriteFile(path, b.Bytes(), 0o644))
}

// writeTree writes one compressed log file a region and day.
func writeTree(dir string, calls []called) error {
	files := map[string][]json.RawMessage{}
	for _, c := range calls {
		name := fmt.Sprintf("AWSLogs/111122223333/CloudTrail/%s/%s/111122223333_CloudTrail_%s_%sT2355Z_ExampleExample01.json.gz",
			c.region, c.day, c.region, strings.ReplaceAll(c.day, "/", ""))
		files[name] = append(files[name], c.record)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		raw, err := json.Marshal(map[string]any{"Records": files[name]})
		if err != nil {
			return err
		}
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(raw); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// sameRecords wants two answers in JSON Lines with the same verdicts, events
// and creators; negated, different ones. The case and the clock do not count.
func sameRecords(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: same-records FILE FILE")
	}
	var told [2]string
	for i, name := range args {
		n := 0
		var b strings.Builder
		for line := range strings.Lines(ts.ReadFile(name)) {
			var r map[string]any
			ts.Check(json.Unmarshal([]byte(line), &r))
			if !slices.Contains([]string{"verdict", "event", "creator"}, fmt.Sprint(r["type"])) {
				continue
			}
			delete(r, "seq")
			delete(r, "ts")
			out, err := json.Marshal(r) // members in one order
			ts.Check(err)
			b.Write(append(out, '\n'))
			n++
		}
		if n == 0 {
			ts.Fatalf("%s has no verdict, event or creator", name)
		}
		told[i] = b.String()
	}
	switch same := told[0] == told[1]; {
	case same && neg:
		ts.Fatalf("%s and %s are the same", args[0], args[1])
	case !same && !neg:
		a, b := strings.Split(told[0], "\n"), strings.Split(told[1], "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				ts.Fatalf("record %d differs:\n%s\n%s", i+1, a[i], b[i])
			}
		}
		ts.Fatalf("%d and %d records", len(a), len(b))
	}
}
