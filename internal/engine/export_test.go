package engine

import (
	"context"

	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/plan"
)

// SetJournalStore replaces what the journal is written to, so that a test can
// kill the process at a line.
func SetJournalStore(f func(path string) journal.Store) { journalStore = f }

// MarksFor is marksFor.
var MarksFor = marksFor

// WrapSinks puts something around every place that a secret goes to.
func WrapSinks(wrap func(kind.Sink) kind.Sink) {
	open := openSink
	openSink = func(ctx context.Context, s *Session, a plan.Action) (kind.Sink, error) {
		k, err := open(ctx, s, a)
		if err != nil {
			return nil, err
		}
		return wrap(k), nil
	}
}
