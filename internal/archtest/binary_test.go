package archtest

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

// maxBinary is the budget for the stripped program, in bytes.
const maxBinary = 70_000_000

// TestBinaryStaysLean builds the program as it is shipped. Executing a template
// uses reflection by method name, and then the linker keeps every operation of
// every SDK client: four times the size.
func TestBinaryStaysLean(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads ELF symbols; this is " + runtime.GOOS)
	}
	bin := filepath.Join(t.TempDir(), "cordon")
	build := exec.Command("../../scripts/build.sh", bin, "")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build: %v\n%s", err, out)
	}
	f, err := elf.Open(bin)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	mains := 0
	for _, s := range symbols {
		switch s.Name {
		case "text/template.(*Template).Execute", "html/template.(*Template).Execute":
			t.Errorf("%s is in the program", s.Name)
		case "main.main":
			mains++
		}
	}
	if mains != 1 {
		t.Errorf("the symbols were not read: main.main is there %d times", mains)
	}
	shipped(t, bin)
	info, err := os.Stat(bin)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%.1f MB stripped", float64(info.Size())/1e6)
	if info.Size() > maxBinary {
		t.Errorf("%d bytes stripped, the budget is %d", info.Size(), maxBinary)
	}
	b, err := os.ReadFile(bin)
	if err != nil {
		t.Fatal(err)
	}
	testEarly(t, bin)
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Dir(filepath.Dir(wd))
	traces := []string{filepath.Join(root, "internal", "face", "cli"), filepath.Join(root, "cmd", "cordon")}
	if filepath.Dir(filepath.Dir(root)) != filepath.Dir(root) { // of a checkout at /src the name is a part of many
		traces = append(traces, root)
	}
	for _, trace := range traces {
		if bytes.Contains(b, []byte(trace)) {
			t.Errorf("the program contains %s, a path of the machine it was built on", trace)
		}
	}
}

// shipped builds the program into bin as it is shipped.
func shipped(t testing.TB, bin string) {
	t.Helper()
	if out, err := exec.Command("../../scripts/build.sh", bin).CombinedOutput(); err != nil {
		t.Fatalf("cannot build: %v\n%s", err, out)
	}
}

// BenchmarkStart is how long "cordon version" takes from the start of the process to
// its end; 50 ms is what a start may cost.
func BenchmarkStart(b *testing.B) {
	bin := filepath.Join(b.TempDir(), "cordon")
	shipped(b, bin)
	var walls, cpus []time.Duration
	for b.Loop() {
		start := exec.Command(bin, "version")
		begin := time.Now()
		if err := start.Run(); err != nil {
			b.Fatal(err)
		}
		walls = append(walls, time.Since(begin))
		cpus = append(cpus, start.ProcessState.UserTime()+start.ProcessState.SystemTime())
	}
	slices.Sort(walls)
	slices.Sort(cpus)
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	b.ReportMetric(ms(walls[len(walls)/2]), "wall_ms")
	b.ReportMetric(ms(walls[len(walls)-1]), "worst_ms")
	b.ReportMetric(ms(cpus[len(cpus)/2]), "cpu_ms")
}
