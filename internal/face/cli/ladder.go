package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"cordon/internal/engine"
	"cordon/internal/incident"
	"cordon/internal/plan"
)

// second thoughts: how long Ctrl-C still cancels what cannot be undone.
const secondThoughts = 5 * time.Second

// approve makes sure that the plan is approved: by approvals that the case
// has, by --approve with the full digest, or by the person at the terminal.
func (a *app) approve(ctx context.Context, c *incident.Case, p plan.Plan, given, again string, now time.Time) error {
	digest := p.Digest()
	switch {
	case given != "":
		if strings.TrimPrefix(given, "sha256:") != digest {
			return &problem{reason: "approve-digest", exit: exitApproval, fix: "cordon plan show " + plan.Code(digest)}
		}
		return a.sign(c, p, now)
	case a.approvedBefore(c, digest):
		a.note("screen.ladder.approved")
		return nil
	case a.flags.noInput || !a.sys.InTTY:
		return &problem{reason: "needs-approval", exit: exitApproval, fix: again + " --approve " + digest + " --no-input"}
	}
	if err := a.climb(ctx, p); err != nil {
		return err
	}
	return a.sign(c, p, now)
}

func (a *app) approvedBefore(c *incident.Case, digest string) bool {
	saved, err := c.LoadApprovals(digest)
	// The engine checks every signature; here it only decides whether to ask.
	return err == nil && len(saved) >= max(c.Approvals, 1)
}

func (a *app) sign(c *incident.Case, p plan.Plan, now time.Time) error {
	k, err := a.key()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(c.Approvers, func(x incident.Approver) bool { return x.PublicKey == k.Encoded() }) {
		return &problem{reason: "not-approver", args: []any{"who", a.sys.Who, "case", c.ID}, exit: exitApproval}
	}
	_, err = engine.Approve(c, p, k, a.sys.Who, now)
	return err
}

// climb asks what the gravest class of the plan asks for. The answer differs
// from plan to plan, is digits only, and is asked for once: a wrong entry is no.
func (a *app) climb(ctx context.Context, p plan.Plan) error {
	counts := map[plan.Class]int{}
	for _, act := range p.Actions {
		counts[act.Class]++
	}
	last := p.Account[max(len(p.Account)-4, 0):]
	var want []string
	switch {
	case counts[plan.Permanent] > 0:
		code := fmt.Sprintf("%d-%s", counts[plan.Permanent], last)
		want = []string{code}
		a.ask("screen.ladder.permanent", "n", counts[plan.Permanent], "code", code)
	case counts[plan.Disruptive] > 0:
		want = []string{last}
		a.ask("prose.ladder.disruptive", "n", counts[plan.Disruptive], "account", p.Account)
	default:
		want = []string{"y", "yes", "o", "oui", "是"}
		a.ask("screen.ladder.reversible", "n", counts[plan.Reversible], "account", p.Account)
	}
	answer, err := a.read(ctx)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if !slices.Contains(want, strings.ToLower(strings.TrimSpace(answer))) {
		return errCancelled
	}
	if counts[plan.Permanent] > 0 {
		a.note("screen.ladder.wait", "n", int(secondThoughts/time.Second))
		return a.sys.Wait(ctx, secondThoughts)
	}
	return nil
}

// ask writes a question on standard error and stays on its line.
func (a *app) ask(key string, args ...any) {
	fmt.Fprint(a.sys.Err, strings.TrimRight(a.wrapped("", a.words.T(key, args...)), "\n")+" ")
}

// read reads one line of a person's answer, or gives up when the run ends.
func (a *app) read(ctx context.Context) (string, error) {
	if a.in == nil {
		a.in = bufio.NewReader(a.sys.In)
	}
	type answer struct {
		line string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		line, err := a.in.ReadString('\n')
		if line != "" && strings.HasSuffix(line, "\n") {
			err = nil
		}
		got <- answer{strings.TrimSpace(line), err}
	}()
	select {
	case x := <-got:
		if x.err != nil {
			return "", x.err // a line that broke off is no answer
		}
		return x.line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
