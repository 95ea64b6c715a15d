package kinds

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
)

// setEC2Tags records the tags, the name that people give in them, and the
// stack that AWS CloudFormation gives.
func setEC2Tags(r *fact.Resource, tags []types.Tag) { setTagMap(r, ec2TagMap(tags)) }

// setTagMap is setEC2Tags for tags of any service.
func setTagMap(r *fact.Resource, all map[string]string) {
	fact.Tags.Set(r, all)
	if name := all["Name"]; name != "" {
		fact.Name.Set(r, name)
	}
	partOf(r, "cloudformation.stack", all["aws:cloudformation:stack-name"])
}

func ec2TagMap(tags []types.Tag) map[string]string {
	all := make(map[string]string, len(tags))
	for _, t := range tags {
		all[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return all
}

// setController notes what started an instance, or a request for one, and would
// start another. Only AWS sets tags that begin with "aws:". Those of EKS and
// Elastic Beanstalk anybody can set: they count where the group or the stack
// that the service itself made, named after them, shows in a tag of AWS's.
func setController(r *fact.Resource, tags map[string]string) {
	group := tags["aws:autoscaling:groupName"]
	partOf(r, "autoscaling.group", group)
	partOf(r, "ec2.fleet", tags["aws:ec2:fleet-id"])
	partOf(r, "ec2.spot-fleet", tags["aws:ec2spot:fleet-request-id"])
	partOf(r, "emr.cluster", tags["aws:elasticmapreduce:job-flow-id"])
	if node := tags["eks:nodegroup-name"]; node != "" && strings.HasPrefix(group, "eks-"+node+"-") {
		partOf(r, "eks.nodegroup", tags["eks:cluster-name"]+"/"+node)
	}
	if id := tags["elasticbeanstalk:environment-id"]; id != "" && tags["aws:cloudformation:stack-name"] == "awseb-"+id+"-stack" {
		partOf(r, "beanstalk.environment", id)
	}
}
