package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"cordon/internal/event"
	"cordon/internal/evidence"
	"cordon/internal/fact"
)

// flushed is after how many pages of 50 events a long answer is kept: some twenty
// seconds of asking, which is all that an interruption costs.
const flushed = 40

// lookUp reads all pages of one question in one region and keeps them as
// evidence. What had been read when a page failed is kept, and returned with
// the error.
func (h *history) lookUp(ctx context.Context, region string, key types.LookupAttributeKey, value, name string) (events []event.Event, err error) {
	return h.lookUpFrom(ctx, h.from, region, key, value, name)
}

// lookUpFrom is lookUp of what happened since a time; zero: always.
func (h *history) lookUpFrom(ctx context.Context, from time.Time, region string, key types.LookupAttributeKey, value, name string) (events []event.Event, err error) {
	var raw []json.RawMessage
	err = h.pages(ctx, from, region, key, value, func(of []event.Event, records []json.RawMessage) error {
		events, raw = append(events, of...), append(raw, records...)
		return nil
	})
	h.past.told(events)
	return events, errors.Join(err, h.keep(ctx, raw, questionName(region, name, value)))
}

// spool reads all pages of one question in one region and only keeps them, a
// part at a time: a region's changes of 90 days need not fit into memory. told
// hears how many events are kept.
func (h *history) spool(ctx context.Context, region string, key types.LookupAttributeKey, value, name string, told func(events int) error) error {
	var (
		raw      []json.RawMessage
		read, at int
	)
	flush := func() error {
		part := raw
		raw = nil
		return h.keep(ctx, part, questionName(region, name, value))
	}
	err := h.pages(ctx, h.from, region, key, value, func(_ []event.Event, records []json.RawMessage) error {
		raw, read = append(raw, records...), read+len(records)
		if at++; at%flushed > 0 {
			return nil
		}
		return errors.Join(flush(), told(read))
	})
	return errors.Join(err, flush())
}

func questionName(region, name, value string) string {
	return fmt.Sprintf("lookup-events %s %s %s", region, name, value)
}

// pages reads a question page by page. A page is handed on as far as it could be
// read.
func (h *history) pages(ctx context.Context, from time.Time, region string, key types.LookupAttributeKey, value string, each func([]event.Event, []json.RawMessage) error) error {
	return contained(func() error {
		at := fact.Place{Account: h.s.Account.Caller.Account, Region: region}
		api := cloudtrail.NewFromConfig(h.s.read(at, historyNeeds))
		ask := &cloudtrail.LookupEventsInput{LookupAttributes: []types.LookupAttribute{{AttributeKey: key, AttributeValue: &value}}}
		if !from.IsZero() {
			ask.StartTime = &from
		}
		if !h.to.IsZero() {
			ask.EndTime = &h.to
		}
		pages := cloudtrail.NewLookupEventsPaginator(api, ask)
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			var (
				events []event.Event
				raw    []json.RawMessage
			)
			for _, r := range page.Events {
				record := []byte(aws.ToString(r.CloudTrailEvent))
				e, bad := event.Parse(record)
				if bad != nil {
					err = fmt.Errorf("cannot read the record %s: %w", aws.ToString(r.EventId), bad)
					break
				}
				events, raw = append(events, e), append(raw, record)
			}
			if err = errors.Join(each(events, raw), err); err != nil {
				return err
			}
		}
		return nil
	})
}

// keep stores an answer: findings cite its events for as long as the case is.
// What AWS told already is kept even when somebody interrupts.
func (h *history) keep(ctx context.Context, raw []json.RawMessage, name string) error {
	if len(raw) == 0 || h.store == nil {
		return nil
	}
	b, err := json.Marshal(raw)
	if err == nil {
		_, err = h.store.Put(context.WithoutCancel(ctx), evidence.Item{
			Name: name, Kind: "cloudtrail.events", Source: "cloudtrail:LookupEvents",
			MediaType: "application/json", Taken: h.s.Account.Clock(),
		}, b)
	}
	if err != nil {
		return fmt.Errorf("cannot keep the event history: %w", err)
	}
	return nil
}
