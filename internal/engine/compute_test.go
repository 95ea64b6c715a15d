package engine_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/checks"
	"cordon/internal/fact"
	"cordon/internal/lab"
	"cordon/internal/plan"
)

// tell writes down, in the night, a call that the lab itself does not make.
func (w *world) tell(ago time.Duration, region, identity, source, name, request, response string) {
	w.t.Helper()
	err := w.Record(w.t.Context(), json.RawMessage(fmt.Sprintf(
		`{"eventTime":%q,"awsRegion":%q,"userIdentity":%s,"eventSource":%q,"eventName":%q,"sourceIPAddress":"203.0.113.77","userAgent":"aws-cli/2.15.0","requestParameters":%s,"responseElements":%s}`,
		night.Add(-ago).Format(time.RFC3339), region, identity, source+".amazonaws.com", name, request, response)))
	if err != nil {
		w.t.Fatal(err)
	}
}

// leaked is the identity that records of the leaked key have.
func (w *world) leaked() string {
	w.t.Helper()
	all, err := w.Events(w.t.Context(), false)
	if err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(e lab.Event) bool { return e.Lab.AccessKeyID == truth.LeakedKey })
	if i < 0 {
		w.t.Fatal("the leaked key was never used")
	}
	return string(all[i].Identity)
}

// planted makes a user with a key, as the records that are told say.
func (w *world) planted(name string) (user, key string) {
	w.t.Helper()
	api := iam.NewFromConfig(w.config(truth.Caller, "us-east-1"))
	made, err := api.CreateUser(w.t.Context(), &iam.CreateUserInput{UserName: &name})
	if err != nil {
		w.t.Fatal(err)
	}
	issued, err := api.CreateAccessKey(w.t.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		w.t.Fatal(err)
	}
	return aws.ToString(made.User.UserId), aws.ToString(issued.AccessKey.AccessKeyId)
}

// cuts says whether a plan denies a user and shuts his key.
func cuts(p plan.Plan, user, key string) (denied, shut bool) {
	for _, a := range p.Actions {
		denied = denied || a.Verb == "deny-all" && a.Target.ID == user
		shut = shut || a.Verb == "deactivate" && a.Target.ID == key
	}
	return denied, shut
}

// TestTriageFollowsCompute: a machine that the leaked key started has the rights
// of a role whose name is not its profile's. What its session made is his.
func TestTriageFollowsCompute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const machine, region = "i-0c0ffee0c0ffee000", "eu-west-1"
	arn := "arn:aws:sts::" + truth.Account + ":assumed-role/web-node/" + machine
	session := fmt.Sprintf(`{"type":"AssumedRole","principalId":"AROAX:%s","arn":%q,"accountId":%q,"accessKeyId":"ASIAMACHINE0000000001","sessionContext":{"sessionIssuer":{"type":"Role","userName":"web-node","accountId":%q}}}`,
		machine, arn, truth.Account, truth.Account)
	user, key := w.planted("svc2")
	w.tell(50*time.Minute, region, w.leaked(), "ec2", "RunInstances", `{"iamInstanceProfile":{"name":"web-InstanceProfile-X7"}}`, `{"instancesSet":{"items":[{"instanceId":"`+machine+`"}]}}`)
	w.tell(49*time.Minute, region, `{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}`, "sts", "AssumeRole",
		`{"roleArn":"arn:aws:iam::`+truth.Account+`:role/web-node","roleSessionName":"`+machine+`"}`, `{"credentials":{"accessKeyId":"ASIAMACHINE0000000001"}}`)
	w.tell(48*time.Minute, "us-east-1", session, "iam", "CreateUser", `{"userName":"svc2"}`, `{"user":{"userName":"svc2","userId":"`+user+`"}}`)
	w.tell(47*time.Minute, "us-east-1", session, "iam", "CreateAccessKey", `{"userName":"svc2"}`, `{"accessKey":{"userName":"svc2","accessKeyId":"`+key+`"}}`)

	tri := w.triage()
	t.Logf("calls %v", tri.Summary.Calls)
	for r := range tri.Snapshot.Of("iam.user") {
		if d, suspect := fact.Suspect.Get(r); r.ID == "svc2" && !(suspect && d.Sure) {
			t.Errorf("svc2 is no suspect: %+v", d)
		}
	}
	for r := range tri.Snapshot.Of("iam.role") {
		if ds := fact.Sessions.Or(r, nil); r.ID == "web-node" && !slices.ContainsFunc(ds, func(d fact.Deed) bool { return d.Sure && d.Session == r.UniqueID+":"+machine }) {
			t.Errorf("the machine's session is none of the role's: %+v", ds)
		}
	}
	if denied, shut := cuts(w.contain(), "svc2", key); !denied || !shut {
		t.Errorf("svc2 is denied: %v, its key is shut: %v", denied, shut)
	}
}

// TestTriageSeesWhatHisStackBrought: CloudFormation works in the caller's name
// with keys that no record issues. What it made for a stack of his is his. And
// what cannot be followed at all is a gap.
func TestTriageSeesWhatHisStackBrought(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	user, key := w.planted("svc3")
	who := w.leaked()
	var behalf map[string]any
	if err := json.Unmarshal([]byte(who), &behalf); err != nil {
		t.Fatal(err)
	}
	behalf["accessKeyId"], behalf["invokedBy"] = "ASIASTACK00000000001", "cloudformation.amazonaws.com"
	service, err := json.Marshal(behalf)
	if err != nil {
		t.Fatal(err)
	}
	w.tell(50*time.Minute, "eu-west-1", who, "cloudformation", "CreateStack", `{"stackName":"web"}`, `{"stackId":"arn:aws:cloudformation:eu-west-1:`+truth.Account+`:stack/web/0f"}`)
	w.tell(49*time.Minute, "us-east-1", string(service), "iam", "CreateUser", `{"userName":"svc3"}`, `{"user":{"userName":"svc3","userId":"`+user+`"}}`)
	w.tell(48*time.Minute, "us-east-1", string(service), "iam", "CreateAccessKey", `{"userName":"svc3"}`, `{"accessKey":{"userName":"svc3","accessKeyId":"`+key+`"}}`)
	w.tell(40*time.Minute, "eu-west-1", who, "ssm", "SendCommand", `{"targets":[{"key":"tag:role","values":["web"]}]}`, `{}`)
	tri := w.triage()
	t.Logf("calls %v", tri.Summary.Calls)
	if !slices.ContainsFunc(tri.Snapshot.Readings, func(r fact.Reading) bool {
		return r.Kind == checks.History && r.State == fact.Failed && strings.Contains(r.Why, "SendCommand")
	}) {
		t.Error("what ran on machines that no record names is no gap")
	}
	neverClear(t, tri, checks.History)
	if denied, shut := cuts(w.contain(), "svc3", key); !denied || !shut {
		t.Errorf("svc3 is denied: %v, its key is shut: %v", denied, shut)
	}
}
