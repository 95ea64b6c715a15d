package engine

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/awsapi"
	"cordon/internal/checks"
	"cordon/internal/fact"
)

var quarantineNeeds = []string{"iam:ListAttachedUserPolicies", "iam:ListUserPolicies"}

// NotQuarantined refuses a session of a user whom AWS quarantined: a key of his is
// in somebody else's hands, and AWS denies him much of what a clean-up does,
// whatever his own policies say. It is asked before anything is planned or done.
// Where the user's policies may not be read, the last triage tells; where neither
// does, nobody knows, and the session goes on.
func (s *Session) NotQuarantined(ctx context.Context) error {
	c := s.Account.Caller
	if c.Kind != awsapi.KindUser {
		return nil
	}
	u, err := s.ownPolicies(ctx, c.Name)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		t, looked, err := triaged(s.Case)
		if err != nil || !looked {
			return err
		}
		u, _ = t.Snapshot.Find(fact.Ref{Kind: "iam.user", Place: fact.Place{Account: c.Account, Region: fact.Global}, ID: c.Name})
	}
	if q := checks.Quarantined(u); q != "" {
		return refuse("quarantined-caller", nil, "user", c.Name, "policy", q)
	}
	return nil
}

// ownPolicies is the user with the names of its policies, as the checks read them.
func (s *Session) ownPolicies(ctx context.Context, user string) (fact.Resource, error) {
	r := fact.Resource{Ref: fact.Ref{Kind: "iam.user", Place: fact.Place{Account: s.Account.Caller.Account, Region: fact.Global}, ID: user}}
	api := iam.NewFromConfig(s.Account.Read(fact.Global, quarantineNeeds))
	var attached, inline []fact.Document
	attachedPages := iam.NewListAttachedUserPoliciesPaginator(api, &iam.ListAttachedUserPoliciesInput{UserName: &user})
	for attachedPages.HasMorePages() {
		page, err := attachedPages.NextPage(ctx)
		if err != nil {
			return r, err
		}
		for _, p := range page.AttachedPolicies {
			attached = append(attached, fact.Document{Name: aws.ToString(p.PolicyName), ARN: aws.ToString(p.PolicyArn)})
		}
	}
	inlinePages := iam.NewListUserPoliciesPaginator(api, &iam.ListUserPoliciesInput{UserName: &user})
	for inlinePages.HasMorePages() {
		page, err := inlinePages.NextPage(ctx)
		if err != nil {
			return r, err
		}
		for _, name := range page.PolicyNames {
			inline = append(inline, fact.Document{Name: name})
		}
	}
	fact.Attached.Set(&r, attached)
	fact.Inline.Set(&r, inline)
	return r, nil
}
