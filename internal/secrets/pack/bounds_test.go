package pack

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// treeOf is the body of a tree.
func treeOf(mode string, ids ...ID) (body []byte) {
	for i, id := range ids {
		body = append(body, fmt.Sprintf("%s %06d\x00", mode, i)...)
		body = append(body, id.b[:20]...)
	}
	return body
}

func lower(t *testing.T, bound *int, to int) {
	before := *bound
	*bound = to
	t.Cleanup(func() { *bound = before })
}

// TestNamedOften: an object that trees name over and over is noted once.
func TestNamedOften(t *testing.T) {
	b := newBox(t)
	same := slices.Repeat([]ID{handID(1)}, 50_000)
	sub := append(slices.Repeat([]ID{handID(2), handID(6)}, 50_000), slices.Repeat([]ID{handID(2)}, 50_000)...)
	b.byHand(
		handmade{id: handID(3), kind: Tree, body: treeOf("100644", same...)}, handmade{id: handID(4), kind: Tree, body: treeOf("100644", same...)},
		handmade{id: handID(2), kind: Tree}, handmade{id: handID(6), kind: Tree}, handmade{id: handID(5), kind: Tree, body: treeOf("40000", sub...)},
	)
	lower(t, &maxEdges, 300)
	r := b.open()
	s := &scan{r: r, o: Options{Matcher: newKeyMatcher}, n: r.numbers(), workers: 1, verdicts: make([]*found, 1), forests: make([]*forest, 1)}
	s.makeRoom()
	s.old = openCache("", "").loose(s.n)
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v := s.verdicts[0]; len(v.outside) != 1 || v.outside[0] != handID(1) || v.full || len(v.gaps) > 0 {
		t.Errorf("%d objects are noted, gaps %v", len(v.outside), v.gaps)
	}
}

// TestTooMany: past the bounds that is told, and only where something is amiss.
func TestTooMany(t *testing.T) {
	var ids []ID
	for i := range uint32(200) {
		ids = append(ids, handID(10+i))
	}
	told := func(s *Scanned, what string) bool { return strings.Contains(fmt.Sprint(s.Gaps), what) }
	lower(t, &maxOutside, 100)
	b := newBox(t)
	b.byHand(handmade{id: handID(1), kind: Tree, body: treeOf("100644", ids...)})
	if s := scanOf(t, b.open(), Options{}); !told(s, "too many to list") || len(s.Gaps) != 101 {
		t.Errorf("objects that are not here: %v", s.Gaps)
	}
	var blobs []handmade
	for _, id := range ids {
		blobs = append(blobs, handmade{id: id, kind: Blob, body: []byte("text")})
	}
	b.byHand(blobs...)
	cache := t.TempDir()
	for _, known := range []int{0, 200} {
		if s := scanOf(t, b.open(), Options{Cache: cache, Rules: "r"}); len(s.Gaps) > 0 || s.Cached != known {
			t.Errorf("objects that are here: %d were known, gaps %v", s.Cached, s.Gaps)
		}
	}
	lower(t, &maxEdges, 100)
	b = newBox(t)
	var trees []handmade
	for _, id := range ids[:50] {
		trees = append(trees, handmade{id: id, kind: Tree})
	}
	for i := range uint32(50) {
		trees = append(trees, handmade{id: handID(300 + i), kind: Tree, body: treeOf("40000", ids[:50]...)})
	}
	b.byHand(trees...)
	if s := scanOf(t, b.open(), Options{Workers: 1}); len(s.Gaps) != 1 || !told(s, "not told of all") {
		t.Errorf("edges: %v", s.Gaps)
	}
	lower(t, &maxEdges, 2500)
	if s := scanOf(t, b.open(), Options{Workers: 1}); len(s.Gaps) > 0 {
		t.Errorf("edges: %v", s.Gaps)
	}
}

// TestDropped: that a tree lost many of its base's children costs no more than
// reading both, and each is said once or nearly.
func TestDropped(t *testing.T) {
	var base, tree []named
	for i := range int32(200_000) {
		base = append(base, named{i, i % 2})
		tree = append(tree, named{i, 2})
	}
	n := map[int32]int{}
	dropped(base, tree, nil, func(child int32) { n[child]++ })
	if len(n) != 2 || n[0] > 20 || n[1] > 20 {
		t.Errorf("%v", n)
	}
}

// TestWithin: an object in a tree of trees is told by its nearest place, however
// deep it stands beside.
func TestWithin(t *testing.T) {
	b := newBox(t)
	blob := handID(1)
	list := []handmade{{id: blob, kind: Blob, body: []byte("x")}, {id: handID(2), kind: Tree, body: treeOf("100644", blob)}}
	below := handID(2)
	for i := range uint32(300) {
		id := handID(10 + i)
		list = append(list, handmade{id: id, kind: Tree, body: treeOf("40000", below)})
		below = id
	}
	top, far := handID(3), handID(4)
	list = append(list, handmade{id: top, kind: Tree, body: treeOf("40000", below, handID(2))}, handmade{id: far, kind: Tree, body: treeOf("40000", below)})
	b.byHand(list...)
	r := b.open()
	if path, ok := r.within(top, blob); !ok || path != "000001/000000" {
		t.Errorf("%v %d %s", ok, len(path), path)
	}
	if path, ok := r.within(far, blob); !ok || path != strings.Repeat("000000/", 301)+"000000" {
		t.Errorf("%v %d %s", ok, len(path), path)
	}
	if path, ok := r.within(far, handID(9999)); ok {
		t.Errorf("%v %.40s", ok, path)
	}
}

// TestHeld: the buffer of deltas counts as others do.
func TestHeld(t *testing.T) {
	var held atomic.Int64
	a, b := &walker{held: &held}, &walker{held: &held}
	if err := a.room(maxHeld / 2); err != nil || held.Load() != maxHeld/2 {
		t.Error(err, held.Load())
	}
	if err := b.room(maxHeld/2 + 1); !errors.Is(err, ErrLarge) || held.Load() != maxHeld/2 {
		t.Error(err, held.Load())
	}
	if err := a.room(maxHeld/2 + 1); err != nil || held.Load() != maxHeld/2+1 {
		t.Error(err, held.Load())
	}
}
