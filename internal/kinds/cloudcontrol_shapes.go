package kinds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudcontrol"
	"github.com/aws/aws-sdk-go-v2/service/cloudcontrol/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type cloudGetter interface {
	GetResource(context.Context, *cloudcontrol.GetResourceInput, ...func(*cloudcontrol.Options)) (*cloudcontrol.GetResourceOutput, error)
}

type cloudReader interface {
	cloudGetter
	ListResources(context.Context, *cloudcontrol.ListResourcesInput, ...func(*cloudcontrol.Options)) (*cloudcontrol.ListResourcesOutput, error)
}

type cloudWriter interface {
	DeleteResource(context.Context, *cloudcontrol.DeleteResourceInput, ...func(*cloudcontrol.Options)) (*cloudcontrol.DeleteResourceOutput, error)
	GetResourceRequestStatus(context.Context, *cloudcontrol.GetResourceRequestStatusInput, ...func(*cloudcontrol.Options)) (*cloudcontrol.GetResourceRequestStatusOutput, error)
}

// A cloudType is a sort of resource that is listed, kept and deleted through
// Cloud Control API, as its CloudFormation schema says. List, Read and Delete
// are the IAM actions that its handlers need: AWS makes those calls with our
// rights, so that they stand in the policies that cordon prints.
type cloudType struct {
	Name               fact.Kind
	Type               string // such as "AWS::ImageBuilder::ImagePipeline"
	List, Read, Delete []string

	// Data says what goes with the resource that its properties do not tell. Such
	// a type has no verb to delete it: a person looks at it first. Bare says why
	// nothing does. Each type has one of the two.
	Data, Bare string

	// Key makes of the primary identifier the ID that CloudTrail's records have;
	// nil: it is that.
	Key func(identifier string) string
	// Model narrows the listing, where the type cannot be listed whole.
	Model string
	// Role, Created and State name the properties that hold the role's ARN, the
	// date and AWS's word; "" where there is none. Not every listing tells them.
	Role, Created, State string
	Covers               []string
	Named                bool // its ID is a name that can be given again
	Recreates            bool
	Takes                time.Duration
}

func cloudKind(t cloudType) kind.Kind { return kind.Of(cloudSpec(t)) }

func cloudSpec(t cloudType) kind.Spec[cloudReader, cloudWriter] {
	if t.Takes == 0 {
		t.Takes = 10 * time.Minute
	}
	need := func(call string, actions []string) string {
		return "cloudcontrol:" + call + "=" + strings.Join(append([]string{"cloudformation:" + call}, actions...), ",")
	}
	spec := kind.Spec[cloudReader, cloudWriter]{
		Name:      t.Name,
		Reader:    func(c aws.Config) cloudReader { return cloudcontrol.NewFromConfig(c) },
		Writer:    func(c aws.Config) cloudWriter { return cloudcontrol.NewFromConfig(c) },
		Needs:     []string{need("ListResources", t.List), need("GetResource", t.Read)},
		Carry:     []string{string(fact.Identifier)},
		List:      t.list,
		Cost:      kind.Cost{Fixed: 1, Page: 20},
		Covers:    t.Covers,
		Named:     t.Named,
		Recreates: t.Recreates,
		Holds:     holdsItsRole,
		Keep: func(ctx context.Context, api cloudReader, r fact.Resource, put func(string, []byte) error) error {
			properties, err := t.get(ctx, api, r)
			if err != nil {
				return err
			}
			return put("properties.json", []byte(properties))
		},
	}
	if t.Data != "" {
		return spec
	}
	spec.Verbs = []kind.Verb[cloudReader, cloudWriter]{
		remove(kind.Verb[cloudReader, cloudWriter]{
			Name: "delete", Takes: t.Takes,
			Needs: []string{need("DeleteResource", t.Delete), need("GetResourceRequestStatus", nil)},
		}, t.look, t.remove),
	}
	return spec
}

func (t cloudType) list(ctx context.Context, api cloudReader, at fact.Place, put func(fact.Resource)) error {
	in := &cloudcontrol.ListResourcesInput{TypeName: &t.Type, ResourceModel: given(t.Model), MaxResults: aws.Int32(100)}
	for page, err := range pages(ctx, cloudcontrol.NewListResourcesPaginator(api, in)) {
		if err != nil {
			return fmt.Errorf("cannot list %s: %w", t.Type, err)
		}
		for _, d := range page.ResourceDescriptions {
			put(t.resource(at, d))
		}
	}
	return nil
}

// resource reads what the listing tells: the identifier always, the other
// properties as the type's handler likes.
func (t cloudType) resource(at fact.Place, d types.ResourceDescription) fact.Resource {
	identifier := aws.ToString(d.Identifier)
	r := fact.Resource{Ref: fact.Ref{Kind: t.Name, Place: at, ID: identifier}}
	if t.Key != nil {
		r.ID = t.Key(identifier)
	}
	fact.Identifier.Set(&r, identifier)
	properties := cloudProperties(aws.ToString(d.Properties))
	for _, arn := range []string{identifier, properties.text("Arn")} {
		if strings.HasPrefix(arn, "arn:") && r.ARN == "" {
			r.ARN = arn
		}
	}
	if created := properties.text(t.Created); created != "" {
		r.Created = moment(&created)
	}
	if role := properties.text(t.Role); role != "" {
		fact.Role.Set(&r, role)
	}
	if state := properties.text(t.State); state != "" {
		fact.Status.Set(&r, state)
	}
	if tags, known := properties.tags(); known {
		setStackTags(&r, tags)
	}
	return r
}

func (t cloudType) get(ctx context.Context, api cloudGetter, r fact.Resource) (string, error) {
	out, err := api.GetResource(ctx, &cloudcontrol.GetResourceInput{TypeName: &t.Type, Identifier: aws.String(fact.Identifier.Or(r, r.ID))})
	if err != nil {
		return "", gone(err)
	}
	if out.ResourceDescription == nil {
		return "", kind.ErrGone
	}
	return aws.ToString(out.ResourceDescription.Properties), nil
}

func (t cloudType) look(ctx context.Context, api cloudReader, r fact.Resource) (any, error) {
	properties, err := t.get(ctx, api, r)
	if err != nil {
		return nil, err
	}
	created := cloudProperties(properties).text(t.Created)
	at := moment(&created)
	return made(fact.Identifier.Or(r, r.ID), &at), nil
}

// cloudWatched is how long a deletion is watched by its request: only there
// does AWS say why it failed. What takes longer is seen by its going.
const cloudWatched = 2 * time.Minute

// remove asks once: the token is the same again after a crash, and another one
// for another order.
func (t cloudType) remove(ctx context.Context, api cloudWriter, j kind.Job) error {
	sum := sha256.Sum256([]byte(j.Case + " " + j.Ref.String() + " " + j.At.UTC().Format(time.RFC3339)))
	out, err := api.DeleteResource(ctx, &cloudcontrol.DeleteResourceInput{
		TypeName: &t.Type, Identifier: aws.String(fact.Identifier.Or(j.Resource, j.ID)), ClientToken: aws.String(hex.EncodeToString(sum[:])),
	})
	if awsapi.Code(err) == "ConcurrentOperationException" {
		return nil // it is being deleted, or changed: Done tells
	}
	if err != nil || out.ProgressEvent == nil {
		return err
	}
	event := out.ProgressEvent
	ctx, cancel := context.WithTimeout(ctx, cloudWatched)
	defer cancel()
	err = awaited(ctx, 2*time.Second, func() (bool, error) {
		if over, err := ended(event); over {
			return true, err
		}
		status, err := api.GetResourceRequestStatus(ctx, &cloudcontrol.GetResourceRequestStatusInput{RequestToken: event.RequestToken})
		if err != nil || status.ProgressEvent == nil {
			return false, err
		}
		event = status.ProgressEvent
		return ended(event)
	})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		return nil
	}
	return err
}

// ended says whether a request is over, and why it failed.
func ended(event *types.ProgressEvent) (bool, error) {
	switch event.OperationStatus {
	case types.OperationStatusSuccess:
		return true, nil
	case types.OperationStatusFailed, types.OperationStatusCancelComplete:
		if event.ErrorCode == types.HandlerErrorCodeNotFound {
			return true, kind.ErrGone
		}
		return true, fmt.Errorf("cannot delete it: %s: %s", event.ErrorCode, aws.ToString(event.StatusMessage))
	}
	return false, nil
}

// cloudProps are a resource's properties by the names of its schema.
type cloudProps map[string]json.RawMessage

func cloudProperties(s string) cloudProps {
	var p cloudProps
	if json.Unmarshal([]byte(s), &p) != nil {
		return nil
	}
	return p
}

func (p cloudProps) text(name string) (s string) {
	if raw, ok := p[name]; ok && json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// tags come as a list of pairs or as an object, by the type's taste.
func (p cloudProps) tags() (map[string]string, bool) {
	raw, ok := p["Tags"]
	if !ok {
		return nil, false
	}
	tags := map[string]string{}
	if json.Unmarshal(raw, &tags) == nil {
		return tags, true
	}
	var pairs []struct{ Key, Value string }
	if json.Unmarshal(raw, &pairs) != nil {
		return nil, false
	}
	tags = map[string]string{}
	for _, t := range pairs {
		tags[t.Key] = t.Value
	}
	return tags, true
}
