package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type accessKeyReader interface {
	iam.ListUsersAPIClient
	iam.ListAccessKeysAPIClient
	GetAccessKeyLastUsed(context.Context, *iam.GetAccessKeyLastUsedInput, ...func(*iam.Options)) (*iam.GetAccessKeyLastUsedOutput, error)
}

type accessKeyWriter interface {
	accessKeyReader
	CreateAccessKey(context.Context, *iam.CreateAccessKeyInput, ...func(*iam.Options)) (*iam.CreateAccessKeyOutput, error)
	UpdateAccessKey(context.Context, *iam.UpdateAccessKeyInput, ...func(*iam.Options)) (*iam.UpdateAccessKeyOutput, error)
	accessKeyDeleter
}

type accessKeyDeleter interface {
	DeleteAccessKey(context.Context, *iam.DeleteAccessKeyInput, ...func(*iam.Options)) (*iam.DeleteAccessKeyOutput, error)
}

var accessKey = kind.Of(accessKeySpec)

// An access key is first turned off, not deleted: it can be turned on again when the
// owner's own work stops (IAM User Guide, "Manage access keys for IAM users").
// Sessions opened with it go on. The root user's keys are in no listing.
var accessKeySpec = kind.Spec[accessKeyReader, accessKeyWriter]{
	Name:   "iam.access-key",
	Global: true,
	Reader: func(c aws.Config) accessKeyReader { return iam.NewFromConfig(c) },
	Writer: func(c aws.Config) accessKeyWriter { return iam.NewFromConfig(c) },
	Needs:  []string{"iam:ListUsers", "iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"},
	// Users are asked one by one: an account where many have no key takes more.
	Cost:   kind.Cost{Fixed: 1, Page: 1000, Each: 2},
	Covers: []string{"A2"},
	Carry:  []string{string(fact.Owner)},
	List:   listAccessKeys,
	Holds:  holdsOwner,
	Keep:   keepAccessKey,
	Verbs: []kind.Verb[accessKeyReader, accessKeyWriter]{
		deactivate("iam:UpdateAccessKey", findAccessKey,
			func(k types.AccessKeyMetadata) types.StatusType { return k.Status },
			func(ctx context.Context, api accessKeyWriter, owner, id string, to types.StatusType) error {
				_, err := api.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: &owner, AccessKeyId: &id, Status: to})
				return err
			}),
		removeOwned("iam:DeleteAccessKey", findAccessKey, func(k types.AccessKeyMetadata) *time.Time { return k.CreateDate },
			func(ctx context.Context, api accessKeyWriter, owner, id string) error {
				return deleteAccessKey(ctx, api, owner, id)
			}),
		addAccessKey,
		dropInactiveKey,
	},
}

func listAccessKeys(ctx context.Context, api accessKeyReader, at fact.Place, put func(fact.Resource)) error {
	users, err := iamUsers(ctx, api, at)
	if err != nil {
		return err
	}
	keys, err := perUser(ctx, users, func(ctx context.Context, owner string) (out []fact.Resource, err error) {
		listed, err := readAccessKeys(ctx, api, owner)
		if err != nil {
			return nil, err
		}
		for _, k := range listed {
			r, err := accessKeyResource(ctx, api, at, owner, k)
			if notThere(err) { // the key went after it was listed
				continue
			}
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
		return out, nil
	})
	if err != nil {
		return err
	}
	putSorted(flatten(keys), put)
	return nil
}

func accessKeyResource(ctx context.Context, api accessKeyReader, at fact.Place, owner string, k types.AccessKeyMetadata) (fact.Resource, error) {
	r := iamCredential("iam.access-key", at, aws.ToString(k.AccessKeyId), owner)
	r.Created = aws.ToTime(k.CreateDate)
	setStatus(&r, k.Status)
	used, err := readLastUsed(ctx, api, r.ID)
	if err != nil {
		return r, err
	}
	if used.LastUsedDate != nil { // nil: never, or not since 2015-04-22
		fact.LastUsed.Set(&r, *used.LastUsedDate)
		fact.LastUsedWhere.Set(&r, aws.ToString(used.ServiceName)+" "+aws.ToString(used.Region))
	}
	return r, nil
}

func readAccessKeys(ctx context.Context, api iam.ListAccessKeysAPIClient, owner string) ([]types.AccessKeyMetadata, error) {
	p := iam.NewListAccessKeysPaginator(api, &iam.ListAccessKeysInput{UserName: &owner})
	return iamPages(ctx, "access keys of "+owner, p, func(o *iam.ListAccessKeysOutput) []types.AccessKeyMetadata { return o.AccessKeyMetadata })
}

func readLastUsed(ctx context.Context, api accessKeyReader, id string) (types.AccessKeyLastUsed, error) {
	out, err := api.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &id})
	if err != nil {
		return types.AccessKeyLastUsed{}, fmt.Errorf("cannot list the last use of access key %s: %w", id, err)
	}
	if out.AccessKeyLastUsed == nil {
		return types.AccessKeyLastUsed{}, nil
	}
	return *out.AccessKeyLastUsed, nil
}

func findAccessKey(ctx context.Context, api accessKeyReader, r fact.Resource) (types.AccessKeyMetadata, error) {
	return findOwned(r, func(owner string) ([]types.AccessKeyMetadata, error) { return readAccessKeys(ctx, api, owner) },
		func(k types.AccessKeyMetadata) *string { return k.AccessKeyId })
}

func deleteAccessKey(ctx context.Context, api accessKeyDeleter, owner, id string) error {
	_, err := api.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &owner, AccessKeyId: &id})
	return err
}

func keepAccessKey(ctx context.Context, api accessKeyReader, r fact.Resource, put func(string, []byte) error) error {
	k, err := findAccessKey(ctx, api, r)
	if err != nil {
		return err
	}
	used, err := readLastUsed(ctx, api, r.ID)
	if err != nil {
		return err
	}
	return putJSON(put, descriptionFile, map[string]any{"AccessKey": k, "LastUsed": used})
}
