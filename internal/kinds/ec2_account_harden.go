package kinds

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// hardenedSettings turn the switches of a region to where nothing of it is public
// and new things are made the safe way. None of them touches what is running.
var hardenedSettings = []kind.Verb[settingsReader, settingsWriter]{
	// All sharing: snapshots that are public now are public no more, and are again
	// when it is undone (EC2 User Guide, "Block public access for EBS snapshots").
	hardened("block-public-snapshots", kind.Disruptive, "snapshot-block", "block-all-sharing", "block-new-sharing"),
	hardened("block-public-images", kind.Reversible, "image-block", "block-new-sharing"),
	hardened("encrypt-new-disks", kind.Reversible, "disk-encryption", "true"),
	strengthen(kind.Verb[settingsReader, settingsWriter]{
		Name: "require-imdsv2", Class: kind.Reversible,
		Needs: []string{"ec2:GetInstanceMetadataDefaults", "ec2:ModifyInstanceMetadataDefaults"},
	}, atLeast(string(types.MetadataDefaultHttpTokensStateRequired)), metadataTokens, setMetadataTokens),
}

// hardened turns one of the switches to the first of what is safe.
func hardened(name string, class kind.Class, aspect string, safe ...string) kind.Verb[settingsReader, settingsWriter] {
	i := slices.IndexFunc(ec2Switches, func(s ec2Switch) bool { return s.aspect == aspect })
	s := ec2Switches[i]
	return strengthen(kind.Verb[settingsReader, settingsWriter]{
		Name: name, Class: class, Needs: []string{"ec2:" + s.on, "ec2:" + s.off},
	}, atLeast(safe...), s.get, s.set)
}

// metadataTokens is what new instances ask for unless their launch says otherwise;
// "" where the account has no default.
func metadataTokens(ctx context.Context, api settingsReader, _ fact.Resource) (string, error) {
	out, err := api.GetInstanceMetadataDefaults(ctx, &ec2.GetInstanceMetadataDefaultsInput{})
	if err != nil || out.AccountLevel == nil {
		return "", err
	}
	return string(out.AccountLevel.HttpTokens), nil
}

// setMetadataTokens names nothing else: AWS keeps the other defaults.
func setMetadataTokens(ctx context.Context, api settingsWriter, _ kind.Job, to string) error {
	if to == "" {
		to = string(types.MetadataDefaultHttpTokensStateNoPreference)
	}
	out, err := api.ModifyInstanceMetadataDefaults(ctx, &ec2.ModifyInstanceMetadataDefaultsInput{HttpTokens: types.MetadataDefaultHttpTokensState(to)})
	if err == nil && !aws.ToBool(out.Return) {
		err = fmt.Errorf("cannot set the default of instance metadata to %s: EC2 refused without saying why", to)
	}
	return err
}
