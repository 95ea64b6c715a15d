package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func now() time.Time { return time.Unix(1_700_000_000, 0) }

func write(t *testing.T, path string, n int) {
	t.Helper()
	j, _, err := Open(t.Context(), NewFile(path), now)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := j.Write(t.Context(), Record{Step: Doing, Action: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestChainSurvivesReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	write(t, path, 3)
	write(t, path, 2)
	j, recs, err := Open(t.Context(), NewFile(path), now)
	if err != nil || len(recs) != 5 {
		t.Fatalf("%d records, %v", len(recs), err)
	}
	if seq, head := j.Head(); seq != 5 || len(head) != 64 {
		t.Errorf("head %d %q", seq, head)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestTampering(t *testing.T) {
	for name, alter := range map[string]func([]byte) []byte{
		"a line altered but still JSON": func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"action":"1"`), []byte(`"action":"9"`), 1)
		},
		"a line removed": func(b []byte) []byte {
			lines := bytes.SplitAfter(b, []byte("\n"))
			return bytes.Join(append(lines[:1], lines[2:]...), nil)
		},
		"two lines swapped": func(b []byte) []byte {
			lines := bytes.SplitAfter(b, []byte("\n"))
			lines[0], lines[1] = lines[1], lines[0]
			return bytes.Join(lines, nil)
		},
		"not JSON": func(b []byte) []byte { return append([]byte("x\n"), b...) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "j")
			write(t, path, 4)
			b, _ := os.ReadFile(path)
			if err := os.WriteFile(path, alter(b), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := Open(t.Context(), NewFile(path), now); !errors.Is(err, ErrBroken) {
				t.Errorf("err = %v", err)
			}
		})
	}
}

// A crash may cut the last line at any byte; nothing before it may be lost and
// the journal must go on.
func TestTornLastLineAtEveryByte(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	write(t, path, 2)
	whole, _ := os.ReadFile(path)
	first := bytes.IndexByte(whole, '\n') + 1
	for cut := first + 1; cut < len(whole); cut++ {
		path := filepath.Join(t.TempDir(), "j")
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		j, recs, err := Open(t.Context(), NewFile(path), now)
		if err != nil || len(recs) != 2 || recs[1].Step != Torn {
			t.Fatalf("cut at %d: %d records, %v", cut, len(recs), err)
		}
		if err := j.Write(t.Context(), Record{Step: Doing}); err != nil {
			t.Fatal(err)
		}
		if _, recs, err = Open(t.Context(), NewFile(path), now); err != nil || len(recs) != 3 {
			t.Fatalf("cut at %d, reopened: %d records, %v", cut, len(recs), err)
		}
		if side, _ := os.ReadFile(path + ".torn"); !bytes.Equal(bytes.TrimRight(side, "\n"), whole[first:cut]) {
			t.Fatalf("cut at %d: the torn bytes were lost", cut)
		}
	}
}

func TestConcurrentWritersChain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j, _, err := Open(t.Context(), NewFile(path), now)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if err := j.Write(context.WithoutCancel(t.Context()), Record{Step: Done}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if _, recs, err := Open(t.Context(), NewFile(path), now); err != nil || len(recs) != 80 {
		t.Fatalf("%d records, %v", len(recs), err)
	}
}
