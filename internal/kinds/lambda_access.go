package kinds

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/policy"
)

// readAccess asks who may call the function and whether it may run at all. It
// asks for the concurrency first: only there is "not found" taken to mean that
// the function is gone. Elsewhere it may mean that there is no policy, or that
// the region has no function URLs.
func readAccess(ctx context.Context, api functionReader, r *fact.Resource) error {
	reserved, err := reservedConcurrency(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if reserved != nil {
		fact.Concurrency.Set(r, int(*reserved))
	}
	auth, err := urlAuth(ctx, api, r.ID)
	if err != nil {
		return err
	}
	fact.URLAuth.Set(r, auth)
	versions := fact.Published.Or(*r, nil)
	slices.SortFunc(versions, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }) // they are numbers
	fact.Published.Set(r, versions)
	left := max(0, len(versions)-versionsAsked)
	policies, err := functionPolicies(ctx, api, r.ID, versions[left:])
	if err != nil {
		return err
	}
	setPolicySharing(r, policies, left == 0)
	return nil
}

// versionsAsked is how many published versions of a function, the newest, are
// asked for a policy of their own. A busy account has thousands of versions and
// Lambda answers 15 such calls a second.
const versionsAsked = 20

// urlAuth is "NONE" when any of the function's URLs asks nobody who he is, and
// "" when it has no URL.
func urlAuth(ctx context.Context, api functionReader, name string) (string, error) {
	all := []string{}
	for page, err := range pages(ctx, lambda.NewListFunctionUrlConfigsPaginator(api, &lambda.ListFunctionUrlConfigsInput{FunctionName: &name})) {
		if errors.Is(gone(err), kind.ErrGone) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		for _, u := range page.FunctionUrlConfigs {
			all = append(all, string(u.AuthType))
		}
	}
	if len(all) == 0 {
		return "", nil
	}
	return slices.Max(all), nil // "NONE" comes after "AWS_IAM"
}

// functionPolicies reads the policies of a function, of these versions and of
// all aliases, by the name they are attached to; "" is the function's own.
func functionPolicies(ctx context.Context, api functionReader, name string, versions []string) (map[string]string, error) {
	qualifiers := append([]string{""}, versions...)
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

// setPolicySharing records whom the policies let in from outside. What was not
// read, or cannot be understood, leaves "nobody" unsaid.
func setPolicySharing(r *fact.Resource, policies map[string]string, whole bool) {
	public, with := false, []string{}
	for _, body := range policies {
		doc, err := policy.Parse(body)
		if err != nil {
			whole = false
			continue
		}
		public = public || policy.Public(doc, r.Account)
		with = append(with, policy.Foreign(doc, r.Account)...)
	}
	if public || whole {
		fact.Public.Set(r, public)
	}
	if len(with) > 0 || whole {
		slices.Sort(with)
		fact.SharedWith.Set(r, slices.Compact(with))
	}
}
