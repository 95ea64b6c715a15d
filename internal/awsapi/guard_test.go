package awsapi

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

func TestActions(t *testing.T) {
	got := Actions([]Need{"s3:ListObjectsV2=s3:ListBucket", "iam:ListUsers", "iam:ListUsers", "sts:GetCallerIdentity=",
		"=iam:PassRole", "lambda:GetFunction=lambda:GetFunction,lambda:GetLayerVersion", "cloudwatchlogs:DescribeLogGroups"})
	want := []string{"iam:ListUsers", "iam:PassRole", "lambda:GetFunction", "lambda:GetLayerVersion", "logs:DescribeLogGroups", "s3:ListBucket"}
	if !slices.Equal(got, want) {
		t.Errorf("Actions = %v\nwant %v", got, want)
	}
}

func TestGuardRefusesAndNothingLeaves(t *testing.T) {
	cleanEnv(t, "")
	f := &fakeAWS{}
	a := open(t, f, Options{})
	before := len(f.seen)
	cfg := a.Read(Global, []Need{"iam:ListUsers"})
	_, err := iam.NewFromConfig(cfg).DeleteUser(context.Background(), &iam.DeleteUserInput{UserName: aws.String("x")})
	var nd ErrNotDeclared
	if !errors.As(err, &nd) || nd != "iam:DeleteUser" {
		t.Errorf("err = %v", err)
	}
	if _, err := ec2.NewFromConfig(cfg).DescribeInstances(context.Background(), &ec2.DescribeInstancesInput{}); !errors.As(err, &nd) {
		t.Errorf("err = %v", err)
	}
	if len(f.seen) != before || len(a.CallsByOp()) != 1 {
		t.Errorf("something left the machine: %v %v", f.seen[before:], a.CallsByOp())
	}
	if _, err := iam.NewFromConfig(cfg).ListUsers(context.Background(), &iam.ListUsersInput{}); err != nil {
		t.Error(err)
	}
	if Classify(nd) != Broken {
		t.Error("a refused call must be Broken, so that nothing is read as empty")
	}
}

// Guards of one cached region must not end up in each other's stacks.
func TestGuardsAreApart(t *testing.T) {
	cleanEnv(t, "")
	a := open(t, &fakeAWS{}, Options{})
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if i%2 == 0 {
				_, err := iam.NewFromConfig(a.Read("eu-west-1", []Need{"iam:ListUsers"})).ListUsers(context.Background(), &iam.ListUsersInput{})
				if err != nil {
					t.Error(err)
				}
				return
			}
			_, err := cloudtrail.NewFromConfig(a.Writer().Write("eu-west-1", []Need{"cloudtrail:LookupEvents"})).LookupEvents(context.Background(), &cloudtrail.LookupEventsInput{})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := a.Calls(); got["iam"] != 20 || got["cloudtrail"] != 20 {
		t.Errorf("calls = %v", got)
	}
}

func TestAppIDAndHomes(t *testing.T) {
	cleanEnv(t, "")
	f := &fakeAWS{}
	a := open(t, f, Options{AppID: "cordon-c42", RoleARN: "arn:aws:iam::123456789012:role/Admin"})
	if a.Home != "us-east-1" || a.Endpoint != "" {
		t.Errorf("home %q, endpoint %q", a.Home, a.Endpoint)
	}
	for _, r := range f.seen {
		if !strings.Contains(r.Agent, "app/cordon-c42") {
			t.Errorf("%s without our mark: %s", r.Op, r.Agent)
		}
	}
	if n := f.ops("AssumeRole"); len(n) != 1 || n[0].Form.Get("RoleSessionName") != "cordon-c42" {
		t.Errorf("AssumeRole: %v", n)
	}
	for partition, want := range map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1"} {
		a.Caller.Partition = partition
		if got := a.Read(Global, nil).Region; got != want {
			t.Errorf("%s: global is %q", partition, got)
		}
	}
	if got := a.Read("", nil).Region; got != "us-east-1" {
		t.Errorf("home config in %q", got)
	}
}
