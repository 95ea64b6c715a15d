package journal_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cordon/internal/journal"
)

// halting writes half of one line and fails, as a full disk does.
type halting struct {
	*journal.File
	path string
	at   int
}

var errFull = errors.New("no space left")

func (h *halting) Append(ctx context.Context, line []byte) error {
	if h.at--; h.at != 0 {
		return h.File.Append(ctx, line)
	}
	f, err := os.OpenFile(h.path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err == nil {
		_, err = f.Write(line[:len(line)/2])
	}
	return errors.Join(errFull, err, f.Close())
}

// After a line that failed nothing more is written, although the disk has room
// again: it would stand on the same line as the half one.
func TestAfterAFailedLineNothingIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j, _, err := journal.Open(t.Context(), &halting{File: journal.NewFile(path), path: path, at: 2}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []error{nil, errFull, errFull} {
		if err := j.Write(t.Context(), journal.Record{Step: journal.Doing}); !errors.Is(err, want) {
			t.Errorf("line %d: %v", i+1, err)
		}
	}
	_, recs, err := journal.Open(t.Context(), journal.NewFile(path), time.Now)
	if err != nil || len(recs) != 2 || recs[1].Step != journal.Torn {
		t.Errorf("%v, %+v", err, recs)
	}
}
