package trail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"cordon/internal/event"
)

// A Record is one event as its source has it. Raw holds until the next one.
type Record struct {
	Row Row
	Raw []byte
}

// Light is an event from columns alone: without request, response, additional
// data, shared id and endpoint, its time in whole seconds, and the error's
// message only where there is no code. Failed says what it would of the whole.
func (s *Store) Light(r Row) (event.Event, error) {
	st := s.state()
	seg, err := st.row(r)
	if err != nil {
		return event.Event{}, err
	}
	return st.light(seg, r.Row), nil
}

func (st *state) light(seg *segment, row uint32) event.Event {
	i, n := int(row), st.names
	o := n.originAt(seg.origin.at(i))
	e := event.Event{
		ID: seg.idText(row), Time: time.Unix(int64(seg.time.at(i)), 0).UTC(),
		Region: n.dicts[dictRegion].text(o.region), Address: n.dicts[dictAddress].text(o.address), Agent: n.dicts[dictAgent].text(o.agent),
		Account: n.dicts[dictAccount].text(seg.account.at(i)),
	}
	e.Source, e.Name = n.api(seg.api.at(i))
	kind, version, _ := bytes.Cut(n.dicts[dictKind].get(seg.kind.at(i)), []byte{0})
	e.Type, e.Version = string(kind), string(version)
	e.Principal, e.Credential = n.who(seg.who.at(i))
	flags := seg.flags.at(i)
	e.ReadOnly, e.ReadOnlyKnown = flags&flagReadOnly != 0, flags&flagReadOnlyKnown != 0
	e.FromConsole = flags&flagConsole != 0
	e.Principal.MFA = e.Principal.MFA || flags&flagMFA != 0
	e.Error = n.failure(seg.err.at(i))
	if flags&flagFailed != 0 && e.Error == (event.Error{}) { // a sign-in says so in its response only
		e.Error.Message = "Failure"
	}
	return e
}

// failure splits what dictError holds.
func (n *names) failure(c uint32) event.Error {
	v := n.dicts[dictError].get(c)
	if len(v) > 0 && v[0] == 0 {
		return event.Error{Message: string(v[1:])}
	}
	return event.Error{Code: string(v)}
}

// Raw reads one record again. What cordon keeps of its id must be what it finds.
func (s *Store) Raw(ctx context.Context, r Row, from Files) ([]byte, error) {
	st := s.state()
	if _, err := st.row(r); err != nil {
		return nil, err
	}
	var raw []byte
	err := st.reread(ctx, []Row{r}, from, taker{
		inTurn: func(_ int, b []byte) error {
			raw = bytes.Clone(b)
			return nil
		},
		bad: st.ends([]Row{r}),
	})
	return raw, err
}

// ends is a taker's bad for who wants all rows or none.
func (st *state) ends(rows []Row) func(int, error) error {
	return func(i int, err error) error {
		seg, none := st.row(rows[i])
		if none != nil {
			return none
		}
		return fmt.Errorf("cannot read event %s again: %w", seg.idText(rows[i].Row), err)
	}
}

// Event reads one whole event again.
func (s *Store) Event(ctx context.Context, r Row, from Files) (event.Event, error) {
	raw, err := s.Raw(ctx, r, from)
	if err != nil {
		return event.Event{}, err
	}
	return event.Parse(raw)
}

// Records are held at once up to so many, or so many bytes.
const (
	batchRows  = 16 << 10
	batchBytes = 64 << 20
)

// Raws reads records again, in the order of rows, each file as few times as
// memory allows. A row that cannot be read comes with the error, which is the
// same for all of a file, and the next follows. What it gives may be kept. It
// ends early where ctx does.
func (s *Store) Raws(ctx context.Context, rows []Row, from Files) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		st := s.state()
		for batch := range slices.Chunk(rows, batchRows) {
			if !st.raws(ctx, batch, from, yield) {
				return
			}
		}
	}
}

// raws reads rows at once, or in halves where they are too much for memory.
func (st *state) raws(ctx context.Context, rows []Row, from Files, yield func(Record, error) bool) bool {
	raw, unread, held := make([][]byte, len(rows)), make([]error, len(rows)), 0
	err := st.reread(ctx, rows, from, taker{
		inTurn: func(i int, b []byte) error {
			if held += len(b); held > batchBytes && len(rows) > 1 {
				return errEnough
			}
			raw[i] = bytes.Clone(b)
			return nil
		},
		bad: func(i int, err error) error {
			unread[i] = fmt.Errorf("cannot read again: %w", err)
			return nil
		},
	})
	if errors.Is(err, errEnough) {
		raw = nil
		return st.raws(ctx, rows[:len(rows)/2], from, yield) && st.raws(ctx, rows[len(rows)/2:], from, yield)
	}
	if err != nil {
		yield(Record{}, err)
		return false
	}
	for i, r := range rows {
		if !yield(Record{r, raw[i]}, unread[i]) {
			return false
		}
		raw[i] = nil
	}
	return true
}

// Events reads whole events again, in the order of rows, each source as few
// times as memory allows. It ends with the first error.
func (s *Store) Events(ctx context.Context, rows []Row, from Files) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		for r, err := range s.Raws(ctx, rows, from) {
			var e event.Event
			if err == nil {
				e, err = event.Parse(r.Raw)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Whole reads whole events again, each file once, and is the quickest way to.
// take is called in no order and by several at once, bad by one at a time with
// the rows that cannot be read; its error is the same for all of a file. What
// Whole itself answers is that it was stopped.
func (s *Store) Whole(ctx context.Context, rows []Row, from Files, take func(i int, e event.Event), bad func(i int, err error)) error {
	return s.state().reread(ctx, rows, from, taker{
		atOnce: func(i int, v *event.View) error {
			e, err := v.Event()
			if err == nil {
				take(i, e)
			}
			return err
		},
		bad: func(i int, err error) error {
			bad(i, fmt.Errorf("cannot read again: %w", err))
			return nil
		},
	})
}

var (
	errChanged = errors.New("the file changed: the event is no longer in it")
	errEnough  = errors.New("the caller has enough")
)

// Each reads all events of a time again, as their sources have them, in no order
// but that of the files. A row that cannot be read comes with the error, which is
// the same for all of a file, and the others follow. It ends early where ctx does.
func (s *Store) Each(ctx context.Context, from Files, start, end time.Time) iter.Seq2[Record, error] {
	return s.state().each(ctx, from, start, end, func(*segment) bool { return true })
}

// Unasked is Each of the events that no rule set of this name was asked about:
// those that Hits counts as missing.
func (s *Store) Unasked(ctx context.Context, rules string, from Files, start, end time.Time) iter.Seq2[Record, error] {
	return s.state().each(ctx, from, start, end, func(seg *segment) bool { return seg.rules != rules })
}

// eachRows is how many rows Each reads together at least: a large file that lies
// in several segments is not to be gone through for each of them.
const eachRows = 1 << 20

func (st *state) each(ctx context.Context, from Files, start, end time.Time, want func(*segment) bool) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		a, b, none := window(start, end)
		if none {
			return
		}
		var rows []Row
		flush := func() bool {
			err := st.reread(ctx, rows, from, taker{
				inTurn: func(i int, raw []byte) error { return enough(yield(Record{rows[i], raw}, nil)) },
				bad: func(i int, err error) error {
					return enough(yield(Record{Row: rows[i]}, fmt.Errorf("cannot read again: %w", err)))
				},
			})
			rows = rows[:0]
			if err != nil && !errors.Is(err, errEnough) {
				yield(Record{}, err)
			}
			return err == nil
		}
		for n, seg := range st.segments {
			if seg.rows == 0 || seg.last < a || b != 0 && seg.first >= b || !want(seg) {
				continue
			}
			for i := range seg.rows {
				if t := seg.time.at(i); t >= a && (b == 0 || t < b) {
					rows = append(rows, Row{uint32(n), uint32(i)})
				}
			}
			if len(rows) >= eachRows && !flush() {
				return
			}
		}
		if len(rows) > 0 {
			flush()
		}
	}
}

func enough(goOn bool) error {
	if goOn {
		return nil
	}
	return errEnough
}
