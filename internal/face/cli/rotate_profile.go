package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"cordon/internal/engine"
	"cordon/internal/report"
)

func digestOnly(s string) string { return strings.TrimPrefix(s, "sha256:") }

// credentialsFile is where every AWS tool reads profiles from.
func (a *app) credentialsFile() string {
	if f := a.sys.Env("AWS_SHARED_CREDENTIALS_FILE"); f != "" {
		return f
	}
	return filepath.Join(a.sys.Env("HOME"), ".aws", "credentials")
}

// updateProfile shows what would change in the credentials file, asks, and does
// it. done is false while there is no new key.
func (a *app) updateProfile(ctx context.Context, s *engine.Session, o rotateOptions, names []string) (done bool, err error) {
	name := o.Key + o.User
	if len(names) > 0 {
		name = names[0]
	}
	if name == "" || len(names) > 1 {
		return false, usage("usage.one-profile")
	}
	c, err := s.ChangeProfile(name, o.profile, a.credentialsFile(), a.sys.Now())
	if errors.Is(err, engine.ErrNoNewKey) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	data := map[string]any{"file": c.File, "backup": c.Backup, "profile": o.profile, "diff": c.Diff}
	if a.human() {
		if err := a.show(); err != nil {
			return false, err
		}
		a.say("screen.rotate.profile", "profile", safe(o.profile), "file", safe(c.File))
		for _, line := range c.Diff {
			fmt.Fprintln(a.sys.Out, "   "+safe(line))
		}
		if a.sys.InTTY && !a.flags.noInput {
			a.ask("screen.rotate.profile.ask")
			answer, err := a.read(ctx)
			if err != nil {
				return false, err
			}
			if !slices.Contains([]string{"y", "yes", "o", "oui", "是"}, strings.ToLower(answer)) {
				return false, errCancelled
			}
		}
	}
	if o.dryRun {
		return true, nil
	}
	if err := c.Write(); err != nil {
		return false, err
	}
	if !a.human() {
		return true, a.out(report.Owner).Handle(report.Item{Name: "profile", Data: data})
	}
	a.say("screen.rotate.profile.done", "file", safe(c.Backup))
	return true, nil
}
