package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cordon/internal/engine"
	"cordon/internal/incident"
	"cordon/internal/report"
)

type billOptions struct {
	files []string
	since string
	most  int
	pay   bool
}

func newBill(a *app) *cobra.Command {
	var o billOptions
	compare := a.leaf("compare [--since TIME] [--pay] [--most-requests N] | --file FILE…", "bill.compare", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runBill(cmd.Context(), a, o)
	})
	f := compare.Flags()
	f.StringVar(&o.since, "since", "", "")
	f.BoolVar(&o.pay, "pay", false, "")
	f.IntVar(&o.most, "most-requests", 0, "")
	f.StringSliceVar(&o.files, "file", nil, "")
	show := a.leaf("show", "bill.show", between(0, 0), func(*cobra.Command, []string) error { return runBillShow(a) })
	return a.group("bill", "bill", compare, show)
}

func runBill(ctx context.Context, a *app, o billOptions) error {
	from := engine.BillOptions{Most: o.most, Agree: func(ctx context.Context, _ report.BillAsk) (bool, error) { return a.pays(ctx, o.pay) }}
	if o.most < 0 {
		return usage("usage.flag-invalid", "name", "most-requests", "value", o.most)
	}
	if o.since != "" {
		t, err := moment(o.since, a.sys.Now())
		if err != nil {
			return err
		}
		from.Since = t
	}
	if len(o.files) > 0 {
		c, err := a.theCase()
		if errors.Is(err, incident.ErrNoCase) && a.flags.caseID == "" {
			c, err = nil, nil // a bill can be compared before there is a case
		}
		if err != nil {
			return err
		}
		_, err = engine.CompareFiles(c, o.files, from.Since, a.sys.Now(), a.out(report.Owner))
		return err
	}
	s, err := a.sessionOrNew(ctx, nil, incident.Info{})
	if err != nil {
		return err
	}
	s.Out = a.out(report.Owner)
	m, err := s.CompareBill(ctx, from)
	switch {
	case err != nil:
		return err
	case m.NoData:
		return &problem{reason: "bill-no-data", exit: exitGap, fix: "cordon bill compare --file FILE"}
	case m.Compared == nil:
		return &problem{reason: "bill-unread", exit: exitGap, fix: "cordon bill compare --file FILE"}
	}
	return nil
}

// pays asks whether requests may be sent that cost money. Nothing but the person, or
// the flag that says so, agrees.
func (a *app) pays(ctx context.Context, agreed bool) (bool, error) {
	if agreed {
		return true, nil
	}
	if a.flags.noInput || !a.sys.InTTY {
		return false, &problem{reason: "bill-pay", exit: exitApproval, fix: "cordon bill compare --pay"}
	}
	if err := a.show(); err != nil {
		return false, err
	}
	a.ask("screen.bill.agree")
	answer, err := a.read(ctx)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if !slices.Contains([]string{"y", "yes", "o", "oui", "是"}, strings.ToLower(strings.TrimSpace(answer))) {
		return false, errCancelled
	}
	return true, nil
}

func runBillShow(a *app) error {
	c, err := a.theCase()
	if err != nil {
		return err
	}
	m, there, err := engine.LastBill(c)
	if err != nil {
		return err
	}
	if !there {
		return &problem{reason: "no-bill", exit: exitError, fix: "cordon bill compare"}
	}
	return a.out(report.Owner).Handle(m)
}
