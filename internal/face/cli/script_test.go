package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"cordon/internal/engine"
	_ "cordon/internal/face/gitsecrets" // the test binary answers to git-secrets too
	"cordon/internal/lab"
	"cordon/internal/words"
)

// TestMain lets this test binary be cordon for the scripts. With
// CORDON_TEST_LAB its calls go to the lab there and nowhere else.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cordon": func() {
		s := Host(func(s *engine.Session) {
			s.Write = s.Account.Writer().Write
			if s.Org != nil {
				s.WriteOrg = s.Org.Writer().Write
			}
		})
		s.Version, s.Who = "test", "li"
		if url := os.Getenv("CORDON_TEST_LAB"); url != "" {
			s.HTTP = &http.Client{Transport: seeing{moveClock(&s, lab.Transport(url)), os.Getenv("CORDON_TEST_SEEDS")}}
		}
		os.Exit(Run(s))
	}})
}

// scripts are at the root of the repository: they are stories about the
// program, not about this package.
const scripts = "../../../testdata/script"

func params(t *testing.T, pattern string, setup func(*testscript.Env) error) testscript.Params {
	files, err := filepath.Glob(filepath.Join(scripts, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts %s: %v", pattern, err)
	}
	return testscript.Params{
		Files: files,
		Setup: func(e *testscript.Env) error {
			for _, kv := range [][2]string{
				{"HOME", e.WorkDir}, {"CORDON_CASE_DIR", e.WorkDir + "/cases"}, {"CORDON_CONFIG_DIR", e.WorkDir + "/config"},
				{"AWS_EC2_METADATA_DISABLED", "true"}, {"AWS_CONFIG_FILE", e.WorkDir + "/none"}, {"AWS_SHARED_CREDENTIALS_FILE", e.WorkDir + "/none"},
				{"LANG", "C"},
				// git does nothing in the background, which a scan would see
				{"GIT_CONFIG_COUNT", "1"}, {"GIT_CONFIG_KEY_0", "maintenance.auto"}, {"GIT_CONFIG_VALUE_0", "false"},
			} {
				e.Setenv(kv[0], kv[1])
			}
			if setup != nil {
				return setup(e)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exit": exits, "digest-of": digestOf, "no-english": noEnglish, "deliver": deliver, "organise": organise, "told": records, "digest-told": digestTold, "secret-of": secretOf, "password-of": secretOf, "flip-evidence": flipEvidence, "vault": vault, "fault": fault, "last-digest": lastDigest, "enrol": enrol, "field": field, "meddle": meddle, "intrude": intrude, "become": become},
	}
}

// exits runs "exit CODE cordon ARGS…" and wants exactly that exit code, which
// stands in the error that the shell of the scripts reports.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND [ARG…]")
	}
	err := ts.Exec(args[1], args[2:]...)
	if args[0] == "0" {
		ts.Check(err)
		return
	}
	if want := "exit status " + args[0]; err == nil || err.Error() != want {
		ts.Fatalf("got %v, want %s", err, want)
	}
}

func TestScripts(t *testing.T) { testscript.Run(t, params(t, "cli-*.txtar", nil)) }

// TestIncident plays a whole incident against the lab: one fork per script.
func TestIncident(t *testing.T) {
	if testing.Short() {
		t.Skip("needs the lab")
	}
	if _, err := lab.FindPython(t.Context()); err != nil {
		t.Skip("no Python for the lab: ", err)
	}
	l, err := lab.Start(t.Context(), lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Stop()
	raw, err := l.Seed(t.Context(), night, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	who, err := readTruth(raw)
	if err != nil {
		t.Fatal(err)
	}
	// testscript runs its scripts as parallel subtests; the group waits for
	// them before the lab stops.
	t.Run("night", func(t *testing.T) {
		testscript.Run(t, params(t, "lab-*.txtar", func(e *testscript.Env) error {
			copied, err := l.Fork(t.Context()) // a script may have to wait for its turn
			if err != nil {
				return fmt.Errorf("cannot fork the lab: %w", err)
			}
			e.Values["lab"], e.Values["truth"], e.Values["his"] = copied, who, who.madeAdmin()
			e.Setenv("CORDON_TEST_TOKEN", copied.Token())
			e.Setenv("CORDON_TEST_LAB", copied.URL())
			e.Setenv("AWS_ACCESS_KEY_ID", who.Caller.ID)
			e.Setenv("AWS_SECRET_ACCESS_KEY", who.Caller.Secret)
			e.Setenv("AWS_REGION", "eu-west-1")
			e.Setenv("LEAKED", who.LeakedKey)
			return nil
		}))
	})
	t.Run("article", func(t *testing.T) { articles(t, l, who) })
}

// commands are lines that show what to type: they are the same in every
// language, as are the names of regions, services and resources beside them.
var commands = regexp.MustCompile(`(?m)^ *cordon .*$|cordon (?:[a-z]+ ?)+|arn:\S+|SHA256:\S+|/\S+|\S+-\S+`)

// noEnglish wants files without an English word in their sentences; negated,
// files with one.
func noEnglish(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		hit, in := "", ""
		for line := range strings.Lines(ts.ReadFile(name)) {
			if word := words.English(commands.ReplaceAllString(line, "§")); word != "" && hit == "" {
				hit, in = word, line
			}
		}
		switch {
		case neg && hit == "":
			ts.Fatalf("%s: no English word was seen: the check is blind", name)
		case !neg && hit != "":
			ts.Fatalf("%s: an English word, %q, in: %s", name, hit, in)
		}
	}
}

// digestOf puts the digest of a plan file into $DIGEST.
func digestOf(ts *testscript.TestScript, _ bool, args []string) {
	var f struct {
		Digest string `json:"digest"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &f))
	ts.Setenv("DIGEST", f.Digest)
}

// flipEvidence turns one bit of one piece of the case's evidence, always the
// same, and puts the piece's name into $FLIPPED.
func flipEvidence(ts *testscript.TestScript, _ bool, _ []string) {
	all, err := filepath.Glob(ts.MkAbs("cases/*/evidence/" + strings.Repeat("[0-9a-f]", 64)))
	ts.Check(err)
	if len(all) == 0 {
		ts.Fatalf("the case has no evidence")
	}
	data, err := os.ReadFile(all[0])
	ts.Check(err)
	data[len(data)/2] ^= 1
	ts.Check(os.Chmod(all[0], 0o600))
	ts.Check(os.WriteFile(all[0], data, 0o600))
	ts.Setenv("FLIPPED", filepath.Base(all[0]))
}
