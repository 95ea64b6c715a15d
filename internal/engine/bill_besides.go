package engine

import (
	"context"
	"slices"
	"time"

	"cordon/internal/bill"
	"cordon/internal/charges"
	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/report"
)

// What buys and cannot be undone. The calls of the first list are recorded in
// every region, those of the second where the global services are.
var (
	buysAnywhere = []string{
		"PurchaseReservedInstancesOffering", "PurchaseHostReservation", "PurchaseCapacityBlock", "PurchaseScheduledInstances",
		"PurchaseReservedDBInstancesOffering", "PurchaseReservedNodeOffering", "PurchaseReservedCacheNodesOffering",
		"PurchaseReservedInstanceOffering", "CreateProvisionedModelThroughput",
	}
	buysGlobal = []string{"CreateSavingsPlan", "AcceptAgreementRequest", "RegisterDomain", "TransferDomain", "PurchaseReservedNodesOffering"}
)

// besides reads what says something about money and costs nothing to ask.
func (s *Session) besides(ctx context.Context, m *report.Bill, since bill.Day) error {
	at := fact.Place{Account: s.Account.Caller.Account, Region: fact.Global}
	var err error
	if m.Budgets, m.Actions, err = charges.Budgets(ctx, s.read(at, charges.BudgetNeeds), at.Account); err != nil {
		m.Budgets, m.Actions = []charges.Budget{}, []charges.BudgetAction{}
		m.Unread = append(m.Unread, unreadOf("budgets", "", err))
	}
	if m.FreeTier, err = charges.FreeTier(ctx, s.read(at, charges.FreeTierNeeds), s.Account.Clock); err != nil {
		m.FreeTier = []charges.FreeUse{}
		m.Unread = append(m.Unread, unreadOf("free-tier", "", err))
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.bought(ctx, m, since.Time())
}

// bought looks the purchases up in the event history of every region.
func (s *Session) bought(ctx context.Context, m *report.Bill, since time.Time) error {
	regions, err := s.usable(ctx)
	if err != nil {
		return err
	}
	home := s.Account.GlobalRegion()
	events, unseen, err := s.recorded(ctx, regions, buysAnywhere)
	if err != nil {
		return err
	}
	global, missed, err := s.recorded(ctx, []string{home}, buysGlobal)
	if err != nil {
		return err
	}
	for _, u := range append(unseen, missed...) {
		u.What = "purchases"
		if !slices.Contains(m.Unread, u) {
			m.Unread = append(m.Unread, u)
		}
	}
	lanes, err := s.lanesNow(ctx)
	if err != nil {
		return err
	}
	events = append(events, global...)
	slices.SortStableFunc(events, func(a, b event.Event) int { return b.Time.Compare(a.Time) })
	for _, e := range events {
		if e.Time.Before(since) {
			continue
		}
		m.Bought = append(m.Bought, report.Bought{At: e.Time, Call: e.Service() + ":" + e.BaseName(), Region: e.Region, What: whatBought(e), Refused: e.Failed(), By: lanes.caller(e)})
	}
	return nil
}

// whatBought is what the request names, as far as it does.
func whatBought(e event.Event) string {
	for _, path := range []string{"domainName", "modelId", "instanceCount", "offeringId", "savingsPlanOfferingId", "reservedInstancesOfferingId", "provisionedModelName"} {
		if v := event.Path(e.Request, path); len(v) > 0 {
			return v[0]
		}
	}
	return ""
}
