package lab_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestContractEC2(t *testing.T) {
	contract(t, []deviation{
		{name: "termination protection at launch", aws: "DisableApiTermination: Indicates whether an instance is enabled for termination protection", check: protectedLaunch},
		{name: "stop protection", aws: "DisableApiStop: Indicates whether an instance is enabled for stop protection", check: protectedStop, everywhere: true},
		{name: "security group in use", aws: "DependencyViolation: the security group is associated with an instance or network interface", check: groupInUse},
		{name: "security group referenced", aws: "DependencyViolation: is referenced by another security group in the same VPC", check: groupReferenced},
		{name: "group free after termination", aws: "the network interface of a launch is deleted with the instance", check: groupFreed, everywhere: true},
		{name: "groups replaced", aws: "Groups: Replaces the security groups of the instance with the specified security groups", check: groupsReplaced},
		{name: "subnet in use", aws: "You must terminate all running instances in the subnet before you can delete the subnet", check: subnetInUse},
		{name: "VPC with a security group", aws: "You must detach or delete all gateways and resources that are associated with the VPC", check: vpcInUse},
		{name: "snapshot sharing as a structure", aws: "CreateVolumePermission: A JSON representation of the snapshot attribute modification", check: shareSnapshot},
		{name: "ResetSnapshotAttribute", aws: "Resets permission settings for the specified snapshot", check: resetSnapshot},
		{name: "snapshot block public access", aws: "block-all-sharing: prevents all public sharing of snapshots in the Region", check: blockSnapshots},
		{name: "image block public access", aws: "block-new-sharing: any attempt to publicly share AMIs in this Region is blocked", check: blockImages},
		{name: "encryption by default", aws: "EbsEncryptionByDefault: Indicates whether encryption by default is enabled", check: encryption, everywhere: true},
		{name: "image sharing", aws: "launchPermission", check: shareImage, everywhere: true},
		{name: "key pair date", aws: "CreateTime", check: keyPairDate, everywhere: true},
		{name: "DescribeSnapshots pages", aws: "NextToken: The token to include in another request to get the next page of items", check: pagesSnapshots},
		{name: "DescribeVolumes pages", aws: "NextToken", check: pagesVolumes},
		{name: "DescribeSecurityGroups pages", aws: "NextToken", check: pagesSecurityGroups},
	})
}

// instance launches one instance in the default VPC with one group of its own.
func (c *world) instance(change func(*ec2.RunInstancesInput)) (types.Instance, string, error) {
	client := c.ec2(c.root())
	group, err := client.CreateSecurityGroup(c.ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("web"), Description: aws.String("web")})
	if err != nil {
		return types.Instance{}, "", err
	}
	in := &ec2.RunInstancesInput{ImageId: aws.String("ami-12345678"), MinCount: aws.Int32(1), MaxCount: aws.Int32(1), SecurityGroupIds: []string{*group.GroupId}}
	if change != nil {
		change(in)
	}
	made, err := client.RunInstances(c.ctx, in)
	if err != nil {
		return types.Instance{}, "", err
	}
	return made.Instances[0], *group.GroupId, nil
}

func (c *world) terminate(i types.Instance) error {
	_, err := c.ec2(c.root()).TerminateInstances(c.ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{*i.InstanceId}})
	return err
}

func protectedLaunch(c *world) error {
	i, _, err := c.instance(func(in *ec2.RunInstancesInput) { in.DisableApiTermination = aws.Bool(true) })
	if err != nil {
		return err
	}
	if err := fails(c.terminate(i), "OperationNotPermitted"); err != nil {
		return err
	}
	_, err = c.ec2(c.root()).ModifyInstanceAttribute(c.ctx, &ec2.ModifyInstanceAttributeInput{
		InstanceId: i.InstanceId, DisableApiTermination: &types.AttributeBooleanValue{Value: aws.Bool(false)},
	})
	return errors.Join(err, c.terminate(i))
}

func protectedStop(c *world) error {
	i, _, err := c.instance(func(in *ec2.RunInstancesInput) { in.DisableApiStop = aws.Bool(true) })
	if err != nil {
		return err
	}
	_, err = c.ec2(c.root()).StopInstances(c.ctx, &ec2.StopInstancesInput{InstanceIds: []string{*i.InstanceId}})
	return fails(err, "OperationNotPermitted")
}

func (c *world) deleteGroup(id string) error {
	_, err := c.ec2(c.root()).DeleteSecurityGroup(c.ctx, &ec2.DeleteSecurityGroupInput{GroupId: &id})
	return err
}

func groupInUse(c *world) error {
	_, group, err := c.instance(nil)
	if err != nil {
		return err
	}
	return fails(c.deleteGroup(group), "DependencyViolation")
}

func groupFreed(c *world) error {
	i, group, err := c.instance(nil)
	if err != nil {
		return err
	}
	return errors.Join(c.terminate(i), c.deleteGroup(group))
}

func groupsReplaced(c *world) error {
	i, old, err := c.instance(nil)
	if err != nil {
		return err
	}
	client := c.ec2(c.root())
	made, err := client.CreateSecurityGroup(c.ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("quarantine"), Description: aws.String("quarantine")})
	if err != nil {
		return err
	}
	_, err = client.ModifyInstanceAttribute(c.ctx, &ec2.ModifyInstanceAttributeInput{InstanceId: i.InstanceId, Groups: []string{*made.GroupId}})
	if err != nil {
		return err
	}
	got, err := client.DescribeNetworkInterfaces(c.ctx, &ec2.DescribeNetworkInterfacesInput{})
	if err != nil {
		return err
	}
	if n := got.NetworkInterfaces; len(n) != 1 || len(n[0].Groups) != 1 || *n[0].Groups[0].GroupId != *made.GroupId {
		return fmt.Errorf("the interfaces are %v", n)
	}
	if err := c.deleteGroup(old); err != nil {
		return err
	}
	return fails(c.deleteGroup(*made.GroupId), "DependencyViolation")
}

func groupReferenced(c *world) error {
	client := c.ec2(c.root())
	var ids []string
	for _, name := range []string{"front", "back"} {
		made, err := client.CreateSecurityGroup(c.ctx, &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &name})
		if err != nil {
			return err
		}
		ids = append(ids, *made.GroupId)
	}
	_, err := client.AuthorizeSecurityGroupIngress(c.ctx, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: &ids[1], IpPermissions: []types.IpPermission{{
			IpProtocol: aws.String("tcp"), FromPort: aws.Int32(80), ToPort: aws.Int32(80),
			UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: &ids[0]}},
		}},
	})
	if err != nil {
		return err
	}
	if err := fails(c.deleteGroup(ids[0]), "DependencyViolation"); err != nil {
		return err
	}
	return errors.Join(c.deleteGroup(ids[1]), c.deleteGroup(ids[0]))
}

func subnetInUse(c *world) error {
	i, _, err := c.instance(nil)
	if err != nil {
		return err
	}
	_, err = c.ec2(c.root()).DeleteSubnet(c.ctx, &ec2.DeleteSubnetInput{SubnetId: i.SubnetId})
	return fails(err, "DependencyViolation")
}

func vpcInUse(c *world) error {
	client := c.ec2(c.root())
	vpc, err := client.CreateVpc(c.ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")})
	if err != nil {
		return err
	}
	group, err := client.CreateSecurityGroup(c.ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("web"), Description: aws.String("web"), VpcId: vpc.Vpc.VpcId})
	if err != nil {
		return err
	}
	_, err = client.DeleteVpc(c.ctx, &ec2.DeleteVpcInput{VpcId: vpc.Vpc.VpcId})
	if err := fails(err, "DependencyViolation"); err != nil {
		return err
	}
	if err := c.deleteGroup(*group.GroupId); err != nil {
		return err
	}
	_, err = client.DeleteVpc(c.ctx, &ec2.DeleteVpcInput{VpcId: vpc.Vpc.VpcId})
	return err
}

func (c *world) volume() (string, error) {
	made, err := c.ec2(c.root()).CreateVolume(c.ctx, &ec2.CreateVolumeInput{AvailabilityZone: aws.String(home + "a"), Size: aws.Int32(1)})
	if err != nil {
		return "", err
	}
	return *made.VolumeId, nil
}

func (c *world) snapshot() (string, error) {
	volume, err := c.volume()
	if err != nil {
		return "", err
	}
	made, err := c.ec2(c.root()).CreateSnapshot(c.ctx, &ec2.CreateSnapshotInput{VolumeId: &volume})
	if err != nil {
		return "", err
	}
	return *made.SnapshotId, nil
}

func (c *world) share(snapshot string, change *types.CreateVolumePermissionModifications) error {
	_, err := c.ec2(c.root()).ModifySnapshotAttribute(c.ctx, &ec2.ModifySnapshotAttributeInput{
		SnapshotId: &snapshot, Attribute: types.SnapshotAttributeNameCreateVolumePermission, CreateVolumePermission: change,
	})
	return err
}

func (c *world) sharedWith(snapshot string, want int) error {
	got, err := c.ec2(c.root()).DescribeSnapshotAttribute(c.ctx, &ec2.DescribeSnapshotAttributeInput{
		SnapshotId: &snapshot, Attribute: types.SnapshotAttributeNameCreateVolumePermission,
	})
	if err != nil {
		return err
	}
	return is("the number of permissions", len(got.CreateVolumePermissions), want)
}

var stranger = types.CreateVolumePermission{UserId: aws.String("999988887777")}

func shareSnapshot(c *world) error {
	id, err := c.snapshot()
	if err != nil {
		return err
	}
	one := []types.CreateVolumePermission{stranger}
	if err := c.share(id, &types.CreateVolumePermissionModifications{Add: one}); err != nil {
		return err
	}
	if err := c.sharedWith(id, 1); err != nil {
		return err
	}
	return errors.Join(c.share(id, &types.CreateVolumePermissionModifications{Remove: one}), c.sharedWith(id, 0))
}

func resetSnapshot(c *world) error {
	id, err := c.snapshot()
	if err != nil {
		return err
	}
	client := c.ec2(c.root())
	_, err = client.ModifySnapshotAttribute(c.ctx, &ec2.ModifySnapshotAttributeInput{
		SnapshotId: &id, Attribute: types.SnapshotAttributeNameCreateVolumePermission,
		OperationType: types.OperationTypeAdd, UserIds: []string{*stranger.UserId},
	})
	if err != nil {
		return err
	}
	if err := c.sharedWith(id, 1); err != nil {
		return err
	}
	_, err = client.ResetSnapshotAttribute(c.ctx, &ec2.ResetSnapshotAttributeInput{SnapshotId: &id, Attribute: types.SnapshotAttributeNameCreateVolumePermission})
	return errors.Join(err, c.sharedWith(id, 0))
}

func blockSnapshots(c *world) error {
	id, err := c.snapshot()
	if err != nil {
		return err
	}
	client := c.ec2(c.root())
	_, err = client.EnableSnapshotBlockPublicAccess(c.ctx, &ec2.EnableSnapshotBlockPublicAccessInput{State: types.SnapshotBlockPublicAccessStateBlockAllSharing})
	if err != nil {
		return err
	}
	got, err := client.GetSnapshotBlockPublicAccessState(c.ctx, &ec2.GetSnapshotBlockPublicAccessStateInput{})
	if err != nil {
		return err
	}
	all := []types.CreateVolumePermission{{Group: types.PermissionGroupAll}}
	return errors.Join(is("the state", got.State, types.SnapshotBlockPublicAccessStateBlockAllSharing),
		fails(c.share(id, &types.CreateVolumePermissionModifications{Add: all}), "OperationNotPermitted"))
}

func (c *world) image() (string, error) {
	made, err := c.ec2(c.root()).RegisterImage(c.ctx, &ec2.RegisterImageInput{Name: aws.String("golden")})
	if err != nil {
		return "", err
	}
	return *made.ImageId, nil
}

func blockImages(c *world) error {
	id, err := c.image()
	if err != nil {
		return err
	}
	client := c.ec2(c.root())
	_, err = client.EnableImageBlockPublicAccess(c.ctx, &ec2.EnableImageBlockPublicAccessInput{ImageBlockPublicAccessState: types.ImageBlockPublicAccessEnabledStateBlockNewSharing})
	if err != nil {
		return err
	}
	_, err = client.ModifyImageAttribute(c.ctx, &ec2.ModifyImageAttributeInput{
		ImageId: &id, LaunchPermission: &types.LaunchPermissionModifications{Add: []types.LaunchPermission{{Group: types.PermissionGroupAll}}},
	})
	return fails(err, "OperationNotPermitted")
}

func shareImage(c *world) error {
	id, err := c.image()
	if err != nil {
		return err
	}
	client := c.ec2(c.root())
	one := []types.LaunchPermission{{UserId: stranger.UserId}}
	for want, change := range []*types.LaunchPermissionModifications{{Remove: one}, {Add: one}} {
		_, err = client.ModifyImageAttribute(c.ctx, &ec2.ModifyImageAttributeInput{ImageId: &id, LaunchPermission: change})
		if err != nil {
			return err
		}
		got, err := client.DescribeImageAttribute(c.ctx, &ec2.DescribeImageAttributeInput{ImageId: &id, Attribute: types.ImageAttributeNameLaunchPermission})
		if err != nil {
			return err
		}
		if err := is("the number of permissions", len(got.LaunchPermissions), want); err != nil {
			return err
		}
	}
	return nil
}

func encryption(c *world) error {
	client := c.ec2(c.root())
	if _, err := client.EnableEbsEncryptionByDefault(c.ctx, &ec2.EnableEbsEncryptionByDefaultInput{}); err != nil {
		return err
	}
	got, err := client.GetEbsEncryptionByDefault(c.ctx, &ec2.GetEbsEncryptionByDefaultInput{})
	if err != nil {
		return err
	}
	return is("EbsEncryptionByDefault", aws.ToBool(got.EbsEncryptionByDefault), true)
}

func keyPairDate(c *world) error {
	client := c.ec2(c.root())
	if _, err := client.CreateKeyPair(c.ctx, &ec2.CreateKeyPairInput{KeyName: aws.String("laptop")}); err != nil {
		return err
	}
	got, err := client.DescribeKeyPairs(c.ctx, &ec2.DescribeKeyPairsInput{})
	if err != nil {
		return err
	}
	if len(got.KeyPairs) != 1 || got.KeyPairs[0].CreateTime == nil {
		return fmt.Errorf("the key pairs are %v", got.KeyPairs)
	}
	return nil
}

func pagesSnapshots(c *world) error {
	for range 6 {
		if _, err := c.snapshot(); err != nil {
			return err
		}
	}
	got, err := c.ec2(c.root()).DescribeSnapshots(c.ctx, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, MaxResults: aws.Int32(5)})
	if err != nil {
		return err
	}
	return errors.Join(is("snapshots", len(got.Snapshots), 5), is("there is a token", got.NextToken != nil, true))
}

func pagesVolumes(c *world) error {
	for range 6 {
		if _, err := c.volume(); err != nil {
			return err
		}
	}
	got, err := c.ec2(c.root()).DescribeVolumes(c.ctx, &ec2.DescribeVolumesInput{MaxResults: aws.Int32(5)})
	if err != nil {
		return err
	}
	return errors.Join(is("volumes", len(got.Volumes), 5), is("there is a token", got.NextToken != nil, true))
}

func pagesSecurityGroups(c *world) error {
	client := c.ec2(c.root())
	for i := range 6 {
		name := fmt.Sprint("g", i)
		if _, err := client.CreateSecurityGroup(c.ctx, &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &name}); err != nil {
			return err
		}
	}
	seen, p := 0, ec2.NewDescribeSecurityGroupsPaginator(client, &ec2.DescribeSecurityGroupsInput{MaxResults: aws.Int32(5)})
	pages := 0
	for ; p.HasMorePages() && pages < 9; pages++ {
		page, err := p.NextPage(c.ctx)
		if err != nil {
			return err
		}
		seen += len(page.SecurityGroups)
	}
	return errors.Join(is("pages", pages, 2), is("groups (one is the default)", seen, 7))
}
