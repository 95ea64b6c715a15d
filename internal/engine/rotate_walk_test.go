package engine_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"cordon/internal/engine"
	"cordon/internal/lab"
)

// A walk is one rotation over many days, in an account of its own.
type walk struct {
	crashed
	t       *testing.T
	old     string // key id
	file    string
	signing string
	days    int
}

// step takes one step in its own process.
func (w *walk) step(st stride) (out strode, killed bool) {
	w.t.Helper()
	st.Key, st.To, st.Dir, st.URL, st.Token, st.Signing, st.Day = w.old, "file:"+w.file, w.dir, w.URL(), w.Token(), w.signing, w.days
	env, _ := json.Marshal(st)
	cmd := exec.Command(os.Args[0])
	profile, err := profiles.of(truth.Caller)
	if err != nil {
		w.t.Error(err)
		return out, false
	}
	cmd.Env = append(os.Environ(), "AWS_PROFILE="+profile, rotateEnv+"="+string(env))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	leash, err := cmd.StdinPipe()
	if err != nil {
		w.t.Error(err)
		return out, false
	}
	defer func() { _ = leash.Close() }()
	err = cmd.Run()
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signaled() && s.Signal() == syscall.SIGKILL {
		return out, true
	}
	if err == nil {
		err = json.NewDecoder(&stdout).Decode(&out)
	}
	if err != nil {
		w.t.Errorf("%+v: %v: %s", st, err, stderr.String())
	}
	return out, false
}

func rootConfig(l *lab.Lab) aws.Config {
	id, secret := l.RootKey()
	return aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
		HTTPClient: &http.Client{Transport: lab.Transport(l.URL())},
	}
}

// keys are the user's, as id → active.
func (w *walk) keys() map[string]bool {
	out, err := iam.NewFromConfig(rootConfig(w.Lab)).ListAccessKeys(w.t.Context(), &iam.ListAccessKeysInput{UserName: aws.String("app")})
	if err != nil {
		w.t.Error(err)
		return nil
	}
	all := map[string]bool{}
	for _, k := range out.AccessKeyMetadata {
		all[*k.AccessKeyId] = k.Status == "Active"
	}
	return all
}

// sound checks what must hold at every moment, also of an account in which a
// process has just died.
func (w *walk) sound(where string) {
	w.t.Helper()
	live := 0
	for id, active := range w.keys() {
		if id != w.old && active {
			live++
		}
	}
	if live > 1 {
		w.t.Errorf("%s: %d live new keys", where, live)
	}
}

// saved reads the file of secrets: id → secret.
func (w *walk) saved() map[string]string {
	b, err := os.ReadFile(w.file)
	if err != nil {
		return nil
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		w.t.Errorf("the file of secrets: %v", err)
	}
	all := map[string]string{}
	for _, r := range rows[min(1, len(rows)):] {
		all[r[1]] = r[2]
	}
	return all
}

// writes lists what cordon changed of keys, in order, and when.
func (w *walk) writes() (all []keyWrite) {
	events, err := w.Events(w.t.Context(), true)
	if err != nil {
		w.t.Error(err)
	}
	for _, e := range events {
		if !strings.Contains(e.Lab.UserAgent, "cordon-"+w.id) || !e.Lab.CarriedOut || e.ErrorCode != "" || e.Source != "iam.amazonaws.com" || e.Name == "GenerateCredentialReport" {
			continue
		}
		var p struct{ AccessKeyID, Status string }
		_ = json.Unmarshal(e.Parameters, &p)
		all = append(all, keyWrite{e.Time, strings.TrimSpace(e.Name + " " + p.Status), p.AccessKeyID})
	}
	return all
}

type keyWrite struct {
	at        time.Time
	what, key string
}

// end checks where a rotation ended: the old key is gone, after a day off; one new
// key is there, works, and its secret is in the file and nowhere in the case.
func (w *walk) end(where string) {
	w.t.Helper()
	keys, saved := w.keys(), w.saved()
	if _, there := keys[w.old]; there || len(keys) != 1 {
		w.t.Errorf("%s: the keys at the end: %v", where, keys)
	}
	for id, active := range keys {
		cfg := rootConfig(w.Lab)
		cfg.Credentials = credentials.NewStaticCredentialsProvider(id, saved[id], "")
		if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(w.t.Context(), &sts.GetCallerIdentityInput{}); err != nil || !active {
			w.t.Errorf("%s: the new key %s does not work: %v", where, id, err)
		}
	}
	off := time.Time{}
	for _, e := range w.writes() {
		switch {
		case e.key != w.old:
		case e.what == "UpdateAccessKey Inactive":
			off = e.at
		case e.what == "UpdateAccessKey Active":
			off = time.Time{}
		case e.what == "DeleteAccessKey" && (off.IsZero() || e.at.Sub(off) < 24*time.Hour):
			w.t.Errorf("%s: deleted at %s, off since %s", where, e.at, off)
		}
	}
	err := filepath.WalkDir(w.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, secret := range saved {
			if bytes.Contains(b, []byte(secret)) {
				w.t.Errorf("%s: %s holds a secret", where, path)
			}
		}
		return err
	})
	if err != nil {
		w.t.Error(err)
	}
	_ = w.journal(w.t)
}

func asRefused(err error, to **engine.Refused) bool { return errors.As(err, to) }

// writesOfKeys counts what cordon changed in this account.
func (w *world) writesOfKeys() []keyWrite {
	return (&walk{crashed: crashed{w.Lab, w.Case.Dir, w.Case.ID}, t: w.t}).writes()
}

// A quarantined user is told, before anything, to work as somebody else.
func TestQuarantinedUserRotatesNothing(t *testing.T) {
	w := newWorld(t)
	w.triage()
	i := slices.IndexFunc(truth.Intruders, func(c Credential) bool { return c.KeyID == truth.LeakedKey })
	if i < 0 {
		t.Fatal("the scenario does not tell the leaked key")
	}
	s := w.as(truth.Intruders[i])
	var refused *engine.Refused
	if _, err := s.Rotate(t.Context(), engine.RotateOptions{User: "svc-backup", To: "file:" + filepath.Join(t.TempDir(), "k")}); !errors.As(err, &refused) || refused.Reason != "quarantined-caller" {
		t.Errorf("%v", err)
	}
	if n := len(w.writesOfKeys()); n != 0 {
		t.Errorf("%d changes were made", n)
	}
}
