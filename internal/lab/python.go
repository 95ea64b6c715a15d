package lab

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// MotoVersion is the only version of moto that the plug-in is made for.
const MotoVersion = "5.2.1"

var (
	//go:embed requirements.txt
	requirements []byte
	//go:embed pins.txt
	pins []byte
	//go:embed pin.py
	pinScript []byte
)

// ErrNoPython says that there is no Python 3.10 or later at all.
var ErrNoPython = errors.New("cannot find Python 3.10 or later: install it, or name it in CORDON_LAB_PYTHON")

var errNoMoto = errors.New("no Python here has moto")

// FindPython returns a Python that has moto in the right version, or the reason
// why there is none. It installs nothing.
func FindPython(ctx context.Context) (string, error) {
	_, err := anyPython(ctx)
	if err != nil {
		return "", err
	}
	for _, name := range candidates() {
		if path, err := exec.LookPath(name); err == nil && hasMoto(ctx, path) {
			return path, nil
		}
	}
	if python, err := venvPython(); err == nil {
		return python, checkPins(ctx, python)
	}
	return "", fmt.Errorf("%w %s", errNoMoto, MotoVersion)
}

// findPython finds a Python with moto, or installs moto.
func findPython(ctx context.Context, o Options) (string, error) {
	if o.Python != "" {
		if !hasMoto(ctx, o.Python) {
			return "", fmt.Errorf("cannot use %s for the lab: it has no moto %s with all its libraries (pip install 'moto[all,server]==%s')", o.Python, MotoVersion, MotoVersion)
		}
		return o.Python, nil
	}
	if named := os.Getenv("CORDON_LAB_PYTHON"); named != "" && !hasMoto(ctx, named) {
		return "", fmt.Errorf("cannot use CORDON_LAB_PYTHON=%s for the lab: it has no moto %s with all its libraries", named, MotoVersion)
	}
	path, err := FindPython(ctx)
	if errors.Is(err, errNoMoto) {
		return installPython(ctx, o)
	}
	return path, err
}

// candidates are the interpreters to try, in order.
func candidates() []string {
	if named := os.Getenv("CORDON_LAB_PYTHON"); named != "" {
		return []string{named}
	}
	return []string{"python3", "python"}
}

// anyPython is a Python that can run the lab once moto is installed.
func anyPython(ctx context.Context) (string, error) {
	for _, name := range candidates() {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		const ask = "import sys; sys.exit(sys.version_info < (3, 10))"
		if isolated(ctx, path, "-c", ask).Run() == nil {
			return path, nil
		}
	}
	return "", ErrNoPython
}

// hasMoto reports whether a Python can run the lab: it has the right moto, the
// libraries of moto's server, and those of the services that the lab serves.
func hasMoto(ctx context.Context, python string) bool {
	const ask = "import sys, importlib.metadata as m, importlib.util as u; " +
		"sys.exit(sys.version_info < (3, 10) or m.version('moto') != sys.argv[1] or " +
		"not all(u.find_spec(n) for n in ('moto', 'flask', 'flask_cors', 'boto3', 'antlr4', 'joserfc', " +
		"'jsonpath_ng', 'openapi_spec_validator', 'py_partiql_parser', 'pyparsing')))"
	return isolated(ctx, python, "-c", ask, MotoVersion).Run() == nil
}

// isolated prepares a run of Python that sees neither our directory nor our
// environment.
func isolated(ctx context.Context, python string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, python, append([]string{"-I"}, args...)...)
	cmd.Env = environment()
	cmd.Dir = os.TempDir()
	return cmd
}

// venvDir is the virtual environment for these requirements. Its name changes
// with them.
func venvDir() (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append(append([]byte{}, requirements...), pins...))
	return filepath.Join(cache, "venv-"+hex.EncodeToString(sum[:])[:16]), nil
}

func venvPython() (string, error) {
	dir, err := venvDir()
	if err != nil {
		return "", err
	}
	return pythonIn(dir)
}

// pythonIn is the interpreter of a virtual environment, if there is one.
func pythonIn(dir string) (string, error) {
	python := filepath.Join(dir, "bin", "python")
	if runtime.GOOS == "windows" {
		python = filepath.Join(dir, "Scripts", "python.exe")
	}
	_, err := os.Stat(python)
	return python, err
}

// installPython makes a virtual environment with moto, with pip and from
// wherever pip is configured to install. What was installed is compared with
// the pins before any of it runs in the lab; only then it gets its name.
func installPython(ctx context.Context, o Options) (string, error) {
	base, err := anyPython(ctx)
	if err != nil {
		return "", err
	}
	dir, err := venvDir()
	if err != nil {
		return "", err
	}
	if err := privateDir(filepath.Dir(dir)); err != nil {
		return "", fmt.Errorf("cannot install the lab's Python packages: %w", err)
	}
	if o.Log != nil {
		fmt.Fprintf(o.Log, "installing moto %s for the lab into %s\n", MotoVersion, dir)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "new-venv-")
	if err != nil {
		return "", fmt.Errorf("cannot install the lab's Python packages: %w", err)
	}
	defer os.RemoveAll(fresh)
	python, err := buildVenv(ctx, base, fresh)
	if err != nil {
		return "", err
	}
	if err := checkPins(ctx, python); err != nil {
		return "", err
	}
	if err := os.Rename(fresh, dir); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("cannot install the lab's Python packages: %w", err)
	}
	python, err = pythonIn(dir)
	if err != nil {
		return "", fmt.Errorf("cannot install the lab's Python packages: %w", err)
	}
	return python, checkPins(ctx, python)
}

// buildVenv makes the virtual environment and fills it.
func buildVenv(ctx context.Context, base, dir string) (string, error) {
	const install = "cannot install the lab's Python packages: %w\n%s\n" +
		"install them yourself (pip install 'moto[server]==" + MotoVersion + "') and name that Python in CORDON_LAB_PYTHON"
	if out, err := isolated(ctx, base, "-m", "venv", dir).CombinedOutput(); err != nil {
		return "", fmt.Errorf(install, err, lastLines(out))
	}
	python, err := pythonIn(dir)
	if err != nil {
		return "", fmt.Errorf("cannot install the lab's Python packages: %w", err)
	}
	list := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(list, requirements, 0o600); err != nil {
		return "", fmt.Errorf("cannot install the lab's Python packages: %w", err)
	}
	// Not -I: pip's own settings (index, mirror, proxy) are the user's to make.
	pip := exec.CommandContext(ctx, python, "-s", "-m", "pip", "--disable-pip-version-check", "--no-input",
		"install", "--quiet", "--no-deps", "--only-binary", ":all:", "-r", list)
	pip.Dir = dir
	if out, err := pip.CombinedOutput(); err != nil {
		return "", fmt.Errorf(install, err, lastLines(out))
	}
	return python, nil
}

// checkPins compares the installed packages with those that the lab was built
// with.
func checkPins(ctx context.Context, python string) error {
	dir, err := os.MkdirTemp("", "cordon-pins-")
	if err != nil {
		return fmt.Errorf("cannot check the lab's Python packages: %w", err)
	}
	defer os.RemoveAll(dir)
	list := filepath.Join(dir, "pins.txt")
	if err := os.WriteFile(list, pins, 0o600); err != nil {
		return fmt.Errorf("cannot check the lab's Python packages: %w", err)
	}
	out, err := isolated(ctx, python, "-c", string(pinScript), "check", list).CombinedOutput()
	if err != nil {
		root := filepath.Dir(filepath.Dir(python))
		return fmt.Errorf("cannot trust the lab's Python packages: %s\ndelete %s to have them installed anew", lastLines(out), root)
	}
	return nil
}

// lastLines is the end of a program's output, where the reason is.
func lastLines(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) > 6 {
		lines = lines[len(lines)-6:]
	}
	return strings.Join(lines, "\n")
}
