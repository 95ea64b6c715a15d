package kinds

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type virtualDeviceDeleter interface {
	DeleteVirtualMFADevice(context.Context, *iam.DeleteVirtualMFADeviceInput, ...func(*iam.Options)) (*iam.DeleteVirtualMFADeviceOutput, error)
}

// removeMFADevice takes a device off its user and, where IAM holds it, deletes
// it: "You must deactivate a user's virtual MFA device before you can delete
// it" (IAM API reference). Who is assigned it now is read again: a device that
// was assigned anew since it was listed is somebody's new one, and stays.
var removeMFADevice = remove(kind.Verb[mfaDeviceReader, mfaDeviceWriter]{
	Name: "delete", Settle: iamSettle,
	Needs: []string{"iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice"},
}, func(ctx context.Context, api mfaDeviceReader, r fact.Resource) (any, error) {
	if fact.Owner.Or(r, "") == rootOwner {
		return nil, fmt.Errorf("cannot delete MFA device %s: it is the root user's, who alone can take it off", r.ID)
	}
	_, _, err := standingDevice(ctx, api, r)
	return lasting(&r.ID, nil), err // its date goes when it is taken off
}, func(ctx context.Context, api mfaDeviceWriter, j kind.Job) error {
	owner, enabled, err := standingDevice(ctx, api, j.Resource)
	if err != nil {
		return err
	}
	if owner == rootOwner || owner != "" && (owner != fact.Owner.Or(j.Resource, "") || enabled.Sub(j.Created).Abs() > time.Minute) {
		return fmt.Errorf("cannot delete MFA device %s: it was assigned anew since it was listed", j.ID)
	}
	if owner != "" {
		_, err := api.DeactivateMFADevice(ctx, &iam.DeactivateMFADeviceInput{UserName: &owner, SerialNumber: &j.ID})
		if err := unlessGone(err); err != nil {
			return err
		}
	}
	if !isVirtual(j.ID) {
		return nil
	}
	return deleteVirtualDevice(ctx, api, j.ID)
})

// standingDevice is who has the device now, "" for nobody, and since when.
func standingDevice(ctx context.Context, api mfaDeviceReader, r fact.Resource) (owner string, enabled time.Time, err error) {
	if isVirtual(r.ID) {
		all, err := virtualDevices(ctx, api)
		if err != nil {
			return "", enabled, err
		}
		i := slices.IndexFunc(all, func(d types.VirtualMFADevice) bool { return aws.ToString(d.SerialNumber) == r.ID })
		if i < 0 {
			return "", enabled, fmt.Errorf("cannot find %s %s: %w", r.Kind, r.ID, kind.ErrGone)
		}
		return virtualOwner(all[i]), aws.ToTime(all[i].EnableDate), nil
	}
	d, err := findOwned(r, func(owner string) ([]types.MFADevice, error) { return readMFADevices(ctx, api, owner) },
		func(d types.MFADevice) *string { return d.SerialNumber })
	return fact.Owner.Or(r, ""), aws.ToTime(d.EnableDate), err
}

// isVirtual reports a device that IAM itself holds; keys and hardware are only
// known to it.
func isVirtual(serial string) bool {
	return strings.HasPrefix(serial, "arn:") && strings.Contains(serial, ":mfa/")
}

func deleteVirtualDevice(ctx context.Context, api virtualDeviceDeleter, serial string) error {
	_, err := api.DeleteVirtualMFADevice(ctx, &iam.DeleteVirtualMFADeviceInput{SerialNumber: &serial})
	return err
}
