package trail

import (
	"bytes"
	"cmp"
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
	err := st.reread(ctx, []Row{r}, from, func(_ int, b []byte) error {
		raw = bytes.Clone(b)
		return nil
	})
	return raw, err
}

// Event reads one whole event again.
func (s *Store) Event(ctx context.Context, r Row, from Files) (event.Event, error) {
	raw, err := s.Raw(ctx, r, from)
	if err != nil {
		return event.Event{}, err
	}
	return event.Parse(raw)
}

// Events are read at once in batches of so many, or so many bytes.
const (
	batchRows  = 1024
	batchBytes = 64 << 20
)

// Events reads whole events again, in the order of rows, each source as few
// times as memory allows. It ends with the first error.
func (s *Store) Events(ctx context.Context, rows []Row, from Files) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		st := s.state()
		for _, r := range rows {
			if _, err := st.row(r); err != nil {
				yield(event.Event{}, err)
				return
			}
		}
		for batch := range slices.Chunk(rows, batchRows) {
			events, err := st.batch(ctx, batch, from)
			if err != nil {
				yield(event.Event{}, err)
				return
			}
			for i := range events {
				if events[i].ID == "" { // the batch was too large for memory
					if events[i], err = s.Event(ctx, batch[i], from); err != nil {
						yield(event.Event{}, err)
						return
					}
				}
				if !yield(events[i], nil) {
					return
				}
				events[i] = event.Event{}
			}
		}
	}
}

func (st *state) batch(ctx context.Context, rows []Row, from Files) ([]event.Event, error) {
	events := make([]event.Event, len(rows))
	held := 0
	err := st.reread(ctx, rows, from, func(i int, raw []byte) (err error) {
		if held += len(raw); held > batchBytes {
			return nil
		}
		events[i], err = event.Parse(raw)
		return err
	})
	return events, err
}

// reread calls f with the record of every row, file by file.
func (st *state) reread(ctx context.Context, rows []Row, from Files, f func(i int, raw []byte) error) error {
	all := make([]wanted, len(rows))
	for i, r := range rows {
		seg := st.segments[r.Segment]
		file, offset, ok := seg.place(r.Row)
		if !ok {
			return fmt.Errorf("cannot read event %s again: %w", seg.idText(r.Row), errSegment)
		}
		all[i] = wanted{[16]byte(seg.id(r.Row)), file, offset, i}
	}
	slices.SortFunc(all, func(a, b wanted) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.offset, b.offset))
	})
	again := &reader{from: from}
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].file == all[0].file {
			n++
		}
		src, err := st.source(all[0].file)
		if src == nil || err != nil {
			r := rows[all[0].index]
			return fmt.Errorf("cannot read event %s again: %w", st.segments[r.Segment].idText(r.Row), cmp.Or(err, errSegment))
		}
		missing, err := again.records(ctx, src, all[:n], func(w wanted, raw []byte) error { return f(w.index, raw) })
		if errors.Is(err, errEnough) {
			return err
		}
		if err == nil && len(missing) > 0 {
			err = errChanged
		}
		if err != nil {
			r := rows[append(missing, all[0])[0].index]
			return fmt.Errorf("cannot read event %s again: %s: %w", st.segments[r.Segment].idText(r.Row), src.name, err)
		}
		all = all[n:]
	}
	return nil
}

var (
	errChanged = errors.New("the file changed: the event is no longer in it")
	errEnough  = errors.New("the caller has enough")
)

// Each reads all events of a time again, as their sources have them: in no
// order but that of the files, each of which is read once or twice. It ends with
// the first error.
func (s *Store) Each(ctx context.Context, from Files, start, end time.Time) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		st := s.state()
		a, b, none := window(start, end)
		if none {
			return
		}
		for n, seg := range st.segments {
			if seg.rows == 0 || seg.last < a || b != 0 && seg.first >= b {
				continue
			}
			var rows []Row
			for i := range seg.rows {
				if t := seg.time.at(i); t >= a && (b == 0 || t < b) {
					rows = append(rows, Row{uint32(n), uint32(i)})
				}
			}
			err := st.reread(ctx, rows, from, func(i int, raw []byte) error {
				if !yield(Record{rows[i], raw}, nil) {
					return errEnough
				}
				return nil
			})
			if errors.Is(err, errEnough) {
				return
			}
			if err != nil {
				yield(Record{}, err)
				return
			}
		}
	}
}
