package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cordon/internal/engine"
	"cordon/internal/incident"
	"cordon/internal/journal"
	"cordon/internal/lab"
	"cordon/internal/plan"
	"cordon/internal/report"
)

// childEnv, when set, makes this binary a process that applies one plan and
// may be killed at a line of the journal: "<line> <whether half the line is
// written first> <digest> <case folder> <lab's address>". Line 0 is never.
const childEnv = "CORDON_TEST_CHILD"

// child is that process. It tells its summary on standard output.
func child() int {
	var at int
	var torn bool
	var digest, dir, url string
	go func() { // with whoever started it
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	err := func() error {
		if _, err := fmt.Sscan(os.Getenv(childEnv), &at, &torn, &digest, &dir, &url); err != nil {
			return err
		}
		engine.SetJournalStore(func(path string) journal.Store {
			return &deadly{File: journal.NewFile(path), path: path, at: at, torn: torn}
		})
		c, err := incident.Open(filepath.Dir(dir), filepath.Base(dir))
		if err != nil {
			return err
		}
		s, err := open(context.Background(), c, url, &listener{}, "") // AWS_PROFILE
		if err != nil {
			return err
		}
		if err := struck(s); err != nil {
			return err
		}
		p, err := engine.LoadPlan(c, digest)
		if err != nil {
			return err
		}
		sum, err := s.Apply(context.Background(), p)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(sum)
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// deadly is the journal's file; it kills its process at one line.
type deadly struct {
	*journal.File
	path  string
	mu    sync.Mutex
	lines int
	at    int
	torn  bool
}

func (d *deadly) Append(ctx context.Context, line []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lines++; d.lines == d.at {
		if d.torn {
			f, err := os.OpenFile(d.path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
			if err == nil {
				_, err = f.Write(line[:len(line)/2])
			}
			if err != nil {
				return err
			}
		}
		die()
	}
	return d.File.Append(ctx, line)
}

// A crashed is a private copy of the account and of the case, in which a plan
// waits to be applied by children.
type crashed struct {
	*lab.Lab
	dir, id string
}

// copyOf copies an account and a case.
func (w *world) copyOf(t *testing.T, dir string) crashed {
	t.Helper()
	l, err := w.Fork(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Stop() })
	to := filepath.Join(dir, w.Case.ID)
	if err := os.CopyFS(to, os.DirFS(w.Case.Dir)); err != nil {
		t.Fatal(err)
	}
	return crashed{l, to, w.Case.ID}
}

// child applies the plan in a process of its own.
func (c crashed) child(t *testing.T, digest string, at int, torn bool, more ...string) (sum report.Applied, killed bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	profile, err := profiles.of(truth.Caller)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "AWS_PROFILE="+profile, fmt.Sprintf("%s=%d %v %s %s %s", childEnv, at, torn, digest, c.dir, c.URL()))
	cmd.Env = append(cmd.Env, more...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	leash, err := cmd.StdinPipe() // it ends when we do
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = leash.Close() }()
	if err := cmd.Run(); err == nil {
		if err := json.NewDecoder(io.Reader(&stdout)).Decode(&sum); err != nil {
			t.Errorf("line %d: %v", at, err)
		}
		return sum, false
	}
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signaled() && s.Signal() == syscall.SIGKILL {
		return sum, true
	}
	t.Errorf("line %d: %v: %s", at, cmd.ProcessState, stderr.String())
	return sum, false
}

func (c crashed) journal(t *testing.T) []journal.Record {
	t.Helper()
	_, recs, err := journal.Open(t.Context(), journal.NewFile(filepath.Join(c.dir, "journal.jsonl")), time.Now)
	if err != nil {
		t.Error(err) // the chain is broken
	}
	return recs
}

// twice lists the successful changing calls of cordon that were made more than
// once with the same parameters, and counts all but revocations: one that does
// not reach to the end of a resumed run is ordered afresh, with a later date.
func (c crashed) twice(t *testing.T) (writes int, twice []string) {
	t.Helper()
	events, err := c.Events(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]int{}
	for _, e := range events {
		if !strings.Contains(e.Lab.UserAgent, "cordon-"+c.id) || !e.Lab.CarriedOut || e.ErrorCode != "" || e.Lab.Op == "GenerateCredentialReport" {
			continue
		}
		if !strings.Contains(string(e.Parameters), "aws:TokenIssueTime") {
			writes++
		}
		call := e.Region + " " + e.Lab.Op + " " + string(e.Parameters)
		if made[call]++; made[call] == 2 {
			twice = append(twice, call)
		}
	}
	return writes, twice
}

// dated is when a revocation was ordered, and named are ids that the emulated
// EC2 gives at random: neither is the same in two runs.
var (
	dated = regexp.MustCompile(`"?20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"?`)
	group = regexp.MustCompile(`^ec2/[^/]+/security-group/(sg-[0-9a-f]+) name$`)
)

// alike is a picture without what differs between two runs of the same plan.
func alike(p picture) picture {
	var ids []string
	for path, v := range p {
		if m := group.FindStringSubmatch(path); m != nil && strings.Contains(v, "cordon-isolate-") {
			ids = append(ids, m[1], strings.Trim(v, `"`))
		}
	}
	ours, out := strings.NewReplacer(ids...), picture{}
	for path, v := range p {
		if strings.Contains(v, "aws:TokenIssueTime") {
			v = dated.ReplaceAllString(v, "then")
		}
		out[ours.Replace(path)] = ours.Replace(v)
	}
	return out
}

// soak is whether to go through every line of the whole plan.
func soak() bool { return os.Getenv("CORDON_SOAK") != "" }

// some picks actions of different kinds out of a plan: with them a plan has
// everything that a crash can fall into, and few lines.
func some(t *testing.T, p plan.Plan) (ids []string) {
	t.Helper()
	made := first(t, p, "isolate", "").Target.ID
	for _, pick := range [][2]string{
		{"deny-all", "pavel.horak"}, {"deactivate", truth.LeakedKey}, {"close-trust", "data-pipeline"},
		{"revoke-sessions", "data-pipeline"}, {"isolate", made}, {"stop", made},
	} {
		ids = append(ids, first(t, p, pick[0], pick[1]).ID)
	}
	return ids
}

func TestKilledAtEveryJournalLine(t *testing.T) {
	w := newWorld(t)
	w.triage()
	p := w.contain()
	if !soak() {
		var err error
		if p, err = w.session().PlanContain(t.Context(), engine.PlanOptions{Only: some(t, p)}); err != nil {
			t.Fatal(err)
		}
	}
	w.approve(p)
	before := picturedFrom(t, w.Lab)
	clean := w.killed(t, p, before, nil, t.TempDir())
	if t.Failed() {
		t.FailNow()
	}
	// The undo of the clean run is killed in turn too, from the account it left.
	w.Lab, w.Case = clean.Lab, reopen(t, clean.dir)
	u := w.planUndo(engine.UndoOptions{All: true, EvenIfExposed: true})
	w.approve(u)
	w.killed(t, u, picturedFrom(t, w.Lab), before, t.TempDir())
}

// killed applies a plan in one run, and in as many as the journal has lines,
// each killed at one of them and resumed. All must end alike; with an end
// given, exactly so.
func (w *world) killed(t *testing.T, p plan.Plan, start, end picture, dir string) crashed {
	began := time.Now()
	clean := w.copyOf(t, filepath.Join(dir, "clean"))
	had := len(clean.journal(t))
	writesBefore, _ := clean.twice(t)
	sum, _ := clean.child(t, p.Digest(), 0, false)
	lines := len(clean.journal(t)) - had
	if got := sum.Verified + sum.Undone; got != len(p.Actions) || sum.Failed+sum.Skipped > 0 {
		t.Fatalf("the run that nobody killed: %+v", sum)
	}
	want := alike(picturedFrom(t, clean.Lab))
	if len(want.differs(alike(start))) == 0 {
		t.Fatal("the plan changed nothing: this shows nothing")
	}
	if end != nil {
		if d := end.differs(picturedFrom(t, clean.Lab)); len(d) > 0 {
			t.Errorf("the end is not the beginning:\n%s", strings.Join(d, "\n"))
		}
	}
	writes, always := clean.twice(t)
	type death struct {
		at   int
		torn bool
	}
	var deaths []death
	for at := 1; at <= lines; at++ {
		deaths = append(deaths, death{at, false})
		if at%3 == 1 || soak() {
			deaths = append(deaths, death{at, true})
		}
	}
	var group sync.WaitGroup
	slots := make(chan struct{}, 8)
	for _, d := range deaths {
		slots <- struct{}{}
		c := w.copyOf(t, filepath.Join(dir, strconv.Itoa(d.at)+strconv.FormatBool(d.torn)))
		group.Go(func() {
			defer func() { _ = c.Stop(); <-slots }()
			where := fmt.Sprintf("%s killed at line %d of %d (torn: %v)", p.Type, d.at, lines, d.torn)
			if _, dead := c.child(t, p.Digest(), d.at, d.torn); !dead {
				t.Errorf("%s: it was not", where)
			}
			if n := len(c.journal(t)) - had; n < d.at-1 {
				t.Errorf("%s: the journal has %d lines", where, n)
			}
			sum, _ := c.child(t, p.Digest(), 0, false)
			if got := sum.Verified + sum.Undone; got != len(p.Actions) || sum.Failed+sum.Skipped+sum.Untouched > 0 {
				t.Errorf("%s, resumed: %+v", where, sum)
			}
			if diff := want.differs(alike(picturedFrom(t, c.Lab))); len(diff) > 0 {
				t.Errorf("%s, resumed: it ended otherwise:\n%s", where, strings.Join(diff, "\n"))
			}
			made, twice := c.twice(t)
			twice = slices.DeleteFunc(twice, func(call string) bool { return slices.Contains(always, call) || p.Type == plan.Undo && tidied(call) })
			if len(twice) > 0 || made > writes+restarted(p) {
				t.Errorf("%s, resumed: %d calls instead of %d, done twice: %v", where, made-writesBefore, writes-writesBefore, twice)
			}
			_ = c.journal(t)
		})
	}
	group.Wait()
	t.Logf("%s: %d actions, %d lines, %d deaths, %d writing calls each, %s", p.Type, len(p.Actions), lines, len(deaths), writes-writesBefore, time.Since(began).Round(time.Second))
	return clean
}

// tidied is the call that undoing an isolation begins with: whether the group
// that comes last is gone does not show on the interfaces, so that a resumed
// run begins again.
func tidied(call string) bool { return strings.Contains(call, " ModifyNetworkInterfaceAttribute ") }

// restarted is how many calls a resumed undo may make more for that.
func restarted(p plan.Plan) (n int) {
	for _, a := range p.Actions {
		if a.Verb == "isolate" && a.Undoes != nil {
			n++
		}
	}
	return n
}

func reopen(t *testing.T, dir string) *incident.Case {
	t.Helper()
	c, err := incident.Open(filepath.Dir(dir), filepath.Base(dir))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
