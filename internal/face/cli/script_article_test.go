package cli

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"cordon/internal/article"
	"cordon/internal/kind"
	"cordon/internal/kinds"
	"cordon/internal/lab"
	"cordon/internal/words"
)

// articles plays one script for each line of AWS's article. The account is looked
// at once; every script has a copy of that case and of the account.
func articles(t *testing.T, l *lab.Lab, who truth) {
	dir := t.TempDir()
	looked := t.Run("look", func(t *testing.T) {
		noLogin(t)
		for name, value := range map[string]string{
			"AWS_ACCESS_KEY_ID": who.Caller.ID, "AWS_SECRET_ACCESS_KEY": who.Caller.Secret, "AWS_REGION": "eu-west-1",
		} {
			t.Setenv(name, value)
		}
		m := newMachine(t, "")
		m.env = map[string]string{"CORDON_CASE_DIR": dir + "/cases", "CORDON_CONFIG_DIR": dir + "/config"}
		m.Now, m.Wait, m.HTTP = time.Now, nil, &http.Client{Transport: lab.Transport(l.URL())}
		if code := m.run("triage", "--since", "12h", "--progress", "none"); code != 0 {
			t.Fatalf("exit %d: %s", code, &m.err)
		}
	})
	if !looked {
		return
	}
	testscript.Run(t, params(t, "article-*.txtar", func(e *testscript.Env) error {
		for _, part := range []string{"cases", "config"} { // as they are: others may not read them
			if out, err := exec.CommandContext(t.Context(), "cp", "-a", filepath.Join(dir, part), e.WorkDir).CombinedOutput(); err != nil {
				return fmt.Errorf("cannot copy the case: %w: %s", err, out)
			}
		}
		copied, err := l.Fork(t.Context())
		if err != nil {
			return fmt.Errorf("cannot fork the lab: %w", err)
		}
		e.Defer(func() { _ = copied.Stop() }) // the lab ends it too
		e.Values["lab"], e.Values["truth"], e.Values["his"] = copied, who, who.madeAdmin()
		e.Setenv("CORDON_TEST_TOKEN", copied.Token())
		e.Setenv("CORDON_TEST_LAB", copied.URL())
		e.Setenv("AWS_ACCESS_KEY_ID", who.Caller.ID)
		e.Setenv("AWS_SECRET_ACCESS_KEY", who.Caller.Secret)
		e.Setenv("AWS_REGION", "eu-west-1")
		e.Setenv("LEAKED", who.LeakedKey)
		return nil
	}))
}

// field puts a member of the first record of a type on the last standard output,
// in JSON Lines, into a variable: "field OLD rotation old".
func field(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: field VARIABLE TYPE MEMBER")
	}
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		r, err := decoded(line)
		ts.Check(err)
		var v any = r
		for _, name := range strings.Split(args[2], ".") {
			members, _ := v.(map[string]any)
			v = members[name]
		}
		if s, ok := v.(string); ok && r["type"] == args[1] && s != "" {
			ts.Setenv(args[0], s)
			return
		}
	}
	ts.Fatalf("no record %s has %s", args[1], args[2])
}

// TestArticleCommands: every command and flag that the table of the article names
// is in the tree, and every verb is some kind's, a plan's name or a person's step.
func TestArticleCommands(t *testing.T) {
	m := newMachine(t, "")
	root := newRoot(m.app(words.EN))
	for _, l := range article.Lines() {
		for _, line := range l.Commands {
			if err := inTree(root, line); err != nil {
				t.Errorf("%s: %v", l.ID, err)
			}
		}
		for _, verb := range l.Verbs {
			if !offered(verb) {
				t.Errorf("%s names the verb %q, which nothing offers", l.ID, verb)
			}
		}
	}
	for _, wrong := range []string{"rotate everything", "plan recover --everything", "invoice"} {
		if inTree(root, wrong) == nil {
			t.Errorf("%q is not in the tree, and that was not seen", wrong)
		}
	}
	if offered("iam.user forget") || offered("iam.root forget") || offered("forget") {
		t.Error("a verb that is not there was not seen")
	}
}

func offered(verb string) bool {
	of, name, two := strings.Cut(verb, " ")
	if !two {
		return words.For(words.EN).Has("screen.plan." + verb)
	}
	if of == "iam.root" { // steps that only a person can do
		return words.For(words.EN).Has("person." + name + ".title")
	}
	i := slices.IndexFunc(append(kinds.All(), kinds.Apart()...), func(k kind.Kind) bool { return string(k.Name()) == of })
	if i < 0 {
		return false
	}
	_, there := append(kinds.All(), kinds.Apart()...)[i].Verb(name)
	return there
}

func inTree(root *cobra.Command, line string) error {
	var path []string
	var flags []string
	for _, word := range strings.Fields(line) {
		if name, flag := strings.CutPrefix(word, "--"); flag {
			flags = append(flags, name)
		} else {
			path = append(path, word)
		}
	}
	c, rest, err := root.Find(path)
	if err != nil || c == root || len(rest) > 0 && c.HasSubCommands() && c.Name() != "scan" {
		return fmt.Errorf("there is no command %q (%v)", line, err)
	}
	for _, name := range flags {
		if c.Flags().Lookup(name) == nil {
			return fmt.Errorf("%s has no flag --%s", c.CommandPath(), name)
		}
	}
	return nil
}
