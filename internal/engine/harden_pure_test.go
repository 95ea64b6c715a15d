package engine

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"cordon/internal/fact"
	"cordon/internal/plan"
	"cordon/internal/words"
)

func TestChooseItems(t *testing.T) {
	names := func(items []hardItem) (out []string) {
		for _, i := range items {
			out = append(out, i.id)
		}
		return out
	}
	if got, err := chooseItems(HardenOptions{}); err != nil || len(got) != 0 {
		t.Errorf("without a choice %v is chosen, %v", names(got), err)
	}
	if got, err := chooseItems(HardenOptions{Only: []string{"trail", "mfa"}}); err != nil || !slices.Equal(names(got), []string{"mfa", "trail"}) {
		t.Errorf("%v, %v", names(got), err)
	}
	got, err := chooseItems(HardenOptions{AllFree: true})
	if err != nil || !slices.Contains(names(got), "s3-public") {
		t.Errorf("%v, %v", names(got), err)
	}
	for _, i := range got {
		if slices.Contains([]string{"trail", "guardduty", "config", "billing-alarm"}, i.id) {
			t.Errorf("%s costs money and is among what is free", i.id)
		}
	}
	var refused *Refused
	if _, err := chooseItems(HardenOptions{Only: []string{"mfa", "world-peace"}}); !errors.As(err, &refused) || refused.Reason != "no-such-item" {
		t.Errorf("%v", err)
	}
}

// Every item says in every language what it is, what it may break, and what it costs
// where it is not free.
func TestEveryItemHasWords(t *testing.T) {
	for _, lang := range words.Langs() {
		w := words.For(lang)
		for _, i := range hardItems {
			for _, key := range []string{"harden." + i.id + ".title", "harden." + i.id + ".breaks", "because.harden-" + i.id} {
				if !w.Has(key) {
					t.Errorf("%s: no text for %s", lang, key)
				}
			}
			if w.Has("harden."+i.id+".cost") == i.free {
				t.Errorf("%s: %s is free: %t, and its words say otherwise", lang, i.id, i.free)
			}
		}
		for _, s := range []string{"on", "off", "part", "unread", "proposal"} {
			if !w.Has("screen.harden.state." + s) {
				t.Errorf("%s: no word for %s", lang, s)
			}
		}
		for _, s := range []string{Quiet, Active, Unseen, Stopped} {
			if !w.Has("screen.watch.end."+s) || !w.Has("prose.watch.end."+s) {
				t.Errorf("%s: no words for the end %s", lang, s)
			}
		}
	}
}

// Not read is never so, and one place that is not read does not hide the others.
func TestEverywhere(t *testing.T) {
	broken := errors.New("broken")
	got, err := everywhere(t.Context(), []string{"a", "b", "c", "d"}, func(_ context.Context, place string) (itemState, error) {
		switch place {
		case "b":
			return itemState{}, broken
		case "c":
			return itemState{off: []string{place}, actions: []plan.Action{plan.Act(fact.Resource{Ref: fact.Ref{ID: place}}, "x", plan.Reversible)}}, nil
		}
		return itemState{on: []string{place}}, nil
	})
	if err != nil || got.state() != "part" || !slices.Equal(got.on, []string{"a", "d"}) || len(got.unread) != 1 || !strings.HasPrefix(got.unread[0], "b: ") || len(got.actions) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	for want, f := range map[string]itemState{
		"on": {on: []string{"a"}}, "off": {off: []string{"a"}, unread: []string{"b"}}, "unread": {on: []string{"a"}, unread: []string{"b"}},
	} {
		if f.state() != want {
			t.Errorf("%+v is %s, want %s", f, f.state(), want)
		}
	}
	if s := (itemState{}).state(); s != "unread" { // a setting of Regions, and none of them is used
		t.Errorf("what was looked at nowhere is %s", s)
	}
}

// AWS takes policies of up to 5,120 characters; each denies something and says what.
func TestProposals(t *testing.T) {
	all, err := ProposeSCPs("aws", []string{"eu-west-1", "us-east-1"})
	if err != nil || len(all) != 5 {
		t.Fatalf("%d, %v", len(all), err)
	}
	for _, p := range all {
		var doc struct {
			Version   string
			Statement []struct {
				Sid, Effect, Resource string
				Action, NotAction     []string
			}
		}
		if err := json.Unmarshal(p.Document, &doc); err != nil || doc.Version != "2012-10-17" || len(doc.Statement) != 1 || len(p.Document) > 5120 {
			t.Errorf("%s: %v, %d characters", p.Name, err, len(p.Document))
			continue
		}
		s := doc.Statement[0]
		if s.Effect != "Deny" || s.Resource != "*" || s.Sid == "" || (len(s.Action) == 0) == (len(s.NotAction) == 0) {
			t.Errorf("%s: %+v", p.Name, s)
		}
		if strings.Contains(p.Name, "regions") != (len(s.NotAction) > 0) {
			t.Errorf("%s denies all but %v", p.Name, s.NotAction)
		}
	}
	if few, err := ProposeSCPs("aws-cn", nil); err != nil || len(few) != 4 || !strings.Contains(string(few[2].Document), "arn:aws-cn:iam::*:root") {
		t.Errorf("%d, %v", len(few), err)
	}
}
