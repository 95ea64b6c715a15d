package kinds

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type backupPlanReader interface {
	ListBackupPlans(context.Context, *backup.ListBackupPlansInput, ...func(*backup.Options)) (*backup.ListBackupPlansOutput, error)
	GetBackupPlan(context.Context, *backup.GetBackupPlanInput, ...func(*backup.Options)) (*backup.GetBackupPlanOutput, error)
	GetBackupSelection(context.Context, *backup.GetBackupSelectionInput, ...func(*backup.Options)) (*backup.GetBackupSelectionOutput, error)
	backupSelectionLister
}

type backupSelectionLister interface {
	ListBackupSelections(context.Context, *backup.ListBackupSelectionsInput, ...func(*backup.Options)) (*backup.ListBackupSelectionsOutput, error)
}

type backupPlanWriter interface {
	backupSelectionLister
	DeleteBackupSelection(context.Context, *backup.DeleteBackupSelectionInput, ...func(*backup.Options)) (*backup.DeleteBackupSelectionOutput, error)
	DeleteBackupPlan(context.Context, *backup.DeleteBackupPlanInput, ...func(*backup.Options)) (*backup.DeleteBackupPlanOutput, error)
}

var backupPlan = kind.Of(backupPlanSpec)

var backupPlanSpec = kind.Spec[backupPlanReader, backupPlanWriter]{
	Name:   "backup.plan",
	Reader: func(c aws.Config) backupPlanReader { return backup.NewFromConfig(c) },
	Writer: func(c aws.Config) backupPlanWriter { return backup.NewFromConfig(c) },
	Needs:  []string{"backup:ListBackupPlans", "backup:GetBackupPlan", "backup:ListBackupSelections", "backup:GetBackupSelection"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Covers: []string{"C7"},
	List: func(ctx context.Context, api backupPlanReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, backup.NewListBackupPlansPaginator(api, &backup.ListBackupPlansInput{MaxResults: aws.Int32(1000)})) {
			if err != nil {
				return fmt.Errorf("cannot list backup plans: %w", err)
			}
			for _, p := range page.BackupPlansList {
				put(backupPlanOf(at, p))
			}
		}
		return nil
	},
	Keep: keepBackupPlan,
	Verbs: []kind.Verb[backupPlanReader, backupPlanWriter]{
		// AWS refuses a plan that still says what it copies. Copies made stay.
		remove(kind.Verb[backupPlanReader, backupPlanWriter]{
			Name: "delete", Needs: []string{"backup:DeleteBackupPlan", "backup:DeleteBackupSelection"},
		},
			func(ctx context.Context, api backupPlanReader, r fact.Resource) (any, error) {
				out, err := api.GetBackupPlan(ctx, &backup.GetBackupPlanInput{BackupPlanId: &r.ID})
				if err != nil {
					return nil, gone(err)
				}
				if out.DeletionDate != nil {
					return nil, fmt.Errorf("%w: it was deleted", kind.ErrGone)
				}
				return onlyMade(aws.ToString(out.BackupPlanArn), out.CreationDate), nil
			},
			func(ctx context.Context, api backupPlanWriter, j kind.Job) error {
				chosen, err := backupSelections(ctx, api, j.ID)
				if err != nil {
					return err
				}
				for _, s := range chosen {
					_, err := api.DeleteBackupSelection(ctx, &backup.DeleteBackupSelectionInput{BackupPlanId: &j.ID, SelectionId: s.SelectionId})
					if err != nil && !errors.Is(gone(err), kind.ErrGone) {
						return err
					}
				}
				_, err = api.DeleteBackupPlan(ctx, &backup.DeleteBackupPlanInput{BackupPlanId: &j.ID})
				return err
			}),
	},
}

func backupPlanOf(at fact.Place, p types.BackupPlansListMember) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "backup.plan", Place: at, ID: aws.ToString(p.BackupPlanId)}, ARN: aws.ToString(p.BackupPlanArn),
		Created: aws.ToTime(p.CreationDate).UTC(),
	}
	fact.Name.Set(&r, aws.ToString(p.BackupPlanName))
	when(fact.LastUsed, &r, p.LastExecutionDate)
	return r
}

func backupSelections(ctx context.Context, api backupSelectionLister, plan string) (all []types.BackupSelectionsListMember, err error) {
	for page, err := range pages(ctx, backup.NewListBackupSelectionsPaginator(api, &backup.ListBackupSelectionsInput{BackupPlanId: &plan})) {
		if err != nil {
			return nil, gone(err)
		}
		all = append(all, page.BackupSelectionsList...)
	}
	return all, nil
}

func keepBackupPlan(ctx context.Context, api backupPlanReader, r fact.Resource, put func(string, []byte) error) error {
	plan, err := api.GetBackupPlan(ctx, &backup.GetBackupPlanInput{BackupPlanId: &r.ID})
	if err != nil {
		return gone(err)
	}
	if err := putJSON(put, "plan.json", plan); err != nil {
		return err
	}
	chosen, err := backupSelections(ctx, api, r.ID)
	if err != nil {
		return err
	}
	for _, s := range chosen {
		one, err := api.GetBackupSelection(ctx, &backup.GetBackupSelectionInput{BackupPlanId: &r.ID, SelectionId: s.SelectionId})
		if err != nil {
			return gone(err)
		}
		if err := putJSON(put, "selection-"+aws.ToString(s.SelectionId)+".json", one); err != nil {
			return err
		}
	}
	return nil
}
