package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"cordon/internal/incident"
)

// night is the scenario there is.
const night = "night"

func newDrill(a *app) *cobra.Command {
	list := a.leaf("list", "drill.list", between(0, 0), func(*cobra.Command, []string) error {
		return a.record("drill", map[string]any{"name": night}, func() {
			a.rows("  ", [][2]string{{night, a.words.T("drill.night")}})
		})
	})
	start := a.leaf("start night [--local]", "drill.start", between(1, 1), func(cmd *cobra.Command, args []string) error {
		if args[0] != night {
			return usage("usage.drill", "name", safe(args[0]))
		}
		return runDrillStart(cmd.Context(), a)
	})
	start.Flags().Bool("local", true, "")
	score := a.leaf("score", "drill.score", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runDrillScore(cmd.Context(), a)
	})
	return a.group("drill", "drill", list, start, score)
}

// truth is what the lab says really happened.
type truth struct {
	Account string `json:"account"`
	Since   string `json:"since"`
	Caller  struct {
		ARN    string `json:"arn"`
		ID     string `json:"access_key_id"`
		Secret string `json:"secret_access_key"`
	} `json:"caller"`
	BreakGlass string       `json:"breakglass_role"`
	LeakedKey  string       `json:"leaked_key"`
	LeakedUser string       `json:"leaked_user"`
	Intruder   []credential `json:"intruder_credentials"`
	Owner      []credential `json:"owner_credentials"`
	Planted    []planted    `json:"planted"`
}

type credential struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	ID     string `json:"access_key_id"`
	Secret string `json:"secret_access_key"`
	Token  string `json:"session_token"`
}

type planted struct {
	Kind   string `json:"kind"`
	Region string `json:"region"`
	ID     string `json:"id"`
	What   string `json:"what"`
}

func readTruth(raw []byte) (t truth, err error) {
	if err := json.Unmarshal(raw, &t); err != nil {
		return t, fmt.Errorf("cannot read the lab's truth: %w", err)
	}
	return t, nil
}

func runDrillStart(ctx context.Context, a *app) error {
	l, err := a.startLab(ctx, 0)
	if err != nil {
		return err
	}
	a.note("screen.drill.seeding")
	raw, err := l.Seed(ctx, night, a.sys.Now())
	if err != nil {
		return a.labProblem(err)
	}
	t, err := readTruth(raw)
	if err != nil {
		return a.labProblem(err)
	}
	c, err := a.create(incident.Info{
		Title: "drill " + night, Account: t.Account, Partition: "aws", Endpoint: l.URL(), By: t.Caller.ARN,
		Protected: []string{t.BreakGlass}, Notice: &incident.Notice{Key: t.LeakedKey, User: t.LeakedUser},
	})
	if err != nil {
		return err
	}
	data := map[string]any{
		"name": night, "case": c.ID, "account": t.Account, "url": l.URL(), "leaked_key": t.LeakedKey, "since": t.Since,
		"access_key_id": t.Caller.ID, "secret_access_key": t.Caller.Secret,
	}
	return a.record("drill_started", data, func() {
		fmt.Fprintln(a.sys.Err)
		a.note("prose.drill.pager", "key", t.LeakedKey, "user", t.LeakedUser, "account", t.Account)
		fmt.Fprintln(a.sys.Err)
		a.note("prose.drill.next", "case", c.ID, "since", t.Since)
		a.exports(l.URL(), t.Caller.ID, t.Caller.Secret)
	})
}
