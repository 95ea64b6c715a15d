package kinds

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// userCredentialReader lists what a user signs in and calls with.
type userCredentialReader interface {
	iam.ListAccessKeysAPIClient
	iam.ListSigningCertificatesAPIClient
	iam.ListSSHPublicKeysAPIClient
	serviceCredentialReader
}

type userCredentialWriter interface {
	iam.ListVirtualMFADevicesAPIClient
	DeleteLoginProfile(context.Context, *iam.DeleteLoginProfileInput, ...func(*iam.Options)) (*iam.DeleteLoginProfileOutput, error)
	DeleteAccessKey(context.Context, *iam.DeleteAccessKeyInput, ...func(*iam.Options)) (*iam.DeleteAccessKeyOutput, error)
	DeleteSigningCertificate(context.Context, *iam.DeleteSigningCertificateInput, ...func(*iam.Options)) (*iam.DeleteSigningCertificateOutput, error)
	DeleteSSHPublicKey(context.Context, *iam.DeleteSSHPublicKeyInput, ...func(*iam.Options)) (*iam.DeleteSSHPublicKeyOutput, error)
	DeleteServiceSpecificCredential(context.Context, *iam.DeleteServiceSpecificCredentialInput, ...func(*iam.Options)) (*iam.DeleteServiceSpecificCredentialOutput, error)
	DeactivateMFADevice(context.Context, *iam.DeactivateMFADeviceInput, ...func(*iam.Options)) (*iam.DeactivateMFADeviceOutput, error)
	DeleteVirtualMFADevice(context.Context, *iam.DeleteVirtualMFADeviceInput, ...func(*iam.Options)) (*iam.DeleteVirtualMFADeviceOutput, error)
}

// removeUser deletes a user with all that is its own: IAM refuses as long as
// anything is left (IAM API reference, DeleteUser). Each step lists afresh, so
// that a removal cut short goes on where it stopped.
var removeUser = remove(kind.Verb[userReader, userWriter]{
	Name: "delete", Settle: iamSettle,
	Needs: append(userPolicies.stripping(),
		"iam:DeleteLoginProfile", "iam:DeleteAccessKey", "iam:DeleteSigningCertificate", "iam:DeleteSSHPublicKey",
		"iam:DeleteServiceSpecificCredential", "iam:ListVirtualMFADevices", "iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice",
		"iam:DeleteUser"),
}, func(ctx context.Context, api userReader, r fact.Resource) (any, error) {
	out, err := api.GetUser(ctx, &iam.GetUserInput{UserName: &r.ID})
	if err != nil {
		return nil, orGone(err, "user "+r.ID)
	}
	u, err := told(out.User, "user "+r.ID)
	return lasting(u.UserId, u.CreateDate), err
}, func(ctx context.Context, api userWriter, j kind.Job) error {
	if _, _, err := userPolicies.describe(ctx, api, j.ID); err != nil {
		return err // gone: nothing of it is left
	}
	for _, step := range []func(context.Context, userWriter, kind.Job) error{dropPassword, dropKeys, dropDevices} {
		if err := step(ctx, api, j); err != nil {
			return err
		}
	}
	if err := userPolicies.strip(ctx, api, j.ID); err != nil {
		return err
	}
	_, err := api.DeleteUser(ctx, &iam.DeleteUserInput{UserName: &j.ID})
	return err
})

func dropPassword(ctx context.Context, api userWriter, j kind.Job) error {
	_, err := api.DeleteLoginProfile(ctx, &iam.DeleteLoginProfileInput{UserName: &j.ID})
	return unlessGone(err)
}

func dropKeys(ctx context.Context, api userWriter, j kind.Job) error {
	keys, err := readAccessKeys(ctx, api, j.ID)
	if err := takeEach(keys, err, func(k types.AccessKeyMetadata) error {
		return deleteAccessKey(ctx, api, j.ID, aws.ToString(k.AccessKeyId))
	}); err != nil {
		return err
	}
	certificates, err := readSigningCertificates(ctx, api, j.ID)
	if err := takeEach(certificates, err, func(c types.SigningCertificate) error {
		return deleteSigningCertificate(ctx, api, j.ID, aws.ToString(c.CertificateId))
	}); err != nil {
		return err
	}
	ssh, err := readSSHKeys(ctx, api, j.ID)
	if err := takeEach(ssh, err, func(k types.SSHPublicKeyMetadata) error {
		return deleteSSHKey(ctx, api, j.ID, aws.ToString(k.SSHPublicKeyId))
	}); err != nil {
		return err
	}
	services, err := readServiceCredentials(ctx, api, iam.ListServiceSpecificCredentialsInput{UserName: &j.ID})
	return takeEach(services, err, func(c types.ServiceSpecificCredentialMetadata) error {
		return deleteServiceCredential(ctx, api, j.ID, aws.ToString(c.ServiceSpecificCredentialId))
	})
}

// dropDevices takes the user's MFA devices off and deletes the virtual ones,
// also those that an earlier try took off already: nobody has them then.
func dropDevices(ctx context.Context, api userWriter, j kind.Job) error {
	devices, err := readMFADevices(ctx, api, j.ID)
	mine := fact.Devices.Or(j.Resource, nil)
	if err := takeEach(devices, err, func(d types.MFADevice) error {
		mine = append(mine, aws.ToString(d.SerialNumber))
		_, err := api.DeactivateMFADevice(ctx, &iam.DeactivateMFADeviceInput{UserName: &j.ID, SerialNumber: d.SerialNumber})
		return err
	}); err != nil || len(mine) == 0 {
		return err
	}
	virtual, err := virtualDevices(ctx, api)
	return takeEach(virtual, err, func(d types.VirtualMFADevice) error {
		serial := aws.ToString(d.SerialNumber)
		if virtualOwner(d) != "" || !slices.Contains(mine, serial) {
			return nil
		}
		return deleteVirtualDevice(ctx, api, serial)
	})
}

// keepUser keeps the user with the list of all it signs in and calls with.
func keepUser(ctx context.Context, api userReader, r fact.Resource, put func(string, []byte) error) error {
	if err := userPolicies.keep(ctx, api, r, put); err != nil {
		return err
	}
	had := map[string]any{}
	note := func(what string, v any, err error) error {
		had[what] = v
		return orGone(err, "user "+r.ID)
	}
	groups, err := userPolicies.groups(ctx, api, r.ID)
	if err := note("Groups", groups, err); err != nil {
		return err
	}
	password, err := readLoginProfile(ctx, api, r.ID)
	if err := note("LoginProfile", password, err); err != nil {
		return err
	}
	keys, err := readAccessKeys(ctx, api, r.ID)
	if err := note("AccessKeys", keys, err); err != nil {
		return err
	}
	certificates, err := readSigningCertificates(ctx, api, r.ID)
	if err := note("SigningCertificates", certificates, err); err != nil {
		return err
	}
	ssh, err := readSSHKeys(ctx, api, r.ID)
	if err := note("SSHPublicKeys", ssh, err); err != nil {
		return err
	}
	services, err := readServiceCredentials(ctx, api, iam.ListServiceSpecificCredentialsInput{UserName: &r.ID})
	if err := note("ServiceSpecificCredentials", services, err); err != nil {
		return err
	}
	devices, err := readMFADevices(ctx, api, r.ID)
	if err := note("MFADevices", devices, err); err != nil {
		return err
	}
	return putJSON(put, "credentials.json", had)
}
