package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

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
	var raw []json.RawMessage
	err = h.pages(ctx, region, key, value, func(of []event.Event, records []json.RawMessage) error {
		events, raw = append(events, of...), append(raw, records...)
		return nil
	})
	h.past.told(events)
	return events, errors.Join(err, h.keep(ctx, raw, questionName(region, name, value)))
}

// spool reads all pages of one question in one region and only keeps them, a
// part at a time: a region's changes of 90 days need not fit into memory. told
// hears how many events are kept. Records that are no events are kept too: the
// import counts them as damage.
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
	err := h.pages(ctx, region, key, value, func(_ []event.Event, records []json.RawMessage) error {
		raw, read = append(raw, records...), read+len(records)
		if at++; at%flushed > 0 {
			return nil
		}
		return errors.Join(flush(), told(read))
	})
	var odd *oddRecords
	if errors.As(err, &odd) {
		err = nil
	}
	return errors.Join(err, flush())
}

func questionName(region, name, value string) string {
	return fmt.Sprintf("lookup-events %s %s %s", region, name, value)
}

// pages reads a question page by page: the events, and all records whatever they
// are. That some are no events is told by an *oddRecords, once all pages are read:
// one of them may not hide what is older.
func (h *history) pages(ctx context.Context, region string, key types.LookupAttributeKey, value string, each func([]event.Event, []json.RawMessage) error) error {
	return contained(func() error {
		at := fact.Place{Account: h.s.Account.Caller.Account, Region: region}
		api := cloudtrail.NewFromConfig(h.s.read(at, historyNeeds))
		ask := &cloudtrail.LookupEventsInput{LookupAttributes: []types.LookupAttribute{{AttributeKey: key, AttributeValue: &value}}}
		if !h.from.IsZero() {
			ask.StartTime = &h.from
		}
		if !h.to.IsZero() {
			ask.EndTime = &h.to
		}
		pages := cloudtrail.NewLookupEventsPaginator(api, ask)
		var odd oddRecords
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			var (
				events []event.Event
				raw    = make([]json.RawMessage, 0, len(page.Events))
			)
			for _, r := range page.Events {
				record := []byte(aws.ToString(r.CloudTrailEvent))
				e, bad := event.Parse(record)
				if bad == nil {
					events = append(events, e)
				} else if odd.n++; odd.n == 1 {
					odd.first = fmt.Errorf("%s: %w", aws.ToString(r.EventId), bad)
				}
				raw = append(raw, whole(record))
			}
			if err := each(events, raw); err != nil {
				return err
			}
		}
		if odd.n > 0 {
			return &odd
		}
		return nil
	})
}

// oddRecords are those of an answer that was read to its end which are no events
// to us.
type oddRecords struct {
	n     int
	first error
}

func (o *oddRecords) Error() string {
	return fmt.Sprintf("cannot read %d records of the event history, such as %v", o.n, o.first)
}

// whole is a record as a list of JSON may have it: one that is no JSON is kept as
// text, which an import counts as damage.
func whole(record []byte) json.RawMessage {
	if json.Valid(record) {
		return record
	}
	text, _ := json.Marshal(string(record)) // of a string it never fails
	return text
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
