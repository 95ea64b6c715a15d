package kinds

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type mountTargetLister interface {
	DescribeMountTargets(context.Context, *efs.DescribeMountTargetsInput, ...func(*efs.Options)) (*efs.DescribeMountTargetsOutput, error)
}

type fileSystemReader interface {
	DescribeFileSystems(context.Context, *efs.DescribeFileSystemsInput, ...func(*efs.Options)) (*efs.DescribeFileSystemsOutput, error)
	DescribeFileSystemPolicy(context.Context, *efs.DescribeFileSystemPolicyInput, ...func(*efs.Options)) (*efs.DescribeFileSystemPolicyOutput, error)
	mountTargetLister
}

type fileSystemWriter interface {
	PutFileSystemPolicy(context.Context, *efs.PutFileSystemPolicyInput, ...func(*efs.Options)) (*efs.PutFileSystemPolicyOutput, error)
	DeleteFileSystemPolicy(context.Context, *efs.DeleteFileSystemPolicyInput, ...func(*efs.Options)) (*efs.DeleteFileSystemPolicyOutput, error)
	DeleteMountTarget(context.Context, *efs.DeleteMountTargetInput, ...func(*efs.Options)) (*efs.DeleteMountTargetOutput, error)
	DeleteFileSystem(context.Context, *efs.DeleteFileSystemInput, ...func(*efs.Options)) (*efs.DeleteFileSystemOutput, error)
	mountTargetLister
}

var fileSystem = kind.Of(fileSystemSpec)

var fileSystemSpec = kind.Spec[fileSystemReader, fileSystemWriter]{
	Name:   "efs.file-system",
	Reader: func(c aws.Config) fileSystemReader { return efs.NewFromConfig(c) },
	Writer: func(c aws.Config) fileSystemWriter { return efs.NewFromConfig(c) },
	Needs:  []string{"efs:DescribeFileSystems", "efs:DescribeFileSystemPolicy", "efs:DescribeMountTargets"},
	List:   listFileSystems,
	Cost:   kind.Cost{Fixed: 1, Page: 100, Each: 1}, // a policy is read by one file system's id
	Covers: []string{"A19"},
	Keep:   keepFileSystem,
	Verbs: []kind.Verb[fileSystemReader, fileSystemWriter]{
		closePolicy(kind.Verb[fileSystemReader, fileSystemWriter]{
			Name: "close-policy", Class: kind.Disruptive, Mends: []string{"PutFileSystemPolicy"}, Needs: fileSystemPolicyNeeds,
		}, fileSystemPolicy, setFileSystemPolicy),
		restore(kind.Verb[fileSystemReader, fileSystemWriter]{
			Name: "restore-policy", Class: kind.Disruptive, Of: "policy", Mends: []string{"PutFileSystemPolicy", "DeleteFileSystemPolicy"},
			Needs: fileSystemPolicyNeeds, Recall: func(call string, request, _ json.RawMessage) (string, bool) {
				var q struct{ Policy string }
				if json.Unmarshal(request, &q) != nil {
					return "", false
				}
				return q.Policy, (call == "DeleteFileSystemPolicy") == (q.Policy == "")
			},
		}, fileSystemPolicy, setFileSystemPolicy),
		remove(kind.Verb[fileSystemReader, fileSystemWriter]{
			Name: "delete", Takes: dbTakes, Kept: fileSystemKept,
			Needs: []string{"efs:DeleteMountTarget", "efs:DeleteFileSystem", "=ec2:DeleteNetworkInterface"},
		}, func(ctx context.Context, api fileSystemReader, r fact.Resource) (any, error) {
			f, err := findFileSystem(ctx, api, r.ID)
			return aws.ToTime(f.CreationTime).UTC(), err
		}, func(ctx context.Context, api fileSystemWriter, j kind.Job) error {
			if err := dropMountTargets(ctx, api, j.ID); err != nil {
				return err
			}
			_, err := api.DeleteFileSystem(ctx, &efs.DeleteFileSystemInput{FileSystemId: &j.ID})
			return err
		}),
	},
}

func listFileSystems(ctx context.Context, api fileSystemReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, efs.NewDescribeFileSystemsPaginator(api, &efs.DescribeFileSystemsInput{MaxItems: aws.Int32(100)})) {
		if err != nil {
			return fmt.Errorf("cannot list file systems: %w", err)
		}
		for _, f := range page.FileSystems {
			drafts = append(drafts, fileSystemOf(at, f))
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		doc, err := fileSystemPolicy(ctx, api, *r)
		if err == nil {
			setStorePolicy(r, doc)
		}
		return err
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list file systems: %w", err)
	}
	return nil
}

func fileSystemOf(at fact.Place, f types.FileSystemDescription) fact.Resource {
	id := aws.ToString(f.FileSystemId)
	r := fact.Resource{
		Ref: fact.Ref{Kind: "efs.file-system", Place: at, ID: id}, ARN: aws.ToString(f.FileSystemArn), Created: aws.ToTime(f.CreationTime).UTC(),
	}
	fact.Status.Set(&r, string(f.LifeCycleState))
	fact.Encrypted.Set(&r, aws.ToBool(f.Encrypted))
	fact.Count.Set(&r, int(f.NumberOfMountTargets))
	if f.Name != nil {
		fact.Name.Set(&r, *f.Name)
	}
	fact.Protections.Set(&r, []string{})
	if p := f.FileSystemProtection; p != nil && p.ReplicationOverwriteProtection == types.ReplicationOverwriteProtectionReplicating {
		fact.Protections.Set(&r, []string{"replication"})
	}
	setStoreTags(&r, storeTagMap(f.Tags, func(t types.Tag) (key, value *string) { return t.Key, t.Value }))
	return r
}

func findFileSystem(ctx context.Context, api fileSystemReader, id string) (types.FileSystemDescription, error) {
	out, err := api.DescribeFileSystems(ctx, &efs.DescribeFileSystemsInput{FileSystemId: &id})
	var all []types.FileSystemDescription
	if err == nil {
		all = out.FileSystems
	}
	return only(all, err)
}
