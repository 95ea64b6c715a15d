package kinds

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"cordon/internal/kind"
)

type recordLister interface {
	ListResourceRecordSets(context.Context, *route53.ListResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error)
}

const (
	// recordsInAspect is how many records a listing reads for a baseline: what
	// Route 53 answers at once.
	recordsInAspect = 300
	// maxRecords is how many are changed in one go: AWS takes so many changes
	// together, all of them or none. A larger zone is for a person.
	maxRecords = 1000
)

// recordsOf reads all records, and fails for a zone of more than limit; 0 is
// no limit.
func recordsOf(ctx context.Context, api recordLister, zone string, limit int) (all []types.ResourceRecordSet, err error) {
	ask := &route53.ListResourceRecordSetsInput{HostedZoneId: &zone, MaxItems: aws.Int32(300)}
	for {
		out, err := api.ListResourceRecordSets(ctx, ask)
		if err != nil {
			return nil, gone(err)
		}
		all = append(all, out.ResourceRecordSets...)
		if limit > 0 && len(all) > limit {
			return nil, fmt.Errorf("cannot change zone %s: it has more than %d records", zone, limit)
		}
		if !out.IsTruncated {
			return all, nil
		}
		ask.StartRecordName, ask.StartRecordType, ask.StartRecordIdentifier = out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier
	}
}

// changeable are the records that can be changed: the zone's own SOA and NS are made
// and deleted with it.
func changeable(all []types.ResourceRecordSet) []types.ResourceRecordSet {
	apex := ""
	for _, r := range all {
		if r.Type == types.RRTypeSoa {
			apex = aws.ToString(r.Name)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(r types.ResourceRecordSet) bool {
		return r.Type == types.RRTypeSoa || r.Type == types.RRTypeNs && aws.ToString(r.Name) == apex
	})
}

func recordKey(r types.ResourceRecordSet) string {
	return aws.ToString(r.Name) + " " + string(r.Type) + " " + aws.ToString(r.SetIdentifier)
}

// recordsText writes the records that can be changed, in a fixed order.
func recordsText(all []types.ResourceRecordSet) (string, error) {
	mine := append([]types.ResourceRecordSet{}, changeable(all)...)
	slices.SortFunc(mine, func(a, b types.ResourceRecordSet) int { return cmp.Compare(recordKey(a), recordKey(b)) })
	b, err := json.Marshal(mine)
	if err != nil {
		return "", fmt.Errorf("cannot encode records: %w", err)
	}
	return string(b), nil
}

// setRecords makes the zone's records those of text, in one change: what is
// not in it goes, what differs is put back.
func setRecords(ctx context.Context, api zoneWriter, j kind.Job, text string) error {
	var want []types.ResourceRecordSet
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		return fmt.Errorf("cannot read the records to put back: %w", err)
	}
	all, err := recordsOf(ctx, api, j.ID, maxRecords)
	if err != nil {
		return err
	}
	is := map[string]string{}
	var changes []types.Change
	wanted := map[string]bool{}
	for _, r := range want {
		wanted[recordKey(r)] = true
	}
	for _, r := range changeable(all) {
		b, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("cannot encode a record: %w", err)
		}
		is[recordKey(r)] = string(b)
		if !wanted[recordKey(r)] {
			changes = append(changes, types.Change{Action: types.ChangeActionDelete, ResourceRecordSet: &r})
		}
	}
	for _, r := range want {
		b, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("cannot encode a record: %w", err)
		}
		if is[recordKey(r)] != string(b) {
			changes = append(changes, types.Change{Action: types.ChangeActionUpsert, ResourceRecordSet: &r})
		}
	}
	if len(changes) == 0 {
		return nil
	}
	_, err = api.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &j.ID, ChangeBatch: &types.ChangeBatch{Changes: changes},
	})
	return err
}
