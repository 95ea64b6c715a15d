package lineage

import "testing"

// A creation says whether its call succeeds on what is there already.
func TestWhatMayHaveBeenThere(t *testing.T) {
	for name, c := range map[string]struct {
		call, q, r, more string
		again            string
		stood            bool
	}{
		"a rule":                     {call: "events:PutRule", q: `{"name":"n"}`, again: Overwrites},
		"a topic":                    {call: "sns:CreateTopic", r: `{"topicArn":"arn:aws:sns:us-east-1:1:t"}`, again: Finds},
		"a cluster":                  {call: "ecs:CreateCluster", q: `{"clusterName":"c"}`, r: `{"cluster":{"activeServicesCount":0}}`, again: Finds},
		"a cluster in use":           {call: "ecs:CreateCluster", q: `{"clusterName":"c"}`, r: `{"cluster":{"activeServicesCount":2}}`, again: Finds, stood: true},
		"a target group in use":      {call: "elasticloadbalancing:CreateTargetGroup", r: `{"targetGroups":[{"targetGroupArn":"a","loadBalancerArns":["b"]}]}`, again: Finds, stood: true},
		"a bucket where it may":      {call: "s3:CreateBucket", q: `{"bucketName":"b"}`, again: Overwrites},
		"a bucket elsewhere":         {call: "s3:CreateBucket", q: `{"bucketName":"b","CreateBucketConfiguration":{"LocationConstraint":"eu-west-1"}}`},
		"a grant":                    {call: "kms:CreateGrant", q: `{"keyId":"k"}`, r: `{"grantId":"g"}`},
		"a grant with a name":        {call: "kms:CreateGrant", q: `{"keyId":"k","name":"n"}`, r: `{"grantId":"g"}`, again: Finds},
		"a function":                 {call: "lambda:CreateFunction20150331", q: `{"functionName":"f"}`},
		"the change of a parameter":  {call: "ssm:PutParameter", q: `{"name":"p"}`, r: `{"version":2}`},
		"the topic of a subscriber":  {call: "sns:SetTopicAttributes", q: `{"topicArn":"a"}`},
		"what failed would be again": {call: "sns:CreateTopic", q: `{"name":"t"}`, more: `"errorCode":"AuthorizationError"`, again: Finds},
	} {
		all := Made(story{who: "user ann AKIA1", call: c.call, q: c.q, r: c.r, more: c.more}.parse(t))
		if len(all) == 0 || all[0].Again != c.again || all[0].Stood != c.stood {
			t.Errorf("%s: %+v", name, all)
		}
	}
}
