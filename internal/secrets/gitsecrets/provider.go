package gitsecrets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// provide runs a provider and answers the patterns that it printed. The one that
// every registration for AWS has is this program itself: it is not started again.
func (r *run) provide(command string) string {
	var words []string
	for _, word := range strings.FieldsFunc(command, func(c rune) bool { return c == ' ' || c == '\t' || c == '\n' }) {
		words = append(words, r.glob(word)...)
	}
	if len(words) == 0 {
		return ""
	}
	var out bytes.Buffer
	if len(words) >= 3 && slices.Equal(words[:3], []string{"git", "secrets", "--aws-provider"}) && len(words) <= 4 &&
		!strings.HasPrefix(words[len(words)-1], "--no-") && !strings.HasPrefix(strings.Join(words[3:], ""), "-") {
		r.awsProvider(first(words[3:]), &out)
	} else {
		code, err := r.start(proc{args: words, out: &out, err: r.Err})
		r.failed(words[0], code, err)
	}
	text := strings.ReplaceAll(strings.ReplaceAll(out.String(), "\r", ""), "\x00", "")
	return strings.TrimRight(text, "\n")
}

// failed tells that a provider gave fewer patterns than it should. A commit is
// not stopped by it, as it never was.
func (r *run) failed(name string, code int, err error) {
	switch {
	case errors.Is(err, errNoProgram):
		fmt.Fprintf(r.Err, "git-secrets: %s: command not found\n", name)
	case err != nil:
		fmt.Fprintf(r.Err, "git-secrets: cannot run provider %s: %v\n", name, err)
	case code != 0 && !r.strict():
		fmt.Fprintf(r.Err, "git-secrets: provider %s ended with %d: its patterns may be missing\n", name, code)
	}
}

// awsProvider prints the keys of a credentials file as patterns.
func (r *run) awsProvider(file string, out io.Writer) int {
	if file == "" {
		file = join(r.home(), ".aws/credentials")
	}
	file = r.at(file)
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	body, err := os.ReadFile(file)
	if err != nil {
		fmt.Fprintf(r.Err, "git-secrets: cannot read credentials: %v\n", err)
		return 0
	}
	text := strings.TrimSuffix(string(body), "\n")
	for _, l := range strings.Split(text, "\n") {
		if !strings.Contains(l, "aws_access_key_id") && !strings.Contains(l, "aws_secret_access_key") {
			continue
		}
		fields := strings.SplitN(l, "=", 3)
		value := ""
		if len(fields) > 1 {
			value = fields[1]
		}
		value = strings.NewReplacer(" ", "", `"`, "").Replace(value)
		_, _ = fmt.Fprintln(out, escape(value, `]\.|$(){}?+*^`))
	}
	return 0
}

// home is where the shell's ~ is.
func (r *run) home() string {
	if h := r.env("HOME"); h != "" {
		return h
	}
	if h, err := os.UserHomeDir(); err == nil {
		return h
	}
	return "/"
}

// escape puts a backslash before every one of these characters.
func escape(text, special string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if strings.IndexByte(special, text[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
