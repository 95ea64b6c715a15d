package kinds

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

func makeClassicBalancer(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*elb.CreateLoadBalancerOutput](t)(elb.NewFromConfig(w.Config(here)).CreateLoadBalancer(t.Context(), &elb.CreateLoadBalancerInput{
		LoadBalancerName: aws.String("web"), Subnets: []string{anySubnet(t, w)},
		Listeners: []elbtypes.Listener{{Protocol: aws.String("HTTP"), LoadBalancerPort: 80, InstancePort: aws.Int32(80)}},
		Tags:      []elbtypes.Tag{{Key: aws.String("team"), Value: aws.String("x")}},
	}))
	return "web"
}

func TestClassicBalancer(t *testing.T) {
	kindtest.Run(t, kindtest.Case[classicBalancerReader, classicBalancerWriter]{Spec: classicBalancerSpec, Region: here, Setup: makeClassicBalancer})
}

func makeTargetGroup(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*elbv2.CreateTargetGroupOutput](t)(elbv2.NewFromConfig(w.Config(here)).CreateTargetGroup(t.Context(), &elbv2.CreateTargetGroupInput{
		Name: aws.String("targets"), Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: aws.String(subnetVPC(t, w, anySubnet(t, w))), TargetType: types.TargetTypeEnumIp,
	}))
	return aws.ToString(out.TargetGroups[0].TargetGroupArn)
}

func TestTargetGroup(t *testing.T) {
	kindtest.Run(t, kindtest.Case[targetGroupReader, targetGroupWriter]{Spec: targetGroupSpec, Region: here, Setup: makeTargetGroup})
}

// makeBalancer is protected, as an intruder's.
func makeBalancer(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := plainBalancer(t, w)
	must[*elbv2.ModifyLoadBalancerAttributesOutput](t)(elbv2.NewFromConfig(w.Config(here)).ModifyLoadBalancerAttributes(t.Context(), &elbv2.ModifyLoadBalancerAttributesInput{
		LoadBalancerArn: &id, Attributes: []types.LoadBalancerAttribute{{Key: aws.String(deletionProtection), Value: aws.String("true")}},
	}))
	return id
}

func plainBalancer(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := elbv2.NewFromConfig(w.Config(here))
	var subnets []string
	if err := subnet.List(t.Context(), w.Config(here), fact.Place{Account: kindtest.Account, Region: here}, func(r fact.Resource) { subnets = append(subnets, r.ID) }); err != nil {
		t.Fatal(err)
	}
	out := must[*elbv2.CreateLoadBalancerOutput](t)(api.CreateLoadBalancer(t.Context(), &elbv2.CreateLoadBalancerInput{
		Name: aws.String("front"), Subnets: subnets[:2], Tags: []types.Tag{{Key: aws.String("Name"), Value: aws.String("other")}},
	}))
	id := out.LoadBalancers[0].LoadBalancerArn
	group := makeTargetGroup(t, w)
	must[*elbv2.CreateListenerOutput](t)(api.CreateListener(t.Context(), &elbv2.CreateListenerInput{
		LoadBalancerArn: id, Port: aws.Int32(80), Protocol: types.ProtocolEnumHttp,
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: &group}},
	}))
	return aws.ToString(id)
}

func TestLoadBalancer(t *testing.T) {
	kindtest.Run(t, kindtest.Case[loadBalancerReader, loadBalancerWriter]{
		Spec: loadBalancerSpec, Region: here, Setup: makeBalancer,
		Verbs: map[string]func(*testing.T, kindtest.World) string{"delete": plainBalancer},
	})
}

func TestLoadBalancerFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, loadBalancer, makeBalancer(t, w))
	if p, known := fact.Protections.Get(r); !known || !slices.Equal(p, []string{"deletion"}) {
		t.Errorf("protections %v, %v", p, known)
	}
	if name := fact.Name.Or(r, ""); name != "front" {
		t.Errorf("name %q", name)
	}
	if held := loadBalancer.Holds(r); !slices.ContainsFunc(held, func(h fact.Ref) bool { return h.Kind == "elbv2.target-group" }) {
		t.Errorf("holds %v", held)
	}
	drop, _ := loadBalancer.Verb("delete")
	if err := drop.Do(t.Context(), w.Config(here), kind.Job{Resource: r}, nil); err == nil {
		t.Error("a protected load balancer is deleted")
	}
}
