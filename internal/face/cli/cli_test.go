package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cordon/internal/engine"
	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/incident"
	"cordon/internal/plan"
	"cordon/internal/report"
	"cordon/internal/words"
)

var now = time.Date(2026, 11, 21, 2, 16, 31, 0, time.UTC)

// machine is a System of its own for each test: nothing of this computer.
type machine struct {
	System
	out, err bytes.Buffer
	env      map[string]string
}

func newMachine(t *testing.T, stdin string, args ...string) *machine {
	t.Helper()
	dir := t.TempDir()
	m := &machine{env: map[string]string{"CORDON_CASE_DIR": dir + "/cases", "CORDON_CONFIG_DIR": dir + "/config"}}
	m.System = System{
		Args: args, In: strings.NewReader(stdin), Out: &m.out, Err: &m.err,
		Env: func(k string) string { return m.env[k] }, Now: func() time.Time { return now },
		Wait: func(context.Context, time.Duration) error { return nil },
		Who:  "li", Version: "test", Exit: func(int) {}, Arm: func(*engine.Session) {},
	}
	return m
}

func (m *machine) run(args ...string) int {
	m.out.Reset()
	m.err.Reset()
	m.Args = args
	return Run(m.System)
}

func (m *machine) app(lang words.Lang) *app { return &app{sys: m.System, words: words.For(lang)} }

func (m *machine) newCase(t *testing.T) *incident.Case {
	t.Helper()
	c, err := m.app(words.EN).create(incident.Info{Account: "111122223333", Partition: "aws", By: "arn:aws:iam::111122223333:user/li"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func aPlan(c *incident.Case, classes ...plan.Class) plan.Plan {
	p := plan.Plan{V: 1, Type: plan.Contain, Case: c.ID, Account: c.Account, Partition: "aws", MadeAt: now, Expires: now.Add(time.Hour)}
	for i, class := range classes {
		ref := fact.Ref{Kind: "iam.user", Place: fact.Place{Account: c.Account, Region: fact.Global}, ID: fmt.Sprint("u", i)}
		p.Actions = append(p.Actions, plan.Act(fact.Resource{Ref: ref}, "deny-all", class, "suspect-principal"))
	}
	return p
}

// TestLadder: each class asks for its own answer, once; anything else is no.
func TestLadder(t *testing.T) {
	rev, dis, per := []plan.Class{plan.Reversible}, []plan.Class{plan.Reversible, plan.Disruptive}, []plan.Class{plan.Disruptive, plan.Permanent, plan.Permanent}
	for _, c := range []struct {
		name    string
		classes []plan.Class
		stdin   string
		want    int
	}{
		{"y", rev, "y\n", 0}, {"Y", rev, " Y \n", 0}, {"yes", rev, "yes\n", 0}, {"o", rev, "o\n", 0}, {"oui", rev, "oui\n", 0}, {"是", rev, "是\n", 0},
		{"no", rev, "n\n", exitUsage}, {"empty", rev, "\n", exitUsage}, {"end", rev, "", exitUsage}, {"y without a line's end", rev, "y", exitUsage},
		{"wrong, then right", rev, "x\ny\n", exitUsage},
		{"digits", dis, "3333\n", 0}, {"y is not enough", dis, "y\n", exitUsage}, {"other digits", dis, "3334\n", exitUsage},
		{"the whole account", dis, "111122223333\n", exitUsage}, {"empty", dis, "\n", exitUsage}, {"end", dis, "", exitUsage},
		{"count and digits", per, "2-3333\n", 0}, {"digits are not enough", per, "3333\n", exitUsage}, {"other count", per, "3-3333\n", exitUsage},
		{"y", per, "y\n", exitUsage}, {"end", per, "", exitUsage},
		{"person's steps only", []plan.Class{plan.Person}, "y\n", 0},
	} {
		t.Run(string(c.classes[len(c.classes)-1])+" "+c.name, func(t *testing.T) {
			m := newMachine(t, c.stdin)
			m.InTTY = true
			k := m.newCase(t)
			p := aPlan(k, c.classes...)
			err := m.app(words.EN).approve(t.Context(), k, p, "", "cordon apply X", now)
			got := 0
			if err != nil {
				got = classify(err).exit
			}
			if got != c.want {
				t.Errorf("exit %d (%v), want %d", got, err, c.want)
			}
			saved, _ := k.LoadApprovals(p.Digest())
			if (len(saved) == 1) != (c.want == 0) {
				t.Errorf("%d approvals saved", len(saved))
			}
		})
	}
}

// TestNobodyToAsk: without a terminal, or with --no-input, no answer counts as
// yes, and the message has the command that answers.
func TestNobodyToAsk(t *testing.T) {
	for _, tty := range []bool{false, true} {
		m := newMachine(t, "y\n3333\n")
		m.InTTY = tty
		c := m.newCase(t)
		p := aPlan(c, plan.Reversible)
		a := m.app(words.EN)
		a.flags.noInput = tty
		err := a.approve(t.Context(), c, p, "", "cordon apply X", now)
		if got := classify(err); got.exit != exitApproval || got.fix != "cordon apply X --approve "+p.Digest()+" --no-input" {
			t.Errorf("tty %t: %d %q", tty, got.exit, got.fix)
		}
		for _, wrong := range []string{p.Digest()[:63], plan.Code(p.Digest()), strings.Repeat("0", 64)} {
			if got := classify(a.approve(t.Context(), c, p, wrong, "", now)); got.exit != exitApproval {
				t.Errorf("--approve %s: exit %d", wrong, got.exit)
			}
		}
		if err := a.approve(t.Context(), c, p, p.Digest(), "", now); err != nil {
			t.Errorf("--approve with the digest: %v", err)
		}
		if err := a.approve(t.Context(), c, p, "", "", now); err != nil {
			t.Errorf("approved before: %v", err)
		}
	}
}

// TestStranger: a key that the case does not name approves nothing.
func TestStranger(t *testing.T) {
	m := newMachine(t, "y\n")
	m.InTTY = true
	c := m.newCase(t)
	m.env["CORDON_CONFIG_DIR"] = t.TempDir() + "/other"
	p := aPlan(c, plan.Reversible)
	if got := classify(m.app(words.EN).approve(t.Context(), c, p, "", "", now)); got.reason != "not-approver" || got.exit != exitApproval {
		t.Errorf("%+v", got)
	}
}

func TestMoment(t *testing.T) {
	for in, want := range map[string]time.Time{
		"12h": now.Add(-12 * time.Hour), "3d": now.Add(-72 * time.Hour), "90m": now.Add(-90 * time.Minute),
		"2026-11-20": time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), "2026-11-20T23:00:00+01:00": time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC),
	} {
		if got, err := moment(in, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "yesterday", "-3h", "-2d", "d", "20.11.2026"} {
		if got, err := moment(in, now); err == nil {
			t.Errorf("%q: %v", in, got)
		}
	}
}

// TestExitCodes has a case for each code, through the switch that makes them.
func TestExitCodes(t *testing.T) {
	sum := func(a report.Applied) error { return outcome(a, plan.Plan{}) }
	found := engine.Triage{Findings: []finding.Finding{{Outcome: finding.Found, Severity: finding.High}}}
	gappy := engine.Triage{Summary: report.Summary{Gaps: 1}}
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"done", sum(report.Applied{Verified: 3, Skipped: 1}), exitDone},
		{"nothing to do", &engine.Refused{Reason: "nothing-to-do"}, exitDone},
		{"error", errors.New("x"), exitError},
		{"no case", fmt.Errorf("x: %w", incident.ErrNoCase), exitError},
		{"misfit", &incident.Misfit{What: "account"}, exitError},
		{"locked", &engine.Refused{Reason: "lock-held", Err: &incident.Locked{PID: 1}}, exitError},
		{"usage", usage("usage.undo"), exitUsage},
		{"cancelled", errCancelled, exitUsage},
		{"severity", &finding.UnknownSeverity{Word: "x"}, exitUsage},
		{"findings", judge(found, finding.High, false), exitFindings},
		{"findings win over gaps", judge(found, finding.Low, true), exitFindings},
		{"below", judge(found, finding.Critical, false), exitDone},
		{"no approval", &engine.Refused{Reason: "no-approval", Err: plan.ErrTooFew}, exitApproval},
		{"foreign", &engine.Refused{Reason: "foreign-approval", Err: plan.ErrForeign}, exitApproval},
		{"part", sum(report.Applied{Verified: 3, Failed: 1}), exitPart},
		{"left", sum(report.Applied{Untouched: 1}), exitPart},
		{"all skipped", sum(report.Applied{Skipped: 4}), exitStale},
		{"expired", &engine.Refused{Reason: "expired", Err: plan.ErrExpired}, exitStale},
		{"other caller", &engine.Refused{Reason: "caller"}, exitStale},
		{"gap", judge(gappy, -1, true), exitGap},
		{"gap not asked for", judge(gappy, -1, false), exitDone},
		{"interrupted", sum(report.Applied{Interrupted: true, Untouched: 3}), exitInterrupted},
		{"cancelled context", fmt.Errorf("x: %w", context.Canceled), exitInterrupted},
	} {
		got := 0
		if c.err != nil {
			got = classify(c.err).exit
		}
		if got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// TestLogin: no credentials is exit 4, in words of the language, and AWS is
// not reached.
func TestLogin(t *testing.T) {
	noLogin(t)
	for _, lang := range words.Langs() {
		m := newMachine(t, "")
		if got := m.run("triage", "--lang", string(lang)); got != exitLogin {
			t.Errorf("exit %d: %s", got, &m.err)
		}
		if want := words.For(lang).T("error.login", "code", "-"); !strings.Contains(squeeze(m.err.String()), squeeze(want)) {
			t.Errorf("%s: %s", lang, &m.err)
		}
	}
}

// noLogin takes from the test what this computer knows of AWS: credentials of
// whatever sort, settings, and a bundle of certificates.
func noLogin(t *testing.T) {
	t.Helper()
	for _, kv := range os.Environ() {
		if name, value, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, value) // so that it comes back
			os.Unsetenv(name)
		}
	}
	none := filepath.Join(t.TempDir(), "none")
	t.Setenv("AWS_CONFIG_FILE", none)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", none)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// TestInterrupt: the first Ctrl-C stops safely, the second at once.
func TestInterrupt(t *testing.T) {
	m := newMachine(t, "")
	hits := make(chan os.Signal, 2)
	code := make(chan int, 1)
	m.Interrupts, m.Exit = hits, func(c int) { code <- c }
	ctx, cancel := context.WithCancel(t.Context())
	a := m.app(words.EN)
	hits <- os.Interrupt
	go a.watch(cancel)
	<-ctx.Done()
	hits <- os.Interrupt
	if got := <-code; got != exitInterrupted {
		t.Errorf("exit %d", got)
	}
}

func TestGuidedWithoutTerminal(t *testing.T) {
	m := newMachine(t, "")
	if got := m.run(); got != 0 || !strings.Contains(m.out.String(), "triage") {
		t.Errorf("exit %d\n%s", got, &m.out)
	}
}

func TestScore(t *testing.T) {
	s := score{}
	tr := truth{Planted: []planted{{Kind: "iam.user", Region: "global", ID: "x"}, {Kind: "iam.user", Region: "global", ID: "y"}},
		Intruder: []credential{{Name: "leak", ID: "A"}, {Name: "new", ID: "B"}, {Name: "password"}}, Owner: []credential{{Name: "same", ID: "A"}, {Name: "app", ID: "C"}}}
	hit := finding.Hit{Target: finding.Target{Ref: fact.Ref{Kind: "iam.user", Place: fact.Place{Region: "global"}, ID: "x"}}}
	s.compare(tr, []finding.Finding{{Outcome: finding.Found, Hits: []finding.Hit{hit}}})
	if err := s.probe(t.Context(), tr, func(c credential) bool { return c.ID != "A" }); err != nil {
		t.Fatal(err)
	}
	if s.Found != 1 || s.Planted != 2 || s.Cut != 1 || s.Credentials != 2 || s.Owned != 1 || len(s.Harmed) != 0 || s.points() != 15+20+30 {
		t.Errorf("%+v, %d points", s, s.points())
	}
}

// TestGuided: the person is asked at most four questions, and no is no.
func TestGuided(t *testing.T) {
	for _, c := range []struct {
		name, stdin, env, want string
		asked                  int
		exit                   int
	}{
		{"French, then no", "3\n\n\nn\n", "", "Trois courtes questions", 4, exitUsage},
		{"Chinese is chosen by number", "2\n12h\nAKIAIOSFODNN7EXAMPLE\n否\n", "", "三个简短的问题", 4, exitUsage},
		{"the language is known", "\n\nno\n", "en", "Three short questions", 3, exitUsage},
		{"end of input", "", "en", "Three short questions", 1, exitUsage},
		{"no time", "yesterday\n", "en", "Three short questions", 1, exitUsage},
	} {
		m := newMachine(t, c.stdin)
		m.InTTY, m.OutTTY = true, true
		m.env["CORDON_LANG"] = c.env
		if got := m.run(); got != c.exit || !strings.Contains(squeeze(m.out.String()), squeeze(c.want)) {
			t.Errorf("%s: exit %d\n%s%s", c.name, got, &m.out, &m.err)
		}
		left, _ := io.ReadAll(m.In)
		if len(left) > 0 {
			t.Errorf("%s: not read: %q", c.name, left)
		}
		if n := strings.Count(m.err.String(), "? ") + strings.Count(m.err.String(), ": ") + strings.Count(m.err.String(), "] "); n < c.asked {
			t.Errorf("%s: %d questions\n%s", c.name, n, &m.err)
		}
	}
}

// TestColourChoice: the flag, NO_COLOR, CLICOLOR, TERM and the terminal.
func TestColourChoice(t *testing.T) {
	for _, c := range []struct {
		flag, name, value string
		tty, want         bool
	}{
		{"auto", "", "", true, true}, {"auto", "", "", false, false}, {"auto", "NO_COLOR", "1", true, false},
		{"auto", "CLICOLOR", "0", true, false}, {"auto", "TERM", "dumb", true, false}, {"auto", "CLICOLOR_FORCE", "1", false, true},
		{"always", "NO_COLOR", "1", false, true}, {"never", "CLICOLOR_FORCE", "1", true, false},
	} {
		m := newMachine(t, "")
		m.env[c.name] = c.value
		a := m.app(words.EN)
		a.flags.colour = c.flag
		if got := a.colour(c.tty); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}

// TestSecretsAsked: an MFA code comes from the person's terminal, and standard
// input keeps what is in it.
func TestSecretsAsked(t *testing.T) {
	m := newMachine(t, "data for somebody else\n")
	tty := &fakeTTY{Reader: strings.NewReader("123456\n")}
	m.Terminal = func() (io.ReadWriteCloser, error) { return tty, nil }
	got, err := m.app(words.FR).code(t.Context(), "arn:aws:iam::1:mfa/\x1b[2J")
	if err != nil || got != "123456" || strings.Contains(tty.String(), "\x1b") || !strings.Contains(tty.String(), "MFA") {
		t.Errorf("%q, %v, %q", got, err, tty.String())
	}
	if left, _ := io.ReadAll(m.In); string(left) != "data for somebody else\n" {
		t.Errorf("standard input was read: %q", left)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, _ := io.Pipe()
	m.Terminal = func() (io.ReadWriteCloser, error) { return &fakeTTY{Reader: r}, nil }
	if _, err := m.app(words.EN).code(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

type fakeTTY struct {
	io.Reader
	bytes.Buffer
}

func (f *fakeTTY) Read(b []byte) (int, error) { return f.Reader.Read(b) }
func (f *fakeTTY) Close() error               { return nil }
