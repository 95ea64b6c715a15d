package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"cordon/internal/bill"
	"cordon/internal/charges"
	"cordon/internal/clean"
	"cordon/internal/words"
)

// billSample has one of everything, named as an intruder would name it.
func billSample() Bill {
	hostile := "Amazon \x1b[31mEC2\u202e\u2028 " + strings.Repeat("x", 200)
	series := make([]float64, 90)
	for i := range series {
		series[i] = float64(i % 7)
	}
	series[89] = 4000.5
	day := bill.DayOf(time.Date(2026, 8, 25, 0, 0, 0, 0, time.UTC))
	c := bill.Comparison{
		From: day, To: day + 90, Since: day + 60, Currency: hostile[:20], Totals: series, Missing: []bill.Day{day + 3}, Past: 59, Total: 4213.55, PerDay: 140.45, Usual: 3,
		Small: 2, SmallCost: 0.04, Blind: []string{"service", "region", "usage"}, Estimated: day + 68,
		Purchases: []bill.Purchase{{Sort: "savings-plan", Service: hostile, Usage: hostile, First: day, Cost: 24, New: true}, {Sort: "domain", Service: "r", First: day, Cost: 1}},
	}
	for _, kind := range []string{bill.NewService, bill.NewRegion, bill.NewHere, bill.Jump, bill.NewUsage, bill.UsageJump, bill.RestJump} {
		c.Findings = append(c.Findings, bill.Finding{
			Kind: kind, Service: hostile, Region: hostile, Usage: hostile, First: day + 88, Last: day + 89, Days: 2, Cost: 4000, Usual: 0.5, Peak: 4000, PeakDay: day + 89, Excess: 3999,
			Parts: []bill.Part{{Name: hostile, Cost: 3999}}, Series: series,
		})
	}
	limit, spent := 3000.0, 4213.55
	caller := Caller{ARN: hostile, Credential: "AKIA", Address: "192.0.2.1", Lane: "intruder", EventID: "e"}
	return Bill{
		Source: "cost-explorer", At: day.Time(), Paid: 5, PaidUSD: 0.05, Compared: &c, Saved: "x",
		Anomalies: []charges.Anomaly{{ID: "1", From: "2026-11-20", Impact: 12.5, Services: []string{hostile}, Regions: []string{"ap-south-1"}}},
		Budgets:   []charges.Budget{{Name: hostile, Per: "MONTHLY", Limit: &limit, Spent: &spent, Unit: "USD"}, {Name: "b"}},
		Actions:   []charges.BudgetAction{{Budget: hostile, Sort: "APPLY_IAM_POLICY", Approve: "AUTOMATIC", Status: "STANDBY", Targets: []string{hostile}}, {Budget: "b", Sort: "NEW_SORT"}},
		FreeTier:  []charges.FreeUse{{Service: hostile, Usage: "u", Used: 99, Limit: 100, Unit: hostile}, {Service: "far", Used: 1, Limit: 100}},
		Bought:    []Bought{{At: day.Time(), Call: hostile, Region: "us-east-1", What: hostile, By: caller}, {At: day.Time(), Call: "c", Region: "x", Refused: true, By: caller}},
		Unread:    []Unread{{What: "budgets", Why: hostile, Permission: "budgets:ViewBudget"}, {What: "purchases", Where: "eu-west-1", Why: hostile}},
	}
}

func accountSamples() []Message {
	hostile := "Li \x1b[2J\u202e " + strings.Repeat("y", 300)
	caller := Caller{ARN: hostile, Lane: "owner"}
	parts := []AccountPart{{Name: "phone", Value: hostile, Was: hostile, Differs: true}, {Name: "odd", Value: ""}}
	changes := []AccountChange{{Call: hostile, Detail: "ap-east-1", By: caller}, {Call: "c", Refused: true, By: Caller{Lane: "intruder"}}}
	out := []Message{BillAsk{Requests: 3, Most: 10, USD: 0.03, MostUSD: 0.1}}
	for _, state := range []string{"same", "changed", "set", "removed", "uncompared"} {
		out = append(out, AccountField{Name: "security", State: state, Set: state != "removed", Parts: parts, Changes: changes})
	}
	return append(out,
		AccountField{Name: "primary-email", State: "unread", Unread: &Unread{Why: hostile, Permission: "p"}},
		AccountField{Name: "primary-email", State: "unread", Unread: &Unread{Why: "x", Word: "not-told"}},
		ContactWanted{Contact: "security", Parts: parts}, ContactWanted{Contact: "contact", Remove: true},
		AccountChecked{Account: "111122223333", State: "SUSPENDED", Copy: "f", Late: true, Differ: 2, His: 1, Changes: 2, Triaged: true, People: []string{"read-primary-email"}},
		AccountChecked{Account: "111122223333", Unseen: []string{hostile}}, AccountChecked{Account: "111122223333", Saved: hostile},
	)
}

// The screens about the owner and the bill fit every width, hold no character that
// acts on a terminal, and want no word that the catalogue lacks.
func TestOwnerScreens(t *testing.T) {
	noData := Bill{Source: "none", NoData: true, Paid: 1, PaidUSD: 0.01}
	quiet := Bill{Source: "file", Compared: &bill.Comparison{Totals: []float64{1, 1}, To: 20700, From: 20698}}
	short := Bill{Source: "file", Compared: &bill.Comparison{Unjudged: bill.ShortPast, Past: 1}}
	behind := Bill{Source: "file", Compared: &bill.Comparison{Unjudged: bill.NoPeriod, From: 20698, To: 20700, Since: 20700, Totals: []float64{1, 1}}}
	empty := Bill{Source: "file", Compared: &bill.Comparison{Unjudged: bill.Empty}}
	for _, lang := range words.Langs() {
		for _, width := range []int{40, 80, 120} {
			for _, ascii := range []bool{false, true} {
				w := words.For(lang)
				var out bytes.Buffer
				text := NewText(&out, Style{Words: w, Width: width, ASCII: ascii, Now: func() time.Time { return time.Unix(1_790_000_000, 0) }})
				for _, m := range append(accountSamples(), billSample(), noData, quiet, short, behind, empty, Bill{Source: "none"}) {
					if err := text.Handle(m); err != nil {
						t.Fatal(err)
					}
				}
				for line := range strings.Lines(out.String()) {
					line = strings.TrimSuffix(line, "\n")
					long := clean.Width(line) > width && !strings.HasPrefix(strings.TrimSpace(line), "cordon ") && strings.Contains(strings.TrimSpace(line), " ")
					if long || strings.ContainsAny(line, "\x1b\u202e\u2028\u009b") || ascii && strings.ContainsAny(line, "▁▂▃▄▅▆▇█—…") {
						t.Errorf("%s, %d, ascii %t: %d cells: %q", lang, width, ascii, clean.Width(line), line)
					}
				}
				if faults := w.Faults(); len(faults) > 0 {
					t.Fatalf("%s: %v", lang, faults)
				}
				for _, key := range []string{"screen.bill.kind.", "account.lane.", "account.field."} {
					if strings.Contains(out.String(), key) {
						t.Errorf("%s: the key %s is on the screen", lang, key)
					}
				}
			}
		}
	}
}

func TestMoney(t *testing.T) {
	for lang, want := range map[words.Lang]string{words.EN: "1,893.40\u00a0USD 0.05\u00a0USD -2.50\u00a0USD 1.00\u00a0USD", words.FR: "1\u00a0893,40\u00a0USD 0,05\u00a0USD -2,50\u00a0USD 1,00\u00a0USD"} {
		text := NewText(nil, Style{Words: words.For(lang)})
		if got := strings.Join([]string{text.money(1893.4, "USD"), text.money(0.0501, ""), text.money(-2.5, "USD"), text.money(0.999, "USD")}, " "); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}

// No day is lost where a column stands for several, and what cost little shows.
func TestBars(t *testing.T) {
	text := NewText(nil, Style{Words: words.For(words.EN)})
	series := make([]float64, 90)
	series[10], series[71] = 0.01, 100
	got := text.spark(series, 45)
	if want := strings.Repeat(" ", 5) + "▁" + strings.Repeat(" ", 29) + "█" + strings.Repeat(" ", 9); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
	if rows := text.bars([]float64{0, 4, 8}, 10, 2); strings.Join(rows, "|") != "  █| ██" {
		t.Errorf("%q", rows)
	}
	if rows := text.bars(nil, 10, 2); strings.Join(rows, "|") != "|" {
		t.Errorf("%q", rows)
	}
}
