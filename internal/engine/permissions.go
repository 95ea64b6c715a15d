package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/permit"
	"cordon/internal/report"
)

// atOnce is how many actions one simulation is asked about.
const atOnce = 100

// CheckPolicy asks IAM whether the caller has what a set of policies allows, and
// tells each action that is missing. Where IAM will not say, nothing is told as
// missing or as there: the answer says why it is not known. IAM simulates the
// policies on the user or role; what narrows only this session, or the whole
// organization, may still refuse.
func (s *Session) CheckPolicy(ctx context.Context, set permit.Set) (report.PolicyCheck, error) {
	m := report.PolicyCheck{Name: set.Name, Caller: s.Account.Caller.ARN, Actions: len(set.Grants), Missing: []string{}}
	if s.Account.Caller.Kind == awsapi.KindRoot {
		m.Allowed = m.Actions // no policy of the account limits the root user
		return m, s.Out.Handle(m)
	}
	arn, err := s.policySource(ctx)
	missing := map[string]bool{}
	groups := byResource(set.Grants)
	for _, on := range slices.Sorted(maps.Keys(groups)) {
		if err != nil {
			break
		}
		var refused []string
		refused, err = s.simulate(ctx, arn, groups[on], on)
		for _, a := range refused {
			missing[a] = true
		}
	}
	switch {
	case ctx.Err() != nil:
		return m, ctx.Err()
	case err != nil:
		m.Unknown, m.Permission = awsapi.Why(err), awsapi.Permission(err)
		return m, s.Out.Handle(m)
	}
	m.Missing = append(m.Missing, slices.Sorted(maps.Keys(missing))...)
	m.Allowed = m.Actions - len(m.Missing)
	return m, s.Out.Handle(m)
}

// policySource is the ARN whose policies are simulated. STS tells a role without
// its path.
func (s *Session) policySource(ctx context.Context) (string, error) {
	c := s.Account.Caller
	api := iam.NewFromConfig(s.Account.Read(fact.Global, permit.Asking))
	switch c.Kind {
	case awsapi.KindUser:
		return c.ARN, nil
	case awsapi.KindRole:
		out, err := api.GetRole(ctx, &iam.GetRoleInput{RoleName: &c.Name})
		if err != nil {
			return "", fmt.Errorf("cannot read the role %s: %w", c.Name, err)
		}
		return aws.ToString(out.Role.Arn), nil
	}
	return "", fmt.Errorf("cannot ask what %s may do: IAM simulates users and roles only", c.ARN)
}

// byResource gathers actions that are asked about the same resources.
func byResource(grants []permit.Grant) map[string][]string {
	out := map[string][]string{}
	for _, g := range grants {
		on := strings.Join(g.On, " ")
		out[on] = append(out[on], g.Action)
	}
	return out
}

// simulate answers which of the actions IAM would refuse on any of the resources.
func (s *Session) simulate(ctx context.Context, arn string, actions []string, on string) (refused []string, err error) {
	api := iam.NewFromConfig(s.Account.Read(fact.Global, permit.Asking))
	for part := range slices.Chunk(actions, atOnce) {
		in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &arn, ActionNames: part, ResourceArns: strings.Fields(on)}
		for pages := iam.NewSimulatePrincipalPolicyPaginator(api, in); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("cannot ask what %s may do: %w", arn, err)
			}
			for _, r := range page.EvaluationResults {
				if r.EvalDecision != types.PolicyEvaluationDecisionTypeAllowed {
					refused = append(refused, aws.ToString(r.EvalActionName))
				}
			}
		}
	}
	return refused, nil
}
