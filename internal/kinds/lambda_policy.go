package kinds

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/policy"
)

// functionPolicies reads the policy of a function and those of its aliases,
// by the name they are attached to; "" is the function's own. Policies of single
// published versions are not read: a busy account has thousands of versions
// and Lambda answers 15 such calls a second.
func functionPolicies(ctx context.Context, api functionReader, name string) (map[string]string, error) {
	qualifiers := []string{""}
	for page, err := range pages(ctx, lambda.NewListAliasesPaginator(api, &lambda.ListAliasesInput{FunctionName: &name})) {
		if err != nil {
			return nil, gone(err)
		}
		for _, a := range page.Aliases {
			qualifiers = append(qualifiers, aws.ToString(a.Name))
		}
	}
	all := map[string]string{}
	for _, q := range qualifiers {
		out, err := api.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: &name, Qualifier: given(q)})
		if errors.Is(gone(err), kind.ErrGone) {
			continue // nobody was ever let in there
		}
		if err != nil {
			return nil, err
		}
		all[q] = aws.ToString(out.Policy)
	}
	return all, nil
}

// setPolicySharing records whom the policies let in from outside. A policy
// that cannot be read leaves it unknown.
func setPolicySharing(r *fact.Resource, policies map[string]string) {
	public, with := false, []string{}
	for _, body := range policies {
		doc, err := policy.Parse(body)
		if err != nil {
			return
		}
		public = public || policy.Public(doc, r.Account)
		with = append(with, policy.Foreign(doc, r.Account)...)
	}
	slices.Sort(with)
	fact.Public.Set(r, public)
	fact.SharedWith.Set(r, slices.Compact(with))
}
