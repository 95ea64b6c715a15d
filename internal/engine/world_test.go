package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/awsapi"
	"cordon/internal/engine"
	"cordon/internal/incident"
	"cordon/internal/kind"
	"cordon/internal/kinds"
	"cordon/internal/lab"
	"cordon/internal/plan"
	"cordon/internal/report"
	"cordon/internal/signet"
)

// night is when the scenario's intruder has just gone: fixed per run, so that
// the base lab is seeded once.
var night = time.Now().UTC().Truncate(time.Second)

var (
	base     *lab.Lab
	startErr error
	truth    Truth
)

// Truth is the scenario's ground truth, as far as the tests read it.
type Truth struct {
	Account     string            `json:"account"`
	Since       time.Time         `json:"since"`
	Caller      Credential        `json:"caller"`
	BreakGlass  string            `json:"breakglass_role"`
	HomeRegions []string          `json:"home_regions"`
	LeakedKey   string            `json:"leaked_key"`
	Owners      []Credential      `json:"owner_credentials"`
	Intruders   []Credential      `json:"intruder_credentials"`
	Planted     []Planted         `json:"planted"`
	OwnersThing []Planted         `json:"owner_resources"`
	Touched     []Planted         `json:"touched"`
	Extra       map[string]any    `json:"-"`
	Skipped     []json.RawMessage `json:"skipped"`
}

type Credential struct {
	Name      string `json:"name"`
	Kind      string `json:"kind"`
	KeyID     string `json:"access_key_id"`
	Secret    string `json:"secret_access_key"`
	Token     string `json:"session_token"`
	Principal string `json:"principal"`
}

type Planted struct {
	Kind   string `json:"kind"`
	Region string `json:"region"`
	ID     string `json:"id"`
	What   string `json:"what"`
	State  string `json:"state"`
}

func TestMain(m *testing.M) {
	if os.Getenv(rotateEnv) != "" {
		os.Exit(rotateChild())
	}
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	os.Exit(func() int {
		ctx := context.Background()
		dir, err := os.MkdirTemp("", "cordon-engine-")
		if err == nil {
			err = profiles.isolate(dir)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		base, startErr = lab.Start(ctx, lab.Options{Account: "111122223333"})
		if startErr == nil {
			defer func() { _ = base.Stop() }()
			var raw json.RawMessage
			if raw, startErr = base.Seed(ctx, "night", night); startErr == nil {
				startErr = json.Unmarshal(raw, &truth)
			}
		}
		defer func() {
			if besieged.lab != nil {
				_ = besieged.lab.Stop()
			}
		}()
		return m.Run()
	}())
}

// A world is a private copy of the account after the intruder's night, with a
// case opened by the owner.
type world struct {
	*lab.Lab
	t    *testing.T
	Case *incident.Case
	Key  *signet.Key
	Told *listener
	Home string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	if startErr != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(startErr)
		}
		t.Skipf("no lab on this machine: %v", startErr)
	}
	l, err := base.Fork(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Stop() })
	w := &world{Lab: l, t: t, Told: &listener{}, Home: t.TempDir()}
	if w.Key, _, err = signet.LoadOrCreate(t.TempDir(), "claire"); err != nil {
		t.Fatal(err)
	}
	w.Case, err = incident.Create(t.TempDir(), incident.Info{
		Account: truth.Account, Partition: "aws", Opened: night, By: "claire", Tool: "test",
		Approvers: []incident.Approver{{Name: "claire", PublicKey: w.Key.Encoded()}},
		Protected: []string{truth.BreakGlass},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// session opens the account as the scenario's caller, through AWS's own host
// names: one transport sends them all to the lab.
func (w *world) session() *engine.Session {
	w.t.Helper()
	return w.as(truth.Caller)
}

func (w *world) as(c Credential) *engine.Session {
	w.t.Helper()
	profile, err := profiles.of(c)
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := open(w.t.Context(), w.Case, w.URL(), w.Told, profile)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// profiles is one shared credentials file for all tests: they run side by side,
// and an environment has only one set of keys.
var profiles = &profileFile{}

type profileFile struct {
	mu   sync.Mutex
	path string
	have map[string]bool
}

// isolate points the SDK at the file and at nothing else of this machine.
func (f *profileFile) isolate(dir string) error {
	f.path, f.have = filepath.Join(dir, "credentials"), map[string]bool{}
	// An empty AWS_PROFILE is a profile of no name to other SDKs than ours.
	for _, k := range []string{"AWS_CA_BUNDLE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"} {
		if err := os.Unsetenv(k); err != nil {
			return err
		}
	}
	for k, v := range map[string]string{
		"AWS_SHARED_CREDENTIALS_FILE": f.path, "AWS_CONFIG_FILE": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		if err := os.Setenv(k, v); err != nil {
			return err
		}
	}
	return os.WriteFile(f.path, nil, 0o600)
}

// of names the profile of a credential, and writes it when it is new. The file
// is replaced, so that nobody reads half of it.
func (f *profileFile) of(c Credential) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.have[c.KeyID] {
		return c.KeyID, nil
	}
	old, err := os.ReadFile(f.path)
	if err != nil {
		return "", err
	}
	entry := fmt.Sprintf("[%s]\naws_access_key_id=%s\naws_secret_access_key=%s\n", c.KeyID, c.KeyID, c.Secret)
	if c.Token != "" {
		entry += "aws_session_token=" + c.Token + "\n"
	}
	if err := os.WriteFile(f.path+".new", append(old, entry...), 0o600); err != nil {
		return "", err
	}
	f.have[c.KeyID] = true
	return c.KeyID, os.Rename(f.path+".new", f.path)
}

// spine are the kinds of the night: most tests need no more, and a look at
// every kind takes the emulator long.
var spine = func() (all []kind.Kind) {
	for _, k := range kinds.All() {
		service, what, _ := strings.Cut(string(k.Name()), ".")
		switch {
		case service == "iam" && what != "instance-profile" && what != "account-password-policy", string(k.Name()) == "cloudtrail.trail", string(k.Name()) == "guardduty.detector":
			all = append(all, k)
		case slices.Contains([]string{"instance", "image", "volume", "snapshot", "key-pair", "security-group"}, what) && service == "ec2":
			all = append(all, k)
		case service == "lambda" && (what == "function" || what == "layer"):
			all = append(all, k)
		}
	}
	return all
}()

// open makes a session with a profile, or with the credentials in the
// environment.
func open(ctx context.Context, c *incident.Case, url string, out report.Handler, profile string) (*engine.Session, error) {
	account, err := awsapi.Open(ctx, awsapi.Options{
		Profile: profile,
		AppID:   "cordon-" + c.ID,
		HTTP:    &http.Client{Transport: lab.Transport(url)},
	})
	if err != nil {
		return nil, err
	}
	return &engine.Session{
		Kinds: spine, Account: account, Write: func(region string, needs []string) aws.Config { return account.Writer().Write(region, needs) },
		Case: c, Out: out, Who: "claire", Version: "test",
	}, nil
}

func (w *world) triage() engine.Triage {
	w.t.Helper()
	t, err := w.session().Triage(w.t.Context(), engine.TriageOptions{Since: truth.Since, SinceFrom: "flag"})
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

func (w *world) contain() plan.Plan {
	w.t.Helper()
	p, err := w.session().PlanContain(w.t.Context(), engine.PlanOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) approve(p plan.Plan) {
	w.t.Helper()
	if _, err := engine.Approve(w.Case, p, w.Key, "claire", time.Now()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) apply(p plan.Plan) report.Applied {
	w.t.Helper()
	w.approve(p)
	sum, err := w.session().Apply(w.t.Context(), p)
	if err != nil {
		w.t.Fatal(err)
	}
	return sum
}

// A listener keeps what it is told.
type listener struct {
	told []report.Message
}

func (l *listener) Handle(m report.Message) error {
	if _, busy := m.(report.Progress); !busy {
		l.told = append(l.told, m)
	}
	return nil
}

func (l *listener) End() error { return nil }

func (l *listener) steps() (out []string) {
	for _, m := range l.told {
		if s, ok := m.(report.Step); ok && s.Step != "start" && s.Step != "done" {
			out = append(out, fmt.Sprintf("%s %s %s: %s %s %s", s.Verb, s.Target.Kind, s.Target.ID, s.Step, s.Reason, s.Err))
		}
	}
	return out
}
