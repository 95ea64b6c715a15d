package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// records runs "told [-count=N] TYPE MEMBER…" over the last standard output, in
// JSON Lines: some record (or exactly N) of the type has every member. A member
// is a path, "issued.id", or a path and its value, "issued.id=AKIA…"; within a
// list any element will do. "issued:id=AKIA…,used=true" wants one element that
// has them all. Negated, no record has them all.
func records(ts *testscript.TestScript, neg bool, args []string) {
	want := -1
	if len(args) > 0 {
		if n, ok := strings.CutPrefix(args[0], "-count="); ok {
			var err error
			want, err = strconv.Atoi(n)
			ts.Check(err)
			args = args[1:]
		}
	}
	if len(args) == 0 || neg && want >= 0 {
		ts.Fatalf("usage: [!] told TYPE [MEMBER[=VALUE]…], told -count=N TYPE …")
	}
	found, of := 0, 0
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		r, err := decoded(line)
		ts.Check(err)
		if r["type"] != args[0] {
			continue
		}
		of++
		if hasAll(r, args[1:]) {
			found++
		}
	}
	switch {
	case want >= 0 && found != want:
		ts.Fatalf("%d of %d records %s have them, want %d", found, of, args[0], want)
	case neg && found > 0:
		ts.Fatalf("%d of %d records %s have them, want none", found, of, args[0])
	case want < 0 && !neg && found == 0:
		ts.Fatalf("none of %d records %s has them all", of, args[0])
	}
}

func decoded(line string) (r map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader([]byte(line)))
	d.UseNumber()
	if err := d.Decode(&r); err != nil {
		return nil, fmt.Errorf("cannot read a record: %w: %s", err, line)
	}
	return r, nil
}

func hasAll(r map[string]any, members []string) bool {
	for _, m := range members {
		if i := strings.IndexAny(m, ":="); i >= 0 && m[i] == ':' {
			list, _ := r[m[:i]].([]any)
			if !slices.ContainsFunc(list, func(v any) bool {
				one, ok := v.(map[string]any)
				return ok && hasAll(one, strings.Split(m[i+1:], ","))
			}) {
				return false
			}
			continue
		}
		path, value, valued := strings.Cut(m, "=")
		if !has(r, strings.Split(path, "."), value, valued) {
			return false
		}
	}
	return true
}

// has says whether a path leads to a value, or to anything at all.
func has(v any, path []string, value string, valued bool) bool {
	if list, ok := v.([]any); ok {
		if len(path) == 0 && !valued {
			return true
		}
		for _, one := range list {
			if has(one, path, value, valued) {
				return true
			}
		}
		return false
	}
	if len(path) == 0 {
		return !valued || fmt.Sprint(v) == value
	}
	members, ok := v.(map[string]any)
	if !ok {
		return false
	}
	next, there := members[path[0]]
	return there && has(next, path[1:], value, valued)
}

// TestHasAll: the stories' own check sees what is not there.
func TestHasAll(t *testing.T) {
	r, err := decoded(`{"type":"x","n":13,"no":[],"deep":{"a":"1"},"list":[{"id":"a","used":true,"ids":["p","q"]},{"id":"b","used":false,"at":"02:03"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	for members, want := range map[string]bool{
		"": true, "n=13": true, "n=1": false, "n=130": false, "n": true, "no": true, "no=x": false, "no.id": false, "m": false, "deep.a=1": true, "deep.b": false,
		"list.id=a": true, "list.id=c": false, "list.id=a list.used=false": true, "list:id=a,used=false": false, "list:id=a,used=true": true,
		"list:id=b,at=02:03": true, "list.ids=q": true, "list:id=b,ids=q": false, "n:id=a": false, "n=13 list:id=a m": false,
	} {
		if got := hasAll(r, strings.Fields(members)); got != want {
			t.Errorf("%q: %v", members, got)
		}
	}
}
