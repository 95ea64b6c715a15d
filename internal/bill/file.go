package bill

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ErrShape says that a file is none of those that this package reads.
var ErrShape = errors.New("it is no cost and usage report (CUR 1 or 2, FOCUS) and no table of Cost Explorer's")

// A Reader gathers the files of one bill. A row that it cannot read fails it:
// half a bill is none.
type Reader struct {
	// Account is whose charges are read, of files that tell accounts apart, as an
	// organisation's do; "" is all of them.
	Account string

	sums     map[Line]float64 // by everything but the cost
	currency string
	blind    map[string]bool
	first    Day
	last     Day
	days     map[Day]bool
	files    int
	others   int  // rows of other accounts
	tabled   bool // a file was a table of Cost Explorer's
}

// maxCells is more than any row of a bill has.
const maxCells = 4096

// byteOrder is what some programs write before a text.
const byteOrder = "\xef\xbb\xbf"

// maxDays is more past than any comparison is better for.
const maxDays = 1200

// Read takes one file, unpacked, as AWS writes it.
func (r *Reader) Read(in io.Reader) error {
	if r.sums == nil {
		r.sums, r.blind, r.days = map[Line]float64{}, map[string]bool{}, map[Day]bool{}
	}
	text := bufio.NewReader(in)
	if mark, err := text.Peek(len(byteOrder)); err == nil && string(mark) == byteOrder { // before a quote it would make it a bare one
		_, _ = text.Discard(len(byteOrder))
	}
	c := csv.NewReader(text)
	c.FieldsPerRecord, c.ReuseRecord = -1, true // how long a row is, is asked below
	head, err := c.Read()
	if err != nil {
		return fmt.Errorf("its first line: %w", orShape(err))
	}
	if len(head) > maxCells {
		return ErrShape
	}
	head = slices.Clone(head)
	names := make([]string, len(head))
	for i, h := range head {
		names[i] = plain(h)
	}
	cols := columns(names)
	r.files++
	if cols.day >= 0 && cols.cost >= 0 && !r.tabled {
		return r.report(c, cols, len(head))
	}
	if r.tabled || r.files > 1 && cols.day < 0 {
		return errors.New("a table of Cost Explorer's cannot be added to another file: the same money would count twice")
	}
	if slices.Contains([]string{"service", "region", "usagetype", "linkedaccount"}, names[0]) && len(head) > 1 {
		return r.matrix(c, names[0], head[1:])
	}
	return ErrShape
}

func orShape(err error) error {
	if errors.Is(err, io.EOF) {
		return ErrShape
	}
	return err
}

// plain makes lineItem/UsageStartDate and line_item_usage_start_date one.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// indexes are the columns of a report; -1 is none.
type indexes struct{ account, day, service, product, region, usage, charge, entity, currency, cost int }

func columns(names []string) indexes {
	find := func(of ...string) int {
		for _, n := range of {
			if i := slices.Index(names, n); i >= 0 {
				return i
			}
		}
		return -1
	}
	return indexes{
		account: find("lineitemusageaccountid", "subaccountid"),
		day:     find("lineitemusagestartdate", "chargeperiodstart"), service: find("productproductname", "productservicename", "servicename"),
		product: find("lineitemproductcode", "xservicecode"), region: find("productregioncode", "productregion", "regionid"),
		usage: find("lineitemusagetype", "xusagetype"), charge: find("lineitemlineitemtype", "chargecategory"),
		entity: find("billbillingentity", "publishername"), currency: find("lineitemcurrencycode", "billingcurrency"),
		cost: find("lineitemunblendedcost", "billedcost"),
	}
}

// leftOut are the types of charge that say nothing of use: what is taxed,
// credited, or taken off.
var leftOut = []string{
	"Tax", "Credit", "Refund", "BundledDiscount", "EdpDiscount", "PrivateRateDiscount", "RiVolumeDiscount", "SppDiscount",
	"SavingsPlanNegation", "Adjustment", "Discount",
}

func (r *Reader) report(c *csv.Reader, at indexes, width int) error {
	r.sees("service", at.service >= 0 || at.product >= 0)
	r.sees("region", at.region >= 0)
	r.sees("usage", at.usage >= 0)
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		cell := func(i int) string {
			if i < 0 {
				return ""
			}
			return row[i]
		}
		err = whole(row, width)
		if err == nil {
			err = r.line(cell, at)
		}
		if err != nil {
			line, _ := c.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

// whole says that a row has a cell for each column: one that was cut short would be
// read as having cost nothing. Nothing that AWS writes has a line break in it: there a
// lone quote has swallowed the rows up to the next one.
func whole(row []string, width int) error {
	if len(row) != width {
		return fmt.Errorf("it has %d cells, and there are %d columns", len(row), width)
	}
	if slices.ContainsFunc(row, func(cell string) bool { return strings.Contains(cell, "\n") }) {
		return errors.New("a quote is open to the end of the line")
	}
	return nil
}

func (r *Reader) line(cell func(int) string, at indexes) error {
	day, err := ParseDay(cell(at.day))
	if err != nil {
		return err
	}
	if at.account >= 0 && r.Account != "" && cell(at.account) != r.Account {
		r.others++
		return nil
	}
	cost := 0.0
	if text := cell(at.cost); text != "" {
		if cost, err = Amount(text); err != nil {
			return err
		}
	}
	x := Line{Day: day, Service: cell(at.service), Region: cell(at.region), Usage: cell(at.usage), Charge: cell(at.charge)}
	if x.Service == "" {
		x.Service = cell(at.product)
	}
	if slices.Contains(leftOut, x.Charge) {
		return nil
	}
	switch {
	case strings.Contains(cell(at.entity), "Marketplace"):
		x.Charge = "Marketplace"
	case !strings.HasPrefix(x.Charge, "SavingsPlan") && x.Charge != "RIFee":
		x.Charge = ""
	}
	return r.add(x, cost, cell(at.currency))
}

func (r *Reader) add(x Line, cost float64, currency string) error {
	if currency != "" && r.currency != "" && currency != r.currency {
		return fmt.Errorf("amounts in %.10s and in %.10s cannot be added", r.currency, currency)
	}
	if currency != "" {
		r.currency = strings.Clone(currency)
	}
	r.day(x.Day)
	if _, known := r.sums[x]; !known { // the row's memory is the file reader's
		x.Service, x.Region, x.Usage, x.Charge = strings.Clone(x.Service), strings.Clone(x.Region), strings.Clone(x.Usage), strings.Clone(x.Charge)
	}
	r.sums[x] += cost
	return nil
}

func (r *Reader) day(d Day) {
	if len(r.days) == 0 || d < r.first {
		r.first = d
	}
	r.last = max(r.last, d)
	r.days[d] = true
}

// Amount reads a cost as AWS writes it. What a float can also be is none.
func Amount(text string) (float64, error) {
	cost, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(cost) || math.Abs(cost) > 1e15 {
		return 0, fmt.Errorf("%.40q is no amount", text)
	}
	return cost, nil
}

// sees notes what a file does not tell apart; one file that does not is enough.
func (r *Reader) sees(what string, does bool) {
	if !does {
		r.blind[what] = true
	}
}

// matrix reads what Cost Explorer's page saves: a row for each day, a column
// for each service or region.
func (r *Reader) matrix(c *csv.Reader, of string, names []string) error {
	r.sees("service", of == "service")
	r.sees("region", of == "region")
	r.sees("usage", of == "usagetype")
	r.tabled = true
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			if len(r.days) == 0 {
				return ErrShape
			}
			return nil
		}
		if err != nil {
			return err
		}
		if err := whole(row, len(names)+1); err != nil {
			line, _ := c.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
		day, err := ParseDay(row[0])
		if err != nil {
			if strings.HasSuffix(plain(row[0]), "total") {
				continue
			}
			line, _ := c.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
		for i, text := range row[1:] {
			if strings.HasPrefix(plain(names[i]), "totalcost") || text == "" {
				continue
			}
			cost, err := Amount(text)
			if err != nil {
				return fmt.Errorf("%s: %w", day, err)
			}
			name, unit := named(names[i])
			if cost == 0 { // not used, or used for nothing: the table does not tell
				r.day(day)
				continue
			}
			x := Line{Day: day}
			switch of {
			case "service":
				x.Service = name
			case "region":
				x.Region = name
			case "usagetype":
				x.Usage = name
			}
			if plain(name) == "tax" {
				continue
			}
			if err := r.add(x, cost, unit); err != nil {
				return err
			}
		}
	}
}

// named takes the currency off the head of a column: "EC2-Instances($)".
func named(head string) (name, currency string) {
	if i := strings.LastIndexByte(head, '('); i >= 0 && strings.HasSuffix(head, ")") {
		name, unit := head[:i], strings.TrimSuffix(head[i+1:], ")")
		if unit == "$" {
			unit = "USD"
		}
		return strings.TrimSpace(name), unit
	}
	return strings.TrimSpace(head), ""
}

// Ledger is the bill of all files that were read.
func (r *Reader) Ledger() (Ledger, error) {
	if len(r.days) == 0 && r.others > 0 {
		return Ledger{}, fmt.Errorf("it has charges of other accounts, and none of %s", r.Account)
	}
	if len(r.days) == 0 {
		return Ledger{}, errors.New("there is no charge in it")
	}
	if n := int(r.last-r.first) + 1; n > maxDays {
		return Ledger{}, fmt.Errorf("it spans %d days, and %d are compared at most: leave the oldest out", n, maxDays)
	}
	l := Ledger{From: r.first, To: r.last + 1, Known: r.days, Currency: r.currency, Blind: []string{}}
	for _, what := range []string{"service", "region", "usage"} {
		if r.blind[what] {
			l.Blind = append(l.Blind, what)
		}
	}
	for x, cost := range r.sums {
		x.Cost = cost
		l.Places = append(l.Places, x)
		if !r.blind["usage"] {
			l.Usages = append(l.Usages, x)
		}
	}
	byDay := func(a, b Line) int {
		if a.Day != b.Day {
			return int(a.Day - b.Day)
		}
		return strings.Compare(a.Service+"\x00"+a.Region+"\x00"+a.Usage+"\x00"+a.Charge, b.Service+"\x00"+b.Region+"\x00"+b.Usage+"\x00"+b.Charge)
	}
	slices.SortFunc(l.Places, byDay)
	slices.SortFunc(l.Usages, byDay)
	return l, nil
}
