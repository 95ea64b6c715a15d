package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"cordon/internal/durable"
	"cordon/internal/engine"
	"cordon/internal/report"
)

type reportOptions struct{ format, to string }

func newReport(a *app) *cobra.Command {
	var o reportOptions
	c := a.leaf("report [--format text|markdown] [--to FILE]", "report", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runReport(cmd.Context(), a, o)
	})
	c.Flags().StringVar(&o.format, "format", "text", "")
	c.Flags().StringVar(&o.to, "to", "", "")
	return c
}

func runReport(ctx context.Context, a *app, o reportOptions) error {
	if o.format != "text" && o.format != "markdown" {
		return usage("usage.flag-invalid", "name", "format", "value", safe(o.format))
	}
	c, err := a.theCase()
	if err != nil {
		return err
	}
	if o.to == "" {
		var out report.Handler
		if out = a.out(report.Owner); a.human() && o.format == "markdown" {
			out = report.NewMarkdown(a.sys.Out, a.style(false))
		}
		return engine.Report(ctx, c, a.sys.Now(), out)
	}
	var b bytes.Buffer
	h := a.written(&b, o.format)
	if err := errors.Join(engine.Report(ctx, c, a.sys.Now(), h), h.End()); err != nil {
		return err
	}
	if err := durable.Create(o.to, b.Bytes()); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return &problem{reason: "refused.file-there", args: []any{"file", safe(o.to)}, exit: exitUsage, err: err}
		}
		return &problem{reason: "file", args: []any{"file", safe(o.to)}, exit: exitError, err: err}
	}
	return a.record("report_written", map[string]any{"case": c.ID, "file": o.to, "format": o.format}, func() {
		a.say("screen.report.written-to", "file", safe(o.to))
	})
}

// written is the handler of a document in a file: no colour, whatever the
// terminal is.
func (a *app) written(out io.Writer, format string) report.Handler {
	style := a.style(false)
	style.Colour = false
	if format == "markdown" {
		return report.NewMarkdown(out, style)
	}
	return report.NewText(out, style)
}
