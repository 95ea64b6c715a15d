package gitsecrets

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// aws is what --register-aws adds, in this order. Inside brackets a backslash is
// itself.
var aws = []struct{ key, value string }{
	{"secrets.providers", "git secrets --aws-provider"},
	{"secrets.patterns", `(A3T[A-Z0-9]|AKIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|ASIA)[A-Z0-9]{16}`},
	{"secrets.patterns", `ABSK[A-Za-z0-9+/]{109,}=*`},
	{"secrets.patterns", `bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t`},
	{"secrets.patterns", `("|')?(AWS|aws|Aws)?_?(SECRET|secret|Secret)?_?(ACCESS|access|Access)?_?(KEY|key|Key)("|')?\s*(:|=>|=)\s*("|')?[A-Za-z0-9/\+=]{40}("|')?`},
	{"secrets.patterns", `("|')?(AWS|aws|Aws)?_?(ACCOUNT|account|Account)_?(ID|id|Id)?("|')?\s*(:|=>|=)\s*("|')?[0-9]{4}\-?[0-9]{4}\-?[0-9]{4}("|')?`},
	{"secrets.allowed", `AKIAIOSFODNN7EXAMPLE`},
	{"secrets.allowed", `wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY`},
}

// registerAWS adds the AWS patterns. It says OK when the last one was new.
func (r *run) registerAWS() int {
	code := 0
	for _, entry := range aws {
		code = r.add(entry.key, entry.value)
	}
	if code == 0 {
		fmt.Fprintln(r.Out, "OK")
	}
	return 0
}

// add adds one value to git's configuration, unless it is there: then the answer
// is 1, and nobody says a word, as it always was.
func (r *run) add(key, value string) int {
	strict := r.compat()
	if r.literal {
		special := `\.|$(){}?+*^`
		if !strict {
			special += "["
		}
		value = escape(value, special)
	}
	if value == "" && !strict {
		return r.refuse("git-secrets: cannot add an empty pattern: it would match every line")
	}
	have := r.values(key)
	if slices.Contains(have, value) || strict && dropped(have, value) {
		return 1
	}
	args := []string{"config"}
	if r.global {
		args = append(args, "--global")
	}
	_, code := r.told(append(args, "--add", key, value)...)
	return code
}

// dropped is the original's test for what is there already: a line of any value
// that holds a line of this one.
func dropped(have []string, value string) bool {
	for _, l := range strings.Split(strings.Join(have, "\n"), "\n") {
		for _, v := range strings.Split(value, "\n") {
			if len(have) > 0 && strings.Contains(l, v) {
				return true
			}
		}
	}
	return false
}

// values are those of one key, of all files or of the global ones.
func (r *run) values(key string) []string {
	args := []string{"config", "--null"}
	if r.global {
		args = append(args, "--global")
	}
	out, _ := r.told(append(args, "--get-all", key)...)
	if len(out) == 0 {
		return nil
	}
	return strings.Split(string(bytes.TrimSuffix(out, []byte{0})), "\x00")
}

// compat says whether the original's ways are wanted, without running providers.
func (r *run) compat() bool { return r.config().strict }
