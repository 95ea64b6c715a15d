package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type dataStoreReader interface {
	ListEventDataStores(context.Context, *cloudtrail.ListEventDataStoresInput, ...func(*cloudtrail.Options)) (*cloudtrail.ListEventDataStoresOutput, error)
	GetEventDataStore(context.Context, *cloudtrail.GetEventDataStoreInput, ...func(*cloudtrail.Options)) (*cloudtrail.GetEventDataStoreOutput, error)
}

type dataStoreWriter interface {
	StartEventDataStoreIngestion(context.Context, *cloudtrail.StartEventDataStoreIngestionInput, ...func(*cloudtrail.Options)) (*cloudtrail.StartEventDataStoreIngestionOutput, error)
	StopEventDataStoreIngestion(context.Context, *cloudtrail.StopEventDataStoreIngestionInput, ...func(*cloudtrail.Options)) (*cloudtrail.StopEventDataStoreIngestionOutput, error)
	UpdateEventDataStore(context.Context, *cloudtrail.UpdateEventDataStoreInput, ...func(*cloudtrail.Options)) (*cloudtrail.UpdateEventDataStoreOutput, error)
	RestoreEventDataStore(context.Context, *cloudtrail.RestoreEventDataStoreInput, ...func(*cloudtrail.Options)) (*cloudtrail.RestoreEventDataStoreOutput, error)
	DeleteEventDataStore(context.Context, *cloudtrail.DeleteEventDataStoreInput, ...func(*cloudtrail.Options)) (*cloudtrail.DeleteEventDataStoreOutput, error)
}

var dataStore = kind.Of(dataStoreSpec)

// dataStoreSpec is a store of CloudTrail Lake. AWS keeps a deleted one for seven
// days, in which it can be had back; it stays listed.
var dataStoreSpec = kind.Spec[dataStoreReader, dataStoreWriter]{
	Name:   "cloudtrail.event-data-store",
	Reader: func(c aws.Config) dataStoreReader { return cloudtrail.NewFromConfig(c) },
	Writer: func(c aws.Config) dataStoreWriter { return cloudtrail.NewFromConfig(c) },
	Needs:  []string{"cloudtrail:ListEventDataStores", "cloudtrail:GetEventDataStore"},
	List:   listDataStores,
	Cost:   kind.Cost{Fixed: 1, Page: 25, Each: 1}, // the listing tells no more than names
	Covers: []string{"D1"},
	Keep: func(ctx context.Context, api dataStoreReader, r fact.Resource, put func(string, []byte) error) error {
		s, err := findDataStore(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, "event-data-store.json", s)
	},
	Verbs: []kind.Verb[dataStoreReader, dataStoreWriter]{
		flip(kind.Verb[dataStoreReader, dataStoreWriter]{
			Name: "start-ingestion", Class: kind.Reversible, For: kind.Restore, Of: "ingestion",
			Mends: []string{"StopEventDataStoreIngestion"}, Recall: recallSwitch("StartEventDataStoreIngestion", "StopEventDataStoreIngestion"),
			Needs: []string{"cloudtrail:StartEventDataStoreIngestion", "cloudtrail:StopEventDataStoreIngestion"}, Takes: ipSetTakes,
		}, true, func(ctx context.Context, api dataStoreReader, r fact.Resource) (bool, error) {
			s, err := findDataStore(ctx, api, r.ID)
			return err == nil && ingests(s.Status), err
		}, func(ctx context.Context, api dataStoreWriter, j kind.Job, on bool) (err error) {
			if on {
				_, err = api.StartEventDataStoreIngestion(ctx, &cloudtrail.StartEventDataStoreIngestionInput{EventDataStore: &j.ID})
			} else {
				_, err = api.StopEventDataStoreIngestion(ctx, &cloudtrail.StopEventDataStoreIngestionInput{EventDataStore: &j.ID})
			}
			return storeThere(err, "InvalidEventDataStoreStatusException") // it is there already, or Done tells
		}),
		flip(kind.Verb[dataStoreReader, dataStoreWriter]{
			Name: "undelete-store", Class: kind.Reversible, For: kind.Restore, Of: "existence", Mends: []string{"DeleteEventDataStore"},
			Needs: []string{"cloudtrail:RestoreEventDataStore", "cloudtrail:DeleteEventDataStore"},
		}, true, func(ctx context.Context, api dataStoreReader, r fact.Resource) (bool, error) {
			s, err := findDataStore(ctx, api, r.ID)
			return err == nil && s.Status != types.EventDataStoreStatusPendingDeletion, err
		}, func(ctx context.Context, api dataStoreWriter, j kind.Job, on bool) (err error) {
			if on {
				_, err = api.RestoreEventDataStore(ctx, &cloudtrail.RestoreEventDataStoreInput{EventDataStore: &j.ID})
			} else {
				_, err = api.DeleteEventDataStore(ctx, &cloudtrail.DeleteEventDataStoreInput{EventDataStore: &j.ID})
			}
			return storeThere(err, "InvalidEventDataStoreStatusException", "InactiveEventDataStoreException") // it is there already, or Done tells
		}),
		flip(kind.Verb[dataStoreReader, dataStoreWriter]{
			Name: "unprotect", Class: kind.Reversible, For: kind.Lift, Of: "termination", Needs: []string{"cloudtrail:UpdateEventDataStore"},
		}, false, func(ctx context.Context, api dataStoreReader, r fact.Resource) (bool, error) {
			s, err := findDataStore(ctx, api, r.ID)
			return err == nil && aws.ToBool(s.TerminationProtectionEnabled), err
		}, func(ctx context.Context, api dataStoreWriter, j kind.Job, on bool) error {
			_, err := api.UpdateEventDataStore(ctx, &cloudtrail.UpdateEventDataStoreInput{EventDataStore: &j.ID, TerminationProtectionEnabled: &on})
			return err
		}),
		remove(kind.Verb[dataStoreReader, dataStoreWriter]{
			Name: "delete", Needs: []string{"cloudtrail:DeleteEventDataStore"},
		}, func(ctx context.Context, api dataStoreReader, r fact.Resource) (any, error) {
			s, err := findDataStore(ctx, api, r.ID)
			if err == nil && s.Status == types.EventDataStoreStatusPendingDeletion {
				return nil, kind.ErrGone
			}
			return r.ID, err
		}, func(ctx context.Context, api dataStoreWriter, j kind.Job) error {
			_, err := api.DeleteEventDataStore(ctx, &cloudtrail.DeleteEventDataStoreInput{EventDataStore: &j.ID})
			return storeThere(err, "InactiveEventDataStoreException") // it is pending deletion
		}),
	},
}

// ingests says whether a store in this state takes events in, or is about to.
func ingests(s types.EventDataStoreStatus) bool {
	return s == types.EventDataStoreStatusEnabled || s == types.EventDataStoreStatusStartingIngestion || s == types.EventDataStoreStatusCreated
}

func listDataStores(ctx context.Context, api dataStoreReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, cloudtrail.NewListEventDataStoresPaginator(api, &cloudtrail.ListEventDataStoresInput{MaxResults: aws.Int32(25)})) {
		if err != nil {
			return fmt.Errorf("cannot list event data stores: %w", err)
		}
		for _, s := range page.EventDataStores {
			id := aws.ToString(s.EventDataStoreArn)
			drafts = append(drafts, fact.Resource{Ref: fact.Ref{Kind: "cloudtrail.event-data-store", Place: at, ID: id}, ARN: id})
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		s, err := findDataStore(ctx, api, r.ID)
		if err != nil {
			return err
		}
		r.Created = aws.ToTime(s.CreatedTimestamp).UTC()
		fact.Name.Set(r, aws.ToString(s.Name))
		fact.Status.Set(r, string(s.Status))
		fact.Logging.Set(r, ingests(s.Status))
		fact.MultiRegion.Set(r, aws.ToBool(s.MultiRegionEnabled))
		setAspect(r, "ingestion", switchWord(ingests(s.Status)))
		fact.Protections.Set(r, []string{})
		if aws.ToBool(s.TerminationProtectionEnabled) {
			fact.Protections.Set(r, []string{"termination"})
		}
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list event data stores: %w", err)
	}
	return nil
}

func findDataStore(ctx context.Context, api dataStoreReader, id string) (*cloudtrail.GetEventDataStoreOutput, error) {
	out, err := api.GetEventDataStore(ctx, &cloudtrail.GetEventDataStoreInput{EventDataStore: &id})
	return out, gone(err)
}
