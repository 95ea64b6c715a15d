package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

// codeTries is how often a person may type codes that AWS does not take.
const codeTries = 5

// A codeSink is where the seed of a device goes: a screen, that a person's
// authenticator reads. The codes that it shows come back.
type codeSink interface {
	kind.Sink
	// Codes asks for two codes, one after the other. why is "" at first, and
	// "refused" after AWS did not take the last ones.
	Codes(ctx context.Context, why string) (first, second string, err error)
}

// enrolMFA makes a virtual device and assigns it to the user that the fact Owner
// names: "EnableMFADevice … two consecutive authentication codes" (IAM API
// reference). The seed is told once, by CreateVirtualMFADevice, and goes to the
// sink only. Whatever stops it in between, the device is deleted: by Do itself,
// or, when the process died, by the next try, which the job's Tries know of.
var enrolMFA = kind.Verb[mfaDeviceReader, mfaDeviceWriter]{
	Name: "enrol-mfa", Class: kind.Reversible, Secret: true, Settle: iamSettle,
	Needs: []string{"iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice"},
	Prior: func(ctx context.Context, api mfaDeviceReader, r fact.Resource) (json.RawMessage, error) {
		owner, _, err := standingDevice(ctx, api, r)
		if errors.Is(err, kind.ErrGone) {
			owner, err = "", nil
		}
		if err != nil {
			return nil, err
		}
		return json.Marshal(struct{ Owner string }{owner})
	},
	Do: func(ctx context.Context, api mfaDeviceWriter, j kind.Job, _ json.RawMessage) error {
		return enrol(ctx, api, j)
	},
	Done: func(ctx context.Context, api mfaDeviceReader, j kind.Job) (bool, error) {
		owner, _, err := standingDevice(ctx, api, j.Resource)
		if errors.Is(err, kind.ErrGone) {
			return false, nil
		}
		return owner != "" && owner == fact.Owner.Or(j.Resource, ""), err
	},
	Undo: func(ctx context.Context, api mfaDeviceWriter, j kind.Job, _ json.RawMessage) error {
		owner, _, err := standingDevice(ctx, api, j.Resource)
		switch {
		case errors.Is(err, kind.ErrGone):
			return nil
		case err != nil:
			return err
		case owner == fact.Owner.Or(j.Resource, ""):
			if _, err := api.DeactivateMFADevice(ctx, &iam.DeactivateMFADeviceInput{UserName: &owner, SerialNumber: &j.ID}); unlessGone(err) != nil {
				return err
			}
		case owner != "":
			return fmt.Errorf("cannot take MFA device %s away: it was assigned to somebody else since", j.ID)
		}
		return unlessGone(deleteVirtualDevice(ctx, api, j.ID))
	},
}

func enrol(ctx context.Context, api mfaDeviceWriter, j kind.Job) (err error) {
	sink, ok := j.Sink.(codeSink)
	user := fact.Owner.Or(j.Resource, "")
	if !ok || user == "" {
		return fmt.Errorf("cannot enrol MFA device %s: nobody is there to read its codes", j.ID)
	}
	if err := clearOrphan(ctx, api, j); err != nil {
		return err
	}
	name := j.ID[strings.LastIndexByte(j.ID, '/')+1:]
	made, err := api.CreateVirtualMFADevice(ctx, &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: &name}, func(o *iam.Options) { o.RetryMaxAttempts = 1 })
	// The answer may be lost and the device made: then its seed is nobody's.
	defer func() {
		if err == nil {
			return
		}
		if also := unlessGone(deleteVirtualDevice(ctx, api, j.ID)); also != nil && awsapi.Code(also) != "DeleteConflict" {
			err = errors.Join(err, fmt.Errorf("cannot delete MFA device %s, which nobody uses: %w", j.ID, also))
		}
	}()
	if err != nil {
		return err
	}
	if serial := aws.ToString(made.VirtualMFADevice.SerialNumber); serial != j.ID {
		return fmt.Errorf("cannot enrol MFA device %s: AWS made %s", j.ID, serial)
	}
	if err := sink.Put(ctx, j.ID, made.VirtualMFADevice.Base32StringSeed); err != nil {
		return err
	}
	for try, why := 1, ""; ; try++ {
		first, second, err := sink.Codes(ctx, why)
		if err != nil {
			return err
		}
		_, err = api.EnableMFADevice(ctx, &iam.EnableMFADeviceInput{
			UserName: &user, SerialNumber: &j.ID, AuthenticationCode1: &first, AuthenticationCode2: &second,
		})
		if awsapi.Code(err) != "InvalidAuthenticationCode" || try == codeTries {
			return err
		}
		why = "refused"
	}
}

// clearOrphan deletes what an earlier try made and nobody has. A device that
// stands there without one is somebody else's.
func clearOrphan(ctx context.Context, api mfaDeviceWriter, j kind.Job) error {
	owner, enabled, err := standingDevice(ctx, api, j.Resource)
	switch {
	case errors.Is(err, kind.ErrGone):
		return nil
	case err != nil:
		return err
	case owner != "":
		return fmt.Errorf("cannot enrol MFA device %s: it is assigned to %s since %s", j.ID, owner, enabled.UTC().Format(time.RFC3339))
	case len(j.Tries) < 2:
		return fmt.Errorf("cannot enrol MFA device %s: somebody else made it meanwhile", j.ID)
	}
	return unlessGone(deleteVirtualDevice(ctx, api, j.ID))
}
