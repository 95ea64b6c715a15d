package trail

import (
	"errors"
	"slices"
	"sync"

	"cordon/internal/event"
	"cordon/internal/trail/shape"
)

// Of an event that lies in two files the first copy counts. A table may have it
// without its request and its response, and what somebody did with a call stands
// there: so files whose shape does not carry everything are read last, and what
// an earlier import took from such a table is told when a whole copy comes.

// errLater puts a file off until all others are read.
var errLater = errors.New("its records are not whole")

// later says whether a file is to be put off: it shows with its first record.
func (w *worker) later(item shape.Item) bool {
	return item.Lost != "" && !w.im.last && w.file.events+w.file.dups == 0
}

func (im *importer) putOff(f File) {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.late = append(im.late, f)
}

// poorer is the note of a file whose records were dropped for poorer copies.
const poorer = "the record has these calls already from a table without their request and response: only a new case has them whole"

// nameless is the note of a file with records without an id that equal others.
const nameless = "records without an id that equal others were left out: copies, or calls of the same second"

// dropped counts a copy that was left out.
func (w *worker) dropped(v *event.View, offset int64) {
	w.file.dups++
	note := func(why string) {
		if d := w.file.damaged(offset, why); d.Why == why {
			d.Note = true
		}
	}
	if len(v.ID) == 0 {
		note(nameless)
	}
	if w.im.tables.has(w.key) && !w.poor {
		note(poorer)
	}
}

// A tables knows the events that the store has from tables without their bodies.
type tables struct {
	st   *state
	once sync.Once
	ids  map[idKey]struct{}
}

// has is asked when a copy was dropped, which is rare where nothing is read twice:
// the files are only then looked through.
func (t *tables) has(k idKey) bool {
	t.once.Do(t.read)
	_, poor := t.ids[k]
	return poor
}

// read looks for the events. What cannot be decoded ends the import elsewhere.
func (t *tables) read() {
	poor := map[int]bool{}
	for i := range t.st.commits {
		c := &t.st.commits[i]
		files, err := c.sources()
		if err != nil {
			return
		}
		for n, f := range files {
			if slices.ContainsFunc(f.damage, func(d Damage) bool { return d.Note && d.Why == shape.LostBodies }) {
				poor[c.first+n] = true
			}
		}
	}
	if len(poor) == 0 {
		return
	}
	t.ids = map[idKey]struct{}{}
	for _, seg := range t.st.segments {
		for i := range seg.rows {
			if n, _, ok := seg.place(uint32(i)); ok && poor[n] {
				t.ids[keyOf(seg.id(uint32(i)), seg.time.at(i))] = struct{}{}
			}
		}
		seg.rest()
	}
}
