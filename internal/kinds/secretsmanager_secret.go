package kinds

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// secretReader has no call that returns a value.
type secretReader interface {
	ListSecrets(context.Context, *secretsmanager.ListSecretsInput, ...func(*secretsmanager.Options)) (*secretsmanager.ListSecretsOutput, error)
	DescribeSecret(context.Context, *secretsmanager.DescribeSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error)
	GetResourcePolicy(context.Context, *secretsmanager.GetResourcePolicyInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetResourcePolicyOutput, error)
}

type secretWriter interface {
	PutResourcePolicy(context.Context, *secretsmanager.PutResourcePolicyInput, ...func(*secretsmanager.Options)) (*secretsmanager.PutResourcePolicyOutput, error)
	DeleteResourcePolicy(context.Context, *secretsmanager.DeleteResourcePolicyInput, ...func(*secretsmanager.Options)) (*secretsmanager.DeleteResourcePolicyOutput, error)
	DeleteSecret(context.Context, *secretsmanager.DeleteSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DeleteSecretOutput, error)
	RestoreSecret(context.Context, *secretsmanager.RestoreSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.RestoreSecretOutput, error)
}

type secretVerb = kind.Verb[secretReader, secretWriter]

var secret = kind.Of(secretSpec)

var secretSpec = kind.Spec[secretReader, secretWriter]{
	Name:   "secretsmanager.secret",
	Reader: func(c aws.Config) secretReader { return secretsmanager.NewFromConfig(c) },
	Writer: func(c aws.Config) secretWriter { return secretsmanager.NewFromConfig(c) },
	Needs:  []string{"secretsmanager:ListSecrets", "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"},
	Cost:   kind.Cost{Fixed: 1, Page: 100, Each: 2}, // the list tells neither policy nor replicas
	Covers: []string{"A19", "C8"},
	Named:  true,
	List:   listSecrets,
	Identity: func(ctx context.Context, api secretReader, r fact.Resource) (string, error) {
		s, err := findSecret(ctx, api, r)
		if err != nil {
			return "", err
		}
		return aws.ToString(s.ARN), nil // its end is drawn anew for each secret of a name
	},
	Keep: keepSecret,
	Verbs: []secretVerb{
		closePolicy(secretVerb{
			Name: "close-policy", Class: kind.Disruptive, Mends: []string{"PutResourcePolicy"}, Needs: secretPolicyNeeds,
		}, secretPolicy, setSecretPolicy),
		restore(secretVerb{
			Name: "restore-policy", Class: kind.Disruptive, Of: "policy", Mends: []string{"PutResourcePolicy", "DeleteResourcePolicy"},
			Needs:  secretPolicyNeeds,
			Recall: recallField(map[string]string{"PutResourcePolicy": "resourcePolicy", "DeleteResourcePolicy": ""}),
		}, secretPolicy, setSecretPolicy),
		restoreOr(secretVerb{
			Name: "restore-secret", Class: kind.Reversible, Of: "state", Mends: []string{"DeleteSecret"},
			Needs:  []string{"secretsmanager:RestoreSecret", "secretsmanager:DeleteSecret"},
			Recall: recallTo(map[string]string{"DeleteSecret": secretDeleted}),
		}, secretActive, func(ctx context.Context, api secretReader, r fact.Resource) (string, error) {
			s, err := findSecret(ctx, api, r)
			if err != nil {
				return "", err
			}
			return secretState(s.DeletedDate != nil), nil
		}, setSecretState),
		// For thirty days it can be called back; waiting for its end it counts as removed.
		remove(secretVerb{Name: "delete", Needs: []string{"secretsmanager:DeleteSecret"}},
			func(ctx context.Context, api secretReader, r fact.Resource) (any, error) {
				s, err := findSecret(ctx, api, r)
				if err != nil {
					return nil, err
				}
				if s.DeletedDate != nil {
					return nil, fmt.Errorf("%w: it is to be deleted", kind.ErrGone)
				}
				return onlyMade(aws.ToString(s.ARN), s.CreatedDate), nil
			},
			func(ctx context.Context, api secretWriter, j kind.Job) error {
				return setSecretState(ctx, api, j, secretDeleted)
			}),
	},
}

var secretPolicyNeeds = []string{"secretsmanager:PutResourcePolicy", "secretsmanager:DeleteResourcePolicy"}

const secretActive, secretDeleted = "Active", "PendingDeletion"

func secretState(deleted bool) string {
	if deleted {
		return secretDeleted
	}
	return secretActive
}

func setSecretState(ctx context.Context, api secretWriter, j kind.Job, state string) (err error) {
	switch state {
	case secretActive:
		_, err = api.RestoreSecret(ctx, &secretsmanager.RestoreSecretInput{SecretId: &j.ID}) // of one that stands: nothing happens
	case secretDeleted:
		_, err = api.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: &j.ID, RecoveryWindowInDays: aws.Int64(30)})
	default:
		err = fmt.Errorf("cannot bring secret %s to the state %q", j.ID, state)
	}
	return err
}

func listSecrets(ctx context.Context, api secretReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, secretsmanager.NewListSecretsPaginator(api, &secretsmanager.ListSecretsInput{
		IncludePlannedDeletion: aws.Bool(true), MaxResults: aws.Int32(100),
	})) {
		if err != nil {
			return fmt.Errorf("cannot list secrets: %w", err)
		}
		for _, s := range page.SecretList {
			drafts = append(drafts, secretOf(at, s))
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		s, err := findSecret(ctx, api, *r)
		if err != nil {
			return err
		}
		regions := []string{}
		for _, to := range s.ReplicationStatus {
			regions = append(regions, aws.ToString(to.Region))
		}
		slices.Sort(regions)
		fact.Replicas.Set(r, regions)
		body, err := secretPolicy(ctx, api, *r)
		if err != nil {
			return err
		}
		setAspect(r, "policy", body)
		setOnePolicy(r, body)
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list secrets: %w", err)
	}
	return nil
}

func secretOf(at fact.Place, s types.SecretListEntry) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "secretsmanager.secret", Place: at, ID: aws.ToString(s.Name)}, ARN: aws.ToString(s.ARN), UniqueID: aws.ToString(s.ARN),
		Created: aws.ToTime(s.CreatedDate).UTC(),
	}
	when(fact.LastUsed, &r, s.LastAccessedDate) // AWS tells the day only
	when(fact.Rotated, &r, s.LastRotatedDate)
	when(fact.Modified, &r, s.LastChangedDate)
	when(fact.DeletedOn, &r, s.DeletedDate)
	fact.Status.Set(&r, secretState(s.DeletedDate != nil))
	setAspect(&r, "state", secretState(s.DeletedDate != nil))
	if s.OwningService != nil {
		fact.Maker.Set(&r, *s.OwningService)
	}
	if home := aws.ToString(s.PrimaryRegion); home != "" && home != at.Region {
		whole := fact.Ref{Kind: r.Kind, Place: fact.Place{Account: at.Account, Region: home}, ID: r.ID}
		fact.PartOf.Set(&r, []fact.Ref{whole})
	}
	setTagFacts(&r, s.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
	return r
}

func findSecret(ctx context.Context, api secretReader, r fact.Resource) (*secretsmanager.DescribeSecretOutput, error) {
	out, err := api.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &r.ID})
	return out, gone(err)
}

func secretPolicy(ctx context.Context, api secretReader, r fact.Resource) (string, error) {
	out, err := api.GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: &r.ID})
	if err != nil {
		return "", gone(err)
	}
	return aws.ToString(out.ResourcePolicy), nil
}

func setSecretPolicy(ctx context.Context, api secretWriter, j kind.Job, body string) (err error) {
	if body == "" {
		_, err = api.DeleteResourcePolicy(ctx, &secretsmanager.DeleteResourcePolicyInput{SecretId: &j.ID})
		return err
	}
	_, err = api.PutResourcePolicy(ctx, &secretsmanager.PutResourcePolicyInput{SecretId: &j.ID, ResourcePolicy: &body})
	return err
}

// keepSecret keeps all but the value: that would be a second copy to steal.
func keepSecret(ctx context.Context, api secretReader, r fact.Resource, put func(string, []byte) error) error {
	s, err := findSecret(ctx, api, r)
	if err != nil {
		return err
	}
	body, err := secretPolicy(ctx, api, r)
	if err != nil {
		return err
	}
	return errors.Join(putJSON(put, "secret.json", s), putPolicy(put, body))
}
