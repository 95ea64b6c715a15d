package gitsecrets

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"cordon/internal/secrets/ere"
)

// emptyTree is compared with while there is no commit.
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

// preCommit searches what is staged and differs from the last commit.
func (r *run) preCommit() int {
	if r.strict() {
		return r.preCommitStrict()
	}
	patterns := r.patterns()
	if len(patterns) == 0 {
		return 0
	}
	items, code := r.staged()
	if code != 0 || len(items) == 0 {
		return code
	}
	re, bad := r.compile(patterns, ere.Options{Word: true}, "git-secrets: cannot use a pattern: %s")
	if re == nil {
		return exitGit
	}
	return r.settle(bad, r.grepItems(re, items))
}

// staged lists the files in the index that are not as in HEAD.
func (r *run) staged() ([]item, int) {
	diff := []string{"diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--diff-filter=ACMTU"}
	var complaints bytes.Buffer
	out, code := r.git(&complaints, append(diff, "HEAD", "--")...)
	if code != 0 {
		if _, unborn := r.git(nil, "rev-parse", "--verify", "-q", "HEAD"); unborn != 0 {
			empty, _ := r.gitIn(nil, []byte{}, "hash-object", "-t", "tree", "--stdin")
			complaints.Reset()
			out, code = r.git(&complaints, append(diff, line(empty), "--")...)
		}
	}
	_, _ = r.Err.Write(complaints.Bytes())
	if code != 0 {
		return nil, code
	}
	var items []item
	f := strings.Split(string(out), "\x00")
	for i := 0; i+1 < len(f); i += 2 {
		// ":100644 100755 id id M"
		if m := strings.Fields(f[i]); len(m) == 5 && strings.HasPrefix(m[1], "100") && strings.Trim(m[3], "0") != "" {
			items = append(items, item{f[i+1], m[3]})
		}
	}
	return items, 0
}

// preCommitStrict does as the original: names go through git's own quoting and
// are patterns of paths to git grep, and no name at all means every file.
func (r *run) preCommitStrict() int {
	rev := emptyTree
	if _, code := r.git(nil, "rev-parse", "--verify", "-q", "HEAD"); code == 0 {
		rev = "HEAD"
	}
	out, _ := r.told("diff-index", "--diff-filter", "ACMU", "--name-only", "--cached", rev, "--")
	names := strings.FieldsFunc(string(out), func(c rune) bool { return c == '\n' })
	r.cached = true
	return r.scan(names)
}

// prepareCommitMsg searches what a merge brings in.
func (r *run) prepareCommitMsg(args []string) int {
	if len(args) < 2 || args[1] != "merge" || len(args) > 2 && args[2] != "" {
		return 0
	}
	if r.strict() {
		return r.verdict(r.mergeStrict())
	}
	heads := r.heads()
	if len(heads) == 0 {
		return 0
	}
	// What a user may have set must not take anything out of it.
	settings := []string{"-c", "log.showRoot=true", "-c", "diff.suppressBlankEmpty=false"}
	out, code := r.told(slices.Concat(settings, []string{"log", "--pretty=medium", "-p", "--cc", "--no-color", "--no-ext-diff", "--no-textconv", "--text"}, heads, []string{"--not", "HEAD", "--"})...)
	if code != 0 {
		return code
	}
	r.In = bytes.NewReader(addedOnly(out))
	return r.verdict(r.scan([]string{"-"}))
}

// mergeStrict is the log of the head that was named last, with what it removes.
func (r *run) mergeStrict() int {
	sha := ""
	for _, e := range r.Env {
		if strings.Contains(e, "GITHEAD") {
			sha = e[strings.LastIndexByte(e, '=')+1:]
		}
	}
	branch, _ := r.told("symbolic-ref", "HEAD")
	out, _ := r.told("log", strings.TrimPrefix(line(branch), "refs/heads/")+".."+sha, "-p")
	r.In = bytes.NewReader(out)
	return r.scan([]string{"-"})
}

// heads are the commits that are being merged: git names them to the hook, and
// in a file once a conflict was in between.
func (r *run) heads() (all []string) {
	for _, e := range r.Env {
		if name, _, _ := strings.Cut(e, "="); strings.HasPrefix(name, "GITHEAD_") {
			all = append(all, strings.TrimPrefix(name, "GITHEAD_"))
		}
	}
	if len(all) > 0 {
		return all
	}
	out, code := r.git(nil, "rev-parse", "--git-path", "MERGE_HEAD")
	if code != 0 {
		return nil
	}
	body, err := os.ReadFile(r.at(line(out)))
	if err != nil {
		return nil
	}
	return strings.Fields(string(body))
}

// addedOnly is a log without the lines that a change removes or leaves alone. The
// number of each line stays what it was.
func addedOnly(log []byte) []byte {
	var out bytes.Buffer
	var h hunk
	for _, l := range bytes.SplitAfter(log, []byte{'\n'}) {
		if h.left() {
			if !h.take(l) {
				l = []byte{'\n'}
			}
		} else if bytes.HasPrefix(l, []byte("@@")) {
			h.begin(l)
		}
		out.Write(l)
	}
	return out.Bytes()
}

// A hunk counts the lines that are still to come, of each parent and of the
// result.
type hunk struct {
	old []int
	new int
}

func (h *hunk) left() bool {
	return h.new > 0 || slices.ContainsFunc(h.old, func(n int) bool { return n > 0 })
}

// begin reads "@@ -1,2 +1,3 @@", with one more @ and range for each parent more.
func (h *hunk) begin(l []byte) {
	h.old, h.new = h.old[:0], 0
	for _, f := range strings.Fields(string(l))[1:] {
		if f[0] != '-' && f[0] != '+' {
			break
		}
		n, start := 1, 0
		if _, counted, ok := strings.Cut(f, ","); ok {
			if _, err := fmt.Sscan(counted, &n); err != nil {
				return
			}
		} else if _, err := fmt.Sscan(f[1:], &start); err != nil {
			return
		}
		if f[0] == '-' {
			h.old = append(h.old, n)
		} else {
			h.new = n
		}
	}
}

// take counts one line and says whether the change adds it.
func (h *hunk) take(l []byte) (added bool) {
	if len(l) == 1 && l[0] == '\n' { // an empty line of all, of which not even the blanks were written
		for i := range h.old {
			h.old[i]--
		}
		h.new--
		return false
	}
	if len(l) < len(h.old) || l[0] == '\\' {
		return false
	}
	gone := false
	for i := range h.old {
		switch l[i] {
		case '+':
			added = true
		case '-':
			gone = true
			h.old[i]--
		}
	}
	for i := range h.old {
		if !gone && l[i] == ' ' {
			h.old[i]--
		}
	}
	if !gone {
		h.new--
	}
	return added
}

// list prints the settings as git does.
func (r *run) list() int {
	args := []string{"config"}
	if r.global {
		args = append(args, "--global")
	}
	args = append(args, "--get-regexp", "secrets.*")
	return r.code(r.start(proc{args: append([]string{"git"}, args...), out: r.Out, err: r.Err}))
}
