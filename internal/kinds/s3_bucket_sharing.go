package kinds

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"cordon/internal/fact"
)

// An aclGrant is a right that a bucket's ACL gives to somebody who is not its
// owner; one of the first three is set.
type aclGrant struct {
	ID         string `json:",omitempty"` // canonical user
	URI        string `json:",omitempty"` // group
	Email      string `json:",omitempty"`
	Permission string
}

const (
	aclEverybody = "http://acs.amazonaws.com/groups/global/AllUsers"
	aclAnyone    = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers" // of any account
	aclLogs      = "http://acs.amazonaws.com/groups/s3/LogDelivery"
	// cloudFrontLogs is CloudFront's own canonical user: it delivers logs.
	cloudFrontLogs = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0"
)

// foreign says whether the grant is to an outsider, and not to AWS's log delivery.
func (g aclGrant) foreign() bool { return g.URI != aclLogs && g.ID != cloudFrontLogs }

// bucketACL reads the owner and the grants to others, in a fixed order.
func bucketACL(ctx context.Context, api bucketACLReader, name string) (*types.Owner, []aclGrant, error) {
	out, err := api.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: &name})
	if err != nil {
		return nil, nil, gone(err)
	}
	var all []aclGrant
	for _, g := range out.Grants {
		if g.Grantee == nil || out.Owner != nil && aws.ToString(g.Grantee.ID) == aws.ToString(out.Owner.ID) && g.Grantee.URI == nil {
			continue
		}
		all = append(all, aclGrant{aws.ToString(g.Grantee.ID), aws.ToString(g.Grantee.URI), aws.ToString(g.Grantee.EmailAddress), string(g.Permission)})
	}
	slices.SortFunc(all, func(a, b aclGrant) int {
		return cmp.Or(cmp.Compare(a.URI, b.URI), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Email, b.Email), cmp.Compare(a.Permission, b.Permission))
	})
	return out.Owner, all, nil
}

func bucketStrangers(ctx context.Context, api bucketReader, r fact.Resource) ([]aclGrant, error) {
	_, all, err := bucketACL(ctx, api, r.ID)
	if !slices.ContainsFunc(all, aclGrant.foreign) {
		return nil, err // log delivery alone is no sharing
	}
	return all, err
}

// setBucketACL leaves the owner full control and gives the others just this.
func setBucketACL(ctx context.Context, api bucketAspectWriter, name string, others []aclGrant) error {
	owner, now, err := bucketACL(ctx, api, name)
	if err != nil || slices.Equal(now, others) {
		return err
	}
	grants := []types.Grant{{Permission: types.PermissionFullControl, Grantee: &types.Grantee{Type: types.TypeCanonicalUser, ID: owner.ID}}}
	for _, g := range others {
		to := &types.Grantee{Type: types.TypeCanonicalUser, ID: given(g.ID), URI: given(g.URI), EmailAddress: given(g.Email)}
		if g.URI != "" {
			to.Type = types.TypeGroup
		} else if g.Email != "" {
			to.Type = types.TypeAmazonCustomerByEmail
		}
		grants = append(grants, types.Grant{Permission: types.Permission(g.Permission), Grantee: to})
	}
	_, err = api.PutBucketAcl(ctx, &s3.PutBucketAclInput{Bucket: &name, AccessControlPolicy: &types.AccessControlPolicy{Owner: owner, Grants: grants}})
	return err
}

// setBucketSharing says who beyond the account can use the bucket: by its
// policy, its ACL, and by getting copies. A public policy or ACL that the
// bucket's own public access block holds back opens it to nobody; the block of
// the account (s3.account) is not looked at here.
func setBucketSharing(r *fact.Resource, now map[string]string, policyStatus bool) error {
	policies := map[string]string{}
	if now["policy"] != "" {
		policies[""] = now["policy"]
	}
	setPolicySharing(r, policies, true)
	public, known := fact.Public.Get(*r)
	with, whom := fact.SharedWith.Get(*r)
	var block types.PublicAccessBlockConfiguration
	if now["public-block"] != "" {
		var err error
		if block, err = storeUnform[types.PublicAccessBlockConfiguration](now["public-block"]); err != nil {
			return err
		}
	}
	public = (public || policyStatus) && !aws.ToBool(block.RestrictPublicBuckets)
	if now["acl"] != "" {
		grants, err := storeUnform[[]aclGrant](now["acl"])
		if err != nil {
			return err
		}
		for _, g := range grants {
			switch {
			case g.URI == aclEverybody || g.URI == aclAnyone:
				public = public || !aws.ToBool(block.IgnorePublicAcls)
			case g.foreign():
				with = append(with, cmp.Or(g.ID, g.Email, g.URI))
			}
		}
	}
	if now["replication"] != "" {
		to, err := storeUnform[types.ReplicationConfiguration](now["replication"])
		if err != nil {
			return err
		}
		buckets := []string{}
		for _, rule := range to.Rules {
			if d := rule.Destination; d != nil {
				buckets = append(buckets, aws.ToString(d.Bucket))
				if account := aws.ToString(d.Account); account != "" && account != r.Account {
					with = append(with, account)
				}
			}
		}
		fact.Detail.Set(r, strings.Join(slices.Compact(buckets), " "))
	}
	if known || public {
		fact.Public.Set(r, public)
	}
	if whom || len(with) > 0 {
		slices.Sort(with)
		fact.SharedWith.Set(r, slices.Compact(with))
	}
	return nil
}
