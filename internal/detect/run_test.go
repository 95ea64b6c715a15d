package detect

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"cordon/internal/event"
	"cordon/internal/finding"
)

func created(i int, at time.Time) event.Event {
	return event.Event{
		ID: fmt.Sprint("e-", i), Time: at, Source: "iam.amazonaws.com", Name: "CreateUser", Account: home, Region: "us-east-1", Credential: "AKIAEXAMPLEEVE000000", Agent: "aws-cli/2", Address: "198.51.100.7",
		Principal: event.Principal{Type: "IAMUser", ARN: "arn:aws:iam::" + home + ":user/eve", User: "eve"}, Request: []byte(fmt.Sprintf(`{"userName":"u%d"}`, i)),
	}
}

func TestHitSaysWhoAndWhere(t *testing.T) {
	e := created(1, began)
	hits := Run(slices.Values([]event.Event{e}), nil)
	want := Hit{
		Detection: "iam.principal-created", Status: Done, Severity: finding.Low, Confidence: finding.Ask, Attack: []string{"T1136.003"}, At: began, EventIDs: []string{"e-1"},
		Principal: e.Principal.ARN, Credential: e.Credential, Address: e.Address, Agent: e.Agent, Region: e.Region, Account: home, Args: map[string]string{"who": "u1"},
	}
	if len(hits) != 1 || !reflect.DeepEqual(hits[0], want) {
		t.Errorf("got  %+v\nwant %+v", hits, want)
	}
}

func TestFailedIsAttemptedAndOneStepLower(t *testing.T) {
	e := created(1, began)
	e.Error.Code = "AccessDenied"
	hits := Run(slices.Values([]event.Event{e}), nil)
	if len(hits) != 1 || hits[0].Status != Attempted || hits[0].Severity != finding.Info {
		t.Errorf("%+v", hits)
	}
}

func TestNovelIsOneStepWorse(t *testing.T) {
	e := created(1, began)
	hits := Run(slices.Values([]event.Event{e}), fakePast("new"))
	if len(hits) != 1 || hits[0].Severity != finding.Medium || hits[0].Confidence != finding.Probable {
		t.Errorf("%+v", hits)
	}
}

func TestAWSItselfIsNoHit(t *testing.T) {
	for name, change := range map[string]func(*event.Event){
		"a service event": func(e *event.Event) { e.Type = "AwsServiceEvent" },
		"a service principal": func(e *event.Event) {
			e.Principal = event.Principal{Type: "AWSService", InvokedBy: "config.amazonaws.com"}
		},
		"on behalf":      func(e *event.Event) { e.Principal.InvokedBy = "cloudformation.amazonaws.com" },
		"by its address": func(e *event.Event) { e.Address = "trustedadvisor.amazonaws.com" },
	} {
		e := created(1, began)
		change(&e)
		if hits := Run(slices.Values([]event.Event{e}), nil); len(hits) != 0 {
			t.Errorf("%s: %+v", name, hits)
		}
	}
}

func TestTwinsCountOnce(t *testing.T) {
	var all []event.Event
	for range 3 {
		all = append(all, created(1, began))
	}
	if hits := Run(slices.Values(all), nil); len(hits) != 1 {
		t.Errorf("%d hits of one event given three times", len(hits))
	}
}

// TestCrowdsAreBounded: an intruder who does a thing a hundred thousand times
// fills no memory, and nothing of it is lost from the count.
func TestCrowdsAreBounded(t *testing.T) {
	const n = 100000
	hits := Run(func(yield func(event.Event) bool) {
		for i := range n {
			if !yield(created(i, began.Add(time.Duration(i)*time.Millisecond))) {
				return
			}
		}
	}, nil)
	cited := 0
	for _, h := range hits {
		cited += len(h.EventIDs) + h.More
		if len(h.EventIDs) > keptEvents {
			t.Errorf("%d events in one hit", len(h.EventIDs))
		}
	}
	if len(hits) > 2*KeptPerHour || cited != n {
		t.Errorf("%d hits that stand for %d events, of %d", len(hits), cited, n)
	}
}

func TestBurstsAreBounded(t *testing.T) {
	ws, b := windows{}, &burst{Within: time.Minute, Count: 1000, Of: func(l *look) []string { return []string{l.ID} }}
	for i := range 3 * keptActors {
		l := &look{Event: created(i, began.Add(time.Duration(i)*time.Millisecond)), principal: fmt.Sprint(i)}
		ws.add(b, l)
		if len(ws) > keptActors {
			t.Fatalf("%d windows", len(ws))
		}
	}
	one := windows{}
	for i := range 10 * keptEvents {
		one.add(b, &look{Event: created(i, began.Add(time.Duration(i)*time.Millisecond)), principal: "p"})
	}
	for _, w := range one {
		if len(w.steps) > keptEvents+1 || len(w.values) > keptValues {
			t.Errorf("%d steps, %d values", len(w.steps), len(w.values))
		}
	}
}

func TestAgedForgetsTheOldest(t *testing.T) {
	a := newAged[int]()
	for i := range keptMemories + 1 {
		a.put(fmt.Sprint(i), i)
	}
	if _, ok := a.get("0"); ok || len(a.values) != keptMemories/2+1 || len(a.order) != len(a.values) {
		t.Errorf("%d values, %d in order", len(a.values), len(a.order))
	}
	if v, ok := a.get(fmt.Sprint(keptMemories)); !ok || v != keptMemories {
		t.Error("the newest is gone")
	}
}

// TestOrderIsOne: the same events give the same hits, whatever maps do.
func TestOrderIsOne(t *testing.T) {
	var all []event.Event
	for _, s := range samples(t) {
		for i, e := range s.events {
			e.ID = fmt.Sprint(s.where, i)
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b event.Event) int { return a.Time.Compare(b.Time) })
	first := Run(slices.Values(all), nil)
	for range 3 {
		if again := Run(slices.Values(all), nil); !reflect.DeepEqual(first, again) {
			t.Fatal("two runs over the same events differ")
		}
	}
	kinds := map[string]bool{}
	for _, h := range first {
		kinds[h.Detection] = true
	}
	t.Logf("%d hits of %d detections", len(first), len(slices.Collect(maps.Keys(kinds))))
}

func TestWanted(t *testing.T) {
	for _, c := range []struct {
		identity, code string
		want           bool
	}{
		{"arn:aws:iam::111122223333:root", "", true},
		{"arn:aws-cn:iam::111122223333:root", "", true},
		{"arn:aws:sts::111122223333:assumed-role/web/i-0abcdef1234567890", "", true},
		{"arn:aws:sts::111122223333:assumed-role/web/i-am-ann", "", false},
		{"arn:aws:iam::111122223333:user/i-0abcdef1234567890", "", false},
		{"arn:aws:iam::111122223333:user/eve", "", false},
		{"arn:aws:iam::111122223333:user/eve", "AccessDeniedException", true},
		{"arn:aws:iam::111122223333:user/eve", "Client.UnauthorizedOperation", true},
		{"", "Client.DryRunOperation", true},
		{"", "NoSuchEntityException", false},
	} {
		if got := Wanted(c.identity, c.code); got != c.want {
			t.Errorf("%s, %s: %v", c.identity, c.code, got)
		}
	}
}

func TestTypes(t *testing.T) {
	for kind, want := range map[string]bool{
		"p3.2xlarge": true, "p2.xlarge": true, "g4dn.xlarge": true, "g5.48xlarge": true, "gr6.4xlarge": true, "trn1.2xlarge": true, "inf2.xlarge": true, "dl1.24xlarge": true,
		"c5.24xlarge": true, "m5.metal": true, "i3en.metal-24xl": true, "t3.micro": false, "m5.8xlarge": false, "c6g.large": false, "": false, "p": false, "x.y.z": false,
	} {
		if miner(kind) != want {
			t.Errorf("%q: %v", kind, !want)
		}
	}
	for image, want := range map[string]bool{
		"someone/miner": true, "nginx": true, "docker.io/x/y": true, "ghcr.io/x/y:1": true, "111122223333.dkr.ecr.eu-west-1.amazonaws.com/app": false, "registry.example:5000/x": false, "": false,
	} {
		if anybodysImage(image) != want {
			t.Errorf("%q: %v", image, !want)
		}
	}
}

// TestInstanceKeyAway: with one credential two places are theft; with another
// credential, as after a night, the place may be the machine's new one.
func TestInstanceKeyAway(t *testing.T) {
	use := func(i int, key, address, agent string) event.Event {
		return event.Event{
			ID: fmt.Sprint("e-", i), Time: began.Add(time.Duration(i) * time.Hour), Source: "s3.amazonaws.com", Name: "ListBuckets", Account: home, Region: "us-east-1", Credential: key, Agent: agent, Address: address,
			Principal: event.Principal{Type: "AssumedRole", ARN: "arn:aws:sts::" + home + ":assumed-role/web/i-0abcdef1234567890"},
		}
	}
	const boto, mac = "Boto3/1.28", "aws-cli/2.15 os/macos#23"
	for name, c := range map[string]struct {
		past   History
		events []event.Event
		want   []string
	}{
		"another place":                {nil, []event.Event{use(1, "ASIA1", "198.51.100.7", boto), use(2, "ASIA1", "203.0.113.77", boto)}, []string{"medium low", "critical high"}},
		"another morning":              {nil, []event.Event{use(1, "ASIA1", "198.51.100.7", boto), use(2, "ASIA2", "203.0.113.77", boto)}, []string{"medium low", "medium low"}},
		"another morning, with a past": {fakePast("new"), []event.Event{use(1, "ASIA1", "198.51.100.7", boto), use(2, "ASIA2", "203.0.113.77", boto)}, []string{"high medium", "medium low"}},
		"and then another place":       {nil, []event.Event{use(1, "ASIA1", "198.51.100.7", boto), use(2, "ASIA2", "203.0.113.77", boto), use(3, "ASIA2", "192.0.2.9", boto)}, []string{"medium low", "medium low", "critical high"}},
		"the new key, where it was":    {nil, []event.Event{use(1, "ASIA1", "198.51.100.7", boto), use(2, "ASIA2", "198.51.100.7", boto), use(3, "ASIA2", "192.0.2.9", boto)}, []string{"medium low", "critical high"}},
		"another morning, on a laptop": {nil, []event.Event{use(1, "ASIA1", "198.51.100.7", boto), use(2, "ASIA2", "203.0.113.77", mac)}, []string{"medium low", "critical high"}},
	} {
		var got []string
		for _, h := range Run(slices.Values(c.events), c.past) {
			if h.Detection == "sts.instance-key-away" {
				got = append(got, fmt.Sprintf("%s %s", h.Severity, h.Confidence))
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
