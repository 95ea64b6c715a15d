package bill_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"cordon/internal/bill"
)

// written is one bill in a shape that AWS writes: 40 days of a usual cost, and a
// new region on the last.
func written(head string, row func(day, service, region, usage, cost string) string) string {
	var b strings.Builder
	b.WriteString(head + "\n")
	for d := range 40 {
		day := (from + bill.Day(d)).String()
		b.WriteString(row(day, "Amazon EC2", "eu-west-1", "EU-BoxUsage:t3.small", "1.50") + "\n")
		b.WriteString(row(day, "Amazon EC2", "eu-west-1", "EU-BoxUsage:t3.small", "0.50") + "\n")
		if d == 39 {
			b.WriteString(row(day, "Amazon EC2", "ap-south-1", "APS3-BoxUsage:p3.8xlarge", "99") + "\n")
		}
	}
	return b.String()
}

var shapes = map[string]string{
	"CUR 1": "\ufeff" + written("identity/LineItemId,lineItem/UsageStartDate,lineItem/ProductCode,product/ProductName,product/region,lineItem/UsageType,lineItem/LineItemType,lineItem/UnblendedCost,lineItem/CurrencyCode",
		func(day, service, region, usage, cost string) string {
			return fmt.Sprintf(`x,%sT03:00:00Z,AmazonEC2,"%s",%s,%s,Usage,%s,USD`, day, service, region, usage, cost)
		}),
	"CUR 2": written("bill_billing_entity,line_item_usage_start_date,line_item_product_code,product_region_code,line_item_usage_type,line_item_line_item_type,line_item_unblended_cost,line_item_currency_code",
		func(day, service, region, usage, cost string) string {
			return fmt.Sprintf("AWS,%s 03:00:00.000,%s,%s,%s,DiscountedUsage,%s,USD", day, service, region, usage, cost)
		}),
	"FOCUS": written("BilledCost,BillingCurrency,ChargeCategory,ChargePeriodStart,RegionId,ServiceName,x_UsageType",
		func(day, service, region, usage, cost string) string {
			return fmt.Sprintf("%s,USD,Usage,%sT00:00:00Z,%s,%s,%s", cost, day, region, service, usage)
		}),
}

func TestShapes(t *testing.T) {
	for name, text := range shapes {
		t.Run(name, func(t *testing.T) {
			r := &bill.Reader{}
			if err := r.Read(strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
			l, err := r.Ledger()
			if err != nil || l.Currency != "USD" || len(l.Blind) != 0 || l.To-l.From != 40 {
				t.Fatalf("%v, %s, blind %q, %d days", err, l.Currency, l.Blind, l.To-l.From)
			}
			c := bill.Compare(l, from+30)
			if len(c.Findings) != 1 || c.Findings[0].Kind != bill.NewRegion || c.Findings[0].Region != "ap-south-1" || c.Findings[0].Cost != 99 || c.Usual != 2 {
				t.Errorf("usual %f, %+v", c.Usual, c.Findings)
			}
		})
	}
}

// An organisation's report has its members' charges: only the account's own count.
func TestOtherAccounts(t *testing.T) {
	text := "line_item_usage_start_date,line_item_usage_account_id,line_item_product_code,product_region_code,line_item_usage_type,line_item_unblended_cost\n" +
		"2026-08-24,111122223333,EC2,eu-west-1,u,2\n2026-08-24,444455556666,EC2,ap-south-1,u,900\n"
	for account, want := range map[string]string{"111122223333": "1 2", "": "2 2", "999988887777": "none of 999988887777"} {
		r := &bill.Reader{Account: account}
		if err := r.Read(strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		l, err := r.Ledger()
		got := fmt.Sprint(err)
		if err == nil {
			got = fmt.Sprint(len(l.Places), " ", min(l.Places[0].Cost, l.Places[len(l.Places)-1].Cost))
		}
		if !strings.HasSuffix(got, want) {
			t.Errorf("%q: %s, want %s", account, got, want)
		}
	}
}

// A table of Cost Explorer's has one thing in its columns: what it does not tell
// apart is said.
func TestMatrix(t *testing.T) {
	var b strings.Builder
	b.WriteString("Service,EC2-Instances($),SageMaker($),Tax($),Total costs($)\nService total,80,50,3,133\n")
	for d := range 40 {
		odd := "0"
		if d > 37 {
			odd = "25"
		}
		fmt.Fprintf(&b, "%s,2.0,%s,1,3\n", from+bill.Day(d), odd)
	}
	r := &bill.Reader{}
	if err := r.Read(strings.NewReader(b.String())); err != nil {
		t.Fatal(err)
	}
	l, err := r.Ledger()
	if err != nil {
		t.Fatal(err)
	}
	c := bill.Compare(l, from+30)
	if len(c.Findings) != 1 || c.Findings[0].Service != "SageMaker" || c.Usual != 2 || strings.Join(c.Blind, " ") != "region usage" {
		t.Errorf("usual %f, blind %q, %+v", c.Usual, c.Blind, c.Findings)
	}
	if err := r.Read(strings.NewReader(shapes["CUR 2"])); err == nil {
		t.Error("a second file was added to a table: the money counts twice")
	}
}

// Taxes, credits and what plans take off say nothing of use.
func TestLeftOut(t *testing.T) {
	text := "line_item_usage_start_date,line_item_product_code,product_region_code,line_item_usage_type,line_item_line_item_type,line_item_unblended_cost,line_item_currency_code\n" +
		"2026-08-24,EC2,eu-west-1,u,Usage,2,USD\n2026-08-24,EC2,eu-west-1,u,Credit,-2,USD\n2026-08-24,EC2,eu-west-1,u,Tax,9,USD\n2026-08-24,EC2,eu-west-1,u,SavingsPlanNegation,-1,USD\n"
	r := &bill.Reader{}
	if err := r.Read(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	l, err := r.Ledger()
	if err != nil || len(l.Places) != 1 || l.Places[0].Cost != 2 {
		t.Errorf("%v %+v", err, l.Places)
	}
}

// Half a bill is none: what cannot be read is an error with its line.
func TestBroken(t *testing.T) {
	good := "line_item_usage_start_date,line_item_product_code,line_item_unblended_cost,line_item_currency_code\n2026-08-24,EC2,1,USD\n"
	for text, want := range map[string]string{
		"":                                 "no cost and usage report",
		"a,b,c\n1,2,3\n":                   "no cost and usage report",
		good + "yesterday,EC2,1,USD\n":     "line 3",
		good + "2026-08-25,EC2,NaN,USD\n":  "is no amount",
		good + "2026-08-25,EC2,much,USD\n": "is no amount",
		good + "2026-08-25,EC2,1,EUR\n":    "cannot be added",
		good + "2026-08-25,EC2\n":          "line 3: it has 2 cells",
		good + "2026-08-25,EC2,1,USD,x\n":  "line 3: it has 5 cells",
		// A lone quote would swallow the rows up to the next one.
		good + "2026-08-25,\"EC2,1,USD\n2026-08-26,EC2,900,USD\n2026-08-27,EC2\",1,USD\n": "line 3: a quote",
		good + "2026-08-25,EC2\",1,USD\n":                                                 "line 3",
		good + "2026-08-25,\"EC2,1,USD\n":                                                 "line 3",
		"Service,SageMaker($),Total costs($)\n2026-08-24,2,2\n2026-08-25,9\n":             "line 3: it has 2 cells",
	} {
		err := (&bill.Reader{}).Read(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if err := (&bill.Reader{}).Read(strings.NewReader("\ufeff\"Service\",\"SageMaker($)\"\n\"2026-08-24\",\"2\"\n")); err != nil {
		t.Errorf("a mark before a quote: %v", err)
	}
	if _, err := (&bill.Reader{}).Ledger(); err == nil {
		t.Error("a bill of no file")
	}
	r := &bill.Reader{}
	if err := r.Read(strings.NewReader("x,y\n")); !errors.Is(err, bill.ErrShape) {
		t.Error(err)
	}
}

// FuzzRead: no file breaks the reader, and what it reads can be compared.
func FuzzRead(f *testing.F) {
	for _, text := range shapes {
		f.Add(text[:600])
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := &bill.Reader{}
		if r.Read(strings.NewReader(text)) != nil {
			return
		}
		if l, err := r.Ledger(); err == nil && l.To-l.From < 20000 {
			bill.Compare(l, l.To-1)
		}
	})
}
