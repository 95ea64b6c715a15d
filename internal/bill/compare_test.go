package bill_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cordon/internal/bill"
)

var from = func() bill.Day {
	d, err := bill.ParseDay("2026-08-24")
	if err != nil {
		panic(err)
	}
	return d
}()

const (
	days  = 90
	since = 60 // days of past
)

// account is a bill that a test makes: cost by day of each service, region and
// usage type.
type account struct{ lines []bill.Line }

func (a *account) put(service, region, usage string, cost func(day int) float64) {
	for d := range days {
		if c := cost(d); c >= 0 {
			a.lines = append(a.lines, bill.Line{Day: from + bill.Day(d), Service: service, Region: region, Usage: usage, Cost: c})
		}
	}
}

func (a *account) ledger() bill.Ledger {
	return bill.Ledger{From: from, To: from + days, Currency: "USD", Places: a.lines, Usages: a.lines, Blind: []string{}}
}

// after is nothing until a day, and then a cost each day.
func after(day int, cost float64) func(int) float64 {
	return func(d int) float64 {
		if d < day {
			return -1
		}
		return cost
	}
}

// usually is an account as companies have it: a weekly beat, a monthly fee, growth,
// noise, and things within the free tier.
func usually(r *rand.Rand) *account {
	a := &account{}
	noise := func(base, sigma float64) float64 { return base * math.Exp(sigma*r.NormFloat64()) }
	for i := range 14 {
		base, sigma, growth := 0.2*math.Exp(4*r.Float64()), 0.02+0.18*r.Float64(), 1+0.004*r.Float64()
		weekend := 0.5 + 0.7*r.Float64()
		a.put(fmt.Sprint("Service ", i%9), []string{"eu-west-1", "us-east-1", "ap-southeast-1"}[i%3], fmt.Sprint("Use:", i), func(d int) float64 {
			c := noise(base*math.Pow(growth, float64(d)), sigma)
			if d%7 > 4 {
				c *= weekend
			}
			return c
		})
	}
	a.put("Amazon Route 53", "global", "HostedZone", func(d int) float64 {
		if d%30 == 8 {
			return 12.5
		}
		return -1
	})
	a.put("Nightly job", "eu-west-1", "EU-Glue", func(d int) float64 {
		if d%7 == 6 {
			return noise(40, 0.1)
		}
		return -1
	})
	a.put("Amazon SQS", "eu-west-1", "EU-Requests", func(int) float64 { return 0 })
	a.put("AWS Glue", "eu-north-1", "EUN1-Catalog", after(80, 0.001))
	return a
}

// Quiet accounts are told to be quiet: a hundred of them, without one finding.
func TestQuietAccounts(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2026))
	for i := range 100 {
		c := bill.Compare(usually(r).ledger(), from+since)
		if len(c.Findings) != 0 || c.Unjudged != "" {
			t.Fatalf("account %d: %q %+v", i, c.Unjudged, c.Findings)
		}
		if c.Small != 1 || c.SmallCost > 0.02 {
			t.Errorf("account %d: %d small things of %f", i, c.Small, c.SmallCost)
		}
	}
}

func kinds(c bill.Comparison) (out []string) {
	for _, f := range c.Findings {
		out = append(out, strings.Join(strings.Fields(strings.Join([]string{f.Kind, f.Service, f.Region, f.Usage}, " ")), " "))
	}
	return out
}

// What an intruder adds is named, each thing once, and nothing else.
func TestPlanted(t *testing.T) {
	for name, c := range map[string]struct {
		plant func(*account)
		want  []string
	}{
		"a region":                       {func(a *account) { a.put("Service 1", "ap-south-1", "APS3-BoxUsage:p3.8xlarge", after(88, 180)) }, []string{"new-region ap-south-1"}},
		"a region on the last day alone": {func(a *account) { a.put("Service 1", "ap-south-1", "APS3-X", after(89, 9)) }, []string{"new-region ap-south-1"}},
		"a service":                      {func(a *account) { a.put("Amazon SageMaker", "eu-west-1", "EU-Notebk:ml.p3", after(70, 91)) }, []string{"new-service Amazon SageMaker"}},
		"a service in a new region":      {func(a *account) { a.put("Amazon SageMaker", "sa-east-1", "SAE1-Notebk:ml.p3", after(70, 91)) }, []string{"new-service Amazon SageMaker", "new-region sa-east-1"}},
		"a service where it never was":   {func(a *account) { a.put("Service 1", "ap-southeast-1", "APS1-BoxUsage", after(85, 20)) }, []string{"new-here Service 1 ap-southeast-1"}},
		"a jump":                         {func(a *account) { a.put("Service 1", "us-east-1", "Use:1", after(86, 900)) }, []string{"jump Service 1 us-east-1"}},
		"a jump of one day": {func(a *account) {
			a.put("Service 1", "us-east-1", "Use:1", func(d int) float64 { return map[bool]float64{true: 900, false: -1}[d == 75] })
		}, []string{"jump Service 1 us-east-1"}},
		"out of the free tier": {func(a *account) { a.put("Amazon SQS", "eu-west-1", "EU-Requests", after(80, 12)) }, []string{"jump Amazon SQS eu-west-1"}},
		"small beside the service": {func(a *account) {
			a.put("Big", "eu-west-1", "EU-BoxUsage:m5.large", func(int) float64 { return 900 })
			a.put("Big", "eu-west-1", "EU-BoxUsage:p3.2xlarge", after(84, 60))
		}, []string{"new-usage Big EU-BoxUsage:p3.2xlarge"}},
		"before the period": {func(a *account) { a.put("Old", "eu-west-1", "EU-Old", after(30, 50)) }, nil},
		"cents":             {func(a *account) { a.put("Amazon SageMaker", "sa-east-1", "SAE1-X", after(88, 0.1)) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := usually(rand.New(rand.NewPCG(7, 11)))
			c.plant(a)
			got := bill.Compare(a.ledger(), from+since)
			if !slices.Equal(kinds(got), c.want) {
				t.Errorf("found %q\nwant  %q", kinds(got), c.want)
			}
		})
	}
}

func TestFindingSays(t *testing.T) {
	a := usually(rand.New(rand.NewPCG(7, 11)))
	a.put("Service 1", "ap-south-1", "APS3-BoxUsage:p3.8xlarge", after(87, 180))
	a.put("Service 2", "ap-south-1", "APS3-EBS", after(88, 2))
	c := bill.Compare(a.ledger(), from+since)
	if len(c.Findings) != 1 {
		t.Fatalf("%q", kinds(c))
	}
	f := c.Findings[0]
	if f.First != from+87 || f.Last != from+89 || f.Days != 3 || math.Abs(f.Cost-544) > 0.01 || f.Peak != 182 || f.PeakDay != from+88 || len(f.Series) != days {
		t.Errorf("%+v", f)
	}
	if want := []bill.Part{{Name: "Service 1", Cost: 540}, {Name: "Service 2", Cost: 4}}; !slices.Equal(f.Parts, want) {
		t.Errorf("parts %+v", f.Parts)
	}
	// A jump names the usage types that grew.
	a = usually(rand.New(rand.NewPCG(7, 11)))
	a.put("Service 0", "eu-west-1", "EU-BoxUsage:p4d", after(87, 700))
	c = bill.Compare(a.ledger(), from+since)
	if len(c.Findings) != 1 || c.Findings[0].Kind != bill.Jump || len(c.Findings[0].Parts) != 1 || c.Findings[0].Parts[0].Name != "EU-BoxUsage:p4d" {
		t.Errorf("%+v", c.Findings)
	}
}

// What is not known is not held to be as usual.
func TestUnjudged(t *testing.T) {
	a := usually(rand.New(rand.NewPCG(7, 11)))
	a.put("Amazon SageMaker", "eu-west-1", "EU-Notebk", after(70, 91))
	if c := bill.Compare(a.ledger(), from+13); c.Unjudged != bill.ShortPast || len(c.Findings) != 0 || c.Past != 13 {
		t.Errorf("13 days of past: %q, %d findings", c.Unjudged, len(c.Findings))
	}
	if c := bill.Compare(bill.Ledger{From: from, To: from + 90}, from+60); c.Unjudged != bill.Empty {
		t.Errorf("nothing: %q", c.Unjudged)
	}
	// A period that lies behind the figures is not like the past: it is not there.
	for _, behind := range []bill.Day{from + days, from + days + 5} {
		if c := bill.Compare(a.ledger(), behind); c.Unjudged != bill.NoPeriod || len(c.Findings) != 0 {
			t.Errorf("a period from %s on: %q", behind, c.Unjudged)
		}
	}
	if c := bill.Compare(a.ledger(), from+days-1); c.Unjudged != "" {
		t.Errorf("the last day: %q", c.Unjudged)
	}
	// Days without figures are no days of nothing.
	l := a.ledger()
	l.Known = map[bill.Day]bool{}
	for d := range days {
		l.Known[from+bill.Day(d)] = d < 20 || d >= 58
	}
	c := bill.Compare(l, from+since)
	if c.Past != 22 || len(c.Missing) != 38 || c.Missing[0] != from+20 {
		t.Errorf("past %d, missing %d", c.Past, len(c.Missing))
	}
	l = a.ledger()
	l.Blind = []string{"region"}
	if c := bill.Compare(l, from+since); !slices.Equal(c.Blind, []string{"region"}) {
		t.Errorf("blind %q", c.Blind)
	}
}

func TestPurchases(t *testing.T) {
	a := usually(rand.New(rand.NewPCG(7, 11)))
	a.put("Savings Plans for AWS Compute usage", "global", "ComputeSP:1yrNoUpfront", after(81, 24))
	a.put("Service 1", "us-east-1", "HeavyUsage:m5.large", func(int) float64 { return 2 })
	c := bill.Compare(a.ledger(), from+since)
	var got []string
	for _, p := range c.Purchases {
		got = append(got, fmt.Sprint(p.Sort, " ", p.New, " ", p.Cost))
	}
	if want := []string{"savings-plan true 216", "reserved false 60"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestRegionOf(t *testing.T) {
	for usage, want := range map[string]string{
		"APS3-BoxUsage:p3.8xlarge": "ap-south-1", "EU-Lambda-GB-Second": "eu-west-1", "BoxUsage:t3.micro": "us-east-1", "USE2-X": "us-east-2", "": "us-east-1", "DataTransfer-Out-Bytes": "us-east-1",
	} {
		if got := bill.RegionOf(usage); got != want {
			t.Errorf("%s is in %s, want %s", usage, got, want)
		}
	}
}

// A bill is compared to the same figures every time, to the last digit.
func TestCompareIsExact(t *testing.T) {
	a := &account{}
	for i := range 12 {
		cost := 0.1 + 1/float64(i+3)
		a.put(fmt.Sprintf("old %d", i), "eu-west-1", "", func(d int) float64 {
			if d < since {
				return cost
			}
			return 6 * cost // too little to be told alone
		})
		a.put("old 0", fmt.Sprintf("xx-north-%d", i), "", after(since+3, cost/100))
	}
	first := bill.Compare(a.ledger(), from+since)
	if first.Small == 0 || !slices.ContainsFunc(first.Findings, func(f bill.Finding) bool { return f.Kind == bill.RestJump }) {
		t.Fatalf("%+v", first)
	}
	want := fmt.Sprintf("%+v", first)
	for range 50 {
		if got := fmt.Sprintf("%+v", bill.Compare(a.ledger(), from+since)); got != want {
			t.Fatalf("%s\n%s", got, want)
		}
	}
}
