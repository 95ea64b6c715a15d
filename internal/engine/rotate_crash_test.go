package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"cordon/internal/awsapi"
	"cordon/internal/engine"
	"cordon/internal/incident"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/lab"
	"cordon/internal/plan"
	"cordon/internal/signet"
)

// rotateEnv, when set, makes this binary a process that takes one step of a
// rotation on some day and may be killed at a line of the journal, or where the
// new secret is stored.
const rotateEnv = "CORDON_TEST_ROTATE"

// A stride is one step of a rotation, in a process of its own.
type stride struct {
	Op                  string // key, continue, back
	Key, To             string
	Dir, URL, Token     string // case, lab
	Signing             string
	Day                 int
	Line                int    // of the journal at which it dies; 0: never
	Store               string // "before" or "after" storing: it dies there
	EvenExposed, Unseen bool
}

type strode struct {
	Refused, Err   string
	Verified, Done int
}

// shifted is a lab on another day: what the calls say of the time, and what the
// answers say.
type shifted struct {
	inner http.RoundTripper
	token string
	now   func() time.Time
}

func (s shifted) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Lab-Time", s.now().UTC().Format(time.RFC3339))
	r.Header.Set("X-Lab-Token", s.token)
	answer, err := s.inner.RoundTrip(r)
	if err == nil {
		answer.Header.Set("Date", s.now().UTC().Format(http.TimeFormat))
	}
	return answer, err
}

// deadlySink kills its process when a secret is stored.
type deadlySink struct {
	kind.Sink
	where string
}

func (d deadlySink) Put(ctx context.Context, id string, secret []byte) error {
	die := func() {
		me, _ := os.FindProcess(os.Getpid()) // never fails
		_ = me.Kill()
		select {}
	}
	if d.where == "before" {
		die()
	}
	err := d.Sink.Put(ctx, id, secret)
	if d.where == "after" {
		die()
	}
	return err
}

// rotateChild is that process.
func rotateChild() int {
	go func() { // with whoever started it
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	var st stride
	var out strode
	err := json.Unmarshal([]byte(os.Getenv(rotateEnv)), &st)
	if err == nil {
		err = st.take(context.Background(), &out)
	}
	var refused *engine.Refused
	if errors.As(err, &refused) {
		out.Refused = refused.Reason
	} else if err != nil {
		out.Err = err.Error()
	}
	_ = json.NewEncoder(os.Stdout).Encode(out)
	return 0
}

func (st stride) take(ctx context.Context, out *strode) error {
	if st.Line > 0 {
		engine.SetJournalStore(func(path string) journal.Store {
			return &deadly{File: journal.NewFile(path), path: path, at: st.Line}
		})
	}
	if st.Store != "" {
		engine.WrapSinks(func(s kind.Sink) kind.Sink { return deadlySink{s, st.Store} })
	}
	c, err := incident.Open(filepath.Dir(st.Dir), filepath.Base(st.Dir))
	if err != nil {
		return err
	}
	key, _, err := signet.LoadOrCreate(st.Signing, "claire")
	if err != nil {
		return err
	}
	var mu sync.Mutex
	ahead := time.Duration(st.Day) * 24 * time.Hour
	now := func() time.Time { mu.Lock(); defer mu.Unlock(); return time.Now().Add(ahead) }
	account, err := awsapi.Open(ctx, awsapi.Options{
		AppID: "cordon-" + c.ID, Now: now, HTTP: &http.Client{Transport: shifted{lab.Transport(st.URL), st.Token, now}},
	})
	if err != nil {
		return err
	}
	s := &engine.Session{
		Kinds: spine, Account: account, Case: c, Out: &listener{}, Who: "claire", Version: "test", Now: now,
		Write: func(region string, needs []string) aws.Config { return account.Writer().Write(region, needs) },
		Wait: func(ctx context.Context, d time.Duration) error { // waiting is another moment
			mu.Lock()
			ahead += d
			mu.Unlock()
			return ctx.Err()
		},
	}
	o := engine.RotateOptions{Key: st.Key, To: st.To, EvenIfExposed: st.EvenExposed, Unseen: st.Unseen}
	var p plan.Plan
	switch st.Op {
	case "key":
		p, err = s.Rotate(ctx, o)
	case "back":
		p, err = s.Back(ctx, []string{st.Key}, o)
	default:
		p, err = s.Continue(ctx, nil, o)
	}
	if err != nil {
		return err
	}
	if _, err := engine.Approve(c, p, key, "claire", account.Clock()); err != nil {
		return err
	}
	sum, err := s.Apply(ctx, p)
	if err != nil {
		return err
	}
	out.Verified, out.Done = sum.Verified+sum.Undone, len(p.Actions)
	if sum.Failed+sum.Skipped > 0 {
		out.Err = strings.Join(s.Out.(*listener).steps(), "; ")
	}
	return s.Note(ctx, p.Digest(), []string{st.Key})
}

// walked is the rotation that nobody kills: made, off, back on, off again, deleted.
var walked = []string{"key", "continue", "back", "continue", "continue"}

func TestRotationKilledAtEveryStep(t *testing.T) {
	w := newWorld(t)
	api := iam.NewFromConfig(rootConfig(w.Lab))
	if _, err := api.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("app")}); err != nil {
		t.Fatal(err)
	}
	made, err := api.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("app")})
	if err != nil {
		t.Fatal(err)
	}
	old := *made.AccessKey
	use := func(l *lab.Lab) error {
		cfg := rootConfig(l)
		cfg.Credentials = credentials.NewStaticCredentialsProvider(*old.AccessKeyId, *old.SecretAccessKey, "")
		_, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		return err
	}
	if err := use(w.Lab); err != nil {
		t.Fatal(err)
	}
	signing := t.TempDir()
	key, _, err := signet.LoadOrCreate(signing, "claire")
	if err != nil {
		t.Fatal(err)
	}
	w.Case.Approvers = []incident.Approver{{Name: "claire", PublicKey: key.Encoded()}}
	if err := w.Case.Save(); err != nil {
		t.Fatal(err)
	}
	w.triage()
	dir := t.TempDir()
	begin := func(name string) *walk {
		return &walk{crashed: w.copyOf(t, filepath.Join(dir, name)), t: t, old: *old.AccessKeyId, file: filepath.Join(dir, name, "key.csv"), signing: signing}
	}

	clean := begin("clean")
	for i, op := range walked {
		before := len(clean.writes())
		out, _ := clean.step(stride{Op: op})
		if out.Verified != 1 || out.Err != "" || out.Refused != "" {
			t.Fatalf("step %d, %s, killed by nobody: %+v", i, op, out)
		}
		if op == "back" && (len(clean.writes())-before != 1 || use(clean.Lab) != nil) {
			t.Errorf("back: %v", clean.writes()[before:])
		}
		clean.sound(op)
		clean.days += 2
	}
	clean.end("killed by nobody")
	if t.Failed() {
		t.FailNow()
	}

	lines := []int{2, 3, 4}
	if soak() {
		lines = []int{1, 2, 3, 4, 5}
	}
	var deaths []death
	for i := range walked {
		for _, line := range lines {
			deaths = append(deaths, death{i, line, ""})
		}
	}
	deaths = append(deaths, death{0, 0, "before"}, death{0, 0, "after"})
	var group sync.WaitGroup
	slots := make(chan struct{}, 4)
	for _, d := range deaths {
		slots <- struct{}{}
		run := begin(fmt.Sprint(d.at, "-", d.line, d.store))
		group.Go(func() {
			defer func() { _ = run.Stop(); <-slots }()
			run.die(d)
		})
	}
	group.Wait()
	t.Logf("%d deaths", len(deaths))
}

type death struct {
	at, line int
	store    string
}

// die goes through the steps; one of them is killed, and taken again on another
// day. Then the rotation goes on until nothing is left of it.
func (w *walk) die(d death) {
	where := fmt.Sprintf("%s, step %d, killed at line %d %s", walked[d.at], d.at, d.line, d.store)
	for i, op := range walked {
		st := stride{Op: op}
		if i == d.at {
			st.Line, st.Store = d.line, d.store
		}
		before := len(w.writes())
		out, killed := w.step(st)
		w.sound(where)
		if killed != (i == d.at) {
			w.t.Errorf("%s: step %d: killed %v, %+v", where, i, killed, out)
		}
		w.days += 2
		if killed {
			out, _ = w.step(stride{Op: op})
			w.sound(where + ", resumed")
			w.days += 2
			if back := w.writes()[before:]; op == "back" && (len(back) != 1 || back[0].what != "UpdateAccessKey Active") {
				w.t.Errorf("%s: back made %v", where, back)
			}
		}
		if out.Err != "" {
			w.t.Errorf("%s: step %d, %s: %+v", where, i, op, out)
		}
	}
	for range 6 {
		if _, there := w.keys()[w.old]; !there {
			break
		}
		if out, _ := w.step(stride{Op: "continue"}); out.Err != "" {
			w.t.Errorf("%s: going on: %+v", where, out)
		}
		w.days += 2
	}
	w.end(where)
	made := slices.DeleteFunc(w.writes(), func(e keyWrite) bool { return e.what != "CreateAccessKey" })
	if most := map[bool]int{false: 1, true: 2}[d.store == "before" || d.at == 0 && d.line == 2]; len(made) > most {
		w.t.Errorf("%s: %d keys were made", where, len(made))
	}
}
