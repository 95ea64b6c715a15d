package engine

import (
	"context"
	"errors"
	"fmt"
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
// source; one that cannot be read ends the export: it is whole or not there.
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
	if err := a.copy(ctx, store, w, o); err != nil {
		return fmt.Errorf("cannot export: %w", errors.Join(err, w.Abort()))
	}
	done, err := w.Close()
	if err != nil {
		return err
	}
	return a.Out.Handle(report.TrailExported{Dir: o.Dir, Layout: o.Layout, Files: done.Files, Events: int(done.Events), Bytes: done.Bytes})
}

// copy reads every record again and gives it to the writer.
func (a *Archive) copy(ctx context.Context, store *trail.Store, w *parquet.Writer, o ExportOptions) error {
	n := 0
	for r, err := range store.Each(ctx, a.files(), o.From, o.To) {
		if err != nil {
			return err
		}
		if err := w.AddRaw(r.Raw); err != nil {
			return err
		}
		if n++; n%10_000 == 0 {
			_ = a.Out.Handle(report.Progress{Step: "exporting", Done: n, Total: store.Len()}) // may be lost
		}
	}
	return nil
}
