package kinds

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// iamDetails is what GetAccountAuthorizationDetails tells: every user, group,
// role and customer policy with its documents. It leaves out passwords, keys,
// MFA devices, certificates and a role's longest session (IAM API reference).
type iamDetails struct {
	users    []types.UserDetail
	groups   []types.GroupDetail
	roles    []types.RoleDetail
	policies []types.ManagedPolicyDetail
}

type iamDetailsOf struct{ fact.Place }

// authorizationDetails makes one listing for the four kinds it serves.
func authorizationDetails(ctx context.Context, api iam.GetAccountAuthorizationDetailsAPIClient, at fact.Place) (iamDetails, error) {
	return kind.Shared(ctx, iamDetailsOf{at}, func() (all iamDetails, err error) {
		pages, err := iamPages(ctx, "users, groups, roles and policies",
			iam.NewGetAccountAuthorizationDetailsPaginator(api, &iam.GetAccountAuthorizationDetailsInput{
				Filter: []types.EntityType{
					types.EntityTypeUser, types.EntityTypeGroup, types.EntityTypeRole, types.EntityTypeLocalManagedPolicy,
				},
				MaxItems: aws.Int32(iamPageSize),
			}),
			func(o *iam.GetAccountAuthorizationDetailsOutput) []*iam.GetAccountAuthorizationDetailsOutput {
				return []*iam.GetAccountAuthorizationDetailsOutput{o}
			})
		for _, p := range pages {
			all.users = append(all.users, p.UserDetailList...)
			all.groups = append(all.groups, p.GroupDetailList...)
			all.roles = append(all.roles, p.RoleDetailList...)
			all.policies = append(all.policies, p.Policies...)
		}
		return all, err
	})
}

// setPolicies sets the inline and attached policies of a principal, also when
// there are none, and the aspect they make with its groups and its boundary,
// which are set before.
func setPolicies(r *fact.Resource, inline []types.PolicyDetail, attached []types.AttachedPolicy) error {
	in, out := []fact.Document{}, []fact.Document{}
	for _, p := range inline {
		body, err := document(p.PolicyDocument)
		if err != nil {
			return err
		}
		in = append(in, fact.Document{Name: aws.ToString(p.PolicyName), Body: body})
	}
	for _, p := range attached {
		out = append(out, fact.Document{Name: aws.ToString(p.PolicyName), ARN: aws.ToString(p.PolicyArn)})
	}
	fact.Inline.Set(r, in)
	fact.Attached.Set(r, out)
	return setGrants(r)
}

// setBoundary sets the permissions boundary; "" is a principal without one.
func setBoundary(r *fact.Resource, b *types.AttachedPermissionsBoundary) {
	arn := ""
	if b != nil {
		arn = aws.ToString(b.PermissionsBoundaryArn)
	}
	fact.Boundary.Set(r, arn)
}

// holdsPolicies names the account's own policies that cannot be deleted while
// they are attached to this principal or are its boundary, and the groups that
// cannot be while this user is a member.
func holdsPolicies(r fact.Resource) (held []fact.Ref) {
	hold := func(k fact.Kind, id string) { held = append(held, fact.Ref{Kind: k, Place: r.Place, ID: id}) }
	for _, p := range fact.Attached.Or(r, nil) {
		if ownPolicy(p.ARN) {
			hold("iam.policy", p.ARN)
		}
	}
	if b := fact.Boundary.Or(r, ""); ownPolicy(b) {
		hold("iam.policy", b)
	}
	for _, g := range fact.Groups.Or(r, nil) {
		hold("iam.group", g)
	}
	return held
}

// ownPolicy reports whether the account made the policy; AWS's own have "aws"
// where an account id stands.
func ownPolicy(arn string) bool { return arn != "" && !strings.Contains(arn, ":iam::aws:") }
