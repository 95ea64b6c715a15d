package lab_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"cordon/internal/lab"
)

func TestForksDoNotShareTheAccount(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	c := iam.NewFromConfig(config(l, "us-east-1"))
	mustCreateUser(t, c, "before")
	child, err := l.Fork(ctx)
	if err != nil {
		t.Fatal(err)
	}
	mustCreateUser(t, iam.NewFromConfig(config(child, "us-east-1")), "in-the-child")
	mustCreateUser(t, c, "in-the-parent")
	for name, each := range map[string]*lab.Lab{"in-the-parent": l, "in-the-child": child} {
		dump, err := each.Dump(ctx, "iam")
		if err != nil {
			t.Fatal(err)
		}
		users := map[string]bool{}
		for resource := range dump["iam"] {
			if user, ok := strings.CutPrefix(resource, "user/"); ok {
				users[user] = true
			}
		}
		if len(users) != 2 || !users["before"] || !users[name] {
			t.Errorf("%s: %v", name, users)
		}
	}
	if err := l.Reset(ctx); err != nil {
		t.Fatal(err)
	}
	out, err := c.ListUsers(ctx, nil)
	if err != nil || len(out.Users) != 0 {
		t.Errorf("after a reset: %v %v", out, err)
	}
}

func TestDumpShowsWhatChanged(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	c := ec2.NewFromConfig(config(l, "eu-west-1"))
	run, err := c.RunInstances(ctx, &ec2.RunInstancesInput{
		ImageId: aws.String("ami-12345678"), MinCount: aws.Int32(1), MaxCount: aws.Int32(1), InstanceType: ec2types.InstanceTypeT3Micro,
	})
	if err != nil {
		t.Fatal(err)
	}
	resource := "eu-west-1/instance/" + *run.Instances[0].InstanceId
	state := func() string {
		dump, err := l.Dump(ctx, "ec2")
		if err != nil {
			t.Fatal(err)
		}
		var instance struct{ State string }
		if err := json.Unmarshal(dump["ec2"][resource], &instance); err != nil {
			t.Fatal(err)
		}
		return instance.State
	}
	if state() != "running" {
		t.Errorf("state %q", state())
	}
	if _, err := c.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: []string{*run.Instances[0].InstanceId}}); err != nil {
		t.Fatal(err)
	}
	if state() != "stopped" {
		t.Errorf("state %q", state())
	}
	if _, err := l.Dump(ctx, "nothing"); err == nil {
		t.Error("a dump of nothing")
	}
}

func TestSeedingFillsTheAccountAndTheTrail(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	if _, err := l.Seed(ctx, "no-such", time.Time{}); err == nil {
		t.Error("a scenario that does not exist was run")
	}
	truth, err := l.Seed(ctx, "night", time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	again, err := l.Truth(ctx)
	if err != nil || string(again) != string(truth) || len(truth) < 100 {
		t.Errorf("%d bytes of truth, then %d: %v", len(truth), len(again), err)
	}
	events, err := l.Events(ctx, true)
	if err != nil || len(events) < 50 {
		t.Errorf("%d events: %v", len(events), err)
	}
	if missing, err := l.Missing(ctx); err != nil || len(missing) != 0 {
		t.Errorf("the scenario asks for what nobody answers: %v %v", missing, err)
	}
}

func TestEndpointOverrideWorksToo(t *testing.T) {
	l := fork(t)
	cfg := config(l, "eu-west-1")
	cfg.HTTPClient, cfg.BaseEndpoint = http.DefaultClient, aws.String(l.URL())
	if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if _, err := ec2.NewFromConfig(cfg).DescribeInstances(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if _, last := requests(t, l, "DescribeInstances"); last.Region != "eu-west-1" {
		t.Errorf("%+v", last)
	}
}

func TestForksWhileCallsRun(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	stop := make(chan struct{})
	var calls sync.WaitGroup
	c := iam.NewFromConfig(config(l, "us-east-1"))
	for range 4 {
		calls.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := c.ListUsers(ctx, nil); err != nil {
					t.Error(err)
					return
				}
				if _, err := l.Events(ctx, true); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 8 {
		child, err := l.Fork(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := iam.NewFromConfig(config(child, "us-east-1")).ListUsers(ctx, nil); err != nil {
			t.Error(err)
		}
		if _, err := child.Events(ctx, false); err != nil {
			t.Error(err)
		}
		if err := child.Stop(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	calls.Wait()
}
