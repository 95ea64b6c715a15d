package scan

import (
	"fmt"
	"testing"
)

// TestNames: a name that holds a key is told wherever it stands, also where what
// it names says nothing of it.
func TestNames(t *testing.T) {
	m := newMaker(t)
	module, many, lost, common := m.id(), m.id(), m.id(), m.id()
	m.git("update-index", "--add", "--cacheinfo", "160000,"+"1234567890123456789012345678901234567890,"+module)
	m.git("commit", "-q", "-m", "a submodule")
	inModule := m.git("rev-parse", "HEAD^{tree}")
	for i := range 300 { // of one content, more than are told
		m.write(fmt.Sprintf("a/%03d", i), "one\n")
	}
	m.git("add", "a")
	m.git("commit", "-q", "-m", "many")
	m.write("b/"+many, "one\n")
	m.git("add", "b")
	m.git("commit", "-q", "-m", "one more")
	m.write(common, "two\n")
	m.git("add", common)
	m.git("commit", "-q", "-m", "plain")
	tree := m.gitIn("100644 blob "+m.git("rev-parse", "HEAD:"+common)+"\t"+lost+"\n", "mktree") // in no commit
	res := scanned(t, Options{NoWorkTree: true}, m.dir)
	for id, want := range map[string]Place{
		module: {Path: module, Object: inModule},
		many:   {Path: many, Object: m.git("rev-parse", "HEAD:b")},
		lost:   {Path: lost, Object: tree, Reach: "nothing"},
		common: {Path: common, Object: m.git("rev-parse", "HEAD:"+common), Reach: "ref"},
	} {
		f := find(res, id)
		if f == nil {
			t.Errorf("%s was dropped", id)
			continue
		}
		ok := false
		for _, p := range f.Places {
			ok = ok || p.Where == InName && p.Path == want.Path && p.Object == want.Object && p.Reach == want.Reach
		}
		if !ok {
			t.Errorf("%+v, want %+v", f.Places, want)
		}
	}
}
