// Package kindtest holds the tests that every kind must pass, against the lab.
package kindtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/lab"
	"cordon/internal/plan"
)

// Account is the lab's account.
const Account = "111122223333"

// A World is one private emulated account.
type World struct {
	Lab *lab.Lab
}

// Config signs as the account's root user and reaches only the lab.
func (w World) Config(region string) aws.Config {
	if region == fact.Global {
		region = "us-east-1"
	}
	id, secret := w.Lab.RootKey()
	return aws.Config{
		Region:           region,
		Credentials:      credentials.NewStaticCredentialsProvider(id, secret, ""),
		HTTPClient:       &http.Client{Transport: lab.Transport(w.Lab.URL())},
		RetryMaxAttempts: 1, // an injected fault is meant: no waiting for a second try
	}
}

var base *lab.Lab

// Main starts one lab for a package's tests; call it from TestMain. What is to
// be looked at when all have passed is done after.
func Main(m *testing.M, after ...func() error) {
	l, err := lab.Start(context.Background(), lab.Options{Account: Account})
	if err != nil {
		// No Python is no reason to pass silently: the tests say so one by one.
		startErr = err
		os.Exit(m.Run())
	}
	base = l
	code := m.Run()
	_ = l.Stop()
	for _, look := range after {
		if err := look(); err != nil && code == 0 {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

var startErr error

// NewWorld forks the package's lab: each test has an account of its own.
func NewWorld(t *testing.T) World {
	t.Helper()
	if startErr != nil && os.Getenv("CI") != "" {
		t.Fatalf("cannot start the lab: %v", startErr)
	}
	if base == nil {
		t.Skipf("no lab on this machine: %v", startErr)
	}
	l, err := base.Fork(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Stop() })
	return World{Lab: l}
}

// A Case is one kind's conformance test.
type Case[R, W any] struct {
	Spec   kind.Spec[R, W]
	Region string // where Setup makes things; fact.Global for global kinds
	// Setup makes at least one resource and returns the id of one that List
	// must show.
	Setup func(t *testing.T, w World) (id string)
	// Verbs makes, per verb, a resource the verb can be done to. A verb
	// without an entry uses Setup.
	Verbs map[string]func(t *testing.T, w World) (id string)
	// Before says, per verb that restores, what it is to put back, of the
	// resource that Verbs or Setup made.
	Before map[string]func(t *testing.T, w World, id string) string
	// New says, per verb that creates, what it is done to: no listing shows it yet.
	New map[string]func(t *testing.T, w World) fact.Resource
}

var reading = regexp.MustCompile(`^(Get|List|Describe|Lookup|Head|BatchGet|Search)[A-Z]`)

// generating names the one read that AWS calls otherwise: it makes a report
// about the account and changes nothing in it.
var generating = []string{"GenerateCredentialReport"}

// Run checks one spec.
func Run[R, W any](t *testing.T, c Case[R, W]) {
	t.Run("reader only reads", func(t *testing.T) {
		rt := reflect.TypeFor[R]()
		for i := range rt.NumMethod() {
			name := rt.Method(i).Name
			if !reading.MatchString(name) && !slices.Contains(generating, name) {
				t.Errorf("reader has %s", name)
			}
		}
	})
	// Each part has an account of its own, and most of it is waiting.
	side := func(name string, part func(*testing.T)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(t)
		})
	}
	side("list", c.list)
	side("a page that fails fails the listing", c.fails)
	side("keep", c.keep)
	for _, v := range c.Spec.Verbs {
		side(v.Name, func(t *testing.T) { c.verb(t, v) })
	}
}

func (c Case[R, W]) place() fact.Place { return fact.Place{Account: Account, Region: c.Region} }

func (c Case[R, W]) all(t *testing.T, w World) (out []fact.Resource, err error) {
	t.Helper()
	err = c.Spec.List(context.Background(), c.Spec.Reader(w.Config(c.Region)), c.place(), func(r fact.Resource) { out = append(out, r) })
	return out, err
}

func (c Case[R, W]) find(t *testing.T, w World, id string) fact.Resource {
	t.Helper()
	all, err := c.all(t, w)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(r fact.Resource) bool { return r.ID == id })
	if i < 0 {
		t.Fatalf("list does not show %q; it shows %d others", id, len(all))
	}
	return all[i]
}

func (c Case[R, W]) list(t *testing.T) {
	w := NewWorld(t)
	r := c.find(t, w, c.Setup(t, w))
	if r.Kind != c.Spec.Name || r.Place != c.place() {
		t.Errorf("kind and place: %s in %v", r.Kind, r.Place)
	}
	first, calls := c.counted(t, w)
	if budget := c.Spec.Cost.Calls(len(first)); c.Spec.Cost != (kind.Cost{}) && calls > budget {
		t.Errorf("listing %d resources took %d calls; %+v allows %d", len(first), calls, c.Spec.Cost, budget)
	}
	second, _ := c.all(t, w)
	if !reflect.DeepEqual(first, second) {
		t.Errorf("two listings of one account differ:\n%+v\n%+v", first, second)
	}
	if id, err := kind.Of(c.Spec).Identity(context.Background(), w.Config(c.Region), r); err != nil || id != r.UniqueID && c.Spec.Identity != nil {
		t.Errorf("identity = %q, %v; listed as %q", id, err, r.UniqueID)
	}
}

// counted lists and counts the calls that the lab saw.
func (c Case[R, W]) counted(t *testing.T, w World) ([]fact.Resource, int) {
	t.Helper()
	before, err := w.Lab.Events(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.all(t, w)
	if err != nil {
		t.Fatal(err)
	}
	after, err := w.Lab.Events(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	return all, len(after) - len(before)
}

// fails cuts the listing with an error on its last declared call and demands
// an error: never a shorter list.
func (c Case[R, W]) fails(t *testing.T) {
	w := NewWorld(t)
	c.Setup(t, w)
	ctx := context.Background()
	before, err := c.all(t, w)
	if err != nil {
		t.Fatal(err)
	}
	_ = before
	broken := 0
	for _, need := range listCalls(t, w, c) {
		if err := w.Lab.AddFault(ctx, lab.Fault{Match: map[string]string{"service": need.service, "op": need.op}, Code: "InternalFailure", Status: 500}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.all(t, w); err == nil {
			t.Errorf("%s:%s fails and the listing does not", need.service, need.op)
		}
		if err := w.Lab.ClearFaults(ctx); err != nil {
			t.Fatal(err)
		}
		broken++
	}
	if broken == 0 {
		t.Error("the listing made no call that the lab recorded")
	}
}

type call struct{ service, op string }

// listCalls records which calls one listing makes.
func listCalls[R, W any](t *testing.T, w World, c Case[R, W]) (out []call) {
	t.Helper()
	ctx := context.Background()
	before, err := w.Lab.Events(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.all(t, w); err != nil {
		t.Fatal(err)
	}
	after, err := w.Lab.Events(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range after[len(before):] {
		one := call{e.Lab.Service, e.Lab.Op}
		if !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}

func (c Case[R, W]) keep(t *testing.T) {
	if c.Spec.Keep == nil {
		t.Skip("this kind keeps nothing")
	}
	w := NewWorld(t)
	r := c.find(t, w, c.Setup(t, w))
	kept := 0
	err := c.Spec.Keep(context.Background(), c.Spec.Reader(w.Config(c.Region)), r, func(name string, b []byte) error {
		if name == "" || len(b) == 0 {
			t.Errorf("kept %q with %d bytes", name, len(b))
		}
		kept++
		return nil
	})
	if err != nil || kept == 0 {
		t.Errorf("kept %d blobs, %v", kept, err)
	}
}

func (c Case[R, W]) verb(t *testing.T, v kind.Verb[R, W]) {
	w, ctx := NewWorld(t), context.Background()
	setup := c.Setup
	if s := c.Verbs[v.Name]; s != nil {
		setup = s
	}
	var r fact.Resource
	if made := c.New[v.Name]; made != nil {
		r = kind.Of(c.Spec).Trim(made(t, w))
	} else {
		r = kind.Of(c.Spec).Trim(c.find(t, w, setup(t, w)))
	}
	seen := watch(w.Config(c.Region), string(c.Spec.Name)+" "+v.Name)
	read, write, undo := c.Spec.Reader(seen), c.Spec.Writer(seen), c.Spec.Writer(w.Config(c.Region))
	if _, err := kind.Of(c.Spec).Identity(ctx, seen, r); err != nil {
		t.Fatal(err)
	}
	if v.For == kind.Restore {
		before := c.Before[v.Name]
		if before == nil {
			t.Fatalf("a verb that restores needs a case in Before")
		}
		fact.Before.Set(&r, map[string]string{v.Of: before(t, w, r.ID)})
	}
	job := kind.Job{Resource: r, At: time.Now().UTC().Truncate(time.Second), Case: "C-20260101-A"}
	if v.Secret {
		job.Sink, job.Tries = &safe{}, []kind.Try{{At: job.At}}
	}
	before, err := w.Lab.Dump(ctx)
	if err != nil {
		t.Fatal(err)
	}
	done := func(want bool) {
		t.Helper()
		if got, err := v.Done(ctx, read, job); err != nil || got != want {
			t.Fatalf("done = %v, %v; want %v", got, err, want)
		}
	}
	done(false)
	prior, err := v.Prior(ctx, read, r)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := v.Prior(ctx, read, r); err != nil || !plan.Same(prior, again) {
		t.Fatalf("two reads of an unchanged resource differ: %s, %s, %v", prior, again, err)
	}
	for range 2 { // doing it twice is the same as doing it once
		if err := v.Do(ctx, write, job, prior); err != nil {
			t.Fatal(err)
		}
		done(true)
	}
	after, err := v.Prior(ctx, read, r)
	if v.Class == kind.Permanent && errors.Is(err, kind.ErrGone) {
		return
	}
	if err != nil || plan.Same(prior, after) {
		t.Fatalf("prior does not show the change: %s, %v", after, err)
	}
	if v.Undo == nil {
		return
	}
	for range 2 {
		if err := v.Undo(ctx, undo, job, prior); err != nil {
			t.Fatal(err)
		}
	}
	if back, err := v.Prior(ctx, read, r); err != nil || !plan.Same(prior, back) {
		t.Errorf("after undo %s, %v; want %s", back, err, prior)
	}
	now, err := w.Lab.Dump(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for service, resources := range before {
		for name, was := range resources {
			if is := now[service][name]; !plan.Same(was, is) {
				t.Errorf("%s %s\n was %s\n is  %s", service, name, was, is)
			}
		}
	}
}

// A safe is a sink that forgets when the test ends. It holds ids only.
type safe struct{ ids []string }

func (s *safe) Put(_ context.Context, id string, secret []byte) error {
	if id == "" || len(secret) == 0 {
		return errors.New("nothing to store")
	}
	s.ids = append(s.ids, id)
	return nil
}

func (s *safe) Has(_ context.Context, id string) (bool, error) {
	return slices.Contains(s.ids, id), nil
}

// ErrSetup lets a setup give up with a reason.
var ErrSetup = errors.New("cannot set the world up")
