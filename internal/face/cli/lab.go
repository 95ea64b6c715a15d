package cli

import (
	"context"
	"fmt"
	"path/filepath"

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

// labDir is where the running lab is noted, beside the cases.
func (a *app) labDir() (string, error) {
	root, err := a.root()
	return filepath.Join(filepath.Dir(root), "lab"), err
}

func (a *app) startLab(ctx context.Context, port int) (*lab.Lab, error) {
	dir, err := a.labDir()
	if err != nil {
		return nil, err
	}
	a.note("screen.lab.starting")
	l, err := lab.Start(ctx, lab.Options{Detach: true, Port: port})
	if err != nil {
		return nil, a.labProblem(err)
	}
	return l, lab.SaveState(dir, l)
}

func (a *app) theLab() (*lab.Lab, string, error) {
	dir, err := a.labDir()
	if err != nil {
		return nil, "", err
	}
	l, err := lab.LoadState(dir)
	return l, dir, err
}

func (a *app) labProblem(err error) error {
	if p := classify(err); p.reason != "other" {
		return p
	}
	return &problem{reason: "lab", exit: exitError, err: err}
}

func (a *app) labRecord(l *lab.Lab, id, secret string) error {
	data := map[string]any{"url": l.URL(), "pid": l.PID(), "account": l.Account(), "access_key_id": id, "secret_access_key": secret}
	return a.record("lab", data, func() { a.exports(l.URL(), id, secret) })
}

// exports prints lines for a shell's eval. The credentials are an emulated
// account's.
func (a *app) exports(url, id, secret string) {
	for _, kv := range [][2]string{
		{"AWS_ENDPOINT_URL", url}, {"AWS_ACCESS_KEY_ID", id}, {"AWS_SECRET_ACCESS_KEY", secret}, {"AWS_REGION", "us-east-1"},
	} {
		fmt.Fprintf(a.sys.Out, "export %s='%s'\n", kv[0], kv[1])
	}
	fmt.Fprintln(a.sys.Out, "unset AWS_SESSION_TOKEN AWS_PROFILE")
}

func (a *app) ended(record, key string, l *lab.Lab, err error) error {
	if err != nil {
		return a.labProblem(err)
	}
	return a.record(record, map[string]any{"url": l.URL(), "pid": l.PID()}, func() { a.say(key, "url", l.URL()) })
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
