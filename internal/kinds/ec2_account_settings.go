package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type settingsReader interface {
	GetSerialConsoleAccessStatus(context.Context, *ec2.GetSerialConsoleAccessStatusInput, ...func(*ec2.Options)) (*ec2.GetSerialConsoleAccessStatusOutput, error)
	GetSnapshotBlockPublicAccessState(context.Context, *ec2.GetSnapshotBlockPublicAccessStateInput, ...func(*ec2.Options)) (*ec2.GetSnapshotBlockPublicAccessStateOutput, error)
	GetImageBlockPublicAccessState(context.Context, *ec2.GetImageBlockPublicAccessStateInput, ...func(*ec2.Options)) (*ec2.GetImageBlockPublicAccessStateOutput, error)
	GetEbsEncryptionByDefault(context.Context, *ec2.GetEbsEncryptionByDefaultInput, ...func(*ec2.Options)) (*ec2.GetEbsEncryptionByDefaultOutput, error)
	GetInstanceMetadataDefaults(context.Context, *ec2.GetInstanceMetadataDefaultsInput, ...func(*ec2.Options)) (*ec2.GetInstanceMetadataDefaultsOutput, error)
}

type settingsWriter interface {
	EnableSerialConsoleAccess(context.Context, *ec2.EnableSerialConsoleAccessInput, ...func(*ec2.Options)) (*ec2.EnableSerialConsoleAccessOutput, error)
	DisableSerialConsoleAccess(context.Context, *ec2.DisableSerialConsoleAccessInput, ...func(*ec2.Options)) (*ec2.DisableSerialConsoleAccessOutput, error)
	EnableSnapshotBlockPublicAccess(context.Context, *ec2.EnableSnapshotBlockPublicAccessInput, ...func(*ec2.Options)) (*ec2.EnableSnapshotBlockPublicAccessOutput, error)
	DisableSnapshotBlockPublicAccess(context.Context, *ec2.DisableSnapshotBlockPublicAccessInput, ...func(*ec2.Options)) (*ec2.DisableSnapshotBlockPublicAccessOutput, error)
	EnableImageBlockPublicAccess(context.Context, *ec2.EnableImageBlockPublicAccessInput, ...func(*ec2.Options)) (*ec2.EnableImageBlockPublicAccessOutput, error)
	DisableImageBlockPublicAccess(context.Context, *ec2.DisableImageBlockPublicAccessInput, ...func(*ec2.Options)) (*ec2.DisableImageBlockPublicAccessOutput, error)
	EnableEbsEncryptionByDefault(context.Context, *ec2.EnableEbsEncryptionByDefaultInput, ...func(*ec2.Options)) (*ec2.EnableEbsEncryptionByDefaultOutput, error)
	DisableEbsEncryptionByDefault(context.Context, *ec2.DisableEbsEncryptionByDefaultInput, ...func(*ec2.Options)) (*ec2.DisableEbsEncryptionByDefaultOutput, error)
	ModifyInstanceMetadataDefaults(context.Context, *ec2.ModifyInstanceMetadataDefaultsInput, ...func(*ec2.Options)) (*ec2.ModifyInstanceMetadataDefaultsOutput, error)
}

var ec2Settings = kind.Of(ec2SettingsSpec)

// settingsID is the one resource that stands for the settings of a region.
const settingsID = "settings"

// unblocked is AWS's word for a block of public access that is off.
const unblocked = "unblocked"

var ec2SettingsSpec = kind.Spec[settingsReader, settingsWriter]{
	Name:   "ec2.account-settings",
	Reader: func(c aws.Config) settingsReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) settingsWriter { return ec2.NewFromConfig(c) },
	Needs: []string{
		"ec2:GetSerialConsoleAccessStatus", "ec2:GetSnapshotBlockPublicAccessState", "ec2:GetImageBlockPublicAccessState", "ec2:GetEbsEncryptionByDefault",
	},
	Cost:   kind.Cost{Fixed: 4},
	Covers: []string{"A17", "C1", "C2"},
	List: func(ctx context.Context, api settingsReader, at fact.Place, put func(fact.Resource)) error {
		r := fact.Resource{Ref: fact.Ref{Kind: "ec2.account-settings", Place: at, ID: settingsID}}
		for _, s := range ec2Switches {
			value, err := s.get(ctx, api, r)
			if err != nil {
				return fmt.Errorf("cannot list the settings of EC2: %w", err)
			}
			setAspect(&r, s.aspect, value)
		}
		put(r)
		return nil
	},
	Verbs: func() (all []kind.Verb[settingsReader, settingsWriter]) {
		for _, s := range ec2Switches {
			all = append(all, restore(kind.Verb[settingsReader, settingsWriter]{
				Name: "restore-" + s.aspect, Class: kind.Reversible, Of: s.aspect,
				Needs: []string{"ec2:" + s.on, "ec2:" + s.off}, Mends: []string{s.on, s.off}, Recall: s.recall,
			}, s.get, s.set))
		}
		return append(append(all, shutConsole), hardenedSettings...)
	}(),
}

// shutConsole is for where nobody knows what it was: AWS has it off, and what
// helps with a machine that does not start can be turned on again in a moment.
var shutConsole = flip(kind.Verb[settingsReader, settingsWriter]{
	Name: "close-serial-console", Class: kind.Reversible, For: kind.Close, Mends: []string{"EnableSerialConsoleAccess"},
	Needs: []string{"ec2:EnableSerialConsoleAccess", "ec2:DisableSerialConsoleAccess"},
}, false, func(ctx context.Context, api settingsReader, _ fact.Resource) (bool, error) {
	out, err := api.GetSerialConsoleAccessStatus(ctx, &ec2.GetSerialConsoleAccessStatusInput{})
	if err != nil {
		return false, err
	}
	return aws.ToBool(out.SerialConsoleAccessEnabled), nil
}, func(ctx context.Context, api settingsWriter, _ kind.Job, on bool) (err error) {
	if on {
		_, err = api.EnableSerialConsoleAccess(ctx, &ec2.EnableSerialConsoleAccessInput{})
	} else {
		_, err = api.DisableSerialConsoleAccess(ctx, &ec2.DisableSerialConsoleAccessInput{})
	}
	return err
})

// An ec2Switch is one setting of a region, with the calls that turn it.
type ec2Switch struct {
	aspect, on, off string
	get             func(context.Context, settingsReader, fact.Resource) (string, error)
	set             func(context.Context, settingsWriter, kind.Job, string) error
	word            string // what "on" sets it to; "" is the State of the request
	none            string // what "off" sets it to
}

func (s ec2Switch) recall(call string, request, _ json.RawMessage) (string, bool) {
	switch {
	case call == s.off:
		return s.none, true
	case call == s.on && s.word != "":
		return s.word, true
	}
	var q struct {
		Wrapped struct {
			State string `json:"State"`
		} `json:"EnableSnapshotBlockPublicAccessRequest"`
		Plain string `json:"state"`
	}
	if call != s.on || json.Unmarshal(request, &q) != nil {
		return "", false
	}
	state := q.Wrapped.State + q.Plain
	return state, state != ""
}

var ec2Switches = []ec2Switch{
	{
		aspect: "serial-console", on: "EnableSerialConsoleAccess", off: "DisableSerialConsoleAccess", word: "true", none: "false",
		get: func(ctx context.Context, api settingsReader, _ fact.Resource) (string, error) {
			out, err := api.GetSerialConsoleAccessStatus(ctx, &ec2.GetSerialConsoleAccessStatusInput{})
			if err != nil {
				return "", err
			}
			return strconv.FormatBool(aws.ToBool(out.SerialConsoleAccessEnabled)), nil
		},
		set: func(ctx context.Context, api settingsWriter, _ kind.Job, to string) (err error) {
			if to == "true" {
				_, err = api.EnableSerialConsoleAccess(ctx, &ec2.EnableSerialConsoleAccessInput{})
			} else {
				_, err = api.DisableSerialConsoleAccess(ctx, &ec2.DisableSerialConsoleAccessInput{})
			}
			return err
		},
	},
	{
		aspect: "snapshot-block", on: "EnableSnapshotBlockPublicAccess", off: "DisableSnapshotBlockPublicAccess", none: unblocked,
		get: func(ctx context.Context, api settingsReader, _ fact.Resource) (string, error) {
			out, err := api.GetSnapshotBlockPublicAccessState(ctx, &ec2.GetSnapshotBlockPublicAccessStateInput{})
			if err != nil {
				return "", err
			}
			return string(out.State), nil
		},
		set: func(ctx context.Context, api settingsWriter, _ kind.Job, to string) (err error) {
			if to == unblocked {
				_, err = api.DisableSnapshotBlockPublicAccess(ctx, &ec2.DisableSnapshotBlockPublicAccessInput{})
			} else {
				_, err = api.EnableSnapshotBlockPublicAccess(ctx, &ec2.EnableSnapshotBlockPublicAccessInput{State: types.SnapshotBlockPublicAccessState(to)})
			}
			return err
		},
	},
	{
		aspect: "image-block", on: "EnableImageBlockPublicAccess", off: "DisableImageBlockPublicAccess", word: "block-new-sharing", none: unblocked,
		get: func(ctx context.Context, api settingsReader, _ fact.Resource) (string, error) {
			out, err := api.GetImageBlockPublicAccessState(ctx, &ec2.GetImageBlockPublicAccessStateInput{})
			if err != nil {
				return "", err
			}
			return aws.ToString(out.ImageBlockPublicAccessState), nil
		},
		set: func(ctx context.Context, api settingsWriter, _ kind.Job, to string) (err error) {
			if to == unblocked {
				_, err = api.DisableImageBlockPublicAccess(ctx, &ec2.DisableImageBlockPublicAccessInput{})
			} else {
				_, err = api.EnableImageBlockPublicAccess(ctx, &ec2.EnableImageBlockPublicAccessInput{ImageBlockPublicAccessState: types.ImageBlockPublicAccessEnabledState(to)})
			}
			return err
		},
	},
	{
		aspect: "disk-encryption", on: "EnableEbsEncryptionByDefault", off: "DisableEbsEncryptionByDefault", word: "true", none: "false",
		get: func(ctx context.Context, api settingsReader, _ fact.Resource) (string, error) {
			out, err := api.GetEbsEncryptionByDefault(ctx, &ec2.GetEbsEncryptionByDefaultInput{})
			if err != nil {
				return "", err
			}
			return strconv.FormatBool(aws.ToBool(out.EbsEncryptionByDefault)), nil
		},
		set: func(ctx context.Context, api settingsWriter, _ kind.Job, to string) (err error) {
			if to == "true" {
				_, err = api.EnableEbsEncryptionByDefault(ctx, &ec2.EnableEbsEncryptionByDefaultInput{})
			} else {
				_, err = api.DisableEbsEncryptionByDefault(ctx, &ec2.DisableEbsEncryptionByDefaultInput{})
			}
			return err
		},
	},
}
