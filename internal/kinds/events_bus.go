package kinds

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type busReader interface {
	ListEventBuses(context.Context, *eventbridge.ListEventBusesInput, ...func(*eventbridge.Options)) (*eventbridge.ListEventBusesOutput, error)
	DescribeEventBus(context.Context, *eventbridge.DescribeEventBusInput, ...func(*eventbridge.Options)) (*eventbridge.DescribeEventBusOutput, error)
}

type busWriter interface {
	PutPermission(context.Context, *eventbridge.PutPermissionInput, ...func(*eventbridge.Options)) (*eventbridge.PutPermissionOutput, error)
	RemovePermission(context.Context, *eventbridge.RemovePermissionInput, ...func(*eventbridge.Options)) (*eventbridge.RemovePermissionOutput, error)
	DeleteEventBus(context.Context, *eventbridge.DeleteEventBusInput, ...func(*eventbridge.Options)) (*eventbridge.DeleteEventBusOutput, error)
}

type busVerb = kind.Verb[busReader, busWriter]

var eventBus = kind.Of(busSpec)

// Who may put events on a bus can start whatever its rules start. The default
// bus is there in every region, and AWS does not let it be deleted.
var busSpec = kind.Spec[busReader, busWriter]{
	Name:   "events.bus",
	Reader: func(c aws.Config) busReader { return eventbridge.NewFromConfig(c) },
	Writer: func(c aws.Config) busWriter { return eventbridge.NewFromConfig(c) },
	Needs:  []string{"eventbridge:ListEventBuses", "eventbridge:DescribeEventBus"},
	List: func(ctx context.Context, api busReader, at fact.Place, put func(fact.Resource)) error {
		buses, err := busList(ctx, api, at)
		for _, b := range buses {
			put(busOf(at, b))
		}
		return err
	},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"A19"},
	Named:  true,
	Keep: func(ctx context.Context, api busReader, r fact.Resource, put func(string, []byte) error) error {
		bus, err := busNow(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "event-bus.json", bus)
	},
	Verbs: []busVerb{
		closePolicy(busVerb{
			Name: "close-policy", Class: kind.Disruptive, Mends: []string{"PutPermission"},
			Needs: []string{"eventbridge:PutPermission", "eventbridge:RemovePermission"},
		}, busPolicy, setBusPolicy),
		restore(busVerb{
			Name: "restore-policy", Class: kind.Disruptive, Of: onlyPolicyAspect, Mends: []string{"PutPermission", "RemovePermission"},
			Needs:  []string{"eventbridge:PutPermission", "eventbridge:RemovePermission"},
			Recall: recallBusPolicy,
		}, busPolicy, setBusPolicy),
		remove(busVerb{Name: "delete", Needs: []string{"eventbridge:DeleteEventBus"}},
			func(ctx context.Context, api busReader, r fact.Resource) (any, error) {
				bus, err := busNow(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return []any{aws.ToString(bus.Arn), aws.ToTime(bus.CreationTime)}, nil
			},
			func(ctx context.Context, api busWriter, j kind.Job) error {
				_, err := api.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: &j.ID})
				return err
			}),
	},
}

// onlyPolicyAspect is a resource's policy, "" for none.
const onlyPolicyAspect = "policy"

func busOf(at fact.Place, b types.EventBus) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "events.bus", Place: at, ID: aws.ToString(b.Name)}, ARN: aws.ToString(b.Arn), Created: aws.ToTime(b.CreationTime),
	}
	if b.LastModifiedTime != nil {
		fact.Modified.Set(&r, *b.LastModifiedTime)
	}
	setOnlyPolicy(&r, aws.ToString(b.Policy))
	return r
}

// setOnlyPolicy notes the policy of a resource that has one or none.
func setOnlyPolicy(r *fact.Resource, body string) {
	setAspect(r, onlyPolicyAspect, body)
	policies := map[string]string{}
	if body != "" {
		policies[""] = body
	}
	setPolicySharing(r, policies, true)
}

func busNow(ctx context.Context, api busReader, r fact.Resource) (*eventbridge.DescribeEventBusOutput, error) {
	out, err := api.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: &r.ID})
	return out, gone(err)
}

func busPolicy(ctx context.Context, api busReader, r fact.Resource) (string, error) {
	bus, err := busNow(ctx, api, r)
	if err != nil {
		return "", err
	}
	return aws.ToString(bus.Policy), nil
}

func setBusPolicy(ctx context.Context, api busWriter, j kind.Job, doc string) (err error) {
	if doc == "" {
		_, err = api.RemovePermission(ctx, &eventbridge.RemovePermissionInput{EventBusName: &j.ID, RemoveAllPermissions: true})
		return err
	}
	_, err = api.PutPermission(ctx, &eventbridge.PutPermissionInput{EventBusName: &j.ID, Policy: &doc})
	return err
}

// recallBusPolicy reads a policy that was put whole. A call that put one
// statement does not tell the others.
func recallBusPolicy(call string, request, _ json.RawMessage) (string, bool) {
	var q struct {
		Policy string `json:"policy"`
		All    bool   `json:"removeAllPermissions"`
	}
	if json.Unmarshal(request, &q) != nil {
		return "", false
	}
	return q.Policy, call == "PutPermission" && q.Policy != "" || call == "RemovePermission" && q.All
}
