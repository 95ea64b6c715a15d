package kinds

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type vaultReader interface {
	ListBackupVaults(context.Context, *backup.ListBackupVaultsInput, ...func(*backup.Options)) (*backup.ListBackupVaultsOutput, error)
	GetBackupVaultAccessPolicy(context.Context, *backup.GetBackupVaultAccessPolicyInput, ...func(*backup.Options)) (*backup.GetBackupVaultAccessPolicyOutput, error)
	DescribeBackupVault(context.Context, *backup.DescribeBackupVaultInput, ...func(*backup.Options)) (*backup.DescribeBackupVaultOutput, error)
}

type vaultWriter interface {
	PutBackupVaultAccessPolicy(context.Context, *backup.PutBackupVaultAccessPolicyInput, ...func(*backup.Options)) (*backup.PutBackupVaultAccessPolicyOutput, error)
	DeleteBackupVaultAccessPolicy(context.Context, *backup.DeleteBackupVaultAccessPolicyInput, ...func(*backup.Options)) (*backup.DeleteBackupVaultAccessPolicyOutput, error)
}

type vaultVerb = kind.Verb[vaultReader, vaultWriter]

var backupVault = kind.Of(backupVaultSpec)

// backupVaultSpec has no way to remove a vault: what lies in it is the owner's
// last copy.
var backupVaultSpec = kind.Spec[vaultReader, vaultWriter]{
	Name:   "backup.vault",
	Reader: func(c aws.Config) vaultReader { return backup.NewFromConfig(c) },
	Writer: func(c aws.Config) vaultWriter { return backup.NewFromConfig(c) },
	Needs:  []string{"backup:ListBackupVaults", "backup:GetBackupVaultAccessPolicy", "backup:DescribeBackupVault"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000, Each: 1}, // policies are told one vault at a time
	Covers: []string{"A19", "C7"},
	Named:  true,
	List:   listBackupVaults,
	Keep:   keepBackupVault,
	Verbs: []vaultVerb{
		closePolicy(vaultVerb{
			Name: "close-policy", Class: kind.Disruptive, Mends: []string{"PutBackupVaultAccessPolicy"}, Needs: vaultPolicyNeeds,
		}, vaultPolicy, setVaultPolicy),
		restore(vaultVerb{
			Name: "restore-policy", Class: kind.Disruptive, Of: "policy",
			Mends: []string{"PutBackupVaultAccessPolicy", "DeleteBackupVaultAccessPolicy"}, Needs: vaultPolicyNeeds,
			Recall: recallField(map[string]string{"PutBackupVaultAccessPolicy": "policy", "DeleteBackupVaultAccessPolicy": ""}),
		}, vaultPolicy, setVaultPolicy),
	},
}

var vaultPolicyNeeds = []string{"backup:PutBackupVaultAccessPolicy", "backup:DeleteBackupVaultAccessPolicy"}

func listBackupVaults(ctx context.Context, api vaultReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, backup.NewListBackupVaultsPaginator(api, &backup.ListBackupVaultsInput{MaxResults: aws.Int32(1000)})) {
		if err != nil {
			return fmt.Errorf("cannot list vaults: %w", err)
		}
		for _, v := range page.BackupVaultList {
			drafts = append(drafts, vaultOf(at, v))
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		body, err := vaultPolicy(ctx, api, *r)
		if err != nil {
			return err
		}
		setAspect(r, "policy", body)
		setOnePolicy(r, body)
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list vaults: %w", err)
	}
	return nil
}

// vaultOf tells the lock of a vault: without one, whoever may delete recovery
// points deletes them all.
func vaultOf(at fact.Place, v types.BackupVaultListMember) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "backup.vault", Place: at, ID: aws.ToString(v.BackupVaultName)}, ARN: aws.ToString(v.BackupVaultArn),
		Created: aws.ToTime(v.CreationDate).UTC(),
	}
	fact.Count.Set(&r, int(v.NumberOfRecoveryPoints))
	if v.VaultState != "" {
		fact.Status.Set(&r, string(v.VaultState))
	}
	locks := []string{}
	if aws.ToBool(v.Locked) {
		locks = append(locks, "vault-lock")
		fact.Detail.Set(&r, fmt.Sprintf("%d-%d days", aws.ToInt64(v.MinRetentionDays), aws.ToInt64(v.MaxRetentionDays)))
	}
	fact.Protections.Set(&r, locks)
	return r
}

func vaultPolicy(ctx context.Context, api vaultReader, r fact.Resource) (string, error) {
	out, err := api.GetBackupVaultAccessPolicy(ctx, &backup.GetBackupVaultAccessPolicyInput{BackupVaultName: &r.ID})
	if errors.Is(gone(err), kind.ErrGone) {
		return "", nil // there is no policy, or no vault any more: nobody comes in
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Policy), nil
}

func setVaultPolicy(ctx context.Context, api vaultWriter, j kind.Job, body string) (err error) {
	if body == "" {
		_, err = api.DeleteBackupVaultAccessPolicy(ctx, &backup.DeleteBackupVaultAccessPolicyInput{BackupVaultName: &j.ID})
		return err
	}
	_, err = api.PutBackupVaultAccessPolicy(ctx, &backup.PutBackupVaultAccessPolicyInput{BackupVaultName: &j.ID, Policy: &body})
	return err
}

func keepBackupVault(ctx context.Context, api vaultReader, r fact.Resource, put func(string, []byte) error) error {
	v, err := api.DescribeBackupVault(ctx, &backup.DescribeBackupVaultInput{BackupVaultName: &r.ID})
	if err != nil {
		return gone(err)
	}
	body, err := vaultPolicy(ctx, api, r)
	if err != nil {
		return err
	}
	return errors.Join(putJSON(put, "vault.json", v), putPolicy(put, body))
}
