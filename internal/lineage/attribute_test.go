package lineage

import (
	"fmt"
	"strings"
	"testing"
)

// TestAttribute: who did what to a resource, in calls of our own writing.
func TestAttribute(t *testing.T) {
	group := `"tagSpecificationSet":{"items":[{"resourceType":"instance","tags":[{"key":"aws:autoscaling:groupName","value":"web"}]}]}`
	events := tell(t,
		newUser(1, "user ann AKIA1", "eve"), newKey(2, "user ann AKIA1", "eve", "AKIA2"),
		story{at: 3, who: "user ann AKIA1", call: "iam:AttachUserPolicy", id: "attach", q: `{"userName":"eve","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}`},
		story{at: 4, who: "user ann AKIA1", call: "iam:DeleteUser", id: "refused", q: `{"userName":"eve"}`, more: failed},
		story{at: 5, who: "user bob AKIA7", call: "ec2:ModifySnapshotAttribute", id: "share", q: `{"snapshotId":"snap-1","createVolumePermission":{"add":{"items":[{"group":"all"}]}}}`},
		story{at: 6, who: "user bob AKIA7", call: "dynamodb:CreateTable", id: "table", q: `{"tableName":"orders","sSESpecification":{"kMSMasterKeyId":"key-9"}}`, r: `{"tableDescription":{"tableArn":"arn:aws:dynamodb:us-east-1:1:table/orders"}}`},
		story{at: 7, who: "user bob AKIA7", call: "dynamodb:DeleteTable", id: "drop", q: `{"tableName":"orders"}`},
		story{at: 8, who: "user bob AKIA7", call: "s3:PutBucketPolicy", id: "open", q: `{"bucketName":"b-1","bucketPolicy":{}}`},
		story{at: 9, who: "user bob AKIA7", call: "ec2:RunInstances", id: "run", q: `{"instancesSet":{"items":[{"imageId":"ami-1"}]}}`, r: `{"instancesSet":{"items":[{"instanceId":"i-1","subnetId":"subnet-1","vpcId":"vpc-1"}]}}`},
		story{at: 10, who: "role AWSServiceRoleForAutoScaling/AutoScaling ASIA1", call: "ec2:RunInstances", id: "grow", invoked: "autoscaling.amazonaws.com", q: `{` + group + `}`, r: `{"instancesSet":{"items":[{"instanceId":"i-2"}]}}`},
		story{at: 11, who: "user bob AKIA7", call: "ec2:CreateVpc", id: "vpc", r: `{"vpc":{"vpcId":"vpc-1"}}`},
		story{at: 12, who: "user bob AKIA7", call: "iam:CreateLoginProfile", id: "own-password"},
		story{at: 13, who: "user bob AKIA7", call: "ec2:DescribeInstances", q: `{"instancesSet":{"items":[{"instanceId":"i-1"}]}}`, more: `"readOnly":true`},
		story{at: 14, who: "user bob AKIA7", call: "ec2:DeleteRoute", id: "route", q: `{"routeTableId":"rtb-1"}`},
		story{at: 15, who: "user bob AKIA7", call: "ec2:AttachVolume", id: "attach-volume", q: `{"volumeId":"vol-1","instanceId":"i-1"}`},
	)
	for id, want := range map[string]string{
		"eve":                               "created ann user-eve|changed ann attach|attempted ann refused",
		"AKIA2":                             "created ann key-AKIA2",
		"arn:aws:iam::" + own + ":user/eve": "created ann user-eve|changed ann attach|attempted ann refused",
		"snap-1":                            "shared bob share",
		"orders":                            "created bob table|deleted bob drop",
		"arn:aws:dynamodb:us-east-1:1:table/orders": "created bob table|deleted bob drop",
		"key-9":    "",
		"b-1":      "shared bob open",
		"i-1":      "created bob run|changed bob attach-volume",
		"vol-1":    "changed bob attach-volume",
		"i-2":      "created AWSServiceRoleForAutoScaling grow by autoscaling.amazonaws.com for web",
		"vpc-1":    "created bob vpc",
		"subnet-1": "",
		"bob":      "created bob own-password",
		"rtb-1":    "changed bob route",
		"nothing":  "",
		"":         "",
	} {
		var got []string
		for _, d := range Attribute(id, events) {
			s := fmt.Sprintf("%s %s %s", d.Change, d.Principal.ID, d.EventID)
			if d.OnBehalf != "" {
				s += " by " + d.OnBehalf
			}
			if d.For != "" {
				s += " for " + d.For
			}
			if d.Address == "" || d.At.IsZero() {
				t.Errorf("%s: no place or time: %+v", id, d)
			}
			got = append(got, s)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s:\ngot  %s\nwant %s", id, strings.Join(got, "|"), want)
		}
	}
}

func TestTakeBack(t *testing.T) {
	for _, c := range []struct{ call, q, r, more, want string }{
		{"lambda:AddPermission20150331v2", `{"functionName":"f","statementId":"backdoor"}`, ``, "", "lambda RemovePermission f backdoor"},
		{"ec2:ModifySnapshotAttribute", `{"snapshotId":"snap-1"}`, ``, "", "ec2 ModifySnapshotAttribute snap-1 "},
		{"cloudtrail:StopLogging", `{"name":"t"}`, ``, "", "cloudtrail StartLogging t "},
		{"cloudtrail:StopLogging", `{"name":"t"}`, ``, failed, ""},
		{"lambda:UpdateFunctionCode20150331v2", `{"functionName":"arn:aws:lambda:us-east-1:1:function:g"}`, ``, "", "lambda UpdateFunctionCode g "},
		{"iam:CreateAccessKey", `{"userName":"eve"}`, `{"accessKey":{"accessKeyId":"AKIA2","userName":"eve"}}`, "", "iam DeleteAccessKey AKIA2 eve"},
		{"iam:CreateAccessKey", ``, `{"accessKey":{"accessKeyId":"AKIA2"}}`, "", "iam DeleteAccessKey AKIA2 ann"},
		{"iam:CreateUser", `{"userName":"eve"}`, ``, "", "iam DeleteUser eve "},
		{"iam:AttachUserPolicy", `{"userName":"eve","policyArn":"arn:x"}`, ``, "", "iam DetachUserPolicy eve arn:x"},
		{"iam:PutUserPolicy", `{"userName":"eve","policyName":"p"}`, ``, "", "iam DeleteUserPolicy eve p"},
		{"ec2:RunInstances", ``, `{"instancesSet":{"items":[{"instanceId":"i-1"},{"instanceId":"i-2"}]}}`, "", "ec2 TerminateInstances i-1+i-2 "},
		{"ec2:RunInstances", ``, ``, `"errorCode":"Client.DryRunOperation"`, ""},
		{"ec2:AuthorizeSecurityGroupIngress", `{"groupId":"sg-1"}`, ``, "", "ec2 RevokeSecurityGroupIngress sg-1 "},
		{"ec2:ImportKeyPair", `{"keyName":"k"}`, `{"keyPairId":"key-1"}`, "", "ec2 DeleteKeyPair key-1 "},
		{"ec2:DeleteFlowLogs", `{"DeleteFlowLogsRequest":{"FlowLogId":{"content":"fl-1","tag":1}}}`, ``, "", "ec2 CreateFlowLogs fl-1 "},
		{"ec2:DeleteFlowLogs", `{"DeleteFlowLogsRequest":{"FlowLogId":[{"content":"fl-1"},{"content":"fl-2"}]}}`, ``, "", "ec2 CreateFlowLogs fl-1+fl-2 "},
		{"cloudtrail:DeleteTrail", `{"name":"t"}`, ``, "", "cloudtrail CreateTrail t "},
		{"sts:AssumeRole", `{"roleArn":"x"}`, ``, "", ""},
		{"sts:GetFederationToken", ``, ``, "", ""},
		{"ec2:DescribeInstances", ``, ``, "", ""},
		{"secretsmanager:GetSecretValue", `{"secretId":"x"}`, ``, "", ""},
	} {
		e := story{who: "user ann AKIA1", call: c.call, q: c.q, r: c.r, more: c.more}.parse(t)
		u, ok := TakeBack(e)
		got := ""
		if ok {
			got = u.Service + " " + u.Call + " " + strings.Join(u.Resources, "+") + " " + u.Detail
			if u.EventID != e.ID || u.Resource != u.Resources[0] {
				t.Errorf("%s: %+v", c.call, u)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.call, got, c.want)
		}
	}
}

// TestTablesOfUndoAndHanding: each call once, each notation known.
func TestTablesOfUndoAndHanding(t *testing.T) {
	once := map[call]bool{}
	ways := map[string]string{}
	for _, u := range append(append([]undo{}, undos...), moreUndos...) {
		if once[call{u.source, u.name}] {
			t.Errorf("%s:%s stands twice", u.source, u.name)
		}
		once[call{u.source, u.name}] = true
		if strings.HasPrefix(u.name, "Describe") || strings.HasPrefix(u.name, "List") || strings.HasPrefix(u.name, "Get") || u.source == "sts" || u.call == "" {
			t.Errorf("%s:%s changes nothing that a call takes back", u.source, u.name)
		}
		ways[u.name+" resource"], ways[u.name+" detail"] = u.resource, u.detail
	}
	twice := map[call]bool{}
	for _, h := range handings {
		if twice[call{h.source, h.name}] {
			t.Errorf("%s:%s stands twice", h.source, h.name)
		}
		twice[call{h.source, h.name}] = true
		ways[h.name+" role"], ways[h.name+" to"] = h.role, h.to
	}
	for name, spec := range ways {
		for way := range strings.SplitSeq(spec, "|") {
			if spec != "" && !strings.HasPrefix(way, "q:") && !strings.HasPrefix(way, "r:") && way != "self" {
				t.Errorf("%s: %q", name, way)
			}
		}
	}
}
