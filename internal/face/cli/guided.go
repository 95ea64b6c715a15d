package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"cordon/internal/incident"
	"cordon/internal/words"
)

// runGuided is cordon with no arguments: for an owner who has never seen it.
// It asks at most four questions, looks, and shows the next step.
func runGuided(ctx context.Context, a *app, cmd *cobra.Command) error {
	if !a.human() || a.flags.noInput || !a.sys.InTTY || !a.sys.OutTTY {
		a.help(cmd, nil)
		return nil
	}
	answer := func(key string) (string, error) {
		a.ask(key)
		line, err := a.read(ctx)
		if errors.Is(err, io.EOF) {
			fmt.Fprintln(a.sys.Err)
			return "", errCancelled
		}
		return line, err
	}
	if a.flags.lang == "" && a.sys.Env("CORDON_LANG") == "" {
		line, err := answer("screen.guided.lang")
		if err != nil {
			return err
		}
		switch strings.ToLower(line) {
		case "1", "en":
			a.speak(words.EN)
		case "2", "zh", "中文":
			a.speak(words.ZH)
		case "3", "fr":
			a.speak(words.FR)
		}
	}
	a.say("prose.guided.hello")
	fmt.Fprintln(a.sys.Out)
	o := triageOptions{}
	line, err := answer("screen.guided.since")
	if err != nil {
		return err
	}
	if line != "" {
		if _, err := moment(line, a.sys.Now()); err != nil {
			return err
		}
		o.since = line
	}
	if line, err = answer("screen.guided.key"); err != nil {
		return err
	}
	if line != "" {
		o.notice = &incident.Notice{Key: line}
	}
	if line, err = answer("screen.guided.go"); err != nil {
		return err
	}
	if l := strings.ToLower(line); l == "n" || l == "no" || l == "non" || l == "否" {
		return errCancelled
	}
	return runTriage(ctx, a, o)
}
