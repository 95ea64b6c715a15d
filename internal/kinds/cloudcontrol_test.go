package kinds

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudcontrol"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/resourceexplorer2"
	"github.com/aws/aws-sdk-go-v2/service/resourceexplorer2/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

// makeCloud makes a resource of a type and returns its ID.
func makeCloud(t *testing.T, w kindtest.World, c cloudType, state string) string {
	t.Helper()
	out := must[*cloudcontrol.CreateResourceOutput](t)(cloudcontrol.NewFromConfig(w.Config(here)).CreateResource(t.Context(), &cloudcontrol.CreateResourceInput{
		TypeName: &c.Type, DesiredState: &state,
	}))
	id := aws.ToString(out.ProgressEvent.Identifier)
	if c.Key != nil {
		id = c.Key(id)
	}
	return id
}

const plainState = `{"Name":"theirs","RepositoryName":"theirs","ConnectionName":"theirs","ClusterName":"theirs","DeliveryStreamName":"theirs","WorkgroupName":"theirs","RuleName":"theirs","Scope":"REGIONAL"}`

func TestCloudKinds(t *testing.T) {
	for _, c := range cloudTypes {
		t.Run(string(c.Name), func(t *testing.T) {
			t.Parallel()
			kindtest.Run(t, kindtest.Case[cloudReader, cloudWriter]{Spec: cloudSpec(c), Region: here, Setup: func(t *testing.T, w kindtest.World) string {
				return makeCloud(t, w, c, plainState)
			}})
		})
	}
}

func TestCloudKindFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	id := makeCloud(t, w, cloudTypeOf("codepipeline.pipeline"), `{"Name":"ship","RoleArn":"`+buildRole+`","Tags":[{"Key":"aws:cloudformation:stack-name","Value":"mining"}]}`)
	r := listed(t, w, codePipeline, id)
	wantFact(t, r, fact.Role, buildRole)
	wantFact(t, r, fact.PartOf, []fact.Ref{{Kind: "cloudformation.stack", Place: r.Place, ID: "mining"}})
	if held := codePipeline.Holds(r); len(held) != 1 || held[0].ID != "builder" {
		t.Errorf("holds %v", held)
	}
	// The ID is the middle of what Cloud Control goes by, as in CloudTrail's records.
	id = makeCloud(t, w, cloudTypeOf("wafv2.web-acl"), plainState)
	if r := listed(t, w, webACL, id); r.ID != id || strings.Contains(r.ID, "|") || strings.Contains(r.ID, "theirs") {
		t.Errorf("the ID is %s", r.ID)
	}
	wantFact(t, listed(t, w, imagePipeline, makeCloud(t, w, cloudTypeOf("imagebuilder.pipeline"), `{"Name":"p","Tags":{"a":"b"}}`)), fact.Tags, map[string]string{"a": "b"})
}

// A region whose registry lacks the type has none of it; a type that cannot be
// listed has not been read.
func TestCloudTypesThatARegionLacks(t *testing.T) {
	w := kindtest.NewWorld(t)
	at := fact.Place{Account: kindtest.Account, Region: "eu-north-1"}
	err := workspace.List(t.Context(), w.Config(at.Region), at, func(fact.Resource) {})
	if awsapi.Classify(err) != awsapi.AbsentInRegion {
		t.Errorf("%v is %s", err, awsapi.Classify(err))
	}
	unlisted := cloudKind(cloudType{Name: "wafv2.web-acl", Type: "AWS::WAFv2::WebACL"}) // without its model
	if err := unlisted.List(t.Context(), w.Config(here), at, func(fact.Resource) {}); err == nil || awsapi.Classify(err) == awsapi.AbsentInRegion {
		t.Errorf("%v is %s", err, awsapi.Classify(err))
	}
}

// Cloud Control accepts a deletion and says later why it failed.
func TestCloudDeletionThatFailsLater(t *testing.T) {
	w := kindtest.NewWorld(t)
	id := makeCloud(t, w, cloudTypeOf("mediapackage.channel"), `{"Id":"live","HeldBy":"an endpoint"}`)
	r := listed(t, w, mediaChannel, id)
	verb, _ := mediaChannel.Verb("delete")
	if err := verb.Do(t.Context(), w.Config(here), kind.Job{Resource: r}, nil); err == nil || !strings.Contains(err.Error(), "in use by an endpoint") {
		t.Error(err)
	}
}

// The handlers work with our rights: their actions stand in the policies.
func TestCloudKindsNeedTheirHandlersActions(t *testing.T) {
	actions := awsapi.Actions(imagePipeline.Needs())
	if got := strings.Join(actions, " "); got != "cloudformation:GetResource cloudformation:ListResources imagebuilder:GetImagePipeline imagebuilder:ListImagePipelines" {
		t.Error(got)
	}
	for _, c := range cloudTypes {
		if len(c.List) == 0 || len(c.Read) == 0 || (len(c.Delete) == 0) != (c.Data != "") || len(c.Covers) == 0 {
			t.Errorf("%s does not say what its handlers need, or what it covers", c.Name)
		}
		// What has data that its properties do not tell is not deleted.
		if (c.Data == "") == (c.Bare == "") || (c.Data != "") != (len(cloudKind(c).Verbs()) == 0) {
			t.Errorf("%s: has data %q, has none because %q, %d verbs", c.Name, c.Data, c.Bare, len(cloudKind(c).Verbs()))
		}
	}
}

// tagGateway makes what no kind shows: a gateway of a private network abroad.
func tagGateway(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.CreateCustomerGatewayOutput](t)(ec2.NewFromConfig(w.Config(here)).CreateCustomerGateway(t.Context(), &ec2.CreateCustomerGatewayInput{
		Type: ec2types.GatewayTypeIpsec1, BgpAsn: aws.Int32(65000), IpAddress: aws.String("203.0.113.7"),
		TagSpecifications: []ec2types.TagSpecification{{
			ResourceType: ec2types.ResourceTypeCustomerGateway, Tags: []ec2types.Tag{{Key: aws.String("team"), Value: aws.String("a")}},
		}},
	}))
	return arn(fact.Place{Account: kindtest.Account, Region: here}, "ec2", "customer-gateway/"+aws.ToString(out.CustomerGateway.CustomerGatewayId))
}

func TestOtherResources(t *testing.T) {
	kindtest.Run(t, kindtest.Case[taggedReader, noWriter]{Spec: otherSpec, Region: here, Setup: tagGateway})
	w := kindtest.NewWorld(t)
	r := listed(t, w, otherResource, tagGateway(t, w))
	wantFact(t, r, fact.Detail, "ec2:customer-gateway")
	wantFact(t, r, fact.Tags, map[string]string{"team": "a"})
}

func openIndex(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*resourceexplorer2.CreateIndexOutput](t)(resourceexplorer2.NewFromConfig(w.Config(here)).CreateIndex(t.Context(), &resourceexplorer2.CreateIndexInput{}))
	out := must[*resourceexplorer2.ListResourcesOutput](t)(resourceexplorer2.NewFromConfig(w.Config(here)).ListResources(t.Context(), &resourceexplorer2.ListResourcesInput{}))
	for _, r := range out.Resources {
		if aws.ToString(r.ResourceType) == "ec2:dhcp-options" {
			return aws.ToString(r.Arn)
		}
	}
	t.Fatal("the index has no settings of a network")
	return ""
}

func TestIndexedResources(t *testing.T) {
	kindtest.Run(t, kindtest.Case[indexReader, noWriter]{Spec: indexedSpec, Region: here, Setup: openIndex})
}

// elsewhere answers with a resource of another region, as an aggregator's index does.
type elsewhere struct{ indexReader }

func (elsewhere) ListResources(context.Context, *resourceexplorer2.ListResourcesInput, ...func(*resourceexplorer2.Options)) (*resourceexplorer2.ListResourcesOutput, error) {
	return &resourceexplorer2.ListResourcesOutput{Resources: []types.Resource{{Arn: aws.String("arn:aws:x:sa-east-1:1:y/z"), Region: aws.String("sa-east-1")}}}, nil
}

// Without an index the source is told as absent.
func TestNoIndexIsTold(t *testing.T) {
	w := kindtest.NewWorld(t)
	at := fact.Place{Account: kindtest.Account, Region: here}
	none := func(r fact.Resource) { t.Errorf("%s is listed", r.ID) }
	if err := indexedResource.List(t.Context(), w.Config(here), at, none); awsapi.Classify(err) != awsapi.AbsentInRegion {
		t.Errorf("%v is %q", err, awsapi.Classify(err))
	}
	openIndex(t, w)
	if err := listIndexed(t.Context(), elsewhere{indexedSpec.Reader(w.Config(here))}, at, none); err != nil {
		t.Error(err)
	}
}
