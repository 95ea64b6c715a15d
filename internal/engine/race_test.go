package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"cordon/internal/plan"
)

// A racer is the intruder's script: with one credential it looks every second
// or so at what cordon did and takes it back, and gets itself new sessions, as
// long as AWS lets it.
type racer struct {
	name string
	api  *iam.Client
	sts  *sts.Client
	rand *rand.Rand
	plan plan.Plan

	mu     sync.Mutex
	undid  int
	minted []Credential
	last   time.Time // when the last call of his that went through was begun
}

func (w *world) racer(c Credential, p plan.Plan, seed uint64) *racer {
	cfg := w.config(c, "us-east-1")
	return &racer{name: c.Name, api: iam.NewFromConfig(cfg), sts: sts.NewFromConfig(cfg), rand: rand.New(rand.NewPCG(seed, 1)), plan: p}
}

// run races until the context ends.
func (r *racer) run(ctx context.Context) {
	for ctx.Err() == nil {
		for _, a := range r.plan.Actions {
			r.back(ctx, a)
		}
		r.mint(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(300+r.rand.IntN(1400)) * time.Millisecond):
		}
	}
}

// back takes one change back, if it was made and if he still may.
func (r *racer) back(ctx context.Context, a plan.Action) {
	id, owner := &a.Target.ID, aws.String(strings.Trim(string(a.Target.Facts["owner"]), `"`))
	var err error
	at := time.Now()
	switch string(a.Target.Kind) + " " + a.Verb {
	case "iam.access-key deactivate":
		_, err = r.api.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: owner, AccessKeyId: id, Status: types.StatusTypeActive})
	case "iam.user deny-all":
		_, err = r.api.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: id, PolicyName: aws.String("CordonDenyAll")})
	case "iam.user revoke-sessions":
		_, err = r.api.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: id, PolicyName: aws.String("CordonRevokeSessions")})
	case "iam.role revoke-sessions":
		_, err = r.api.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: id, PolicyName: aws.String("AWSRevokeOlderSessions")})
	case "iam.role deny-all":
		_, err = r.api.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: id, PolicyName: aws.String("CordonDenyAll")})
	default:
		return
	}
	r.note(at, err)
}

// mint gets new sessions of what the plan cuts.
func (r *racer) mint(ctx context.Context) {
	at := time.Now()
	keep := func(what string, c *ststypes.Credentials) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.minted = append(r.minted, Credential{
			Name: fmt.Sprintf("%s of %s, %s", what, r.name, time.Now().UTC().Format("15:04:05.0")), Kind: "minted",
			KeyID: *c.AccessKeyId, Secret: *c.SecretAccessKey, Token: *c.SessionToken,
		})
		r.last = at
	}
	if out, err := r.sts.GetSessionToken(ctx, &sts.GetSessionTokenInput{}); err == nil {
		keep("session", out.Credentials)
	}
	for _, role := range []string{"warehouse-export", "data-pipeline"} {
		at = time.Now()
		if out, err := r.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + truth.Account + ":role/" + role), RoleSessionName: aws.String("race")}); err == nil {
			keep("role "+role, out.Credentials)
		}
	}
}

// note is of a call and when it was begun: what AWS let through before it
// enforced a change may be answered long after.
func (r *racer) note(at time.Time, err error) {
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.undid++
	r.last = at
}

func named(t *testing.T, name string) Credential {
	t.Helper()
	for _, c := range truth.Intruders {
		if c.Name == name && c.KeyID != "" {
			return c
		}
	}
	t.Fatalf("the intruder has no %s", name)
	return Credential{}
}

// AWS enforces what IAM is told four seconds later. Until then the intruder's
// scripts take back what they see: with his administrator's key, with a session
// of it, and with the key that he put on somebody else's user.
func TestAnIntruderRacingCordonLoses(t *testing.T) {
	w := newWorld(t)
	w.triage()
	p := w.contain()
	if _, err := w.Settings(t.Context(), map[string]any{"iam_settle_ms": 4000}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var group sync.WaitGroup
	var racers []*racer
	for i, name := range []string{"pavel.horak", "pavel.horak session", "svc-reporting second key"} {
		r := w.racer(named(t, name), p, uint64(i+1))
		racers = append(racers, r)
		group.Go(func() { r.run(ctx) })
	}
	began := time.Now()
	sum := w.whole(p)
	// He goes on until well after the last change has been enforced.
	ended := time.Now()
	for time.Since(ended) < 6*time.Second {
		<-time.After(200 * time.Millisecond)
	}
	stop()
	group.Wait()
	var minted []Credential
	for _, r := range racers {
		minted = append(minted, r.minted...)
		t.Logf("%-26s took back %3d changes, got %3d sessions; the last call that went through was begun after %s", r.name, r.undid, len(r.minted), r.last.Sub(began).Round(100*time.Millisecond))
		if r.undid+len(r.minted) == 0 {
			t.Errorf("%s did nothing: this shows nothing", r.name)
		}
		if r.last.After(ended) {
			t.Errorf("%s was still in after everything was said to be verified", r.name)
		}
	}
	t.Logf("%d actions, %d verified, %d made again, longest chain %d calls, %d ms", len(p.Actions), sum.Verified, sum.Reapplied, sum.Chain, sum.ElapsedMS)
	if sum.Reapplied == 0 {
		t.Error("nobody raced: this shows nothing")
	}
	w.shut("after the race", minted...)
}
