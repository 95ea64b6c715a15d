package engine

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cordon/internal/bill"
	"cordon/internal/charges"
	"cordon/internal/incident"
	"cordon/internal/report"
)

// BillOptions say which days are looked at, and what may be paid for them.
type BillOptions struct {
	Since time.Time // zero: when the incident began, and a month at least
	// Most is how many requests may be sent that cost money; 0 is the usual.
	Most int
	// Agree is asked once, before the first request that costs money. Without
	// its yes none is sent.
	Agree func(context.Context, report.BillAsk) (bool, error)
}

const (
	billPast     = 60 // days before the period: two months' beats
	billPeriod   = 30
	billRequests = 3  // costs by region, costs by usage type, anomalies
	billMost     = 10 // with the pages that an answer may be cut into
	maxBillFile  = 4 << 30
)

// ErrDeclined says that the person did not agree to what reading the bill costs.
var ErrDeclined = &Refused{Reason: "bill-declined", Err: errors.New("cannot read the bill: nobody agreed to what that costs")}

// CompareBill asks Cost Explorer for the bill and holds it against the account's own
// past; then what costs nothing to ask: budgets, the free tier, purchases. What
// could not be read is told as such. The answer is kept in the case.
func (s *Session) CompareBill(ctx context.Context, o BillOptions) (report.Bill, error) {
	m := newBill("cost-explorer", s.Account.Clock())
	if err := s.fits(); err != nil {
		return m, err
	}
	free, err := s.lock("bill compare")
	if err != nil {
		return m, err
	}
	defer free()
	if m.Began, err = s.began(); err != nil {
		return m, err
	}
	to := bill.DayOf(m.At) + 1
	since := billSince(o.Since, m.Began, to)
	meter := &charges.Meter{Most: o.Most}
	if meter.Most <= 0 {
		meter.Most = billMost
	}
	if err := s.agreed(ctx, o, meter.Most, since-billPast, to); err != nil {
		return m, err
	}
	if err := s.explore(ctx, &m, since, to, meter); err != nil {
		return m, err
	}
	if err := s.besides(ctx, &m, since); err != nil {
		return m, err
	}
	if m.Saved, err = saveBill(s.Case, m); err != nil {
		return m, err
	}
	return m, s.Out.Handle(m)
}

func newBill(source string, at time.Time) report.Bill {
	return report.Bill{
		Source: source, At: at.UTC().Truncate(time.Second), Anomalies: []charges.Anomaly{}, Budgets: []charges.Budget{}, Actions: []charges.BudgetAction{},
		FreeTier: []charges.FreeUse{}, Bought: []report.Bought{}, Unread: []report.Unread{},
	}
}

// billSince is the first day that is looked at.
func billSince(given, began time.Time, to bill.Day) bill.Day {
	if !given.IsZero() {
		return min(bill.DayOf(given), to)
	}
	since := to - billPeriod
	if !began.IsZero() {
		since = min(since, bill.DayOf(began))
	}
	return since
}

func (s *Session) agreed(ctx context.Context, o BillOptions, most int, from, to bill.Day) error {
	ask := report.BillAsk{
		Requests: billRequests, Most: most, PerRequest: charges.PerRequest, USD: billRequests * charges.PerRequest, MostUSD: float64(most) * charges.PerRequest, From: from, To: to,
	}
	if err := s.Out.Handle(ask); err != nil {
		return err
	}
	if o.Agree == nil {
		return ErrDeclined
	}
	yes, err := o.Agree(ctx, ask)
	if err == nil && !yes {
		err = ErrDeclined
	}
	return err
}

// explore asks Cost Explorer, and counts what was sent.
func (s *Session) explore(ctx context.Context, m *report.Bill, since, to bill.Day, meter *charges.Meter) error {
	cfg := s.Account.Read(s.Account.GlobalRegion(), charges.ExplorerNeeds)
	ledger, err := charges.Costs(ctx, cfg, s.Account.Caller.Account, since-billPast, to, meter)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		c := bill.Compare(ledger, since)
		m.Compared = &c
		m.Anomalies, err = charges.Anomalies(ctx, cfg, since, to, meter)
		if err != nil {
			m.Anomalies = []charges.Anomaly{}
			m.Unread = append(m.Unread, unreadOf("anomalies", "", err))
		}
	} else {
		m.Source = "none"
		m.NoData = errors.Is(err, charges.ErrOff)
		m.Unread = append(m.Unread, unreadOf("costs", "", err), report.Unread{What: "anomalies", Why: "the costs could not be read"})
	}
	m.Paid, m.PaidUSD = meter.Sent, float64(meter.Sent)*charges.PerRequest
	return ctx.Err()
}

// CompareFiles holds the bill that files have against its own past. It needs no
// credentials, asks AWS nothing and costs nothing. Without a case it keeps nothing.
func CompareFiles(c *incident.Case, files []string, given, now time.Time, out report.Handler) (report.Bill, error) {
	m := newBill("file", now)
	r := &bill.Reader{}
	if c != nil {
		r.Account = c.Account
	}
	for _, name := range files {
		if err := readBill(r, name); err != nil {
			return m, refuse("bill-file", fmt.Errorf("cannot read %s: %w", name, err), "file", filepath.Base(name))
		}
		m.Files = append(m.Files, filepath.Base(name))
	}
	ledger, err := r.Ledger()
	if err != nil {
		return m, refuse("bill-file", fmt.Errorf("cannot compare: %w", err), "file", strings.Join(m.Files, ", "))
	}
	if c != nil {
		t, looked, err := triaged(c)
		if err != nil {
			return m, err
		}
		if looked {
			m.Began = t.Snapshot.Since
		}
	}
	cmp := bill.Compare(ledger, billSince(given, m.Began, ledger.To))
	m.Compared = &cmp
	if c != nil {
		if m.Saved, err = saveBill(c, m); err != nil {
			return m, err
		}
	}
	return m, out.Handle(m)
}

func readBill(r *bill.Reader, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	var in io.Reader = f
	if strings.HasSuffix(strings.ToLower(name), ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return err
		}
		in = z
	}
	left := &io.LimitedReader{R: in, N: maxBillFile}
	if err := r.Read(left); err != nil {
		return err
	}
	if left.N == 0 {
		return errors.New("it is longer than a bill can be")
	}
	return nil
}

func saveBill(c *incident.Case, m report.Bill) (string, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("cannot save the comparison: %w", err)
	}
	name, err := c.SaveBill(b)
	if err != nil {
		return "", fmt.Errorf("cannot save the comparison: %w", err)
	}
	return name, nil
}

// LastBill is the last comparison of the case; there is false without one.
func LastBill(c *incident.Case) (m report.Bill, there bool, err error) {
	b, err := c.LoadBill()
	if errors.Is(err, incident.ErrNotThere) {
		return m, false, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		return m, false, fmt.Errorf("cannot read the saved comparison of the bill: %w", err)
	}
	return m, true, nil
}
