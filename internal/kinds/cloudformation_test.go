package kinds

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

const queueTemplate = `{"Parameters":{"Password":{"Type":"String","NoEcho":true,"Default":"x"}},"Resources":{"Queue":{"Type":"AWS::SQS::Queue","Properties":{"QueueName":"mined"}}}}`

func makeStack(protected bool) func(*testing.T, kindtest.World) string {
	return func(t *testing.T, w kindtest.World) string {
		t.Helper()
		must[*cloudformation.CreateStackOutput](t)(cloudformation.NewFromConfig(w.Config(here)).CreateStack(t.Context(), &cloudformation.CreateStackInput{
			StackName: aws.String("mining"), TemplateBody: aws.String(queueTemplate), EnableTerminationProtection: &protected, RoleARN: aws.String(buildRole),
			Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("none")}},
		}))
		return "mining"
	}
}

func TestStack(t *testing.T) {
	kindtest.Run(t, kindtest.Case[stackReader, stackWriter]{
		Spec: stackSpec, Region: here, Setup: makeStack(false),
		Verbs: map[string]func(*testing.T, kindtest.World) string{"unprotect": makeStack(true)},
	})
}

func TestStackFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, stack, makeStack(true)(t, w))
	wantFact(t, r, fact.Protections, []string{"termination"})
	wantFact(t, r, fact.Role, buildRole)
	if r.UniqueID == "" || r.UniqueID != r.ARN || r.Created.IsZero() || fact.Status.Or(r, "") != "CREATE_COMPLETE" {
		t.Errorf("%s %s made %v, %s", r.ID, r.UniqueID, r.Created, r.Facts)
	}
	if kept := keptOf(t, w, stack, r); !strings.Contains(kept["template.txt"], "AWS::SQS::Queue") || !strings.Contains(kept["resources.json"], "mined") {
		t.Errorf("kept %v", kept)
	}
	verb, _ := stack.Verb("delete")
	if err := verb.Do(t.Context(), w.Config(here), kind.Job{Resource: r}, nil); err == nil || !strings.Contains(err.Error(), "TerminationProtection") {
		t.Errorf("a protected stack is deleted: %v", err)
	}
}

// An intruder's new stack of an old name is not the one that was planned.
func TestADeletedStackDoesNotComeBackUnderItsName(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, stack, makeStack(false)(t, w))
	verb, _ := stack.Verb("delete")
	job := kind.Job{Resource: r}
	if err := verb.Do(t.Context(), w.Config(here), job, nil); err != nil {
		t.Fatal(err)
	}
	makeStack(false)(t, w)
	if done, err := verb.Done(t.Context(), w.Config(here), job); err != nil || !done {
		t.Errorf("done = %v, %v", done, err)
	}
	if id, err := stack.Identity(t.Context(), w.Config(here), r); err != nil || id == r.UniqueID {
		t.Errorf("identity = %q, %v", id, err)
	}
}

// failing answers as CloudFormation does when a resource could not be deleted.
type failing struct {
	stackReader
	status types.StackStatus
}

func (f failing) DescribeStacks(context.Context, *cloudformation.DescribeStacksInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error) {
	return &cloudformation.DescribeStacksOutput{Stacks: []types.Stack{{
		StackName: aws.String("child"), StackId: aws.String("arn:aws:cloudformation:eu-west-1:111:stack/child/1"), StackStatus: f.status, CreationTime: aws.Time(time.Unix(9, 0)),
		ParentId: aws.String("arn:aws:cloudformation:eu-west-1:111:stack/parent/2"), StackStatusReason: aws.String("The following resource(s) failed"),
	}}}, nil
}

func (failing) ListStackResources(context.Context, *cloudformation.ListStackResourcesInput, ...func(*cloudformation.Options)) (*cloudformation.ListStackResourcesOutput, error) {
	return &cloudformation.ListStackResourcesOutput{StackResourceSummaries: []types.StackResourceSummary{
		{ResourceStatus: types.ResourceStatusDeleteComplete, PhysicalResourceId: aws.String("queue")},
		{
			ResourceStatus: types.ResourceStatusDeleteFailed, PhysicalResourceId: aws.String("full-bucket"), ResourceType: aws.String("AWS::S3::Bucket"),
			ResourceStatusReason: aws.String("The bucket you tried to delete is not empty"),
		},
	}}, nil
}

func TestAStackThatCannotBeDeletedSaysWhatStays(t *testing.T) {
	r := fact.Resource{Ref: fact.Ref{ID: "child"}}
	_, err := lookStack(t.Context(), failing{status: types.StackStatusDeleteFailed}, r)
	if err == nil || !strings.Contains(err.Error(), "AWS::S3::Bucket full-bucket (The bucket you tried to delete is not empty)") || strings.Contains(err.Error(), "queue") {
		t.Error(err)
	}
	if _, err := lookStack(t.Context(), failing{status: types.StackStatusDeleteInProgress}, r); err != nil {
		t.Error(err)
	}
	var nested []fact.Resource
	at := fact.Place{Account: "111", Region: here}
	if err := listStacks(t.Context(), failing{status: types.StackStatusCreateComplete}, at, func(r fact.Resource) { nested = append(nested, r) }); err != nil || len(nested) != 1 {
		t.Fatal(nested, err)
	}
	wantFact(t, nested[0], fact.PartOf, []fact.Ref{{Kind: "cloudformation.stack", Place: at, ID: "parent"}})
}

func makeStackSet(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*cloudformation.CreateStackSetOutput](t)(cloudformation.NewFromConfig(w.Config(here)).CreateStackSet(t.Context(), &cloudformation.CreateStackSetInput{
		StackSetName: aws.String("everywhere"), TemplateBody: aws.String(queueTemplate), AdministrationRoleARN: aws.String(buildRole),
	}))
	return "everywhere"
}

func TestStackSet(t *testing.T) {
	kindtest.Run(t, kindtest.Case[stackSetReader, stackSetWriter]{Spec: stackSetSpec, Region: here, Setup: makeStackSet})
}

// A set that has stacks somewhere is not deleted.
func TestStackSetWithInstances(t *testing.T) {
	w := kindtest.NewWorld(t)
	name := makeStackSet(t, w)
	must[*cloudformation.CreateStackInstancesOutput](t)(cloudformation.NewFromConfig(w.Config(here)).CreateStackInstances(t.Context(), &cloudformation.CreateStackInstancesInput{
		StackSetName: &name, Accounts: []string{kindtest.Account}, Regions: []string{here},
	}))
	r := listed(t, w, stackSet, name)
	wantFact(t, r, fact.Count, 1)
	verb, _ := stackSet.Verb("delete")
	if err := verb.Do(t.Context(), w.Config(here), kind.Job{Resource: r}, nil); err == nil {
		t.Error("a set with stacks is deleted")
	}
}
