package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// source is one Go file. pkg is its directory below internal, or from the root
// of the module for what lies elsewhere ("cmd/cordon").
type source struct {
	path, pkg string
	test      bool
	generated bool
	lines     int
	file      *ast.File
	imports   map[string]string // name in the file → path
}

func parse(name string, text []byte) (source, error) {
	f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return source{}, err
	}
	s := source{
		path: name, pkg: strings.TrimPrefix(path.Dir(name), "internal/"), file: f, test: strings.HasSuffix(name, "_test.go") || strings.HasSuffix(path.Dir(name), "test"), // kindtest is test code too
		lines: bytes.Count(text, []byte("\n")), generated: ast.IsGenerated(f) || strings.HasSuffix(name, "_templ.go"), imports: map[string]string{},
	}
	for _, imp := range f.Imports {
		p, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			return s, err
		}
		local := path.Base(p)
		if imp.Name != nil {
			local = imp.Name.Name
		}
		if local == "_" || local == "." {
			local += p // no selector has it; the import still counts
		}
		s.imports[local] = p
	}
	return s, nil
}

// within says whether pkg is one of trees or lies below one.
func within(pkg string, trees []string) bool {
	return slices.ContainsFunc(trees, func(t string) bool { return pkg == t || strings.HasPrefix(pkg, t+"/") })
}

// reaches says whether an import of got is one of to.
func reaches(got, to string) bool {
	if strings.HasSuffix(to, "/") {
		return strings.HasPrefix(got, to)
	}
	return got == to || strings.HasPrefix(got, ours) && within(strings.TrimPrefix(got, ours), []string{to})
}

// check returns every breach in one file.
func check(s source) (faults []string) {
	bad := func(format string, args ...any) {
		faults = append(faults, s.path+": "+fmt.Sprintf(format, args...))
	}
	if s.lines > maxLines && !s.generated {
		bad("%d lines; %d is the most", s.lines, maxLines)
	}
	if slices.Contains(vague, path.Base(s.pkg)) || slices.Contains(vague, s.file.Name.Name) {
		bad("a package name that says nothing")
	}
	if s.test {
		return faults
	}
	for _, got := range s.imports {
		if strings.HasSuffix(got, "test") && strings.HasPrefix(got, ours) {
			bad("imports %s: it is made for tests", got)
		}
		if why, ok := everywhere[got]; ok {
			bad("imports %s: %s", got, why)
		}
		for _, r := range imports {
			if within(s.pkg, r.from) && slices.ContainsFunc(r.to, func(to string) bool { return reaches(got, to) && !below(s.pkg, got) }) {
				bad("imports %s: %s", got, r.why)
			}
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && !s.names(sel.X) {
				for _, m := range methods {
					if sel.Sel.Name == m.name && len(call.Args) == 0 && !within(s.pkg, m.but) {
						bad("calls .%s(): %s", m.name, m.why)
					}
				}
			}
		}
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if !ok {
			return true
		}
		for _, r := range names {
			if s.imports[x.Name] == r.path && matches(sel.Sel.Name, r.name) && !within(s.pkg, r.but) && (r.in == nil || within(s.pkg, r.in)) {
				bad("uses %s.%s: %s", x.Name, sel.Sel.Name, r.why)
			}
		}
		return true
	})
	return faults
}

// below says whether one of the two lies in the other's tree: face/cli/tty and
// face/cli, kind/deep and kind.
func below(pkg, got string) bool {
	other := strings.TrimPrefix(got, ours)
	return other != got && (within(pkg, []string{other}) || within(other, []string{pkg}))
}

// names says whether x is the name of an imported package.
func (s source) names(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && s.imports[id.Name] != ""
}

func matches(name, pattern string) bool {
	if head, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, head)
	}
	return name == pattern
}

// module parses all of the module's sources.
func module(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	var all []source
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && p != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules" || name == "dist") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		s, err := parse(filepath.ToSlash(rel), text)
		all = append(all, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestArchitecture(t *testing.T) {
	all := module(t)
	if len(all) < 20 {
		t.Fatalf("only %d files found: the tests look in the wrong place", len(all))
	}
	for _, s := range all {
		for _, fault := range check(s) {
			t.Error(fault)
		}
	}
}

// TestPackageComments: a package says what it is for, in one place.
func TestPackageComments(t *testing.T) {
	said := map[string]int{}
	for _, s := range module(t) {
		if strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		said[s.pkg] += 0
		if s.file.Doc != nil {
			said[s.pkg]++
			if want := "Package " + s.file.Name.Name + " "; s.file.Name.Name != "main" && !strings.HasPrefix(s.file.Doc.Text(), want) {
				t.Errorf("%s: its comment does not begin with %q", s.path, want)
			}
		}
	}
	for pkg, n := range said {
		if n != 1 {
			t.Errorf("%s has %d package comments", pkg, n)
		}
	}
}

// TestRulesLive: a rule whose package is gone guards nothing.
func TestRulesLive(t *testing.T) {
	there := map[string]bool{}
	for _, s := range module(t) {
		for pkg := s.pkg; pkg != "."; pkg = path.Dir(pkg) {
			there[pkg] = true
		}
	}
	named := map[string]bool{}
	for _, r := range imports {
		for _, pkg := range r.from {
			named[pkg] = true
		}
		for _, to := range r.to {
			if !strings.ContainsAny(to, "./") && to != "os" || strings.HasPrefix(to, "face/") {
				named[to] = true
			}
		}
	}
	for pkg := range named {
		if late := slices.Contains(coming, pkg); !there[pkg] && !late {
			t.Errorf("a rule names %s, which is gone", pkg)
		}
	}
	for _, pkg := range coming {
		if there[pkg] || !named[pkg] {
			t.Errorf("%s has come, or no rule names it: take it from the list of the coming", pkg)
		}
	}
}

// TestCheckFails shows every rule failing on a breach, and what is allowed
// passing.
func TestCheckFails(t *testing.T) {
	for _, c := range []struct{ path, text, want string }{
		{"internal/fact/a.go", `import "cordon/internal/clean"`, "knows nobody"},
		{"internal/event/a.go", `import "github.com/aws/aws-sdk-go-v2/aws"`, "knows nobody"},
		{"internal/checks/a.go", `import "cordon/internal/kind/kindtest"`, "pure"},
		{"internal/plan/a.go", `import "os"`, "pure"},
		{"internal/plan/deep/a.go", `import h "net/http"`, "pure"},
		{"internal/detect/a.go", `import "time"; var now = time.Now`, "clock"},
		{"internal/kinds/a.go", `import "cordon/internal/plan"`, "before judging"},
		{"internal/journal/a.go", `import "cordon/internal/durable"`, "outlives"},
		{"internal/report/a.go", `import _ "cordon/internal/gate"`, "renders"},
		{"internal/engine/a.go", `import "cordon/internal/words"`, "translate"},
		{"internal/face/web/a.go", `import "cordon/internal/journal"`, "parses"},
		{"internal/face/web/a.go", `import "cordon/internal/face/cli"`, "another"},
		{"internal/lab/a.go", `import "html/template"`, "text/template"},
		{"internal/lab/a.go", `import f "fmt"; func a() { f.Println() }`, "same engine"},
		{"internal/lab/a.go", `import "os"; func a() { os.Exit(1) }`, "ends the program"},
		{"internal/lab/a.go", `import "os"; var w = os.Stdout`, "streams"},
		{"internal/lab/a.go", `import "log"; func a() { log.Fatalf("") }`, "ends the program"},
		{"internal/engine/a.go", `import "cordon/internal/awsapi"; var w awsapi.Writer`, "narrow"},
		{"internal/engine/a.go", `func a(x interface{ Writer() int }) { x.Writer() }`, "narrow"},
		{"internal/kinds/a.go", `import "cordon/internal/kind/kindtest"`, "for tests"},
		{"internal/util/a.go", ``, "says nothing"},
		{"internal/words/a.go", strings.Repeat("\n", 460), "lines"},
		{"internal/words/a_test.go", strings.Repeat("\n", 460), "lines"},

		{"internal/plan/a_test.go", `import "os"; var w = os.Stdout`, ""},
		{"internal/plan/a.go", `import "time"; var d = time.Second`, ""},
		{"internal/kind/kindtest/a.go", `import "cordon/internal/plan"; import "os"; func a() { os.Exit(1) }`, ""},
		{"internal/kind/deep/a.go", `import "cordon/internal/kind"`, ""},
		{"internal/face/cli/tty/a.go", `import "cordon/internal/face/cli"`, ""},
		{"internal/planner/a.go", `import "os"`, ""},
		{"internal/face/cli/a.go", `import "os"; import "fmt"; var w = os.Stdout; func a() { fmt.Println() }`, ""},
		{"cmd/cordon/a.go", `import "os"; func a() { os.Exit(1) }`, ""},
		{"internal/kind/a.go", `func a(s struct{ Writer func(int) }) { s.Writer(1) }`, ""},
		{"internal/gate/a.go", `func a(x interface{ Writer() int }) { x.Writer() }`, ""},
		{"internal/report/a.go", `import "encoding/csv"; func a() { csv.NewWriter(nil) }`, ""},
		{"internal/words/a.go", "// Code generated by hand. DO NOT EDIT.\n" + strings.Repeat("\n", 460), ""},
	} {
		text := "package p\n" + c.text
		if strings.HasPrefix(c.text, "// Code") {
			text = c.text[:strings.IndexByte(c.text, '\n')] + "\n" + "package p\n" + c.text
		}
		s, err := parse(c.path, []byte(text))
		if err != nil {
			t.Fatal(c.path, c.text, err)
		}
		got := strings.Join(check(s), "\n")
		if (got != "") != (c.want != "") || !strings.Contains(got, c.want) {
			t.Errorf("%s %.60q: %q, want %q", c.path, c.text, got, c.want)
		}
	}
}
