package gitsecrets

import (
	"fmt"
	"io"
	"strings"
)

// An option as git rev-parse --parseopt knows it. None takes a value, each can be
// negated, and a long name may be cut short where no other begins so.
type option struct {
	letter byte
	long   string
}

// options are in the order of the usage, which is the order in which git looks
// for what an abbreviation may mean.
var options = []option{
	{long: "scan"}, {long: "scan-history"}, {long: "install"}, {long: "list"}, {long: "add"}, {long: "add-provider"},
	{long: "aws-provider"}, {long: "register-aws"}, {'r', "recursive"}, {long: "cached"}, {long: "no-index"},
	{long: "untracked"}, {'f', "force"}, {'l', "literal"}, {'a', "allowed"}, {long: "global"}, {long: "commit_msg_hook"},
	{long: "pre_commit_hook"}, {long: "prepare_commit_msg_hook"},
}

// name is what the option is called behind the parser: its short name, if it has
// one.
func (o option) name(negated bool) string {
	switch {
	case negated:
		return "--no-" + o.long
	case o.letter != 0:
		return "-" + string(o.letter)
	}
	return "--" + o.long
}

// parse puts options first, by their full names, then "--", then everything else.
// done says that the command line was answered already.
func (r *run) parse(args []string) (parsed []string, code int, done bool) {
	var rest []string
	for i, arg := range args {
		if len(arg) < 2 || arg[0] != '-' {
			rest = append(rest, arg)
			continue
		}
		if arg == "--" || arg == "--end-of-options" {
			rest = append(rest, args[i+1:]...)
			break
		}
		var names []string
		if arg[1] == '-' {
			names, code, done = r.long(arg[2:])
		} else {
			names, code, done = r.short(arg[1:])
		}
		if done {
			return nil, code, true
		}
		parsed = append(parsed, names...)
	}
	return append(append(parsed, "--"), rest...), 0, false
}

// Late says that a command line asks for the history, which deserves everything
// that this program has; all else is answered at once.
func Late(args []string) bool {
	r := &run{System: System{Out: io.Discard, Err: io.Discard}}
	parsed, _, done := r.parse(args)
	return !done && parsed[0] == "--scan-history"
}

// help is the usage because somebody asked, or because an abbreviation was not
// clear.
func (r *run) help() ([]string, int, bool) {
	fmt.Fprint(r.Out, usage)
	return nil, exitUsage, true
}

func (r *run) wrong(showUsage bool, format string, args ...any) ([]string, int, bool) {
	fmt.Fprintf(r.Err, "error: "+format+"\n", args...)
	if showUsage {
		fmt.Fprint(r.Err, usage)
	}
	return nil, exitUsage, true
}

// short reads bundled letters.
func (r *run) short(letters string) (names []string, code int, done bool) {
	for i := 0; i < len(letters); i++ {
		known := false
		for _, o := range options {
			if o.letter == letters[i] {
				names, known = append(names, o.name(false)), true
			}
		}
		if i == 0 {
			if meant, ok := forgotten(letters); ok {
				return r.wrong(false, "did you mean `--%s` (with two dashes)?", meant)
			}
		}
		switch {
		case known:
		case letters[i] == 'h':
			return r.help()
		case letters[i] >= 0x80:
			return r.wrong(true, "unknown non-ascii option in string: `-%s'", letters[i:])
		default:
			return r.wrong(true, "unknown switch `%c'", letters[i])
		}
	}
	return names, 0, false
}

// forgotten says which long option was meant with a single dash.
func forgotten(letters string) (string, bool) {
	if len(letters) < 3 {
		return "", false
	}
	if strings.HasPrefix(letters, "no-") {
		return letters, true
	}
	for _, o := range options {
		if strings.HasPrefix(o.long, letters) {
			return letters, true
		}
	}
	return "", false
}

// long reads one long option, whole, cut short or negated, by git's own rules.
func (r *run) long(arg string) ([]string, int, bool) {
	switch arg {
	case "help":
		return r.help()
	case "help-all":
		fmt.Fprint(r.Out, usageAll)
		return nil, exitUsage, true
	}
	name, _, valued := strings.Cut(arg, "=")
	type guess struct {
		option  option
		negated bool
	}
	var near, unclear *guess
	abbreviated := func(g guess) {
		if near != nil {
			unclear = near
		}
		near = &g
	}
	for _, o := range options {
		exact, cut, negated := o.read(name)
		switch {
		case exact:
			return r.take(o, negated, valued)
		case cut:
			abbreviated(guess{o, negated})
		}
	}
	dashed := func(g *guess) string {
		if g.negated {
			return "no-" + g.option.long
		}
		return g.option.long
	}
	switch {
	case unclear != nil:
		fmt.Fprintf(r.Err, "error: ambiguous option: %s (could be --%s or --%s)\n", arg, dashed(unclear), dashed(near))
		return r.help()
	case near != nil:
		return r.take(near.option, near.negated, valued)
	}
	return r.wrong(true, "unknown option `%s'", arg)
}

// read says whether name is the option, a beginning of it, or either of its
// negation: with "no-" before, or without the one that it has.
func (o option) read(name string) (exact, cut, negated bool) {
	if name == o.long {
		return true, false, false
	}
	if strings.HasPrefix(o.long, name) {
		return false, true, false
	}
	if strings.HasPrefix("no-", name) {
		return false, true, true
	}
	positive, isNo := strings.CutPrefix(o.long, "no-")
	rest, saysNo := strings.CutPrefix(name, "no-")
	switch {
	case saysNo && rest == o.long:
		return true, false, true
	case saysNo && strings.HasPrefix(o.long, rest):
		return false, true, true
	case !saysNo && isNo && name == positive:
		return true, false, true
	case !saysNo && isNo && strings.HasPrefix(positive, name):
		return false, true, true
	}
	return false, false, false
}

func (r *run) take(o option, negated, valued bool) ([]string, int, bool) {
	if valued {
		if negated {
			return r.wrong(false, "option `no-%s' takes no value", o.long)
		}
		return r.wrong(false, "option `%s' takes no value", o.long)
	}
	return []string{o.name(negated)}, 0, false
}
