package kinds

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lab"
)

// What vanishes between the listing and the calls about it is left out.
func TestTheVanishedAreLeftOut(t *testing.T) {
	for _, c := range []struct {
		kind     kind.Kind
		make     func(*testing.T, kindtest.World) string
		op, code string
	}{
		{instance, runOne, "DescribeInstanceAttribute", "InvalidInstanceID.NotFound"},
		{image, makeImage, "DescribeImageAttribute", "InvalidAMIID.Unavailable"},
		{snapshot, makeSnapshot, "DescribeSnapshotAttribute", "InvalidSnapshot.NotFound"},
		{function, makeFunction, "GetFunctionConcurrency", "ResourceNotFoundException"},
		{trail, makeTrail, "GetTrailStatus", "TrailNotFoundException"},
		{trail, makeTrail, "GetEventSelectors", "TrailNotFoundException"},
	} {
		t.Run(string(c.kind.Name())+" "+c.op, func(t *testing.T) {
			w := kindtest.NewWorld(t)
			id := c.make(t, w)
			listed(t, w, c.kind, id)
			if err := w.Lab.AddFault(t.Context(), lab.Fault{Match: map[string]string{"op": c.op}, Code: c.code, Status: 404}); err != nil {
				t.Fatal(err)
			}
			at := fact.Place{Account: kindtest.Account, Region: here}
			if err := c.kind.List(t.Context(), w.Config(here), at, func(r fact.Resource) {
				if r.ID == id {
					t.Errorf("%s is listed", r.ID)
				}
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// An instance that ends while its evidence is read is no failure.
func TestKeepOfAnInstanceThatVanishes(t *testing.T) {
	for _, op := range []string{"DescribeInstances", "DescribeInstanceAttribute", "GetConsoleOutput"} {
		w := kindtest.NewWorld(t)
		r := listed(t, w, instance, runOne(t, w))
		if err := w.Lab.AddFault(t.Context(), lab.Fault{Match: map[string]string{"op": op}, Code: "InvalidInstanceID.NotFound", Status: 400}); err != nil {
			t.Fatal(err)
		}
		err := instance.Keep(t.Context(), w.Config(here), r, func(string, []byte) error { return nil })
		if !errors.Is(err, kind.ErrGone) {
			t.Errorf("%s: %v", op, err)
		}
	}
}

// How many calls one listing costs is a budget.
func TestCallsPerListing(t *testing.T) {
	for _, c := range []struct {
		kind kind.Kind
		make func(*testing.T, kindtest.World) string
		want map[string]int
	}{
		{instance, runOne, map[string]int{"DescribeInstances": 1, "DescribeInstanceAttribute": 3}},
		{image, makeImage, map[string]int{"DescribeImages": 1, "DescribeImageAttribute": 1}},
		{volume, makeVolume, map[string]int{"DescribeVolumes": 1}},
		{keyPair, makeKeyPair, map[string]int{"DescribeKeyPairs": 1}},
		{securityGroup, makeSecurityGroup, map[string]int{"DescribeSecurityGroups": 1}},
		{function, makeFunction, map[string]int{
			"ListFunctions": 1, "GetFunctionConcurrency": 1, "ListFunctionUrlConfigs": 1, "ListAliases": 1, "GetPolicy": 1,
		}},
		{layer, makeLayer, map[string]int{"ListLayers": 1, "ListLayerVersions": 1, "GetLayerVersionPolicy": 2}},
		{trail, makeTrail, map[string]int{"DescribeTrails": 1, "GetTrailStatus": 1, "GetEventSelectors": 1}},
		{detector, makeDetector, map[string]int{
			"ListDetectors": 1, "GetDetector": 1, "GetAdministratorAccount": 1, "ListPublishingDestinations": 1,
		}},
	} {
		t.Run(string(c.kind.Name()), func(t *testing.T) {
			w := kindtest.NewWorld(t)
			id := c.make(t, w)
			before := must[[]lab.Event](t)(w.Lab.Events(t.Context(), false))
			listed(t, w, c.kind, id)
			after := must[[]lab.Event](t)(w.Lab.Events(t.Context(), false))
			made := map[string]int{}
			for _, e := range after[len(before):] {
				made[e.Lab.Op]++
			}
			for op, n := range made {
				if n > c.want[op] {
					t.Errorf("%s is called %d times, not %d", op, n, c.want[op])
				}
			}
		})
	}
}

type refusingStop struct{ instanceWriter }

func (refusingStop) StopInstances(context.Context, *ec2.StopInstancesInput, ...func(*ec2.Options)) (*ec2.StopInstancesOutput, error) {
	return nil, &smithy.GenericAPIError{Code: "UnsupportedOperation", Message: "You can't stop the Spot Instance"}
}

func TestOneTimeSpotInstancesSayWhyTheyDoNotStop(t *testing.T) {
	var j kind.Job
	for spot, want := range map[bool]bool{true: true, false: false} {
		fact.Spot.Set(&j.Resource, spot)
		err := runInstance(t.Context(), refusingStop{}, j, false)
		var api smithy.APIError
		if !errors.As(err, &api) || strings.Contains(err.Error(), "spot instance can only") != want {
			t.Errorf("spot %v: %v", spot, err)
		}
	}
}

// twoPages answers the versions of one function on two pages.
type twoPages struct {
	functionReader
	err error // of the second page
}

func (p twoPages) ListFunctions(_ context.Context, in *lambda.ListFunctionsInput, _ ...func(*lambda.Options)) (*lambda.ListFunctionsOutput, error) {
	version := func(v string) lambdatypes.FunctionConfiguration {
		return lambdatypes.FunctionConfiguration{FunctionName: aws.String("f"), Version: &v, Role: aws.String("role of " + v)}
	}
	if in.Marker == nil {
		return &lambda.ListFunctionsOutput{NextMarker: aws.String("2"), Functions: []lambdatypes.FunctionConfiguration{version("1")}}, nil
	}
	return &lambda.ListFunctionsOutput{Functions: []lambdatypes.FunctionConfiguration{version("$LATEST"), version("2")}}, p.err
}

func (twoPages) GetFunctionConcurrency(context.Context, *lambda.GetFunctionConcurrencyInput, ...func(*lambda.Options)) (*lambda.GetFunctionConcurrencyOutput, error) {
	return &lambda.GetFunctionConcurrencyOutput{}, nil
}

func (twoPages) ListFunctionUrlConfigs(context.Context, *lambda.ListFunctionUrlConfigsInput, ...func(*lambda.Options)) (*lambda.ListFunctionUrlConfigsOutput, error) {
	return &lambda.ListFunctionUrlConfigsOutput{FunctionUrlConfigs: []lambdatypes.FunctionUrlConfig{
		{AuthType: lambdatypes.FunctionUrlAuthTypeNone}, {AuthType: lambdatypes.FunctionUrlAuthTypeAwsIam},
	}}, nil
}

func (twoPages) ListAliases(context.Context, *lambda.ListAliasesInput, ...func(*lambda.Options)) (*lambda.ListAliasesOutput, error) {
	return &lambda.ListAliasesOutput{Aliases: []lambdatypes.AliasConfiguration{{Name: aws.String("live")}}}, nil
}

// GetPolicy lets a stranger in by the alias only.
func (twoPages) GetPolicy(_ context.Context, in *lambda.GetPolicyInput, _ ...func(*lambda.Options)) (*lambda.GetPolicyOutput, error) {
	if in.Qualifier == nil {
		return nil, &smithy.GenericAPIError{Code: "ResourceNotFoundException"}
	}
	return &lambda.GetPolicyOutput{Policy: aws.String(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + stranger + `:root"},"Action":"lambda:*","Resource":"*"}]}`)}, nil
}

func TestFunctionVersionsOnSeveralPages(t *testing.T) {
	at := fact.Place{Account: "111", Region: here}
	var all []fact.Resource
	if err := listFunctions(t.Context(), twoPages{}, at, func(r fact.Resource) { all = append(all, r) }); err != nil || len(all) != 1 {
		t.Fatalf("%d functions, %v", len(all), err)
	}
	r := all[0]
	if v := fact.Published.Or(r, nil); !slices.Equal(v, []string{"1", "2"}) {
		t.Errorf("published %v", v)
	}
	if fact.Role.Or(r, "") != "role of $LATEST" || fact.URLAuth.Or(r, "") != "NONE" {
		t.Errorf("%s", r.Facts)
	}
	if with := fact.SharedWith.Or(r, nil); len(with) != 1 || !strings.Contains(with[0], stranger) {
		t.Errorf("shared with %v", with)
	}
	broken := errors.New("broken")
	err := listFunctions(t.Context(), twoPages{err: broken}, at, func(r fact.Resource) { t.Errorf("%s is put although a page failed", r.ID) })
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "cannot list functions: ") {
		t.Error(err)
	}
}
