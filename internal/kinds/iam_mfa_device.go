package kinds

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type mfaDeviceReader interface {
	iam.ListUsersAPIClient
	iam.ListMFADevicesAPIClient
	iam.ListVirtualMFADevicesAPIClient
}

type mfaDeviceWriter interface {
	mfaDeviceReader
	virtualDeviceDeleter
	CreateVirtualMFADevice(context.Context, *iam.CreateVirtualMFADeviceInput, ...func(*iam.Options)) (*iam.CreateVirtualMFADeviceOutput, error)
	EnableMFADevice(context.Context, *iam.EnableMFADeviceInput, ...func(*iam.Options)) (*iam.EnableMFADeviceOutput, error)
	DeactivateMFADevice(context.Context, *iam.DeactivateMFADeviceInput, ...func(*iam.Options)) (*iam.DeactivateMFADeviceOutput, error)
}

var mfaDevice = kind.Of(mfaDeviceSpec)

// rootOwner owns the root user's device, in the words of the credential
// report; no user can have this name.
const rootOwner = "<root_account>"

// An MFA device is a user's, or virtual and nobody's yet. The list per user
// has keys and hardware too but neither the root user's nor the unassigned;
// the list of virtual devices has those two (IAM API reference).
var mfaDeviceSpec = kind.Spec[mfaDeviceReader, mfaDeviceWriter]{
	Name:   "iam.mfa-device",
	Global: true,
	Reader: func(c aws.Config) mfaDeviceReader { return iam.NewFromConfig(c) },
	Writer: func(c aws.Config) mfaDeviceWriter { return iam.NewFromConfig(c) },
	Needs:  []string{"iam:ListUsers", "iam:ListMFADevices", "iam:ListVirtualMFADevices"},
	Cost:   kind.Cost{Fixed: 2, Page: 1000, Each: 1},
	Covers: []string{"A4"},
	Named:  true, // a virtual device's serial number holds its name
	Carry:  []string{string(fact.Owner)},
	List:   listMFADevices,
	Holds: func(r fact.Resource) []fact.Ref {
		if fact.Owner.Or(r, "") == rootOwner {
			return nil
		}
		return holdsOwner(r)
	},
	Keep:  keepMFADevice,
	Verbs: []kind.Verb[mfaDeviceReader, mfaDeviceWriter]{enrolMFA, removeMFADevice},
}

func listMFADevices(ctx context.Context, api mfaDeviceReader, at fact.Place, put func(fact.Resource)) error {
	perUser, err := mfaDevices(ctx, api, at)
	if err != nil {
		return err
	}
	virtual, err := virtualDevices(ctx, api)
	if err != nil {
		return err
	}
	var all []fact.Resource
	seen := map[string]bool{}
	for owner, devices := range perUser {
		for _, d := range devices {
			seen[aws.ToString(d.SerialNumber)] = true
			all = append(all, mfaDeviceResource(at, aws.ToString(d.SerialNumber), owner, d))
		}
	}
	for _, d := range virtual {
		if serial := aws.ToString(d.SerialNumber); !seen[serial] {
			all = append(all, mfaDeviceResource(at, serial, virtualOwner(d), types.MFADevice{EnableDate: d.EnableDate}))
		}
	}
	putSorted(all, put)
	return nil
}

func mfaDeviceResource(at fact.Place, serial, owner string, d types.MFADevice) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: "iam.mfa-device", Place: at, ID: serial}, Created: aws.ToTime(d.EnableDate)}
	if strings.HasPrefix(serial, "arn:") { // hardware has a serial number only
		r.ARN = serial
	}
	if owner != "" {
		fact.Owner.Set(&r, owner)
	}
	fact.Active.Set(&r, owner != "")
	return r
}

// virtualOwner is the user a virtual device is assigned to, or "".
func virtualOwner(d types.VirtualMFADevice) string {
	switch {
	case d.User == nil:
		return ""
	case strings.HasSuffix(aws.ToString(d.User.Arn), ":root"):
		return rootOwner
	}
	return aws.ToString(d.User.UserName)
}

func virtualDevices(ctx context.Context, api iam.ListVirtualMFADevicesAPIClient) ([]types.VirtualMFADevice, error) {
	p := iam.NewListVirtualMFADevicesPaginator(api, &iam.ListVirtualMFADevicesInput{MaxItems: aws.Int32(iamPageSize)})
	return iamPages(ctx, "virtual MFA devices", p, func(o *iam.ListVirtualMFADevicesOutput) []types.VirtualMFADevice { return o.VirtualMFADevices })
}

type mfaDevicesOf struct{ fact.Place }

type userMFAReader interface {
	iam.ListUsersAPIClient
	iam.ListMFADevicesAPIClient
}

// mfaDevices reads every user's devices, by user, once for the kinds that ask.
func mfaDevices(ctx context.Context, api userMFAReader, at fact.Place) (map[string][]types.MFADevice, error) {
	return kind.Shared(ctx, mfaDevicesOf{at}, func() (map[string][]types.MFADevice, error) {
		users, err := iamUsers(ctx, api, at)
		if err != nil {
			return nil, err
		}
		return perUser(ctx, users, func(ctx context.Context, owner string) ([]types.MFADevice, error) {
			return readMFADevices(ctx, api, owner)
		})
	})
}

func readMFADevices(ctx context.Context, api iam.ListMFADevicesAPIClient, owner string) ([]types.MFADevice, error) {
	p := iam.NewListMFADevicesPaginator(api, &iam.ListMFADevicesInput{UserName: &owner})
	return iamPages(ctx, "MFA devices of "+owner, p, func(o *iam.ListMFADevicesOutput) []types.MFADevice { return o.MFADevices })
}

// keepMFADevice keeps who has the device since when. A virtual device's seed
// is told at its creation only; the fields are emptied all the same.
func keepMFADevice(ctx context.Context, api mfaDeviceReader, r fact.Resource, put func(string, []byte) error) error {
	if owner := fact.Owner.Or(r, ""); owner != "" && owner != rootOwner {
		d, err := findOwned(r, func(owner string) ([]types.MFADevice, error) { return readMFADevices(ctx, api, owner) },
			func(d types.MFADevice) *string { return d.SerialNumber })
		if err != nil {
			return err
		}
		return putJSON(put, descriptionFile, d)
	}
	all, err := virtualDevices(ctx, api)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(d types.VirtualMFADevice) bool { return aws.ToString(d.SerialNumber) == r.ID })
	if i < 0 {
		return fmt.Errorf("cannot find %s %s: %w", r.Kind, r.ID, kind.ErrGone)
	}
	d := all[i]
	d.Base32StringSeed, d.QRCodePNG = nil, nil
	return putJSON(put, descriptionFile, d)
}
