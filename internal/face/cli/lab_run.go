package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"cordon/internal/lab"
)

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
