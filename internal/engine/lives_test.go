package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/lineage"
)

const (
	livesKey    = "AKIALEAKED0000000001"
	livesRegion = "eu-west-1"
	livesHome   = "347283850106"
)

var livesNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// A said is one record: hours before livesNow; his, or the owner's.
type said struct {
	ago  float64
	his  bool
	call string // "sns:CreateTopic", failed with a "!" behind it
	q, r string
	ours bool // made by this case
}

func (c said) event(t *testing.T, n int) event.Event {
	t.Helper()
	source, name, _ := strings.Cut(c.call, ":")
	name, failed := strings.CutSuffix(name, "!")
	who := map[string]any{"type": "IAMUser", "principalId": "AIDAANN", "userName": "ann", "accountId": livesHome, "accessKeyId": "AKIAOFTHEOWNER000001", "arn": "arn:aws:iam::" + livesHome + ":user/ann"}
	if c.his {
		who = map[string]any{"type": "IAMUser", "principalId": "AIDADEPLOY", "userName": "deploy", "accountId": livesHome, "accessKeyId": livesKey, "arn": "arn:aws:iam::" + livesHome + ":user/deploy"}
	}
	record := map[string]any{
		"eventVersion": "1.09", "eventID": fmt.Sprintf("00000000-0000-4000-8000-%012d", n), "userIdentity": who,
		"eventTime":   livesNow.Add(-time.Duration(c.ago * float64(time.Hour))).Format(time.RFC3339),
		"eventSource": source + ".amazonaws.com", "eventName": name, "awsRegion": livesRegion, "sourceIPAddress": "203.0.113.66",
		"userAgent": "aws-cli/2.0", "eventType": "AwsApiCall", "recipientAccountId": livesHome, "readOnly": strings.HasPrefix(name, "Get"),
	}
	for member, text := range map[string]string{"requestParameters": c.q, "responseElements": c.r} {
		if text != "" {
			record[member] = json.RawMessage(text)
		}
	}
	if c.ours {
		record["userAgent"] = "aws-sdk-go-v2/1.0 app/cordon-case"
	}
	if failed {
		record["errorCode"] = "ResourceNotFoundException"
	}
	b, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	e, err := event.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func livesThing(kind fact.Kind, id, arn string, created time.Time, more ...func(*fact.Resource)) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: kind, Place: fact.Place{Account: livesHome, Region: livesRegion}, ID: id}, ARN: arn, Created: created}
	for _, m := range more {
		m(&r)
	}
	return r
}

func set[T any](k fact.Key[T], v T) func(*fact.Resource) {
	return func(r *fact.Resource) { k.Set(r, v) }
}

// livesSaid annotates a snapshot and says of its first resource what the trail
// showed: "made", "found" (or made), "perhaps", and the calls that changed it.
func livesSaid(t *testing.T, since time.Time, blind bool, records []said, all ...fact.Resource) string {
	t.Helper()
	var his, others []event.Event
	for i, c := range records {
		e := c.event(t, i)
		if c.his {
			his = append(his, e)
		}
		others = append(others, e)
	}
	grown := lineage.New([]lineage.Suspect{{Credential: livesKey, Reason: lineage.Seed}}, since)
	for qs := grown.Next(); len(qs) > 0; qs = grown.Next() {
		for _, q := range qs {
			grown.Add(q, his)
		}
	}
	s := fact.Snapshot{At: livesNow, Account: livesHome, Resources: all}
	for i := range s.Resources {
		s.Resources[i].Facts = maps.Clone(s.Resources[i].Facts)
	}
	l := livesOf(s.At, grown, "us-east-1", "case")
	l.add(livesRegion, others...)
	l.blind[livesRegion] = blind
	annotate(&s, grown, func(k fact.Kind) bool { return k != "elbv2.load-balancer" && k != "ec2.instance" }, l)
	var words []string
	if d, known := fact.Made.Get(s.Resources[0]); known {
		word := "perhaps"
		switch {
		case d.Sure && d.Found:
			t.Errorf("sure, and perhaps only found: %+v", d)
		case d.Sure:
			word = "made"
		case d.Found:
			word = "found"
		}
		words = append(words, word)
	}
	for _, d := range fact.Changed.Or(s.Resources[0], nil) {
		words = append(words, d.Call)
	}
	return strings.Join(words, " ")
}

// A call that succeeds on what is there already makes the thing the intruder's
// only where something shows that it is new.
func TestWhatHeOnlyFound(t *testing.T) {
	const (
		topicARN = "arn:aws:sns:eu-west-1:347283850106:alerts"
		ruleARN  = "arn:aws:events:eu-west-1:347283850106:rule/nightly"
		job      = "arn:aws:lambda:eu-west-1:347283850106:function:job"
	)
	rule := livesThing("events.rule", "nightly", ruleARN, time.Time{}, set(fact.Name, "nightly"), set(fact.Count, 1),
		set(fact.Aspects, map[string]string{"targets": `{"all":[{"Arn":"` + job + `","Id":"1"}]}`}))
	topic := livesThing("sns.topic", topicARN, topicARN, time.Time{}, set(fact.Name, "alerts"))
	sub := livesThing("sns.subscription", topicARN+":5b", topicARN+":5b", time.Time{}, set(fact.AttachedTo, topicARN))
	mail := livesThing("sns.subscription", topicARN+":6c", topicARN+":6c", time.Time{}, set(fact.AttachedTo, topicARN), set(fact.Detail, "email m…@example.com"))
	mailed := said{4.9, true, "sns:Subscribe", `{"topicArn":"` + topicARN + `","protocol":"email"}`, `{"subscriptionArn":"pending confirmation"}`, false}
	cluster := livesThing("ecs.cluster", "web", "arn:aws:ecs:eu-west-1:347283850106:cluster/web", time.Time{})
	put := said{5, true, "events:PutRule", `{"name":"nightly"}`, `{"ruleArn":"` + ruleARN + `"}`, false}
	targets := said{4.9, true, "events:PutTargets", `{"rule":"nightly","targets":[{"id":"1","arn":"` + job + `"}]}`, "", false}
	create := said{5, true, "sns:CreateTopic", `{"name":"alerts"}`, `{"topicArn":"` + topicARN + `"}`, false}
	with := func(c said, ago float64, his bool) said { c.ago, c.his = ago, his; return c }
	clustered := said{5, true, "ecs:CreateCluster", `{"clusterName":"web"}`, `{"cluster":{"clusterName":"web","runningTasksCount":0}}`, false}
	domain := livesThing("ses.identity", "tidemark.example", "", time.Time{})
	balancer := "arn:aws:elasticloadbalancing:eu-west-1:347283850106:loadbalancer/app/web/50dc6c495c0c9188"
	balanced := said{5, true, "elasticloadbalancing:CreateLoadBalancer", `{"name":"web"}`, `{"loadBalancers":[{"loadBalancerArn":"` + balancer + `"}]}`, false}
	since, made, old := livesNow.Add(-6*time.Hour), livesNow.Add(-5*time.Hour), livesNow.AddDate(-1, 0, 0)
	for _, c := range []struct {
		name    string
		records []said
		blind   bool
		since   time.Time
		all     []fact.Resource
		want    string
	}{
		{"nothing knew the rule, and all that it starts is his", []said{put, targets}, false, since, []fact.Resource{rule}, "made PutTargets"},
		{"the owner made it", []said{with(put, 900, false), put}, false, since, []fact.Resource{rule}, "PutRule"},
		{"the owner switched it on once", []said{{1200, false, "events:EnableRule", `{"name":"nightly"}`, "", false}, put, targets}, false, since, []fact.Resource{rule}, "PutTargets PutRule"},
		{"the owner's only tried to", []said{{1200, false, "events:EnableRule!", `{"name":"nightly"}`, "", false}, put, targets}, false, since, []fact.Resource{rule}, "made PutTargets"},
		{"it starts what he did not put there", []said{put}, false, since, []fact.Resource{rule}, "found"},
		{"he took something off it", []said{put, targets, {4.8, true, "events:RemoveTargets", `{"rule":"nightly","ids":["2"]}`, "", false}}, false, since, []fact.Resource{rule}, "found PutTargets RemoveTargets"},
		{"the owner writes over it later", []said{put, targets, with(put, 2, false)}, false, since, []fact.Resource{rule}, "found PutTargets"},
		{"this case switches it on again", []said{put, targets, {2, false, put.call, put.q, put.r, true}}, false, since, []fact.Resource{rule}, "made PutTargets"},
		{"it bears a tag that he did not give it", []said{put, targets}, false, since,
			[]fact.Resource{livesThing("events.rule", "nightly", ruleARN, time.Time{}, set(fact.Tags, map[string]string{"team": "billing"}))}, "found PutTargets"},
		{"another of a longer name", []said{{900, false, "events:PutRule", `{"name":"nightly-2"}`, "", false}, put, targets}, false, since, []fact.Resource{rule}, "made PutTargets"},

		{"a new topic", []said{create}, false, since, []fact.Resource{topic}, "made"},
		{"the ARN of the owner's topic", []said{with(create, 900, false), create}, false, since, []fact.Resource{topic}, ""},
		{"a topic that the owner asked about", []said{{700, false, "sns:GetTopicAttributes", `{"topicArn":"` + topicARN + `"}`, "", false}, create}, false, since, []fact.Resource{topic}, ""},
		{"the record cannot be read", []said{create}, true, since, []fact.Resource{topic}, "found"},
		{"the record is too short", []said{with(create, 24*70, true)}, false, livesNow.AddDate(0, 0, -71), []fact.Resource{topic}, "found"},
		{"a topic of that name had been deleted", []said{with(create, 900, false), {800, false, "sns:DeleteTopic", `{"topicArn":"` + topicARN + `"}`, "", false}, create}, true, since, []fact.Resource{topic}, "made"},
		{"somebody else's subscription hangs on it", []said{create}, false, since, []fact.Resource{topic, sub}, ""},
		{"his own does", []said{create, {4.9, true, "sns:Subscribe", `{"topicArn":"` + topicARN + `"}`, `{"subscriptionArn":"` + topicARN + `:5b"}`, false}}, false, since, []fact.Resource{topic, sub}, "made Subscribe"},
		{"an old role may publish to it", []said{create}, false, since,
			[]fact.Resource{topic, livesThing("iam.role", "app", "arn:aws:iam::347283850106:role/app", old, set(fact.Trust, `{"Resource":"`+topicARN+`"}`))}, ""},
		{"made twice by him", []said{create, with(create, 4, true)}, false, since, []fact.Resource{topic}, "made"},
		{"nobody knows since when the key is his", []said{create}, false, time.Time{}, []fact.Resource{topic}, "perhaps"},

		{"his own that was confirmed by a link", []said{create, mailed}, false, since, []fact.Resource{topic, mail}, "made Subscribe"},
		{"the owner asked for such a one, too", []said{create, mailed, with(mailed, 3, false)}, false, since, []fact.Resource{topic, mail}, "Subscribe"},
		{"he named it for something else before", []said{{5.1, true, "ecs:RegisterTaskDefinition", `{"family":"web"}`, "", false}, clustered}, false, since, []fact.Resource{cluster}, "made"},
		{"he read of it before", []said{{5.1, true, "events:GetRule", `{"name":"nightly"}`, "", false}, put, targets}, false, since, []fact.Resource{rule}, "found PutTargets"},

		{"an empty cluster", []said{clustered}, false, since, []fact.Resource{cluster}, "made"},
		{"one that runs tasks as it is made", []said{{5, true, "ecs:CreateCluster", `{"clusterName":"web"}`, `{"cluster":{"clusterName":"web","runningTasksCount":3}}`, false}}, false, since, []fact.Resource{cluster}, ""},
		{"one with an older service", []said{clustered}, false, since, []fact.Resource{cluster, livesThing("ecs.service", "web/api", "", old)}, ""},
		{"a domain to be verified once more", []said{{5, true, "ses:VerifyDomainIdentity", `{"domain":"tidemark.example"}`, "", false}}, false, since, []fact.Resource{domain}, "found"},
		{"a domain that was not there", []said{{5, true, "ses:CreateEmailIdentity", `{"emailIdentity":"tidemark.example"}`, "", false}}, false, since, []fact.Resource{domain}, "made"},
		{"an older balancer of the same settings", []said{balanced}, false, since, []fact.Resource{livesThing("elbv2.load-balancer", balancer, balancer, old)}, ""},
		{"a new balancer", []said{balanced}, false, since, []fact.Resource{livesThing("elbv2.load-balancer", balancer, balancer, made)}, "made"},
		{"an older queue", []said{{5, true, "sqs:CreateQueue", `{"queueName":"jobs"}`, "", false}}, false, since, []fact.Resource{livesThing("sqs.queue", "jobs", "", old)}, ""},
		{"a new queue", []said{{5, true, "sqs:CreateQueue", `{"queueName":"jobs"}`, "", false}}, false, since, []fact.Resource{livesThing("sqs.queue", "jobs", "", made)}, "made"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := livesSaid(t, c.since, c.blind, c.records, slices.Clone(c.all)...); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// What stands is not the intruder's by what he did to another of its name.
func TestANameUsedAgain(t *testing.T) {
	ago := func(hours float64) time.Time { return livesNow.Add(-time.Duration(hours * float64(time.Hour))) }
	he := func(hours float64, call, q string) said { return said{ago: hours, his: true, call: call, q: q} }
	they := func(hours float64, call, q string) said { return said{ago: hours, call: call, q: q} }
	const (
		create, remove, update = "lambda:CreateFunction20150331", "lambda:DeleteFunction20150331", "lambda:UpdateFunctionCode20150331v2"
		f, table, bucket       = `{"functionName":"payments"}`, `{"tableName":"carts"}`, `{"bucketName":"assets","CreateBucketConfiguration":{"LocationConstraint":"eu-west-1"}}`
		ids                    = `{"instancesSet":{"items":[{"instanceId":"i-1"}]}}`
	)
	payments := livesThing("lambda.function", "payments", "", time.Time{})
	carts := livesThing("dynamodb.table", "carts", "", ago(3))
	assets := func(hours float64) fact.Resource { return livesThing("s3.bucket", "assets", "", ago(hours)) }
	first := livesThing("s3.bucket", "assets", "", ago(3000))
	first.Region = "us-east-1"
	for _, c := range []struct {
		name    string
		records []said
		what    fact.Resource
		want    string
	}{
		{"he made it", []said{he(5, create, f)}, payments, "made"},
		{"he made it anew", []said{he(5.1, remove, f), he(5, create, f)}, payments, "made"},
		{"and the owner made it anew", []said{he(5.1, remove, f), he(5, create, f), he(4.9, update, f), they(4, remove, f), they(3.9, create, f)}, payments, ""},
		{"and he once more", []said{he(5, create, f), they(4, remove, f), they(3.9, create, f), he(3.1, remove, f), he(3, create, f)}, payments, "made"},
		{"the owner made another", []said{he(5, create, f), they(4, create, `{"functionName":"payments-2"}`)}, payments, "made"},
		{"the owner could not make it", []said{he(5, create, f), they(4, create+"!", f)}, payments, "made"},
		{"it is being deleted", []said{he(5, create, f), they(1, remove, f)}, payments, "made"},
		{"it was deleted long ago", []said{he(5, create, f), they(4, remove, f)}, payments, ""},
		{"a change of the owner's own one", []said{they(30, create, f), he(5, update, f)}, payments, "UpdateFunctionCode"},

		{"a table that the owner made anew", []said{he(5, "dynamodb:UpdateTable", table), he(2, "dynamodb:UpdateContinuousBackups", table)}, carts, "UpdateContinuousBackups"},
		{"an instance's date is its last start", []said{he(5, "ec2:StopInstances", ids)}, livesThing("ec2.instance", "i-1", "", ago(3)), "StopInstances"},
		{"a bucket's is its last change", []said{he(5, "s3:PutBucketPolicy", bucket)}, assets(3), "PutBucketPolicy"},

		{"a bucket of his with a policy since", []said{he(5, "s3:CreateBucket", bucket), he(4, "s3:PutBucketPolicy", bucket)}, assets(4), "made PutBucketPolicy"},
		{"one that the owner made anew", []said{he(5, "s3:CreateBucket", bucket), they(4.5, "s3:DeleteBucket", bucket), they(4, "s3:CreateBucket", bucket)}, assets(4), ""},
		{"one that is older", []said{he(5, "s3:CreateBucket", bucket)}, assets(3000), ""},
		{"where it may be created again", []said{he(5, "s3:CreateBucket", strings.Replace(bucket, "eu-west-1", "us-east-1", 1))}, first, "CreateBucket"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := livesSaid(t, livesNow.Add(-6*time.Hour), false, c.records, c.what); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
