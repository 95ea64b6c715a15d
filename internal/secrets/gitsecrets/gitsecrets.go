// Package gitsecrets is the git-secrets command: the same commands, options,
// settings, hooks, output and exit codes as the program of that name from
// awslabs, without a shell and without grep.
//
// Where that program is plainly broken, this one does what was meant. With
// secrets.compat=strict in git's configuration it does what the original does.
// docs/ref/git-secrets.md lists every difference.
package gitsecrets

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"cordon/internal/secrets/ere"
)

// System is what a run needs of the machine.
type System struct {
	Args     []string // without the program's name
	In       io.Reader
	Out, Err io.Writer
	Env      []string // "NAME=value"
	Dir      string
	OutTTY   bool
	History  History // nil asks git
}

// History finds, faster than git does, which commits may have changed a line with
// one of the patterns. It answers false when it could not look at all there is;
// then git is asked.
type History func(Question) (Found, bool)

// A Question is what to look for, and where.
type Question struct {
	Dir      string
	Env      []string
	Patterns []string
	Dialect  ere.Dialect
	Merges   bool // what only a merge has counts too
}

// Found are commits in the order of git log --all, merges in no order, and all
// files that have such a line in any commit.
type Found struct {
	Commits, Merges []string
	Blobs           map[string]bool
}

// The exit codes besides 0, and those of git and grep.
const (
	exitFound   = 1
	exitRefused = 1
	exitTrouble = 2
	exitGit     = 128
	exitUsage   = 129
)

// run is one run of the command.
type run struct {
	System
	settings *settings
	store    *store
	opened   sync.Once
	cut      map[string]bool // see shallow

	global, force, recursive, literal, allowed bool
	cached, noIndex, untracked                 bool
}

// Run runs one command line and returns its exit code.
func Run(sys System) int {
	r := &run{System: sys}
	defer r.close()
	args, code, done := r.parse(sys.Args)
	if done {
		return code
	}
	command, rest, code := r.flags(args)
	if code != 0 {
		return code
	}
	switch command {
	case "-h", "--help", "--":
		fmt.Fprint(r.Out, usage)
		return 0
	case "--add-provider":
		return r.add("secrets.providers", strings.Join(rest, " "))
	case "--register-aws":
		return r.registerAWS()
	case "--aws-provider":
		return r.awsProvider(first(rest), r.Out)
	case "--commit_msg_hook":
		return r.verdict(r.scan([]string{first(rest)}))
	case "--pre_commit_hook":
		return r.verdict(r.preCommit())
	case "--prepare_commit_msg_hook":
		return r.prepareCommitMsg(rest)
	case "--add":
		key := "secrets.patterns"
		if r.allowed {
			key = "secrets.allowed"
		}
		return r.add(key, first(rest))
	case "--scan":
		return r.verdict(r.scan(rest))
	case "--scan-history":
		return r.verdict(r.history())
	case "--list":
		return r.list()
	case "--install":
		return r.install(first(rest))
	}
	fmt.Fprintf(r.Out, "Unknown option: %s\n%s", command, usage)
	return exitUsage
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func (r *run) env(name string) string {
	value := ""
	for _, e := range r.Env {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			value = v
		}
	}
	return value
}

func (r *run) refuse(format string, args ...any) int {
	fmt.Fprintf(r.Err, format+"\n", args...)
	return exitRefused
}

// flags reads what comes behind the command, as far as a "--".
func (r *run) flags(args []string) (command string, rest []string, code int) {
	command, rest = args[0], args[1:]
	for len(rest) > 0 {
		arg := rest[0]
		rest = rest[1:]
		if arg == "--" {
			break
		}
		if arg == "--global" {
			r.global = true
			continue
		}
		for _, f := range []struct {
			arg, command, name string
			value              *bool
		}{
			{"-f", "--install", "-f|--force", &r.force}, {"-r", "--scan", "-r|--recursive", &r.recursive},
			{"-a", "--add", "-a|--allowed", &r.allowed}, {"-l", "--add", "-l|--literal", &r.literal},
			{"--cached", "--scan", "--cached", &r.cached}, {"--no-index", "--scan", "--no-index", &r.noIndex},
			{"--untracked", "--scan", "--untracked", &r.untracked},
		} {
			if arg != f.arg {
				continue
			}
			if command != f.command {
				return "", nil, r.refuse("%s can only be supplied with the %s subcommand", f.name, f.command)
			}
			*f.value = true
		}
	}
	if r.recursive && (r.cached || r.noIndex || r.untracked) {
		return "", nil, r.refuse("-r|--recursive cannot be supplied with --cached, --no-index, or --untracked")
	}
	return command, rest, 0
}

// verdict tells what can be done about findings.
func (r *run) verdict(code int) int {
	if code != exitFound {
		return code
	}
	fmt.Fprint(r.Err, mitigations)
	return exitFound
}

// dialect is how patterns are read for what git grep searched in the original.
func (r *run) dialect() ere.Dialect {
	if r.strict() {
		return ere.Git
	}
	return ere.Grep
}
