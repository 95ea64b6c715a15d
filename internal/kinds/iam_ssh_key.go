package kinds

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type sshKeyReader interface {
	iam.ListUsersAPIClient
	iam.ListSSHPublicKeysAPIClient
	GetSSHPublicKey(context.Context, *iam.GetSSHPublicKeyInput, ...func(*iam.Options)) (*iam.GetSSHPublicKeyOutput, error)
}

type sshKeyWriter interface {
	UpdateSSHPublicKey(context.Context, *iam.UpdateSSHPublicKeyInput, ...func(*iam.Options)) (*iam.UpdateSSHPublicKeyOutput, error)
	sshKeyDeleter
}

type sshKeyDeleter interface {
	DeleteSSHPublicKey(context.Context, *iam.DeleteSSHPublicKeyInput, ...func(*iam.Options)) (*iam.DeleteSSHPublicKeyOutput, error)
}

var sshKey = kind.Of(sshKeySpec)

// An SSH key of a user opens CodeCommit repositories, and nothing else (IAM
// User Guide, "Use IAM with CodeCommit").
var sshKeySpec = kind.Spec[sshKeyReader, sshKeyWriter]{
	Name:   "iam.ssh-key",
	Global: true,
	Reader: func(c aws.Config) sshKeyReader { return iam.NewFromConfig(c) },
	Writer: func(c aws.Config) sshKeyWriter { return iam.NewFromConfig(c) },
	Needs:  []string{"iam:ListUsers", "iam:ListSSHPublicKeys", "iam:GetSSHPublicKey"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000, Each: 1},
	Covers: []string{"A12"},
	Carry:  []string{string(fact.Owner)},
	List:   listSSHKeys,
	Holds:  holdsOwner,
	Keep:   keepSSHKey,
	Verbs: []kind.Verb[sshKeyReader, sshKeyWriter]{
		deactivate("iam:UpdateSSHPublicKey", findSSHKey,
			func(k types.SSHPublicKeyMetadata) types.StatusType { return k.Status },
			func(ctx context.Context, api sshKeyWriter, owner, id string, to types.StatusType) error {
				_, err := api.UpdateSSHPublicKey(ctx, &iam.UpdateSSHPublicKeyInput{UserName: &owner, SSHPublicKeyId: &id, Status: to})
				return err
			}),
		removeOwned("iam:DeleteSSHPublicKey", findSSHKey, func(c types.SSHPublicKeyMetadata) *time.Time { return c.UploadDate },
			func(ctx context.Context, api sshKeyWriter, owner, id string) error {
				return deleteSSHKey(ctx, api, owner, id)
			}),
	},
}

func listSSHKeys(ctx context.Context, api sshKeyReader, at fact.Place, put func(fact.Resource)) error {
	return listStatuses(ctx, api, at, "iam.ssh-key", put,
		func(ctx context.Context, owner string) ([]types.SSHPublicKeyMetadata, error) {
			return readSSHKeys(ctx, api, owner)
		},
		func(k types.SSHPublicKeyMetadata) (*string, *time.Time, types.StatusType) {
			return k.SSHPublicKeyId, k.UploadDate, k.Status
		})
}

func readSSHKeys(ctx context.Context, api iam.ListSSHPublicKeysAPIClient, owner string) ([]types.SSHPublicKeyMetadata, error) {
	p := iam.NewListSSHPublicKeysPaginator(api, &iam.ListSSHPublicKeysInput{UserName: &owner})
	return iamPages(ctx, "SSH keys of "+owner, p, func(o *iam.ListSSHPublicKeysOutput) []types.SSHPublicKeyMetadata { return o.SSHPublicKeys })
}

func findSSHKey(ctx context.Context, api sshKeyReader, r fact.Resource) (types.SSHPublicKeyMetadata, error) {
	return findOwned(r, func(owner string) ([]types.SSHPublicKeyMetadata, error) { return readSSHKeys(ctx, api, owner) },
		func(k types.SSHPublicKeyMetadata) *string { return k.SSHPublicKeyId })
}

// keepSSHKey keeps the public half, which is all that IAM has.
func keepSSHKey(ctx context.Context, api sshKeyReader, r fact.Resource, put func(string, []byte) error) error {
	owner, err := ownerOf(r)
	if err != nil {
		return err
	}
	out, err := api.GetSSHPublicKey(ctx, &iam.GetSSHPublicKeyInput{UserName: &owner, SSHPublicKeyId: &r.ID, Encoding: types.EncodingTypeSsh})
	if err != nil {
		return orGone(err, "SSH key "+r.ID)
	}
	return putJSON(put, descriptionFile, out.SSHPublicKey)
}

func deleteSSHKey(ctx context.Context, api sshKeyDeleter, owner, id string) error {
	_, err := api.DeleteSSHPublicKey(ctx, &iam.DeleteSSHPublicKeyInput{UserName: &owner, SSHPublicKeyId: &id})
	return err
}
