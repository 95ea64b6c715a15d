package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"cordon/internal/event"
	"cordon/internal/evidence"
	"cordon/internal/incident"
	"cordon/internal/report"
	"cordon/internal/trail"
	"cordon/internal/trail/source"
)

// An Archive is the record of events of one case: the store, and what reads
// its sources again. It needs no credentials unless records lie in S3.
type Archive struct {
	Case *incident.Case
	Out  report.Handler
	Who  string
	Now  func() time.Time
	// Rules are Sigma rules to be run beside the built-in detections; may be nil.
	Rules *Rules
	// Session is the live account, once there is one; Open signs in when a
	// record has to be read from S3, and is nil where nobody can.
	Session *Session
	Open    func(context.Context) (*Session, error)

	mu      sync.Mutex
	store   *trail.Store
	held    *evidence.Store
	buckets map[string]*source.S3
	quoted  map[string]event.Event // from the evidence, by id; nil: not read yet
	near    bool                   // read only what lies on this machine: nobody signs in for it
}

// Close lets the store go.
func (a *Archive) Close() error {
	if a.store == nil {
		return nil
	}
	err := a.store.Close()
	a.store = nil
	return err
}

func (a *Archive) now() time.Time { return a.Now().UTC() }

func (a *Archive) events() (*trail.Store, error) {
	if a.store != nil {
		return a.store, nil
	}
	s, err := trail.Open(a.Case.Trail())
	if err != nil {
		return nil, fmt.Errorf("cannot open the record of events: %w", err)
	}
	a.store = s
	return s, nil
}

func (a *Archive) evidence() (*evidence.Store, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.held == nil {
		s, err := evidence.Open(a.Case.Evidence(), evidence.Options{Who: a.Who, ReadOnly: true, Now: a.Now})
		if err != nil {
			return nil, fmt.Errorf("cannot open the evidence: %w", err)
		}
		a.held = s
	}
	return a.held, nil
}

// The schemes of sources besides absolute paths. What came by standard input is
// spooled into the case.
const (
	inEvidence = "evidence:"
	inSpool    = "spool:"
)

// sources reads what the trail names, wherever it lies.
type sources struct {
	source.Route
	spool string
}

// Load implements trail.Files.
func (s sources) Load(ctx context.Context, name string, buf []byte, limit int64) ([]byte, error) {
	return s.Route.Load(ctx, s.path(name), buf, limit)
}

// Open implements trail.Files.
func (s sources) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	return s.Route.Open(ctx, s.path(name))
}

// Late implements trail.Late: S3 answers late.
func (s sources) Late(name string) bool { return strings.HasPrefix(name, "s3://") }

// nearby reads what lies on this machine.
type nearby struct{ sources }

var errFar = errors.New("it is not on this machine")

// Load implements trail.Files.
func (n nearby) Load(ctx context.Context, name string, buf []byte, limit int64) ([]byte, error) {
	if n.Late(name) {
		return nil, errFar
	}
	return n.sources.Load(ctx, name, buf, limit)
}

// Open implements trail.Files.
func (n nearby) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if n.Late(name) {
		return nil, errFar
	}
	return n.sources.Open(ctx, name)
}

func (s sources) path(name string) string {
	if rest, spooled := strings.CutPrefix(name, inSpool); spooled {
		return filepath.Join(s.spool, filepath.Base(rest))
	}
	return name
}

func (a *Archive) spool() string { return filepath.Join(a.Case.Trail(), "spool") }

// read answers a filter with events in the order of time: whole ones where a
// table looks at their body, else from the columns alone. A record that cannot
// be read again is told by lost and goes on as its columns.
func (a *Archive) read(ctx context.Context, f trail.Filter, lost func(event.Event, error)) ([]event.Event, error) {
	s, err := a.events()
	if err != nil {
		return nil, err
	}
	rows, err := s.Rows(f)
	if err == nil && f.Token != "" {
		rows, err = a.confirm(ctx, s, rows, f.Token, lost)
	}
	if err != nil {
		return nil, err
	}
	return a.whole(ctx, s, rows, bodied, lost)
}

// confirm leaves the rows in whose record the token stands: they were found by
// its hash. A record that cannot be read again is told by lost and left out:
// it may be about something else.
func (a *Archive) confirm(ctx context.Context, s *trail.Store, rows []trail.Row, token string, lost func(event.Event, error)) ([]trail.Row, error) {
	return s.Confirm(ctx, rows, token, a.files(), func(row trail.Row, err error) {
		e, _ := s.Light(row) // at worst it is nameless
		lost(e, err)
	})
}

// whole reads those rows whole that want says, the others from columns.
func (a *Archive) whole(ctx context.Context, s *trail.Store, rows []trail.Row, want func(event.Event) bool, lost func(event.Event, error)) ([]event.Event, error) {
	var (
		out   = make([]event.Event, 0, len(rows))
		asked []trail.Row
		at    []int
	)
	for _, row := range rows {
		e, err := s.Light(row)
		if err != nil {
			return nil, err
		}
		if want(e) {
			at, asked = append(at, len(out)), append(asked, row)
		}
		out = append(out, e)
	}
	return out, a.batch(ctx, s, asked, at, out, lost)
}

// batch reads rows again together, each file once.
func (a *Archive) batch(ctx context.Context, s *trail.Store, rows []trail.Row, at []int, out []event.Event, lost func(event.Event, error)) error {
	type unread struct {
		at  int
		err error
	}
	var left []unread // by the names of their files
	err := s.Whole(ctx, rows, a.files(), func(i int, e event.Event) { out[at[i]] = e }, func(i int, err error) { left = append(left, unread{at[i], err}) })
	if err != nil {
		return err
	}
	for _, u := range left {
		if kept, there := a.cited(ctx)[out[u.at].ID]; there {
			out[u.at] = kept
		} else {
			lost(out[u.at], u.err)
		}
	}
	return nil
}

// cited are the events that an earlier verdict rested on, from the evidence: they
// stand when their sources are gone. What cannot be read there is not among them.
func (a *Archive) cited(ctx context.Context) map[string]event.Event {
	if a.quoted != nil {
		return a.quoted
	}
	a.quoted = map[string]event.Event{}
	held, err := a.evidence()
	if err != nil {
		return a.quoted
	}
	for _, entry := range held.List() {
		if entry.Kind != "cloudtrail.cited" || entry.Encrypted {
			continue
		}
		data, err := held.Get(ctx, entry.ID)
		if err != nil {
			continue
		}
		var raw []json.RawMessage
		if json.Unmarshal(data, &raw) != nil {
			continue
		}
		for _, r := range raw {
			if e, err := event.Parse(r); err == nil {
				a.quoted[e.ID] = e
			}
		}
	}
	return a.quoted
}

// bodied says whether what an event says of the world stands in its body.
func bodied(e event.Event) bool {
	if !e.ReadOnlyKnown || !e.ReadOnly {
		return true
	}
	switch e.Service() {
	case "sts", "signin", "rolesanywhere", "sso", "secretsmanager", "ssm":
		return true
	}
	return false
}

// keep copies the records of cited events into the evidence: the verdict must
// stand when the sources are gone. It answers how many could not be read again.
// Where another cordon holds the case nothing is kept, and that is told.
func (a *Archive) keep(ctx context.Context, name string, rows []trail.Row) (unread int, err error) {
	s, err := a.events()
	if err != nil {
		return 0, err
	}
	var raw []json.RawMessage
	for r, err := range s.Raws(ctx, rows, a.files()) {
		switch {
		case ctx.Err() != nil:
			return unread, ctx.Err()
		case err != nil:
			unread++
		default:
			raw = append(raw, r.Raw)
		}
	}
	if len(raw) == 0 {
		return unread, nil
	}
	data, err := json.Marshal(raw)
	if err != nil {
		return unread, err
	}
	if !a.Case.HasLock() {
		if err := a.Case.Lock("investigate", a.now()); err != nil {
			return unread, err
		}
		defer func() { _ = a.Case.Unlock() }()
	}
	opts := evidence.Options{Who: a.Who, Now: a.Now}
	if a.Case.Recipient != "" {
		opts.Recipients = []string{a.Case.Recipient}
	}
	store, err := evidence.Open(a.Case.Evidence(), opts)
	if err != nil {
		return unread, err
	}
	_, err = store.Put(ctx, evidence.Item{Name: name, Kind: "cloudtrail.cited", Source: "cordon investigate", MediaType: "application/json", Taken: a.now()}, data)
	return unread, err
}
