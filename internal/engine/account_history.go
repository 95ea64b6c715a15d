package engine

import (
	"context"
	"strings"
	"time"

	"cordon/internal/event"
	"cordon/internal/report"
)

// accountCalls are the calls that change what AWS knows of the account's owner.
// EmailUpdated is what the sign-in service records when the root user changes
// the address in the console.
var accountCalls = []string{
	"PutContactInformation", "PutAlternateContact", "DeleteAlternateContact", "PutAccountName",
	"StartPrimaryEmailUpdate", "AcceptPrimaryEmailUpdate", "EmailUpdated", "EnableRegion", "DisableRegion",
}

// accountChanges reads who changed which field, as far back as the event history
// tells: where AWS records the calls of global services.
func (s *Session) accountChanges(ctx context.Context, sum *report.AccountChecked) (map[string][]report.AccountChange, error) {
	events, unseen, err := s.recorded(ctx, []string{s.Account.GlobalRegion()}, accountCalls)
	if err != nil {
		return nil, err
	}
	sum.Since, sum.Lag = sum.At.Add(-historyReach), int(trailLag/time.Minute)
	for _, u := range unseen {
		sum.Unseen = append(sum.Unseen, u.Where+": "+u.Why)
	}
	lanes, err := s.lanesNow(ctx)
	if err != nil {
		return nil, err
	}
	sum.Triaged = lanes.triaged
	out := map[string][]report.AccountChange{}
	for _, e := range events {
		name, detail := fieldOf(e)
		if name == "" {
			continue
		}
		out[name] = append(out[name], report.AccountChange{At: e.Time, Call: e.Name, Detail: detail, Refused: e.Failed(), By: lanes.caller(e)})
	}
	return out, nil
}

// fieldOf is the field that a call changes. A call for another account, by the
// management account for a member, is none of this one's.
func fieldOf(e event.Event) (name, detail string) {
	one := func(paths ...string) string {
		for _, p := range paths {
			if v := event.Path(e.Request, p); len(v) > 0 {
				return v[0]
			}
		}
		return ""
	}
	if other := one("accountId", "AccountId"); other != "" && other != e.Account {
		return "", ""
	}
	switch e.Name {
	case "PutContactInformation":
		return fieldContact, ""
	case "PutAccountName":
		return fieldName, ""
	case "PutAlternateContact", "DeleteAlternateContact":
		return strings.ToLower(one("alternateContactType", "AlternateContactType")), ""
	case "EnableRegion", "DisableRegion":
		return fieldRegions, one("regionName", "RegionName")
	}
	return fieldEmail, ""
}
