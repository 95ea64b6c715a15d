package kinds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type kmsKeyReader interface {
	kmsGrantReader
	diskReader // what may be encrypted with the key
	DescribeKey(context.Context, *kms.DescribeKeyInput, ...func(*kms.Options)) (*kms.DescribeKeyOutput, error)
	GetKeyPolicy(context.Context, *kms.GetKeyPolicyInput, ...func(*kms.Options)) (*kms.GetKeyPolicyOutput, error)
	ListResourceTags(context.Context, *kms.ListResourceTagsInput, ...func(*kms.Options)) (*kms.ListResourceTagsOutput, error)
}

type kmsKeyWriter interface {
	EnableKey(context.Context, *kms.EnableKeyInput, ...func(*kms.Options)) (*kms.EnableKeyOutput, error)
	DisableKey(context.Context, *kms.DisableKeyInput, ...func(*kms.Options)) (*kms.DisableKeyOutput, error)
	CancelKeyDeletion(context.Context, *kms.CancelKeyDeletionInput, ...func(*kms.Options)) (*kms.CancelKeyDeletionOutput, error)
	ScheduleKeyDeletion(context.Context, *kms.ScheduleKeyDeletionInput, ...func(*kms.Options)) (*kms.ScheduleKeyDeletionOutput, error)
	PutKeyPolicy(context.Context, *kms.PutKeyPolicyInput, ...func(*kms.Options)) (*kms.PutKeyPolicyOutput, error)
}

// A kmsKeyClient sees keys, and disks.
type kmsKeyClient struct {
	*kms.Client
	diskReader
}

type kmsKeyVerb = kind.Verb[kmsKeyReader, kmsKeyWriter]

var kmsKey = kind.Of(kmsKeySpec)

// kmsKeySpec is about the keys that the account made: AWS's own cannot be
// changed.
var kmsKeySpec = kind.Spec[kmsKeyReader, kmsKeyWriter]{
	Name:   "kms.key",
	Reader: func(c aws.Config) kmsKeyReader { return kmsKeyClient{kms.NewFromConfig(c), ec2.NewFromConfig(c)} },
	Writer: func(c aws.Config) kmsKeyWriter { return kms.NewFromConfig(c) },
	Needs:  []string{"kms:ListKeys", "kms:ListAliases", "kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants", "kms:ListResourceTags"},
	Cost:   kind.Cost{Fixed: 2, Page: 100, Each: 4}, // KMS has no call about many keys
	Covers: []string{"A19", "C6"},
	List:   listKMSKeys,
	Keep:   keepKMSKey,
	Verbs: []kmsKeyVerb{
		// No plan disables a key by itself: what is encrypted with it cannot be copied
		// then, and a database that has lost its key does not come back.
		flip(kmsKeyVerb{
			Name: "disable-key", Class: kind.Disruptive, Needs: []string{"kms:DisableKey", "kms:EnableKey"},
		}, false, kmsKeyEnabled, switchKMSKey),
		closePolicy(kmsKeyVerb{
			Name: "close-policy", Class: kind.Disruptive, Mends: []string{"PutKeyPolicy"}, Needs: []string{"kms:PutKeyPolicy"},
		}, kmsKeyPolicy, setKMSKeyPolicy),
		restore(kmsKeyVerb{
			Name: "restore-policy", Class: kind.Disruptive, Of: "policy", Mends: []string{"PutKeyPolicy"}, Needs: []string{"kms:PutKeyPolicy"},
			Recall: recallField(map[string]string{"PutKeyPolicy": "policy", "CreateKey": "policy"}),
		}, kmsKeyPolicy, setKMSKeyPolicy),
		// What somebody disabled was enabled.
		restoreOr(kmsKeyVerb{
			Name: "cancel-deletion", Class: kind.Reversible, Of: "state", Mends: []string{"ScheduleKeyDeletion", "DisableKey"},
			Needs:  []string{"kms:CancelKeyDeletion", "kms:EnableKey", "kms:DisableKey", "kms:ScheduleKeyDeletion"},
			Recall: recallTo(map[string]string{"DisableKey": "Disabled", "ScheduleKeyDeletion": "PendingDeletion"}),
		}, "Enabled", kmsKeyState, setKMSKeyState),
		// A key is never gone at once: AWS waits, in which time it can be called off.
		// Nothing tells of all that it encrypted, such as objects that were written
		// anew with it, so that the wait is the longest there is. Waiting for its end
		// it counts as removed.
		remove(kmsKeyVerb{
			Name: "schedule-deletion", Needs: []string{"kms:ScheduleKeyDeletion", "kms:ListGrants", "ec2:DescribeVolumes", "ec2:DescribeSnapshots"}, Kept: kmsKeyUnused,
		},
			func(ctx context.Context, api kmsKeyReader, r fact.Resource) (any, error) {
				k, err := findKMSKey(ctx, api, r.ID)
				if err != nil {
					return nil, err
				}
				if strings.HasPrefix(string(k.KeyState), "Pending") && strings.HasSuffix(string(k.KeyState), "Deletion") {
					return nil, fmt.Errorf("%w: it is to be deleted", kind.ErrGone)
				}
				return onlyMade(aws.ToString(k.Arn), k.CreationDate), nil
			},
			func(ctx context.Context, api kmsKeyWriter, j kind.Job) error {
				return scheduleKMSKey(ctx, api, j.ID, longestKMSWait)
			}),
	},
}

// listKMSKeys notes what each key tells. An intruder can write a policy that
// shuts everybody out of a key (C6): such a key is listed without what it hides.
// When every key refuses, it is the caller who may not.
func listKMSKeys(ctx context.Context, api kmsKeyReader, at fact.Place, put func(fact.Resource)) error {
	keys, err := allKMSKeys(ctx, api, at)
	if err != nil {
		return fmt.Errorf("cannot list keys: %w", err)
	}
	var drafts []fact.Resource
	for _, k := range keys {
		r := fact.Resource{Ref: fact.Ref{Kind: "kms.key", Place: at, ID: k.ID}, ARN: k.ARN}
		if k.Alias != "" {
			fact.Name.Set(&r, k.Alias)
		}
		drafts = append(drafts, r)
	}
	var read atomic.Bool
	var refused atomic.Pointer[error]
	var ours []fact.Resource
	err = complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		err := readKMSKey(ctx, api, r)
		if awsapi.Classify(err) == awsapi.Denied {
			refused.Store(&err)
			return nil
		}
		read.Store(read.Load() || err == nil)
		return err
	}, func(r fact.Resource) { ours = append(ours, r) })
	if locked := refused.Load(); err == nil && locked != nil && !read.Load() {
		err = *locked
	}
	if err != nil {
		return fmt.Errorf("cannot list keys: %w", err)
	}
	for _, r := range ours {
		put(r)
	}
	return nil
}

func readKMSKey(ctx context.Context, api kmsKeyReader, r *fact.Resource) error {
	k, err := findKMSKey(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if k.KeyManager == types.KeyManagerTypeAws {
		return kind.ErrGone // AWS's, before it got its alias
	}
	r.Created = aws.ToTime(k.CreationDate).UTC()
	fact.Status.Set(r, string(k.KeyState))
	fact.Active.Set(r, k.Enabled)
	fact.Detail.Set(r, strings.ToLower(string(k.KeySpec)+" "+string(k.Origin)))
	when(fact.DeletedOn, r, k.DeletionDate)
	setAspect(r, "state", string(k.KeyState))
	grants, err := grantsOfKMSKey(ctx, api, r.Place, r.ID)
	if err != nil {
		return err
	}
	foreign := []string{}
	for _, g := range grants {
		if who := foreignGrantee(g, r.Account); who != "" {
			foreign = append(foreign, who)
		}
	}
	slices.Sort(foreign)
	fact.ForeignGrants.Set(r, slices.Compact(foreign))
	tags, err := api.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: &r.ID})
	if err != nil {
		return gone(err)
	}
	setTagFacts(r, tags.Tags, func(t types.Tag) (*string, *string) { return t.TagKey, t.TagValue })
	body, err := kmsKeyPolicy(ctx, api, *r)
	if err != nil {
		return err
	}
	setAspect(r, "policy", body)
	setPolicySharing(r, map[string]string{"": body}, true)
	return nil
}

func findKMSKey(ctx context.Context, api kmsKeyReader, id string) (*types.KeyMetadata, error) {
	out, err := api.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id})
	if err != nil {
		return nil, gone(err)
	}
	return out.KeyMetadata, nil
}

func keepKMSKey(ctx context.Context, api kmsKeyReader, r fact.Resource, put func(string, []byte) error) error {
	k, err := findKMSKey(ctx, api, r.ID)
	if err != nil {
		return err
	}
	grants, grantsErr := grantsOfKMSKey(ctx, api, r.Place, r.ID)
	body, policyErr := kmsKeyPolicy(ctx, api, r)
	if err := errors.Join(grantsErr, policyErr); err != nil {
		return err
	}
	if err := put("policy.json", []byte(body)); err != nil {
		return err
	}
	return errors.Join(putJSON(put, "key.json", k), putJSON(put, "grants.json", grants))
}
