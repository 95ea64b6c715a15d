package incident

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var night = time.Date(2026, 11, 21, 2, 16, 31, 0, time.UTC)

func info() Info {
	return Info{
		Title: "leaked key", Account: "111122223333", Partition: "aws", Endpoint: "http://127.0.0.1:5000", Opened: night,
		By: "arn:aws:iam::111122223333:user/li", Tool: "test", Protected: []string{"AROAEXAMPLE"},
		Notice: &Notice{Key: "AKIAIOSFODNN7EXAMPLE", User: "li"},
	}
}

func create(t *testing.T, root string) *Case {
	t.Helper()
	c, err := Create(root, info())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestCreateOpen(t *testing.T) {
	root := filepath.Join(t.TempDir(), "a", "cases")
	a, b := create(t, root), create(t, root)
	if a.ID != "C-20261121-A" || b.ID != "C-20261121-B" {
		t.Errorf("%s %s", a.ID, b.ID)
	}
	for _, name := range []string{b.ID, "c-20261121-b", b.Dir} {
		if c, err := Open(root, name); err != nil || c.ID != b.ID || fmt.Sprint(c.Notice) != fmt.Sprint(b.Notice) || !c.Opened.Equal(night) {
			t.Errorf("Open(%s): %+v, %v", name, c, err)
		}
	}
	for name, want := range map[string]error{"C-2026": ErrAmbiguous, "C-1": ErrNoCase, "": ErrNoCase, "..": ErrNoCase, t.TempDir(): ErrNoCase} {
		if _, err := Open(root, name); !errors.Is(err, want) {
			t.Errorf("Open(%q): %v, want %v", name, err, want)
		}
	}
	filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		i, _ := d.Info()
		if i.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, i.Mode())
		}
		return nil
	})
	if letters(25) != "Z" || letters(26) != "AA" || letters(27) != "AB" || letters(702) != "AAA" {
		t.Error("letters", letters(25), letters(26), letters(702))
	}
}

func TestCreateAtOnce(t *testing.T) {
	root := t.TempDir()
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			c, err := Create(root, info())
			mu.Lock()
			defer mu.Unlock()
			if err != nil || seen[c.ID] {
				t.Error(c, err)
				return
			}
			seen[c.ID] = true
		})
	}
	wg.Wait()
}

func TestCreateRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*Info){
		"no account":         func(i *Info) { i.Account = "" },
		"no time":            func(i *Info) { i.Opened = time.Time{} },
		"bad key":            func(i *Info) { i.Approvers = []Approver{{"li", "AAAA"}} },
		"too many approvals": func(i *Info) { i.Approvers, i.Approvals = []Approver{{"li", key(1)}}, 2 },
		"one key, two names": func(i *Info) { i.Approvers = []Approver{{"li", key(1)}, {"wu", key(1)}} },
		"one name, two keys": func(i *Info) { i.Approvers = []Approver{{"li", key(1)}, {"li", key(2)}} },
	} {
		i := info()
		spoil(&i)
		root := t.TempDir()
		if _, err := Create(root, i); err == nil {
			t.Errorf("%s: created", name)
		}
		if left, _ := os.ReadDir(root); len(left) != 0 {
			t.Errorf("%s: left %v", name, left)
		}
	}
}

func key(n int) string { return strings.Repeat("A", 42) + []string{"A=", "E=", "I="}[n] }

func TestExposed(t *testing.T) {
	root := t.TempDir()
	c := create(t, root)
	os.Chmod(c.Dir, 0o755)
	os.Chmod(c.Path(infoFile), 0o644)
	c, err := Open(root, c.ID)
	if err != nil || len(c.Exposed()) != 2 {
		t.Errorf("%v, %v", c.Exposed(), err)
	}
	if c, _ = Open(root, c.ID); len(c.Exposed()) != 0 {
		t.Errorf("still %v", c.Exposed())
	}
}

func TestFits(t *testing.T) {
	c := create(t, t.TempDir())
	if err := c.Fits("111122223333", "aws", "http://127.0.0.1:5000/"); err != nil {
		t.Error(err)
	}
	for want, live := range map[string][3]string{
		"account":   {"999999999999", "aws", "http://127.0.0.1:5000"},
		"partition": {"111122223333", "aws-cn", "http://127.0.0.1:5000"},
		"endpoint":  {"111122223333", "aws", ""},
	} {
		var m *Misfit
		if err := c.Fits(live[0], live[1], live[2]); !errors.As(err, &m) || m.What != want {
			t.Errorf("%v: %v", live, err)
		}
	}
}

func TestListCurrentUse(t *testing.T) {
	root := t.TempDir()
	if l, err := List(filepath.Join(root, "none")); err != nil || len(l) != 0 {
		t.Error(l, err)
	}
	a, b := create(t, root), create(t, root)
	os.WriteFile(a.Path(infoFile), []byte("{"), 0o600)
	if _, err := Current(root); !errors.Is(err, ErrNoCase) {
		t.Error(err)
	}
	if err := Use(root, b.ID); err != nil {
		t.Fatal(err)
	}
	if id, err := Current(root); id != b.ID || err != nil {
		t.Error(id, err)
	}
	l, err := List(root)
	if err != nil || len(l) != 2 || !l[0].Current || l[0].ID != b.ID || l[1].Err == nil || l[1].ID != a.ID {
		t.Errorf("%+v, %v", l, err)
	}
	if err := Use(root, "C-1"); !errors.Is(err, ErrNoCase) {
		t.Error(err)
	}
	os.WriteFile(filepath.Join(root, currentFile), []byte("../../etc\n"), 0o600)
	if id, err := Current(root); !errors.Is(err, ErrNoCase) {
		t.Error(id, err)
	}
}

func TestLock(t *testing.T) {
	root := t.TempDir()
	a := create(t, root)
	b, err := Open(root, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Lock("cordon apply", night); err != nil || !a.HasLock() {
		t.Fatal(err)
	}
	var held *Locked
	if err := b.Lock("cordon plan", night); !errors.As(err, &held) || held.PID != os.Getpid() || held.Command != "cordon apply" || !held.Since.Equal(night) {
		t.Errorf("%v", err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if err := b.Lock("cordon plan", night); err != nil {
		t.Error(err)
	}
	b.Close()
}

// TestLockDies: the lock of a process that was killed is free.
func TestLockDies(t *testing.T) {
	if dir := os.Getenv("CORDON_TEST_LOCK"); dir != "" {
		c, err := Open("", dir)
		if err == nil {
			err = c.Lock("the child", night)
		}
		os.WriteFile(filepath.Join(filepath.Dir(dir), "ready"), fmt.Append(nil, err), 0o600)
		time.Sleep(time.Minute)
	}
	root := t.TempDir()
	c := create(t, root)
	child := exec.Command(os.Args[0], "-test.run=^TestLockDies$")
	child.Env = append(os.Environ(), "CORDON_TEST_LOCK="+c.Dir)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	defer child.Process.Kill()
	for i := 0; ; i++ {
		if data, err := os.ReadFile(filepath.Join(root, "ready")); err == nil && len(data) > 0 {
			break
		}
		if i > 2000 {
			t.Fatal("the child does not come")
		}
		time.Sleep(5 * time.Millisecond)
	}
	var held *Locked
	if err := c.Lock("us", night); !errors.As(err, &held) || held.PID != child.Process.Pid || held.Command != "the child" {
		t.Errorf("%v", err)
	}
	child.Process.Kill()
	child.Wait()
	if err := c.Lock("us", night); err != nil {
		t.Errorf("after the kill: %v", err)
	}
}

func TestRoot(t *testing.T) {
	for env, want := range map[[2]string]string{
		{"CORDON_CASE_DIR", "/c"}: "/c",
		{"XDG_STATE_HOME", "/s"}:  "/s/cordon/cases",
		{"HOME", "/h"}:            "/h/.local/state/cordon/cases",
		{"X", ""}:                 "",
	} {
		got, err := Root(func(k string) string {
			if k == env[0] {
				return env[1]
			}
			return ""
		})
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%v: %q, %v", env, got, err)
		}
	}
}
