package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"cordon/internal/report"
	"cordon/internal/trail"
	"cordon/internal/trail/parquet"
)

// ExportOptions say what to export.
type ExportOptions struct {
	Dir      string
	Layout   string // "athena", "ocsf"
	From, To time.Time
}

// Export writes the events as Parquet, in a layout that Athena, Trino and DuckDB
// read, or as OCSF for Security Lake. Every record is read again from its
// source. Where some cannot be read the others are exported, marked as
// incomplete, and the export is refused its success; where none can there is no
// export.
func (a *Archive) Export(ctx context.Context, o ExportOptions) error {
	if _, err := a.importKept(ctx); err != nil {
		return err
	}
	store, err := a.events()
	if err != nil {
		return err
	}
	if store.Len() == 0 {
		return refuse("no-events", nil)
	}
	layout := parquet.Athena
	if o.Layout == "ocsf" {
		layout = parquet.OCSF("cordon")
	}
	w, err := parquet.NewWriter(o.Dir, layout, parquet.Options{})
	if errors.Is(err, parquet.ErrUsed) {
		return refuse("export-used", err, "dir", o.Dir)
	}
	if err != nil {
		return err
	}
	lost, err := a.copy(ctx, store, w, o)
	if err == nil && lost.Missing > 0 {
		slices.SortStableFunc(lost.Reasons, func(a, b unexportedFile) int { return cmp.Compare(a.Why, b.Why) })
		var note []byte
		note, err = json.MarshalIndent(lost, "", "  ")
		w.Incomplete(append(note, '\n'))
	}
	if err != nil {
		return fmt.Errorf("cannot export: %w", errors.Join(err, w.Abort()))
	}
	done, err := w.Close()
	if err != nil {
		return err
	}
	err = a.Out.Handle(report.TrailExported{Dir: o.Dir, Layout: o.Layout, Files: done.Files, Events: int(done.Events), Missing: lost.Missing, Bytes: done.Bytes})
	if err == nil && lost.Missing > 0 {
		return refuse("export-incomplete", nil, "dir", done.Dir)
	}
	return err
}

// An unexported is what an export does not hold: it lies beside it.
type unexported struct {
	Missing int              `json:"missing"` // events
	Reasons []unexportedFile `json:"reasons"` // the first mostReasons
}

// An unexportedFile is why events of one file are missing.
type unexportedFile struct {
	Why    string `json:"why"`
	Events int    `json:"events"`
}

const mostReasons = 10_000

// add counts an event. Those of one file come one after another.
func (u *unexported) add(err error) {
	u.Missing++
	why := err.Error()
	if n := len(u.Reasons); n > 0 && u.Reasons[n-1].Why == why {
		u.Reasons[n-1].Events++
	} else if n < mostReasons {
		u.Reasons = append(u.Reasons, unexportedFile{why, 1})
	}
}

// copy reads every record again and gives it to the writer. An error means that
// there can be no export.
func (a *Archive) copy(ctx context.Context, store *trail.Store, w *parquet.Writer, o ExportOptions) (lost unexported, err error) {
	n := 0
	var first error
	for r, err := range store.Each(ctx, a.files(), o.From, o.To) {
		if ctx.Err() != nil {
			return lost, ctx.Err()
		}
		if err == nil {
			err = w.AddRaw(r.Raw)
		}
		if w.Err() != nil {
			return lost, w.Err()
		}
		if err != nil {
			first = cmp.Or(first, err)
			lost.add(err)
		}
		if n++; n%10_000 == 0 {
			_ = a.Out.Handle(report.Progress{Step: "exporting", Done: n, Total: store.Len()}) // may be lost
		}
	}
	if n > 0 && lost.Missing == n {
		return lost, first
	}
	return lost, ctx.Err()
}
