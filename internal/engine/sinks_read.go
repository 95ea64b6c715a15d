package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/policy"
	"cordon/internal/rotate"
)

// shows are the calls that show what a sink holds.
var shows = map[string][]string{
	rotate.SinkSecret:    {"secretsmanager:GetSecretValue"},
	rotate.SinkParameter: {"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:GetParameterHistory"},
}

// sinkReaders says whether the intruder could read a sink: "could-read" with who,
// "not-known", or "". It goes by the policies of the users and roles that the
// last triage holds to be his, and by the sink's own policy.
func (s *Session) sinkReaders(ctx context.Context, t Triage, sink rotate.Sink) (how string, who []string, err error) {
	caller := s.Account.Caller
	arn := fmt.Sprintf("arn:%s:ssm:%s:%s:parameter/%s", caller.Partition, sink.Region, caller.Account, trimSlash(sink.Name))
	if sink.Kind == rotate.SinkSecret {
		// AWS puts six characters behind a name; which, nobody knows before.
		arn = fmt.Sprintf("arn:%s:secretsmanager:%s:%s:secret:%s-cordon", caller.Partition, sink.Region, caller.Account, sink.Name)
	}
	able := suspectsOf(t.Snapshot)
	for _, call := range shows[sink.Kind] {
		h, by := able.read(call, fact.Resource{ARN: arn})
		who = append(who, by...)
		if h == "could-read" || how == "" {
			how = h
		}
	}
	if sink.Kind == rotate.SinkSecret {
		h, by, err := s.secretReaders(ctx, t, sink)
		if err != nil {
			return "", nil, err
		}
		who = append(who, by...)
		if h == "could-read" || how == "" {
			how = h
		}
	}
	unread := slices.ContainsFunc(t.Snapshot.Readings, func(r fact.Reading) bool {
		return slices.Contains([]fact.Kind{"iam.user", "iam.role", "iam.group", "iam.policy", "iam.access-key"}, r.Kind) && !r.OK()
	})
	if how == "" && unread {
		how = "not-known"
	}
	slices.Sort(who)
	return how, slices.Compact(who), nil
}

func trimSlash(name string) string {
	if name != "" && name[0] == '/' {
		return name[1:]
	}
	return name
}

// secretReaders reads the policy of a secret that is there already: who is outside
// the account, or held to be the intruder's, must not stand in it.
func (s *Session) secretReaders(ctx context.Context, t Triage, sink rotate.Sink) (how string, who []string, err error) {
	at := fact.Place{Account: s.Account.Caller.Account, Region: sink.Region}
	out, err := secretsmanager.NewFromConfig(s.read(at, secretSinkReads)).GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: &sink.Name})
	switch awsapi.Classify(err) {
	case awsapi.NotFound:
		return "", nil, nil
	case awsapi.Denied:
		return "not-known", nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("cannot read the policy of the secret %s: %w", sink.Name, err)
	}
	if aws.ToString(out.ResourcePolicy) == "" {
		return "", nil, nil
	}
	doc, err := policy.Parse(*out.ResourcePolicy)
	if err != nil {
		return "not-known", nil, nil // a form that we cannot judge is no leave
	}
	who = policy.Foreign(doc, at.Account)
	if policy.Public(doc, at.Account) {
		who = append(who, "*")
	}
	for _, statement := range doc.Statements {
		for _, p := range statement.Principals {
			for _, k := range []fact.Kind{"iam.user", "iam.role"} {
				for r := range t.Snapshot.Of(k) {
					if d, marked := fact.Suspect.Get(r); marked && d.Sure && (p.ID == r.ARN || p.ID == r.UniqueID) {
						who = append(who, r.ID)
					}
				}
			}
		}
	}
	if len(who) > 0 {
		how = "could-read"
	}
	return how, who, nil
}
