package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"cordon/internal/lab"
)

func newLab(a *app) *cobra.Command {
	var port int
	start := a.leaf("start [--port N]", "lab.start", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		l, err := a.startLab(cmd.Context(), port)
		if err != nil {
			return err
		}
		id, secret := l.RootKey()
		return a.labRecord(l, id, secret)
	})
	start.Flags().IntVar(&port, "port", 0, "")
	stop := a.leaf("stop", "lab.stop", between(0, 0), func(*cobra.Command, []string) error {
		l, dir, err := a.theLab()
		if err != nil {
			return err
		}
		if err := l.Stop(); err != nil {
			return a.labProblem(err)
		}
		return a.ended("lab_stopped", "screen.lab.stopped", l, lab.RemoveState(dir))
	})
	reset := a.leaf("reset", "lab.reset", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		l, _, err := a.theLab()
		if err != nil {
			return err
		}
		return a.ended("lab_reset", "screen.lab.reset", l, l.Reset(cmd.Context()))
	})
	fork := a.leaf("fork", "lab.fork", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		l, _, err := a.theLab()
		if err != nil {
			return err
		}
		copied, err := l.Fork(cmd.Context())
		if err != nil {
			return a.labProblem(err)
		}
		return a.ended("lab_forked", "screen.lab.forked", copied, nil)
	})
	var changing bool
	events := a.leaf("events [--changing]", "lab.events", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runLabEvents(cmd.Context(), a, changing)
	})
	events.Flags().BoolVar(&changing, "changing", false, "")
	return a.group("lab", "lab", start, stop, reset, fork, events)
}

func runLabEvents(ctx context.Context, a *app, changing bool) error {
	l, _, err := a.theLab()
	if err != nil {
		return err
	}
	events, err := l.Events(ctx, changing)
	if err != nil {
		return a.labProblem(err)
	}
	for _, e := range events {
		data := map[string]any{"time": e.Time, "name": e.Name, "source": e.Source, "region": e.Region, "error_code": e.ErrorCode, "read_only": e.ReadOnly, "credential": e.Lab.AccessKeyID}
		if err := a.record("lab_event", data, func() {
			a.print("", fmt.Sprintf("%s  %-14s %-28s %s  %s", stamp(e.Time), safe(e.Region), safe(e.Name), safe(e.Lab.AccessKeyID), safe(e.ErrorCode)))
		}); err != nil {
			return err
		}
	}
	return nil
}
