// Package gitsecrets is the face that git calls: cordon under the name of
// git-secrets.
//
// It answers while the program is still being initialised. Go initialises packages
// in the order of their import paths, each as soon as what it imports is: a package
// of this module that imports little comes before the AWS SDK, whose clients take
// longer to initialise than a commit hook may take at all. So this package, and
// internal/secrets/gitsecrets below it, import nothing that is initialised late:
// no os/exec, path/filepath, regexp or net. archtest looks at the built program.
package gitsecrets

import (
	"os"
	"strings"

	core "cordon/internal/secrets/gitsecrets"
)

func init() {
	if Called() && !core.Late(os.Args[1:]) {
		os.Exit(run(nil))
	}
}

// Called says whether this program was called as git-secrets.
func Called() bool {
	if len(os.Args) == 0 {
		return false
	}
	name := os.Args[0]
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	return strings.TrimSuffix(name, ".exe") == "git-secrets"
}

// Main answers, once everything is initialised, what init left alone: the history
// of a repository is read with more than a hook needs.
func Main(history core.History) int { return run(history) }

func run(history core.History) int {
	dir, err := os.Getwd()
	if err != nil {
		_, _ = os.Stderr.WriteString("git-secrets: cannot tell the current directory: " + err.Error() + "\n")
		return 128
	}
	return core.Run(core.System{
		Args: os.Args[1:], In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Environ(), Dir: dir,
		OutTTY: terminal(os.Stdout), History: history,
	})
}

// terminal says that somebody looks at a file's other end.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
