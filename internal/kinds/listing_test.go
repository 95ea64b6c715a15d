package kinds

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
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
	} {
		t.Run(string(c.kind.Name()), func(t *testing.T) {
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
		{trail, makeTrail, map[string]int{"DescribeTrails": 1, "GetTrailStatus": 1}},
		{detector, makeDetector, map[string]int{"ListDetectors": 1, "GetDetector": 1}},
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
