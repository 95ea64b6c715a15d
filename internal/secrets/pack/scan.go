package pack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Scan shows every object to a matcher, each once. What was judged before, by the
// same rules, is taken from the cache. An error means that nothing is known; what
// alone cannot be read is among the gaps.
func (r *Repository) Scan(ctx context.Context, o Options) (got *Scanned, err error) {
	defer guard(&err)()
	if o.Matcher == nil {
		return nil, errors.New("cannot scan: nothing is looked for")
	}
	s := &scan{r: r, o: o, n: r.numbers(), verdicts: make([]*found, len(r.packs)), forests: make([]*forest, len(r.packs))}
	if s.workers = o.Workers; s.workers <= 0 {
		s.workers = runtime.GOMAXPROCS(0)
	}
	s.makeRoom()
	c := openCache(o.Cache, o.Rules)
	for k, p := range r.packs {
		if s.verdicts[k] = c.pack(p, r.packs[:k]); s.verdicts[k] != nil {
			s.out.Cached += p.x.n - s.n.dups[k]
		}
	}
	s.old = c.loose(s.n)
	s.known = s.old.count()
	s.out.Cached += s.known
	for _, f := range s.old.by {
		s.loose.add(f)
	}
	if err := s.run(ctx); err != nil {
		return nil, fmt.Errorf("cannot scan %s: %w", r.gitDir, err)
	}
	for k, p := range r.packs {
		if s.forests[k] != nil {
			c.keepPack(p, r.packs[:k], s.n.dups[k] > 0, s.verdicts[k])
		}
	}
	c.keepLoose(s.n, s.old, s.changed)
	out := s.result(ctx)
	r.mu.Lock()
	r.last, r.faulty = o, s.faulty
	r.mu.Unlock()
	return out, nil
}

// A scan is one run.
type scan struct {
	r        *Repository
	o        Options
	n        *numbers
	workers  int
	verdicts []*found  // by pack
	forests  []*forest // of the packs that are read now
	old      *looseVerdict
	known    int  // loose objects that were judged before
	changed  bool // more are now
	loose    found
	want     *interest
	gathers  []*gather
	room     atomic.Int64 // of edges
	out      Scanned
	faulty   bool // something is missing or damaged, and may be whole later
}

func (s *scan) makeRoom() { s.room.Store(int64(maxEdges) + 8*int64(s.n.total)) }

// run reads blobs first: trees are then read once, knowing which blobs matter.
func (s *scan) run(ctx context.Context) error {
	s.want = &interest{set: map[int32]bool{}}
	fresh := 0
	for k, p := range s.r.packs {
		if s.verdicts[k] != nil {
			continue
		}
		fresh++
		if !p.x.whole() {
			p.faint = append(p.faint, "its index is not as it was written (checksum)")
		}
		s.forests[k] = p.grow(s.r.kind)
		s.verdicts[k] = &found{gaps: s.forests[k].gaps}
		for _, why := range p.faint {
			s.verdicts[k].gaps = append(s.verdicts[k].gaps, Gap{Pack: p.name, Why: "the pack is damaged: " + why})
		}
	}
	for _, blobs := range []bool{true, false} {
		if !blobs && fresh == len(s.r.packs) && s.known == 0 { // otherwise nothing is joined
			var ids []ID
			for _, v := range append(slices.Clone(s.verdicts), &s.loose) {
				for _, h := range v.hits {
					ids = append(ids, h.ID)
				}
			}
			s.want = s.n.interest(ids)
		}
		for k, f := range s.forests {
			if f != nil {
				if err := s.pack(ctx, k, blobs); err != nil {
					return err
				}
			}
		}
		s.looseOnes(ctx, blobs)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if fresh == len(s.r.packs) && s.known == 0 { // all trees were read
		g := s.r.join(s.n, s.want, s.gathers, s.forests)
		s.r.mu.Lock()
		s.r.known = g
		s.r.mu.Unlock()
	}
	return nil
}

// pack reads the blobs of a pack, or the rest.
func (s *scan) pack(ctx context.Context, k int, blobs bool) error {
	f := s.forests[k]
	var roots []int32
	for _, root := range f.roots {
		if is := f.objects[root].kind; (is == Blob || is == 0 && s.o.Matcher != nil) == blobs {
			roots = append(roots, root)
		}
	}
	spread(f, roots)
	judges := make([]*judge, s.workers)
	gaps, bytes, err := f.walk(ctx, s.r, roots, s.workers, true, nil, func(worker int) visitor {
		judges[worker] = s.judge(ctx, f.p)
		return judges[worker].see
	})
	s.out.Bytes += bytes
	v := s.verdicts[k]
	v.gaps = append(v.gaps, gaps...)
	for _, j := range judges {
		v.add(&j.found)
		s.out.Looked += j.looked
		s.gathers = append(s.gathers, j.g)
	}
	return err
}

// spread puts the largest trees first, so that no worker begins one when the
// others are done; the rest stays in the order of the file.
func spread(f *forest, roots []int32) {
	slices.SortStableFunc(roots, func(a, b int32) int {
		x, y := f.below[a], f.below[b]
		if x < int32(len(f.objects)/64) {
			x = 0
		}
		if y < int32(len(f.objects)/64) {
			y = 0
		}
		return cmp.Compare(y, x)
	})
}

func (s *scan) judge(ctx context.Context, p *packFile) *judge {
	j := &judge{ctx: ctx, r: s.r, n: s.n, g: &gather{want: s.want}, p: p, noMemo: s.o.NoMemo, room: &s.room}
	if s.o.Matcher != nil {
		j.m = s.o.Matcher()
	}
	if p != nil {
		j.first = p.first
	}
	return j
}

// looseOnes reads the loose blobs, or the other loose objects, that were not
// judged before.
func (s *scan) looseOnes(ctx context.Context, blobs bool) {
	if s.old.count() == len(s.n.loose) {
		return
	}
	var next atomic.Int64
	var all sync.WaitGroup
	workers := min(s.workers, 1+len(s.n.loose)/64)
	judges := make([]*judge, workers)
	parts := make([]looseVerdict, workers)
	sizes := make([]int64, workers)
	for w := range judges {
		j := s.judge(ctx, nil)
		judges[w], parts[w].by = j, map[int]*found{}
		all.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(s.n.loose) {
					return
				}
				if s.old.has(i) {
					continue
				}
				size, judged := j.looseOne(s.n.loose[i], s.n.packs+int32(i), blobs)
				if !judged {
					continue
				}
				sizes[w] += size
				parts[w].by[i] = j.take()
			}
		})
	}
	all.Wait()
	for w, j := range judges {
		for i, f := range parts[w].by {
			s.loose.add(f)
			if s.old.known != nil && len(f.gaps) == 0 && !f.full {
				s.changed = true
				s.old.known[i] = true
				s.old.n++
				if !f.empty() {
					s.old.by[i] = f
				}
			}
		}
		s.out.Looked += j.looked
		s.out.Bytes += sizes[w]
		s.gathers = append(s.gathers, j.g)
	}
}

// looseOne judges one, where it is of the kind that it is the turn of.
func (j *judge) looseOne(id ID, number int32, blobs bool) (size int64, judged bool) {
	var fault error
	defer func() {
		if fault != nil {
			j.gaps = append(j.gaps, Gap{ID: id, Why: "the loose object cannot be read: " + fault.Error()})
			judged = true
		}
	}()
	defer guard(&fault)()
	b := &built{i: -1}
	var err error
	if b.kind, b.body, err = readLoose(j.r.loose[id]); errors.Is(err, ErrLarge) {
		if b.kind, err = looseKind(j.r.loose[id]); err == nil {
			b.large = true
		}
	}
	if (b.kind == Blob || err != nil) != blobs { // what cannot be read is told with the blobs
		return 0, false
	}
	if err != nil {
		j.gaps = append(j.gaps, Gap{ID: id, Why: "the loose object cannot be read: " + err.Error()})
		return 0, true
	}
	j.object(number, number, func() ID { return id }, b, nil, nil)
	return int64(len(b.body)), true
}

// result puts the parts together, in one order.
func (s *scan) result(ctx context.Context) *Scanned {
	out := &s.out
	out.Gaps = append(out.Gaps, s.r.odd...)
	out.Gaps = append(out.Gaps, s.r.looseGaps...)
	lost := &lost{s: s, seen: map[ID]bool{}}
	byID := map[ID]bool{}
	names := map[nameAt]bool{}
	damaged := 0
	for _, v := range append(slices.Clone(s.verdicts), &s.loose) {
		for _, h := range v.hits {
			if !byID[h.ID] {
				byID[h.ID] = true
				out.Hits = append(out.Hits, h)
			}
		}
		for _, at := range v.names {
			if !names[at] {
				names[at] = true
				if h, err := s.r.nameHit(at); err == nil {
					out.Names = append(out.Names, h)
				} else {
					out.Gaps = append(out.Gaps, Gap{ID: at.tree, Why: "a name in the tree cannot be read: " + err.Error()})
				}
			}
		}
		for _, g := range v.gaps {
			if !g.ID.IsZero() {
				damaged++
			}
			s.faulty = s.faulty || !strings.HasPrefix(g.Why, tooLarge)
		}
		out.Gaps = append(out.Gaps, v.gaps...)
		for _, id := range v.outside {
			lost.add(id)
		}
	}
	missing := append(lost.tips(ctx), lost.gaps()...)
	s.faulty = s.faulty || len(s.r.odd)+len(s.r.looseGaps) > 0 || len(missing) > 0 && !s.r.promisor
	out.Gaps = append(out.Gaps, missing...)
	out.Objects = max(0, int(s.n.total)-damaged)
	out.Cached = min(out.Cached, out.Objects)
	slices.SortFunc(out.Hits, func(a, b Hit) int { return a.ID.Compare(b.ID) })
	slices.SortFunc(out.Names, func(a, b NameHit) int {
		return cmp.Or(a.Tree.Compare(b.Tree), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(out.Gaps, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(a.Pack, b.Pack), cmp.Compare(a.Offset, b.Offset), a.ID.Compare(b.ID), cmp.Compare(a.Why, b.Why))
	})
	out.Gaps = slices.Compact(out.Gaps)
	return out
}

// nameHit reads the entry of a tree.
func (r *Repository) nameHit(at nameAt) (NameHit, error) {
	kind, body, err := r.objectBut(at.tree, nil)
	if err != nil {
		return NameHit{}, err
	}
	if kind != Tree || at.at >= len(body) {
		return NameHit{}, errHeader
	}
	e, ok := leafAt(body, at.at, r.hash)
	if !ok {
		return NameHit{}, errHeader
	}
	return NameHit{Tree: at.tree, Name: string(e.name), Mode: e.mode, ID: rawID(e.id)}, nil
}

// kind is what an object is, 0 where no store says.
func (r *Repository) kind(id ID) Kind {
	kind, _, err := r.objectBut(id, nil)
	if err != nil {
		return 0
	}
	return kind
}
