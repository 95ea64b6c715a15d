package kinds

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type kmsGrantReader interface {
	ListKeys(context.Context, *kms.ListKeysInput, ...func(*kms.Options)) (*kms.ListKeysOutput, error)
	ListAliases(context.Context, *kms.ListAliasesInput, ...func(*kms.Options)) (*kms.ListAliasesOutput, error)
	ListGrants(context.Context, *kms.ListGrantsInput, ...func(*kms.Options)) (*kms.ListGrantsOutput, error)
}

type kmsGrantWriter interface {
	RevokeGrant(context.Context, *kms.RevokeGrantInput, ...func(*kms.Options)) (*kms.RevokeGrantOutput, error)
}

var kmsGrant = kind.Of(kmsGrantSpec)

// kmsGrantSpec is about grants: what they allow, a key's policy does not show.
// AttachedTo is the key.
var kmsGrantSpec = kind.Spec[kmsGrantReader, kmsGrantWriter]{
	Name:   "kms.grant",
	Reader: func(c aws.Config) kmsGrantReader { return kms.NewFromConfig(c) },
	Writer: func(c aws.Config) kmsGrantWriter { return kms.NewFromConfig(c) },
	Needs:  []string{"kms:ListKeys", "kms:ListAliases", "kms:ListGrants"},
	Carry:  []string{string(fact.AttachedTo)},
	Cost:   kind.Cost{Fixed: 2, Page: 100, Each: 1}, // by key; the listing of keys asks the same and both share the answers
	Covers: []string{"A19", "C6"},
	List:   listKMSGrants,
	Keep: func(ctx context.Context, api kmsGrantReader, r fact.Resource, put func(string, []byte) error) error {
		g, err := findKMSGrant(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "grant.json", g)
	},
	Verbs: []kind.Verb[kmsGrantReader, kmsGrantWriter]{
		remove(kind.Verb[kmsGrantReader, kmsGrantWriter]{Name: "retire-grant", Needs: []string{"kms:RevokeGrant"}},
			func(ctx context.Context, api kmsGrantReader, r fact.Resource) (any, error) {
				g, err := findKMSGrant(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return onlyMade(aws.ToString(g.GrantId), g.CreationDate), nil
			},
			func(ctx context.Context, api kmsGrantWriter, j kind.Job) error {
				_, err := api.RevokeGrant(ctx, &kms.RevokeGrantInput{KeyId: aws.String(fact.AttachedTo.Or(j.Resource, "")), GrantId: &j.ID})
				return err
			}),
	},
}

func listKMSGrants(ctx context.Context, api kmsGrantReader, at fact.Place, put func(fact.Resource)) error {
	keys, err := allKMSKeys(ctx, api, at)
	if err != nil {
		return fmt.Errorf("cannot list keys: %w", err)
	}
	var refused error
	for _, k := range keys {
		grants, err := grantsOfKMSKey(ctx, api, at, k.ID)
		if errors.Is(err, kind.ErrGone) {
			continue
		}
		if err != nil && awsapi.Classify(err) == awsapi.Denied && len(keys) > 1 {
			refused = errors.Join(refused, err)
			continue
		}
		if err != nil {
			return fmt.Errorf("cannot list grants: %w", err)
		}
		for _, g := range grants {
			put(kmsGrantOf(at, k.ID, g))
		}
	}
	// A grant may stand on a key that shuts us out: then nobody knows all of them.
	if refused != nil {
		return fmt.Errorf("cannot list grants: %w", refused)
	}
	return nil
}

func kmsGrantOf(at fact.Place, key string, g types.GrantListEntry) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: "kms.grant", Place: at, ID: aws.ToString(g.GrantId)}, Created: aws.ToTime(g.CreationDate).UTC()}
	if g.Name != nil {
		fact.Name.Set(&r, *g.Name)
	}
	fact.AttachedTo.Set(&r, key)
	operations := make([]string, len(g.Operations))
	for i, o := range g.Operations {
		operations[i] = string(o)
	}
	fact.Detail.Set(&r, strings.Join(operations, " "))
	fact.Owner.Set(&r, aws.ToString(g.GranteePrincipal))
	fact.SharedWith.Set(&r, []string{})
	if who := foreignGrantee(g, at.Account); who != "" {
		fact.SharedWith.Set(&r, []string{who})
	}
	return r
}

// foreignGrantee is the principal whom a grant lets in from another account,
// or "". AWS services are none: they act for somebody.
func foreignGrantee(g types.GrantListEntry, account string) string {
	who := aws.ToString(g.GranteePrincipal)
	if owner := arnAccount(who); owner != "" && owner != account {
		return who
	}
	return ""
}

// A listedKey is what one listing of keys and aliases tells.
type listedKey struct{ ID, ARN, Alias string }

type keysOf struct{ fact.Place }

// allKMSKeys lists the keys that are not AWS's own: only AWS makes aliases
// that begin with "alias/aws/".
func allKMSKeys(ctx context.Context, api kmsGrantReader, at fact.Place) ([]listedKey, error) {
	return kind.Shared(ctx, keysOf{at}, func() (all []listedKey, err error) {
		aliases, managed := map[string]string{}, map[string]bool{}
		for page, err := range pages(ctx, kms.NewListAliasesPaginator(api, &kms.ListAliasesInput{Limit: aws.Int32(100)})) {
			if err != nil {
				return nil, err
			}
			for _, a := range page.Aliases {
				id, name := aws.ToString(a.TargetKeyId), aws.ToString(a.AliasName)
				managed[id] = managed[id] || strings.HasPrefix(name, "alias/aws/")
				if aliases[id] == "" || name < aliases[id] {
					aliases[id] = name
				}
			}
		}
		for page, err := range pages(ctx, kms.NewListKeysPaginator(api, &kms.ListKeysInput{Limit: aws.Int32(1000)})) {
			if err != nil {
				return nil, err
			}
			for _, k := range page.Keys {
				if id := aws.ToString(k.KeyId); !managed[id] {
					all = append(all, listedKey{id, aws.ToString(k.KeyArn), strings.TrimPrefix(aliases[id], "alias/")})
				}
			}
		}
		return all, nil
	})
}

// grantsOfKMSKey reads the grants of one key, once for all who share.
func grantsOfKMSKey(ctx context.Context, api kmsGrantReader, at fact.Place, id string) ([]types.GrantListEntry, error) {
	type grantsOf struct {
		fact.Place
		id string // a multi-region key has one everywhere
	}
	return kind.Shared(ctx, grantsOf{at, id}, func() (all []types.GrantListEntry, err error) {
		for page, err := range pages(ctx, kms.NewListGrantsPaginator(api, &kms.ListGrantsInput{KeyId: &id, Limit: aws.Int32(100)})) {
			if err != nil {
				return nil, gone(err)
			}
			all = append(all, page.Grants...)
		}
		return all, nil
	})
}

func findKMSGrant(ctx context.Context, api kmsGrantReader, r fact.Resource) (types.GrantListEntry, error) {
	out, err := api.ListGrants(ctx, &kms.ListGrantsInput{KeyId: aws.String(fact.AttachedTo.Or(r, "")), GrantId: &r.ID})
	var all []types.GrantListEntry
	if err == nil {
		all = out.Grants
	}
	return only(all, err)
}
