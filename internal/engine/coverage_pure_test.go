package engine

import (
	"slices"
	"testing"
	"time"

	"cordon/internal/report"
)

// What imports did not ask for and asked for in vain is told until a later import
// makes up for it.
func TestWhatImportsLeftOut(t *testing.T) {
	day := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	part := asked{Sources: []string{"s3://logs/all/"}, Regions: []string{"eu-west-1"}, From: day}
	shut := asked{Sources: []string{eventHistory}, Answered: []string{"us-east-1"}, Refused: []string{"sa-east-1", "eu-west-3"}}
	blind := asked{Sources: []string{"/logs"}, Unlisted: []report.Damage{{File: "/logs/2025", Why: "cannot read: permission denied"}}}
	tell := func(all ...asked) (why []string) {
		for _, g := range slices.Concat(parts(all), refused(all), unlistedIn(all)) {
			why = append(why, g.Why+" "+g.Region+g.Detail)
		}
		return why
	}
	for name, c := range map[string]struct {
		all  []asked
		want []string
	}{
		"a part":                    {[]asked{part, part}, []string{"narrowed-import 2026-03-10T00:00:00Z/.. eu-west-1"}},
		"then the whole":            {[]asked{part, {Sources: []string{"s3://logs/all/"}}}, nil},
		"the whole of what is over": {[]asked{{Sources: []string{"s3://logs"}}, part}, nil},
		"the whole of another":      {[]asked{{Sources: []string{"s3://logs/al"}}, part}, []string{"narrowed-import 2026-03-10T00:00:00Z/.. eu-west-1"}},
		"refused":                   {[]asked{shut}, []string{"refused-region eu-west-3", "refused-region sa-east-1"}},
		"refused, then not":         {[]asked{shut, {Sources: []string{eventHistory}, Answered: []string{"sa-east-1"}}}, []string{"refused-region eu-west-3"}},
		"unlisted":                  {[]asked{blind, {Sources: []string{"/other"}}}, []string{"unlisted /logs/2025: cannot read: permission denied"}},
		"unlisted, then not":        {[]asked{blind, {Sources: []string{"/logs/"}}}, nil},
	} {
		if got := tell(c.all...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
