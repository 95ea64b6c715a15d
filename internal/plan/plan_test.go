package plan

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"cordon/internal/fact"
)

func target(kind, id string) fact.Resource {
	return fact.Resource{Ref: fact.Ref{Kind: fact.Kind(kind), Place: fact.Place{Account: "111122223333", Region: fact.Global}, ID: id}}
}

func act(verb, id string, after ...string) Action {
	a := Act(target("k", id), verb, Reversible)
	a.After = after
	return a
}

func TestOrder(t *testing.T) {
	first, second := act("v", "1"), act("v", "2")
	third := act("v", "3", first.ID, "not in the plan")
	first.After = []string{second.ID}
	got, err := Order([]Action{third, first, second})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, a := range got {
		ids = append(ids, a.Target.ID)
	}
	if !slices.Equal(ids, []string{"2", "1", "3"}) || len(got[2].After) != 1 {
		t.Errorf("order %v, after %v", ids, got[2].After)
	}
	second.After = []string{first.ID}
	if _, err := Order([]Action{first, second}); !errors.Is(err, ErrCycle) {
		t.Errorf("a cycle: %v", err)
	}
	if _, err := Order([]Action{first, first}); err == nil {
		t.Error("the same action twice was ordered")
	}
}

func TestDigestCoversEverything(t *testing.T) {
	base := func() Plan {
		return Plan{V: 1, Type: Contain, Case: "c", Account: "1", Partition: "aws", Nonce: "n", Expires: time.Unix(9, 0).UTC(),
			Actions: []Action{act("deactivate", "1")}}
	}
	want := base().Digest()
	for name, change := range map[string]func(*Plan){
		"account":  func(p *Plan) { p.Account = "2" },
		"endpoint": func(p *Plan) { p.Endpoint = "http://127.0.0.1:1" },
		"caller":   func(p *Plan) { p.Caller.UniqueID = "AIDA" },
		"case":     func(p *Plan) { p.Case = "d" },
		"expiry":   func(p *Plan) { p.Expires = time.Unix(10, 0).UTC() },
		"nonce":    func(p *Plan) { p.Nonce = "m" },
		"snapshot": func(p *Plan) { p.Snapshot = "s" },
		"evidence": func(p *Plan) { p.Evidence = []string{"e"} },
		"planned":  func(p *Plan) { p.Actions[0].Planned = json.RawMessage(`{"a":1}`) },
		"target":   func(p *Plan) { p.Actions[0].Target.UniqueID = "AIDA2" },
		"reopens":  func(p *Plan) { p.Reopens = true },
		"ward":     func(p *Plan) { p.Ward.BreakGlass = []string{"arn"} },
		"exposed":  func(p *Plan) { p.Actions[0].Exposed = true },
	} {
		p := base()
		change(&p)
		if p.Digest() == want {
			t.Errorf("%s does not change the digest", name)
		}
	}
	// A plan that went through a file is the same plan.
	b, err := Canonical(base())
	if err != nil {
		t.Fatal(err)
	}
	var back Plan
	if err := json.Unmarshal(b, &back); err != nil || back.Digest() != want {
		t.Errorf("after a file %s, %v; want %s", back.Digest(), err, want)
	}
}

func TestCode(t *testing.T) {
	if got := Code("ffffffff00"); got != "ZZZ-ZZZ" {
		t.Errorf("code %q", got)
	}
	if got := Code("zz"); got != "" {
		t.Errorf("code of no digest: %q", got)
	}
}

func TestSame(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`{"a":1,"b":"<"}`, `{ "b":"\u003c", "a":1 }`, true},
		{`{"a":1}`, `{"a":2}`, false},
		{`null`, ``, false},
		{``, ``, true},
		{`[1,2]`, `[2,1]`, false},
		{`{`, `{`, false},
	} {
		if got := Same(json.RawMessage(c.a), json.RawMessage(c.b)); got != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

// signer makes keys from a byte, so that tests are the same every time.
func signer(n byte) (string, func(string, []byte) []byte) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, 32))
	pub := base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
	return pub, func(purpose string, m []byte) []byte {
		return ed25519.Sign(key, append([]byte("cordon "+purpose+"\x00"), m...))
	}
}

func TestApprove(t *testing.T) {
	now := time.Unix(1000, 0)
	p := Plan{Case: "c", Expires: now.Add(time.Hour)}
	ann, annSigns := signer(1)
	bob, bobSigns := signer(2)
	eve, eveSigns := signer(3)
	good := Sign(p.Digest(), "ann", now, ann, annSigns)
	second := Sign(p.Digest(), "bob", now, bob, bobSigns)
	trusted := []string{ann, bob}

	other := p
	other.Case = "d"
	renamed := good
	renamed.By = "somebody else"
	expired := p
	expired.Expires = now

	for name, c := range map[string]struct {
		plan Plan
		with []Approval
		need int
		want error
	}{
		"one":                     {p, []Approval{good}, 1, nil},
		"two":                     {p, []Approval{good, second}, 2, nil},
		"none":                    {p, nil, 1, ErrTooFew},
		"the same person twice":   {p, []Approval{good, good}, 2, ErrTooFew},
		"for a different plan":    {other, []Approval{good}, 1, ErrDigest},
		"by a foreign key":        {p, []Approval{Sign(p.Digest(), "ann", now, eve, eveSigns)}, 1, ErrForeign},
		"altered after signing":   {p, []Approval{renamed}, 1, ErrUnsigned},
		"signed by another's key": {p, []Approval{Sign(p.Digest(), "ann", now, ann, eveSigns)}, 1, ErrUnsigned},
		"of an expired plan":      {expired, []Approval{Sign(expired.Digest(), "ann", now, ann, annSigns)}, 1, ErrExpired},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := Approve(c.plan, c.with, trusted, c.need, now)
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Fatalf("err = %v, want %v", err, c.want)
			}
			if err == nil && a.Digest() != c.plan.Digest() {
				t.Error("another digest was approved")
			}
		})
	}
}
