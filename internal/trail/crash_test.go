package trail

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// What a child imports: enough files for many commits, an eighth of the events
// twice, one file larger than several segments.
func crashWorld() memory {
	records := world(3000, 9)
	m := spread(append(slices.Clone(records[:2000]), records[500:900]...), 20)
	m["logs/00100.large.json"] = logFile(records[2000:]...)
	return m
}

var crashOptions = Options{Workers: 3, rows: 150, ids: 16 << 10}

// told is Files that says when a file is read.
type told struct{ memory }

func (f told) Load(ctx context.Context, name string, buf []byte, limit int64) ([]byte, error) {
	fmt.Println(name)
	return f.memory.Load(ctx, name, buf, limit)
}

// TestMain is also the child that gets killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("CORDON_TRAIL_CHILD"); dir != "" {
		if files := os.Getenv("CORDON_TRAIL_FOLDER"); files != "" {
			if err := importFolder(files, dir); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
		s, err := Open(dir)
		if err == nil {
			world := crashWorld()
			_, err = s.Import(context.Background(), world.files(), told{world}, crashOptions)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestKilled kills an import at random points, again and again, until it gets
// through: the store is the one that an import without trouble makes.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts many processes")
	}
	times := 20
	if n, err := strconv.Atoi(os.Getenv("CORDON_TRAIL_KILLS")); err == nil {
		times = n
	}
	m := crashWorld()
	calm, _ := imported(t, t.TempDir(), m, crashOptions)
	want, said := everything(t, calm), answers(t, calm, m)
	if len(want) != 3000 {
		t.Fatalf("%d events without trouble", len(want))
	}
	r := rand.New(rand.NewPCG(uint64(times), 7))
	kills, rounds := 0, 0
	for kills < times {
		rounds++
		dir := t.TempDir()
		for kill(t, dir, r.IntN(len(m))) {
			kills++
			s, err := Open(dir) // what there is can be read at any time
			if err != nil {
				t.Fatalf("after %d kills: %v", kills, err)
			}
			if problems, err := s.Verify(t.Context(), m); err != nil || len(problems) > 0 {
				t.Fatalf("after %d kills: %v %v", kills, problems, err)
			}
			s.Close()
		}
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := everything(t, s); !slices.Equal(got, want) {
			t.Fatalf("after %d kills: %s", kills, firstDifference(got, want))
		}
		if got := answers(t, s, m); got != said {
			t.Fatalf("after %d kills the answers differ", kills)
		}
		noLeftovers(t, s)
		s.Close()
	}
	t.Logf("%d kills in %d imports", kills, rounds)
}

// kill runs an import and kills it when it has read so many files; it says
// whether that was in time.
func kill(t *testing.T, dir string, after int) bool {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^$")
	c.Env = append(os.Environ(), "CORDON_TRAIL_CHILD="+dir)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; n <= after && lines.Scan(); n++ {
	}
	c.Process.Kill()
	io.Copy(io.Discard, out)
	err = c.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		t.Fatalf("the import failed: %v", err)
	}
	return err != nil
}

// noLeftovers: the folder has what the manifest names, and nothing more.
func noLeftovers(t *testing.T, s *Store) {
	t.Helper()
	want := []string{lockName, manifestName, namesName}
	for _, seg := range s.state().segments {
		want = append(want, filepath.Base(segmentName(s.dir, seg.number)))
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(want, e.Name()) {
			t.Errorf("%s is left over", e.Name())
		}
	}
}

// TestTorn: a machine that stops leaves a manifest that ends anywhere, perhaps
// with zeros behind it, and logs that are longer than it says.
func TestTorn(t *testing.T) {
	m := spread(world(300, 6), 10)
	calm := t.TempDir()
	s, _ := imported(t, calm, m, Options{Workers: 1, rows: 40})
	want := everything(t, s)
	whole, err := os.ReadFile(filepath.Join(calm, manifestName))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 3))
	for n := range 40 {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(calm)); err != nil {
			t.Fatal(err)
		}
		cut := r.IntN(len(whole))
		tail := [][]byte{nil, make([]byte, 100), make([]byte, 5000)}[n%3]
		if err := os.WriteFile(filepath.Join(dir, manifestName), append(slices.Clone(whole[:cut]), tail...), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(dir)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		had := s.Len()
		if _, err := s.Import(context.Background(), m.files(), m, Options{Workers: 2, rows: 40}); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if got := everything(t, s); !slices.Equal(got, want) {
			t.Fatalf("cut at %d, %d events left: %s", cut, had, firstDifference(got, want))
		}
		noLeftovers(t, s)
		s.Close()
	}
}
