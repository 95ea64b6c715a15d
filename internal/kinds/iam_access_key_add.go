package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type accessKeyVerb = kind.Verb[accessKeyReader, accessKeyWriter]

// keysPrior are the ids of all keys of the user.
type keysPrior struct {
	Keys []string `json:"keys"`
}

func ownersKeys(ctx context.Context, api accessKeyReader, r fact.Resource) (all []types.AccessKeyMetadata, is keysPrior, err error) {
	owner, err := ownerOf(r)
	if err != nil {
		return nil, is, err
	}
	if all, err = readAccessKeys(ctx, api, owner); err != nil {
		return nil, is, orGone(err, "user "+owner)
	}
	for _, k := range all {
		is.Keys = append(is.Keys, aws.ToString(k.AccessKeyId))
	}
	slices.Sort(is.Keys)
	if !slices.Contains(is.Keys, r.ID) {
		return nil, is, fmt.Errorf("cannot find the access key %s of %s: %w", r.ID, owner, kind.ErrGone)
	}
	return all, is, nil
}

// addAccessKey makes the second key of the user that a key belongs to. AWS tells
// its secret in one answer, once; a user has at most two keys (IAM User Guide,
// "Manage access keys for IAM users").
var addAccessKey = accessKeyVerb{
	Name: "add-key", Class: kind.Reversible, Settle: iamSettle, Secret: true,
	Needs: []string{"iam:CreateAccessKey", "iam:DeleteAccessKey"},
	Prior: func(ctx context.Context, api accessKeyReader, r fact.Resource) (json.RawMessage, error) {
		_, is, err := ownersKeys(ctx, api, r)
		return prior(is, err)
	},
	Do: func(ctx context.Context, api accessKeyWriter, j kind.Job, _ json.RawMessage) error {
		if j.Sink == nil || len(j.Tries) == 0 {
			return fmt.Errorf("cannot make a key beside %s: there is no place for its secret", j.ID)
		}
		// Only earlier tries can have left something before this one's call.
		stored, err := dropUnstored(ctx, api, j, j.Tries[:len(j.Tries)-1])
		if err != nil || stored {
			return err
		}
		return makeAccessKey(ctx, api, j)
	},
	Done: func(ctx context.Context, api accessKeyReader, j kind.Job) (bool, error) {
		all, _, err := ownersKeys(ctx, api, j.Resource)
		if err != nil || j.Sink == nil {
			return false, err
		}
		found := false
		for _, k := range all {
			if id := aws.ToString(k.AccessKeyId); id != j.ID {
				has, err := j.Sink.Has(ctx, id)
				if err != nil || !has {
					return false, err
				}
				found = true
			}
		}
		return found, nil
	},
	Undo: func(ctx context.Context, api accessKeyWriter, j kind.Job, prior json.RawMessage) error {
		was, err := read[keysPrior](prior)
		if err != nil {
			return err
		}
		all, _, err := ownersKeys(ctx, api, j.Resource)
		return takeEach(all, err, func(k types.AccessKeyMetadata) error {
			if slices.Contains(was.Keys, aws.ToString(k.AccessKeyId)) {
				return nil
			}
			return deleteUnused(ctx, api, k)
		})
	},
}

// makeAccessKey makes a key and stores its secret, or leaves none. The SDK must
// not repeat the call: a lost answer would make a key that nobody knows.
func makeAccessKey(ctx context.Context, api accessKeyWriter, j kind.Job) error {
	owner, err := ownerOf(j.Resource)
	if err != nil {
		return err
	}
	out, err := api.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &owner}, func(o *iam.Options) { o.Retryer = aws.NopRetryer{} })
	if err == nil && (out.AccessKey == nil || aws.ToString(out.AccessKey.SecretAccessKey) == "") {
		err = errors.New("the answer holds no key")
	}
	if err != nil {
		refused := awsapi.Refused(err)
		err = fmt.Errorf("cannot make a second key of %s: %w", owner, err)
		if refused { // a key that is there now is somebody else's
			return kind.LeftNothing(err)
		}
		_, left := dropUnstored(ctx, api, j, j.Tries)
		return errors.Join(err, left)
	}
	id := aws.ToString(out.AccessKey.AccessKeyId)
	secret, err := json.Marshal(out.AccessKey) // as the call's answer has it
	if err == nil {
		err = j.Sink.Put(ctx, id, secret)
	}
	if err != nil {
		left := unlessGone(deleteAccessKey(ctx, api, owner, id))
		return errors.Join(fmt.Errorf("cannot store the key %s: %w", id, err), left)
	}
	return nil
}

// How long after a try, by AWS's clock, the key that it made can have its date.
// Dates are cut to the second, and clocks are known to about as much.
const tryBefore, tryAfter = 5 * time.Second, 5 * time.Minute

// mayHaveMade reports that a try can have made a key with this date: until its call
// had failed, or for minutes where nobody saw its end.
func mayHaveMade(try kind.Try, made time.Time) bool {
	until := try.At.Add(tryAfter)
	if end := try.End.Add(tryBefore); !try.End.IsZero() && end.Before(until) {
		until = end
	}
	return made.After(try.At.Add(-tryBefore)) && made.Before(until)
}

// dropUnstored deletes the key that one of these tries made and whose secret is
// not stored: nobody has it. One that is stored is the second key. One that no
// try of ours made, or that was used, is somebody's: it stays, and is an error.
func dropUnstored(ctx context.Context, api accessKeyWriter, j kind.Job, tries []kind.Try) (stored bool, err error) {
	all, _, err := ownersKeys(ctx, api, j.Resource)
	if err != nil {
		return false, err
	}
	for _, k := range all {
		id, made := aws.ToString(k.AccessKeyId), aws.ToTime(k.CreateDate)
		if id == j.ID {
			continue
		}
		has, err := j.Sink.Has(ctx, id)
		switch {
		case err != nil:
			return false, err
		case has:
			stored = true
		case !slices.ContainsFunc(tries, func(try kind.Try) bool { return mayHaveMade(try, made) }):
			return false, fmt.Errorf("cannot make a key beside %s: the user has a second one, %s, that cordon did not make", j.ID, id)
		default:
			if err := deleteUnused(ctx, api, k); err != nil {
				return false, err
			}
		}
	}
	return stored, nil
}

// deleteUnused deletes a key that was never used.
func deleteUnused(ctx context.Context, api accessKeyWriter, k types.AccessKeyMetadata) error {
	id := aws.ToString(k.AccessKeyId)
	used, err := readLastUsed(ctx, api, id)
	switch {
	case notThere(err) || awsapi.Classify(err) == awsapi.NotFound:
		return nil
	case err != nil:
		return err
	case used.LastUsedDate != nil:
		return fmt.Errorf("cannot delete the access key %s: it was used at %s", id, used.LastUsedDate.UTC().Format(time.RFC3339))
	}
	return unlessGone(deleteAccessKey(ctx, api, aws.ToString(k.UserName), id))
}

// idlePrior is what must not change between planning to delete a key and
// deleting it: one that is switched on again, or used, stays.
type idlePrior struct {
	ID     string           `json:"id"`
	Status types.StatusType `json:"status"`
	Used   time.Time        `json:"last_used,omitzero"`
}

// dropInactiveKey deletes a key that is switched off and was not used since the
// plan was made. The other verb, delete, is for what is the intruder's.
var dropInactiveKey = accessKeyVerb{
	Name: "delete-inactive", Class: kind.Permanent, Settle: iamSettle, Needs: []string{"iam:DeleteAccessKey"},
	Prior: func(ctx context.Context, api accessKeyReader, r fact.Resource) (json.RawMessage, error) {
		k, err := findAccessKey(ctx, api, r)
		if err != nil {
			return nil, err
		}
		used, err := readLastUsed(ctx, api, r.ID)
		return prior(idlePrior{r.ID, k.Status, aws.ToTime(used.LastUsedDate).UTC()}, err)
	},
	Do: func(ctx context.Context, api accessKeyWriter, j kind.Job, prior json.RawMessage) error {
		owner, err := ownerOf(j.Resource)
		if err != nil {
			return err
		}
		was, err := read[idlePrior](prior)
		if err != nil {
			return err
		}
		k, err := findAccessKey(ctx, api, j.Resource)
		switch {
		case errors.Is(err, kind.ErrGone):
			return nil
		case err != nil:
			return err
		case was.Status == types.StatusTypeActive || k.Status == types.StatusTypeActive:
			return fmt.Errorf("cannot delete the access key %s: it is active", j.ID)
		}
		return unlessGone(deleteAccessKey(ctx, api, owner, j.ID))
	},
	Done: func(ctx context.Context, api accessKeyReader, j kind.Job) (bool, error) {
		_, err := findAccessKey(ctx, api, j.Resource)
		if errors.Is(err, kind.ErrGone) {
			return true, nil
		}
		return false, err
	},
}
