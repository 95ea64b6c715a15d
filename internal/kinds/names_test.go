package kinds_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cordon/internal/fact"
	"cordon/internal/kinds"
)

// kindNames are the names of kinds that a file writes out: in partOf, in a
// reference, and where a reference's kind is compared.
func kindNames(file ast.Node) (names []string) {
	literal := func(e ast.Expr) {
		if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
			name, _ := strconv.Unquote(l.Value)
			names = append(names, name)
		}
	}
	field := func(e ast.Expr, name string) bool {
		switch e := e.(type) {
		case *ast.Ident:
			return e.Name == name
		case *ast.SelectorExpr:
			return e.Sel.Name == name
		}
		return false
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if (field(n.Fun, "partOf") || field(n.Fun, "holds")) && len(n.Args) == 3 {
				literal(n.Args[1])
			}
		case *ast.CompositeLit: // of a list of references, the elements have no type
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok && field(kv.Key, "Kind") && (n.Type == nil || field(n.Type, "Ref")) {
					literal(kv.Value)
				}
			}
		case *ast.BinaryExpr:
			if field(n.X, "Kind") && (n.Op == token.EQL || n.Op == token.NEQ) {
				literal(n.Y)
			}
		}
		return true
	})
	return names
}

// What is said to be a part of something, or to hold it, names a kind that there
// is: of another the engine finds nothing, and says nothing.
func TestEveryNamedKindExists(t *testing.T) {
	var known []fact.Kind
	for _, k := range slices.Concat(kinds.All(), kinds.Apart()) {
		known = append(known, k.Name())
	}
	seen := 0
	read := func(name string, src any) (unknown []string) {
		file, err := parser.ParseFile(token.NewFileSet(), name, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range kindNames(file) {
			if seen++; !slices.Contains(known, fact.Kind(k)) {
				unknown = append(unknown, k)
			}
		}
		return unknown
	}
	files, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, k := range read(name, nil) {
			t.Errorf("%s names %q, which is no kind", name, k)
		}
	}
	if seen < 60 {
		t.Errorf("only %d names were found", seen)
	}
	bad := `package p
var _ = []fact.Ref{{Kind: "a.b"}}
func f() { partOf(r, "c.d", id); _ = fact.Ref{Kind: "e.f"}; _ = ref.Kind != "g.h" }`
	if got := read("bad.go", bad); !slices.Equal(got, []string{"a.b", "c.d", "e.f", "g.h"}) {
		t.Errorf("of what is wrong it finds %q", got)
	}
}
