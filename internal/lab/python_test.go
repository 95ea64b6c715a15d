package lab_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cordon/internal/lab"
)

// orSkip runs a program, and skips the test if that fails.
func orSkip(t *testing.T, why string, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Skipf("%s: %v: %s", why, err, out)
	}
}

// TestInstall installs moto without a network: from wheels that are rebuilt
// from what is installed here, into a Python that has nothing.
func TestInstall(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	full, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	orSkip(t, "no ensurepip, so no pip in virtual environments", full, "-I", "-c", "import ensurepip, venv")
	wheels, bare := t.TempDir(), t.TempDir()
	orSkip(t, "the pinned distributions are not installed here", full, "testdata/wheels.py", "requirements.txt", wheels)
	orSkip(t, "no virtual environments", full, "-I", "-m", "venv", "--without-pip", bare)

	cache := t.TempDir()
	if err := os.Chmod(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	t.Setenv("PATH", filepath.Join(bare, "bin"))
	t.Setenv("CORDON_LAB_PYTHON", "")
	t.Setenv("PIP_NO_INDEX", "1")
	t.Setenv("PIP_FIND_LINKS", wheels)
	ctx := context.Background()
	if _, err := lab.FindPython(ctx); err == nil {
		t.Fatal("the bare Python has moto")
	}
	var said strings.Builder
	l, err := lab.Start(ctx, lab.Options{Log: &said})
	if err != nil {
		t.Fatal(err)
	}
	// The pinned distributions are all that a scenario needs.
	for _, scenario := range []string{"night", "siege"} {
		if err := l.Reset(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Seed(ctx, scenario, time.Time{}); err != nil {
			t.Errorf("%s: %v", scenario, err)
		}
	}
	if missing, err := l.Missing(ctx); err != nil || len(missing) != 0 {
		t.Errorf("%v %v", missing, err)
	}
	if err := l.Stop(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(said.String(), "installing moto") {
		t.Errorf("it was not said that something is installed: %q", said.String())
	}
	python, err := lab.FindPython(ctx)
	if err != nil || !strings.HasPrefix(python, cache) {
		t.Fatalf("%s %v", python, err)
	}
	refuseChanged(t, filepath.Dir(filepath.Dir(python)))
}

// refuseChanged changes one file of one distribution.
func refuseChanged(t *testing.T, venv string) {
	found, err := filepath.Glob(filepath.Join(venv, "lib", "python3*", "site-packages", "xmltodict.py"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v %v", found, err)
	}
	file, err := os.OpenFile(found[0], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString("\nimport os\n")
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = lab.Start(context.Background(), lab.Options{})
	if err == nil || !strings.Contains(err.Error(), "xmltodict==1.0.4") {
		t.Errorf("a changed package was not refused: %v", err)
	}
}

// TestInstallSaysWhatToDo: nothing to install from.
func TestInstallSaysWhatToDo(t *testing.T) {
	full, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	orSkip(t, "no ensurepip, so no pip in virtual environments", full, "-I", "-c", "import ensurepip, venv")
	bare, cache := t.TempDir(), t.TempDir()
	orSkip(t, "no virtual environments", full, "-I", "-m", "venv", "--without-pip", bare)
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	t.Setenv("CORDON_LAB_PYTHON", "")
	t.Setenv("PIP_NO_INDEX", "1")
	t.Setenv("PIP_FIND_LINKS", "")
	t.Setenv("PATH", filepath.Join(bare, "bin"))
	_, err = lab.Start(context.Background(), lab.Options{})
	if err == nil || !strings.HasPrefix(err.Error(), "cannot install the lab's Python packages: ") ||
		!strings.Contains(err.Error(), "CORDON_LAB_PYTHON") {
		t.Errorf("with nothing to install from: %v", err)
	}
	t.Setenv("PATH", cache)
	if _, err = lab.Start(context.Background(), lab.Options{}); err == nil || !strings.HasPrefix(err.Error(), "cannot find Python 3.10 or later") {
		t.Errorf("with no Python: %v", err)
	}
}
