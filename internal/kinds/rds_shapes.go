package kinds

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"cordon/internal/fact"
)

// storeCaseTag marks what cordon makes, and says for which case.
const storeCaseTag = "cordon:case"

// rdsSettings is the aspect of a database that an intruder opens or weakens.
// What it has not got is left out and left alone.
type rdsSettings struct {
	BackupDays *int32   `json:"backupRetentionPeriod,omitempty"`
	Protected  *bool    `json:"deletionProtection,omitempty"`
	Public     *bool    `json:"publiclyAccessible,omitempty"`
	Groups     []string `json:"vpcSecurityGroupIds,omitempty"`
}

func (s rdsSettings) form() (string, error) {
	slices.Sort(s.Groups)
	b, err := json.Marshal(s)
	return string(b), err
}

// recallRDS reads the settings from a recorded CreateDB… or ModifyDB…: from its
// response, which has the resource as it is then. What a change with
// applyImmediately=false left pending shows as it was.
func recallRDS(_ string, _, response json.RawMessage) (string, bool) {
	var got struct {
		BackupRetentionPeriod *int32                                `json:"backupRetentionPeriod"`
		DeletionProtection    *bool                                 `json:"deletionProtection"`
		PubliclyAccessible    *bool                                 `json:"publiclyAccessible"`
		VpcSecurityGroups     []struct{ VpcSecurityGroupID string } `json:"vpcSecurityGroups"`
		PendingModifiedValues struct {
			BackupRetentionPeriod *int32 `json:"backupRetentionPeriod"`
		} `json:"pendingModifiedValues"`
		DBClusterIdentifier string `json:"dBClusterIdentifier"`
	}
	if json.Unmarshal(response, &got) != nil || got.BackupRetentionPeriod == nil || len(got.VpcSecurityGroups) == 0 {
		return "", false
	}
	s := rdsSettings{BackupDays: got.BackupRetentionPeriod, Protected: got.DeletionProtection, Public: got.PubliclyAccessible}
	if days := got.PendingModifiedValues.BackupRetentionPeriod; days != nil {
		s.BackupDays = days
	}
	for _, g := range got.VpcSecurityGroups {
		s.Groups = append(s.Groups, g.VpcSecurityGroupID)
	}
	text, err := s.form()
	return text, err == nil
}

func rdsTags(all []types.Tag) map[string]string {
	return storeTagMap(all, func(t types.Tag) (key, value *string) { return t.Key, t.Value })
}

func rdsCaseTags(id string) []types.Tag {
	return []types.Tag{{Key: aws.String(storeCaseTag), Value: &id}}
}

func rdsGroups(all []types.VpcSecurityGroupMembership) (ids []string) {
	for _, g := range all {
		ids = append(ids, aws.ToString(g.VpcSecurityGroupId))
	}
	slices.Sort(ids)
	return ids
}

// rdsProtections are the facts.Protections of a database.
func rdsProtections(r *fact.Resource, on *bool) {
	fact.Protections.Set(r, []string{})
	if aws.ToBool(on) {
		fact.Protections.Set(r, []string{"deletion"})
	}
}

// rdsRuns puts the states of a database on the side where it works or is about
// to. AWS refuses what does not fit the rest of them.
func rdsRuns(status *string) bool {
	s := aws.ToString(status)
	return s != "stopped" && s != "stopping"
}

// rdsAttributes is both sorts of snapshot's list of who may restore it: "all" is
// everybody.
func rdsRestorers(names []string, values [][]string, account string) []string {
	all := []string{}
	for i, name := range names {
		if name == "restore" {
			all = append(all, values[i]...)
		}
	}
	all = slices.DeleteFunc(all, func(a string) bool { return a == account })
	slices.Sort(all)
	return all
}

func setRestorers(r *fact.Resource, all []string) {
	fact.Public.Set(r, slices.Contains(all, "all"))
	fact.SharedWith.Set(r, slices.DeleteFunc(slices.Clone(all), func(a string) bool { return a == "all" }))
}

// rdsKMSKey is the key behind what is encrypted: a foreign one is a ransom's.
func rdsForeignKey(r *fact.Resource, key *string) {
	if owner := arnAccount(aws.ToString(key)); owner != "" && owner != r.Account {
		fact.Detail.Set(r, strings.TrimSpace(fact.Detail.Or(*r, "")+" "+aws.ToString(key)))
	}
}

type dbSnapshotLister interface {
	DescribeDBSnapshots(context.Context, *rds.DescribeDBSnapshotsInput, ...func(*rds.Options)) (*rds.DescribeDBSnapshotsOutput, error)
}

type dbClusterSnapshotLister interface {
	DescribeDBClusterSnapshots(context.Context, *rds.DescribeDBClusterSnapshotsInput, ...func(*rds.Options)) (*rds.DescribeDBClusterSnapshotsOutput, error)
}
