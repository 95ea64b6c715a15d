package engine

import (
	"context"
	"strings"
	"time"

	"cordon/internal/awsapi"
	"cordon/internal/report"
)

// Doctor says what stands in the way before anything is begun: who the caller
// is, the clock, the regions, the endpoint, the case folder. It reads only.
func (s *Session) Doctor(ctx context.Context) error {
	c := s.Account.Caller
	say := func(name, state string, args ...any) error {
		return s.Out.Handle(report.Check{Name: name, State: state, Args: args})
	}
	identity := "ok"
	switch {
	case c.Kind == awsapi.KindRoot:
		identity = "warn"
	case strings.Contains(c.Source, "Process"):
		identity = "warn"
	}
	if err := say("identity", identity, "arn", c.ARN, "source", c.Source, "kind", string(c.Kind)); err != nil {
		return err
	}
	if !c.Expires.IsZero() {
		state := "ok"
		if c.Expires.Sub(s.now()) < time.Hour {
			state = "warn"
		}
		if err := say("expiry", state, "at", c.Expires.UTC().Format(time.RFC3339)); err != nil {
			return err
		}
	}
	endpoint, name := "ok", s.Account.Endpoint
	if name != "" {
		endpoint = "warn"
	}
	if len(s.Account.MixedEndpoints) > 0 {
		endpoint, name = "fail", strings.Join(s.Account.MixedEndpoints, " ")
	}
	if err := say("endpoint", endpoint, "url", name); err != nil {
		return err
	}
	regions, err := s.Account.Regions(ctx)
	if err != nil {
		return err
	}
	open, shut, source := 0, 0, ""
	for _, r := range regions {
		if source = r.Source; r.Usable() {
			open++
		} else {
			shut++
		}
	}
	state := "ok"
	if source != "account" {
		state = "warn"
	}
	if err := say("regions", state, "open", open, "closed", shut, "source", source); err != nil {
		return err
	}
	state = "ok"
	if skew := s.Account.Skew(); skew.Abs() > 2*time.Minute {
		state = "warn"
	}
	return say("clock", state, "skew", s.Account.Skew().Round(time.Second).String())
}
