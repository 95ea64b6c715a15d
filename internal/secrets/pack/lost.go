package pack

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A lost collects what is named and not here.
type lost struct {
	s    *scan
	seen map[ID]bool
	ids  []ID
}

func (l *lost) add(id ID) {
	if !l.seen[id] {
		l.seen[id] = true
		if l.s.n.of(id.b[:id.n], nil) < 0 {
			l.ids = append(l.ids, id)
		}
	}
}

// tips adds what refs and the index name: history begins there, and where all of it
// is gone nothing else names it. What stands beside HEAD (ORIG_HEAD, FETCH_HEAD) and
// reflogs keep nothing for good.
func (l *lost) tips(ctx context.Context) (gaps []Gap) {
	r := l.s.r
	refs, err := r.bareRefs(ctx)
	if err != nil {
		gaps = append(gaps, Gap{Why: "the refs cannot be read, nor told whether all is here that they name: " + err.Error()})
	}
	for i := range refs {
		if name := refs[i].Name; strings.Contains(name, "refs/") || name == "HEAD" || strings.HasSuffix(name, "/HEAD") {
			l.add(refs[i].ID)
		}
	}
	staged, err := r.Index(ctx)
	if err != nil {
		gaps = append(gaps, Gap{Why: "what is staged cannot be told: " + err.Error()})
	}
	h := hasher(r.hash)
	h.Write([]byte("blob 0\x00"))
	empty := rawID(h.Sum(nil)) // git has it without an object, and names it for what is still to be added
	for _, e := range staged {
		if e.Mode != modeCommit && e.ID != empty {
			l.add(e.ID)
		}
	}
	return gaps
}

// maxLost is how many are listed one by one.
const maxLost = 1000

func (l *lost) gaps() (list []Gap) {
	cut := map[ID]bool{}
	if l.s.r.shallow {
		cut = l.s.r.cutParents()
	}
	why := "the object is named and is not here: the repository is damaged"
	if l.s.r.promisor {
		why = "the object is not here: a partial clone left it at its remote (git fetch --refetch brings all)"
	}
	slices.SortFunc(l.ids, ID.Compare)
	for _, id := range l.ids {
		if cut[id] {
			continue
		}
		if len(list) == maxLost {
			return append(list, Gap{Why: fmt.Sprintf("%d more objects are named and not here", len(l.ids)-maxLost)})
		}
		list = append(list, Gap{ID: id, Why: why})
	}
	return list
}
