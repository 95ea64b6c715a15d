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
	var all []recorded
	err = h.pages(ctx, region, key, value, from, h.to, func(page []recorded) error {
		all = append(all, page...)
		return nil
	})
	for _, r := range all {
		if !r.odd {
			events = append(events, r.event)
		}
	}
	h.past.told(events)
	_, kerr := h.keep(ctx, raws(all), questionName(region, name, value))
	return events, errors.Join(err, kerr)
}

func questionName(region, name, value string) string {
	return fmt.Sprintf("lookup-events %s %s %s", region, name, value)
}

// A recorded is one record of an answer.
type recorded struct {
	event event.Event
	odd   bool      // it is no event to us
	at    time.Time // as AWS sorts it
	raw   json.RawMessage
}

func raws(all []recorded) (raw []json.RawMessage) {
	for _, r := range all {
		raw = append(raw, r.raw)
	}
	return raw
}

// pages reads a question page by page, of a time with both its ends; a zero end is
// open. That some records are no events is told by an *oddRecords, once all pages
// are read: one of them may not hide what is older.
func (h *history) pages(ctx context.Context, region string, key types.LookupAttributeKey, value string, from, to time.Time, each func([]recorded) error) error {
	return contained(func() error {
		at := fact.Place{Account: h.s.Account.Caller.Account, Region: region}
		api := cloudtrail.NewFromConfig(h.s.read(at, historyNeeds))
		ask := &cloudtrail.LookupEventsInput{LookupAttributes: []types.LookupAttribute{{AttributeKey: key, AttributeValue: &value}}}
		if !from.IsZero() {
			ask.StartTime = &from
		}
		if !to.IsZero() {
			ask.EndTime = &to
		}
		pages := cloudtrail.NewLookupEventsPaginator(api, ask)
		var odd oddRecords
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			all := make([]recorded, len(page.Events))
			for i, r := range page.Events {
				all[i] = odd.read(r)
			}
			if err := each(all); err != nil {
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

// read reads one record.
func (o *oddRecords) read(r types.Event) recorded {
	record := []byte(aws.ToString(r.CloudTrailEvent))
	e, err := event.Parse(record)
	if err != nil {
		if o.n++; o.n == 1 {
			o.first = fmt.Errorf("%s: %w", aws.ToString(r.EventId), err)
		}
	}
	at := e.Time
	if r.EventTime != nil {
		at = *r.EventTime
	}
	return recorded{e, err != nil, at, whole(record)}
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
func (h *history) keep(ctx context.Context, raw []json.RawMessage, name string) (id evidence.ID, err error) {
	if len(raw) == 0 || h.store == nil {
		return "", nil
	}
	b, err := json.Marshal(raw)
	if err == nil {
		id, err = h.store.Put(context.WithoutCancel(ctx), evidence.Item{
			Name: name, Kind: "cloudtrail.events", Source: "cloudtrail:LookupEvents",
			MediaType: "application/json", Taken: h.s.Account.Clock(),
		}, b)
	}
	if err != nil {
		return "", fmt.Errorf("cannot keep the event history: %w", err)
	}
	return id, nil
}
