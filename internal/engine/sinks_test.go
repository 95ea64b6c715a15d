package engine_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"cordon/internal/engine"
	"cordon/internal/plan"
)

const newSecret = `{"UserName":"app","AccessKeyId":"AKIANEW","SecretAccessKey":"s3/cret+value"}`

// Both services hold what was stored under a name of our own, tell by themselves
// which key it is, and are never asked for the value.
func TestSinksInAWS(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	cfg := rootConfig(w.Lab)
	cfg.Region = "eu-west-1"
	for _, to := range []string{"secretsmanager:shop/key@eu-west-1", "ssm:/shop/key@eu-west-1"} {
		sink, err := engine.OpenSink(t.Context(), s, plan.Action{Verb: "add-key", Sink: to})
		if err != nil {
			t.Fatal(err)
		}
		if has, err := sink.Has(t.Context(), "AKIANEW"); err != nil || has {
			t.Fatalf("%s, empty: %v, %v", to, has, err)
		}
		for range 2 { // again after a lost answer
			if err := sink.Put(t.Context(), "AKIANEW", []byte(newSecret)); err != nil {
				t.Fatal(err)
			}
		}
		for id, want := range map[string]bool{"AKIANEW": true, "AKIAOTHER": false, "AKIA": false} {
			if has, err := sink.Has(t.Context(), id); err != nil || has != want {
				t.Errorf("%s has %s: %v, %v", to, id, has, err)
			}
		}
		if err := sink.Put(t.Context(), "AKIALATER", []byte(strings.Replace(newSecret, "AKIANEW", "AKIALATER", 1))); err != nil {
			t.Errorf("%s, another key: %v", to, err)
		}
	}
	got, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("shop/key")})
	if err != nil || !strings.Contains(*got.SecretString, `"SecretAccessKey":"s3/cret+value"`) || !strings.Contains(*got.SecretString, "AKIALATER") {
		t.Errorf("%v, %v", got, err)
	}
	parameter, err := ssm.NewFromConfig(cfg).GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/shop/key"), WithDecryption: aws.Bool(true)})
	if err != nil || parameter.Parameter.Type != ssmtypes.ParameterTypeSecureString || !strings.Contains(*parameter.Parameter.Value, "AKIALATER") {
		t.Errorf("%v, %v", parameter, err)
	}
	events, err := w.Events(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if strings.Contains(e.Lab.UserAgent, "cordon-"+w.Case.ID) && (strings.HasPrefix(e.Lab.Op, "GetSecretValue") || strings.HasPrefix(e.Lab.Op, "GetParameter")) {
			t.Errorf("cordon read a value: %s", e.Raw)
		}
	}
}

// What somebody else keeps under the name is not written over.
func TestSinksOfOthersStay(t *testing.T) {
	w := newWorld(t)
	s := w.session()
	cfg := rootConfig(w.Lab)
	cfg.Region = "eu-west-1"
	if _, err := secretsmanager.NewFromConfig(cfg).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("theirs"), SecretString: aws.String("x")}); err != nil {
		t.Fatal(err)
	}
	if _, err := ssm.NewFromConfig(cfg).PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("/theirs"), Value: aws.String("x"), Type: ssmtypes.ParameterTypeString}); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"secretsmanager:theirs@eu-west-1", "ssm:/theirs@eu-west-1"} {
		sink, err := engine.OpenSink(t.Context(), s, plan.Action{Verb: "add-key", Sink: to})
		if err != nil {
			t.Fatal(err)
		}
		if err := sink.Put(t.Context(), "AKIANEW", []byte(newSecret)); err == nil || strings.Contains(err.Error(), "s3/cret") {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// A file is ours alone, whole lines only, and never another program's.
func TestFileSink(t *testing.T) {
	w := newWorld(t)
	s, dir := w.session(), t.TempDir()
	head := "User Name,Access key ID,Secret access key\n"
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(write("target", head, 0o600), link); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path string
		want string // the file after; "": refused, and as it was
	}{
		"new":               {filepath.Join(dir, "new"), head + "app,AKIANEW,s3/cret+value\n"},
		"begun":             {write("begun", head+"a,AKIAONE,x\n", 0o600), head + "a,AKIAONE,x\napp,AKIANEW,s3/cret+value\n"},
		"a line cut short":  {write("torn", head+"app,AKIANEW,s3/c", 0o600), head + "app,AKIANEW,s3/cret+value\n"},
		"a head cut short":  {write("head", head[:10], 0o600), head + "app,AKIANEW,s3/cret+value\n"},
		"another program's": {write("notes", "shopping list\n", 0o600), ""},
		"open to others":    {write("open", head, 0o644), ""},
		"a link":            {link, ""},
		"a folder":          {dir, ""},
	} {
		sink, err := engine.OpenSink(t.Context(), s, plan.Action{Verb: "add-key", Sink: "file:" + c.path})
		if err != nil {
			t.Fatal(err)
		}
		if has, err := sink.Has(t.Context(), "AKIANEW"); has || (err == nil) != (c.want != "") {
			t.Errorf("%s, before: %v, %v", name, has, err)
		}
		err = sink.Put(t.Context(), "AKIANEW", []byte(newSecret))
		if (err == nil) != (c.want != "") || err != nil && strings.Contains(err.Error(), "s3/cret") {
			t.Errorf("%s: %v", name, err)
		}
		if c.want == "" {
			continue
		}
		if has, err := sink.Has(t.Context(), "AKIANEW"); err != nil || !has {
			t.Errorf("%s, after: %v, %v", name, has, err)
		}
		got, _ := os.ReadFile(c.path)
		info, _ := os.Stat(c.path)
		if string(got) != c.want || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %q, %v", name, got, info.Mode())
		}
	}
}

// The intruder's principals could read whatever an administrator can: such a place
// is refused before anything is made.
func TestSinkThatTheIntruderReads(t *testing.T) {
	w := newWorld(t)
	w.triage()
	for _, to := range []string{"secretsmanager:shop/{user}", "ssm:/shop/{user}"} {
		_, err := w.session().Rotate(t.Context(), engine.RotateOptions{User: "svc-backup", To: to})
		var refused *engine.Refused
		if !asRefused(err, &refused) || refused.Reason != "rotate-sink-readable" {
			t.Errorf("%s: %v", to, err)
			continue
		}
		if b, _ := json.Marshal(refused.Args); !strings.Contains(string(b), "pavel.horak") {
			t.Errorf("%s: %s", to, b)
		}
	}
	if n := len(w.writesOfKeys()); n != 0 {
		t.Errorf("%d changes were made", n)
	}
}

// Many actions of one plan share a file: no line is lost.
func TestFileSinkShared(t *testing.T) {
	w := newWorld(t)
	s, path := w.session(), filepath.Join(t.TempDir(), "all.csv")
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			sink, err := engine.OpenSink(t.Context(), s, plan.Action{Verb: "set-password", Sink: "file:" + path})
			if err == nil {
				err = sink.Put(t.Context(), fmt.Sprint("user", i), fmt.Appendf(nil, `{"UserName":"user%d","Password":"a,\"quoted\" one"}`, i))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	b, err := os.ReadFile(path)
	if n := strings.Count(string(b), `"a,""quoted"" one",https://111122223333.signin.aws.amazon.com/console`); err != nil || n != 40 {
		t.Errorf("%d lines, %v", n, err)
	}
}
