package scan

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMessage: everything that git may keep of a message is looked at.
func TestMessage(t *testing.T) {
	m := newFolder(t)
	id := m.id()
	cut := "# ------------------------ >8 ------------------------\n"
	own := cut + "# Do not modify or remove the line above.\n# Everything below it will be ignored.\n"
	french := strings.ReplaceAll(cut, "#", ";") + "; Ne touchez pas à la ligne ci-dessus.\n; Tout ce qui suit sera éliminé.\n"
	for _, c := range []struct {
		text  string
		found bool
	}{
		{"fix " + id + "\n", true},
		{"#12 " + id + "\n", true},
		{"x\n# " + id + "\n", true},
		{"x\n" + cut + id + "\n", true},
		{"x\n" + cut + "# " + id + "\n# two\nthree\n", true},
		{"x\n" + own + id + "\n", true},
		{id + "\n" + own + "diff --git a/x b/x\n", true},
		{"x\n" + own + "diff --git a/x b/x\n-" + id + "\n", false},
		{own + "diff --git a/x b/x\n-" + id + "\n", false},
		{"x\n" + french + "diff --cc x\n-" + id + "\n", false},
		{"x\n" + own + "#\n# On branch main\n" + id + "\n", false},
	} {
		m.write("MSG", c.text)
		s := New(Options{Key: []byte("k")})
		if err := s.Message(t.Context(), filepath.Join(m.dir, "MSG")); err != nil {
			t.Fatal(err)
		}
		if res := s.Result(); (find(res, id) != nil) != c.found {
			t.Errorf("%q: found %v, want %v", c.text, !c.found, c.found)
		}
	}
}

// TestVerbose: what git itself shows below a message is no part of it.
func TestVerbose(t *testing.T) {
	m := newMaker(t)
	id := m.id()
	m.put("a.txt", id+"\n", "one")
	m.git("rm", "-q", "a.txt")
	message := filepath.Join(t.TempDir(), "message")
	cmd := exec.Command("git", "-c", "user.name=Ann", "-c", "user.email=ann@example.com", "commit", "-v")
	cmd.Dir = m.dir
	cmd.Env = append(os.Environ(), "GIT_EDITOR=keep() { cp \"$1\" '"+message+"'; false; }; keep", "LC_ALL=C")
	_ = cmd.Run() // the editor fails, so that nothing is committed
	body, err := os.ReadFile(message)
	if err != nil || !strings.Contains(string(body), id) {
		t.Fatalf("the test is blind: %v: %s", err, body)
	}
	s := New(Options{Key: []byte("k")})
	if err := s.Message(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	if res := s.Result(); find(res, id) != nil {
		t.Errorf("%+v", res.Findings)
	}
}
