package kinds

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lab"
	"cordon/internal/lineage"
)

// What the record says was made is what the listing shows, under one name; and
// what was removed has the same.
func TestComputeIsAttributed(t *testing.T) {
	w := kindtest.NewWorld(t)
	for _, c := range []struct {
		kind fact.Kind
		make func(*testing.T, kindtest.World) string
		verb string
	}{
		{"autoscaling.group", makeScalingGroup, "delete"},
		{"autoscaling.launch-configuration", nil, "delete"},
		{"ec2.launch-template", makeTemplate, "delete"},
		{"ec2.spot-request", makeSpotRequest, "cancel-spot"},
		{"ec2.spot-fleet", makeSpotFleet, "cancel-spot-fleet"},
		{"ec2.vpc", makeVPC, "delete"},
		{"ec2.internet-gateway", makeGateway, "delete"},
		{"ec2.elastic-ip", makeAddress, "release-address"},
		{"ec2.vpc-endpoint", makeEndpoint, "delete"},
		{"ec2.vpc-peering", makePeering, "delete"},
		{"ec2.vpn-connection", makeVPN, "delete"},
		{"ec2.flow-log", makeFlowLog, "delete"},
		{"ec2.nat-gateway", makeNAT, "delete"},
		{"ec2.route-table", makeRouteTable, "delete"},
		{"ec2.network-acl", makeACL, "delete"},
		{"ec2.network-interface", makeInterface, "delete"},
		{"elbv2.load-balancer", plainBalancer, "delete"},
		{"elbv2.target-group", nil, "delete"},
	} {
		id := ""
		if c.make != nil {
			id = c.make(t, w)
		}
		made := deeds(t, w, c.kind, lineage.Created)
		if id == "" && len(made) == 1 {
			for id = range made {
			}
		}
		if !made[id] {
			t.Errorf("%s %s: the record says that %v were made", c.kind, id, made)
		}
		for _, k := range All() {
			if k.Name() != c.kind {
				continue
			}
			v, _ := k.Verb(c.verb)
			if err := v.Do(t.Context(), w.Config(here), kind.Job{Resource: listed(t, w, k, id), Case: "C-20260101-A"}, nil); err != nil {
				t.Errorf("%s: %v", c.kind, err)
			}
		}
		if gone := deeds(t, w, c.kind, lineage.Deleted); !gone[id] {
			t.Errorf("%s %s: the record says that %v were deleted", c.kind, id, gone)
		}
	}
	must[*ec2.EnableSerialConsoleAccessOutput](t)(ec2In(w).EnableSerialConsoleAccess(t.Context(), &ec2.EnableSerialConsoleAccessInput{}))
	if changed := deeds(t, w, "ec2.account-settings", lineage.Changed); !changed[settingsID] {
		t.Errorf("settings: %v", changed)
	}
	makeScalingGroup2(t, w)
	if changed := deeds(t, w, "autoscaling.group", lineage.Changed); !changed["other"] {
		t.Errorf("groups changed: %v", changed)
	}
}

// Classic load balancers and the others share their event source; a call is
// one or the other's by what it names.
func TestBalancersAreToldApart(t *testing.T) {
	for call, want := range map[string]fact.Ref{
		`"eventName":"CreateLoadBalancer","requestParameters":{"loadBalancerName":"web","listeners":[]},"responseElements":{"dNSName":"web-1.elb.amazonaws.com"}`: {Kind: "elb.load-balancer", ID: "web"},
		`"eventName":"DeleteLoadBalancer","requestParameters":{"loadBalancerName":"web"}`:                                                                         {Kind: "elb.load-balancer", ID: "web"},
		`"eventName":"CreateLoadBalancer","requestParameters":{"name":"front"},"responseElements":{"loadBalancers":[{"loadBalancerArn":"arn:1"}]}`:                {Kind: "elbv2.load-balancer", ID: "arn:1"},
		`"eventName":"DeleteLoadBalancer","requestParameters":{"loadBalancerArn":"arn:1"}`:                                                                        {Kind: "elbv2.load-balancer", ID: "arn:1"},
	} {
		e := must[event.Event](t)(event.Parse([]byte(`{"eventVersion":"1.11","eventTime":"2026-01-01T00:00:00Z","eventSource":"elasticloadbalancing.amazonaws.com","awsRegion":"eu-west-1",` + call + `}`)))
		var named []fact.Ref
		for _, d := range lineage.Made(e) {
			if d.Ref.ID != "" {
				named = append(named, fact.Ref{Kind: d.Ref.Kind, ID: d.Ref.ID})
			}
		}
		if len(named) != 1 || named[0] != want {
			t.Errorf("%s: %v", call, named)
		}
	}
}

func makeScalingGroup2(t *testing.T, w kindtest.World) {
	t.Helper()
	api := autoscaling.NewFromConfig(w.Config(here))
	must[*autoscaling.CreateLaunchConfigurationOutput](t)(api.CreateLaunchConfiguration(t.Context(), &autoscaling.CreateLaunchConfigurationInput{
		LaunchConfigurationName: aws.String("c2"), ImageId: aws.String("ami-12c6146b"), InstanceType: aws.String("m5.large"),
	}))
	must[*autoscaling.CreateAutoScalingGroupOutput](t)(api.CreateAutoScalingGroup(t.Context(), &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String("other"), LaunchConfigurationName: aws.String("c2"), MinSize: aws.Int32(0), MaxSize: aws.Int32(1), AvailabilityZones: []string{here + "a"},
	}))
	must[*autoscaling.SetDesiredCapacityOutput](t)(api.SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: aws.String("other"), DesiredCapacity: aws.Int32(1)}))
}

// deeds are the ids that the record gives for one kind.
func deeds(t *testing.T, w kindtest.World, k fact.Kind, change lineage.Change) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for _, e := range must[[]lab.Event](t)(w.Lab.Events(t.Context(), true)) {
		raw := must[[]byte](t)(json.Marshal(map[string]any{
			"eventVersion": "1.11", "eventTime": e.Time.Format(time.RFC3339), "eventSource": e.Source, "eventName": e.Name, "awsRegion": e.Region,
			"errorCode": e.ErrorCode, "requestParameters": e.Parameters, "responseElements": e.Response, "recipientAccountId": kindtest.Account,
			"userIdentity": e.Identity, "eventID": e.RequestID,
		}))
		for _, d := range lineage.Made(must[event.Event](t)(event.Parse(raw))) {
			if d.Ref.Kind == k && d.Change == change && d.Ref.ID != "" {
				ids[d.Ref.ID] = true
				if d.Ref.Place != (fact.Place{Account: kindtest.Account, Region: here}) {
					t.Errorf("%v is in %v", d.Ref.ID, d.Ref.Place)
				}
			}
		}
	}
	return ids
}
