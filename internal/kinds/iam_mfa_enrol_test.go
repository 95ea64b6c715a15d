package kinds

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

// A phone is a person with an authenticator, who may type otherwise than it shows.
type phone struct {
	t      *testing.T
	seed   string
	puts   int
	types  func(p *phone, try int) (string, string, error)
	why    []string
	seized func() // right after the seed was shown
}

func (p *phone) Put(_ context.Context, id string, seed []byte) error {
	if !strings.Contains(id, ":mfa/") || len(seed) < 16 {
		p.t.Errorf("shown %q with %d characters", id, len(seed))
	}
	p.puts, p.seed = p.puts+1, string(seed)
	if p.seized != nil {
		p.seized()
	}
	return nil
}

func (p *phone) Has(context.Context, string) (bool, error) { return false, nil }

func (p *phone) Codes(_ context.Context, why string) (string, string, error) {
	p.why = append(p.why, why)
	return p.types(p, len(p.why))
}

func (p *phone) right() (string, string, error) {
	now := time.Now()
	return totp(p.t, p.seed, now.Add(-30*time.Second)), totp(p.t, p.seed, now), nil
}

func newDeviceOf(user string) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: "iam.mfa-device", Place: fact.Place{Account: kindtest.Account, Region: fact.Global}, ID: "arn:aws:iam::" + kindtest.Account + ":mfa/" + user}}
	fact.Owner.Set(&r, user)
	return r
}

func TestEnrol(t *testing.T) {
	gone := errors.New("the person went away")
	for _, c := range []struct {
		name   string
		types  func(p *phone, try int) (string, string, error)
		asked  int
		enrols bool
	}{
		{"two in a row", func(p *phone, _ int) (string, string, error) { return p.right() }, 1, true},
		{"wrong, then right", func(p *phone, try int) (string, string, error) {
			if try == 1 {
				return "000000", "111111", nil
			}
			return p.right()
		}, 2, true},
		{"the wrong way round", func(p *phone, try int) (string, string, error) {
			first, second, err := p.right()
			if try == 1 {
				first, second = second, first
			}
			return first, second, err
		}, 2, true},
		{"one code twice, then nobody", func(p *phone, try int) (string, string, error) {
			first, _, _ := p.right()
			if try == 2 {
				return "", "", gone
			}
			return first, first, nil
		}, 2, false},
		{"always wrong", func(*phone, int) (string, string, error) { return "000000", "111111", nil }, codeTries, false},
		{"nobody", func(*phone, int) (string, string, error) { return "", "", gone }, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := kindtest.NewWorld(t)
			a := open(t, w)
			r, p := newDeviceOf(a.user("ann")), &phone{t: t, types: c.types}
			at := time.Now().UTC()
			j := kind.Job{Resource: r, At: at, Sink: p, Tries: []kind.Try{{At: at}}}
			prior := must[[]byte](t)(func() ([]byte, error) { b, err := enrolMFA.Prior(t.Context(), a, r); return b, err }())
			before := dumped(t, w)
			err := enrolMFA.Do(t.Context(), a, j, prior)
			if (err == nil) != c.enrols || p.puts != 1 || len(p.why) != c.asked || p.why[0] != "" || c.asked > 1 && p.why[1] != "refused" {
				t.Fatalf("%v; shown %d, asked %q", err, p.puts, p.why)
			}
			if err != nil && strings.Contains(err.Error(), p.seed) {
				t.Error("the error tells the seed")
			}
			if done, err := enrolMFA.Done(t.Context(), a, j); err != nil || done != c.enrols {
				t.Fatalf("done = %t, %v", done, err)
			}
			if c.enrols {
				for range 2 {
					if err := enrolMFA.Undo(t.Context(), a, j, prior); err != nil {
						t.Fatal(err)
					}
				}
			}
			if after := dumped(t, w); before != after {
				t.Errorf("something stayed:\n%s\n%s", before, after)
			}
		})
	}
}

func dumped(t *testing.T, w kindtest.World) string {
	t.Helper()
	a := open(t, w)
	out := must[*iam.ListVirtualMFADevicesOutput](t)(a.ListVirtualMFADevices(t.Context(), &iam.ListVirtualMFADevicesInput{}))
	var all []string
	for _, d := range out.VirtualMFADevices {
		all = append(all, *d.SerialNumber)
	}
	return strings.Join(all, " ")
}

// A process that died between the device and its codes leaves a device whose seed
// nobody has: the next try deletes it, and only such a one.
func TestAnOrphanGoesWithTheNextTry(t *testing.T) {
	w := kindtest.NewWorld(t)
	a := open(t, w)
	r := newDeviceOf(a.user("ann"))
	name := "ann"
	if _, err := a.CreateVirtualMFADevice(t.Context(), &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: &name}); err != nil {
		t.Fatal(err)
	}
	p := &phone{t: t, types: func(p *phone, _ int) (string, string, error) { return p.right() }}
	first := time.Now().UTC().Add(-time.Hour)
	j := kind.Job{Resource: r, At: first, Sink: p, Tries: []kind.Try{{At: first}}}
	if err := enrolMFA.Do(t.Context(), a, j, nil); err == nil || p.puts > 0 {
		t.Fatalf("a device that no earlier try can have made was taken: %v", err)
	}
	j.Tries = append(j.Tries, kind.Try{At: first.Add(time.Hour)})
	if err := enrolMFA.Do(t.Context(), a, j, nil); err != nil {
		t.Fatal(err)
	}
	if got := dumped(t, w); got != r.ID {
		t.Errorf("devices: %s", got)
	}
	// It is ann's now: another try leaves it alone.
	if err := enrolMFA.Do(t.Context(), a, j, nil); err == nil {
		t.Error("an assigned device was taken")
	}
	if got := dumped(t, w); got != r.ID {
		t.Errorf("devices: %s", got)
	}
}
