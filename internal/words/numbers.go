package words

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/number"
)

// value writes one argument of T.
func (w *Words) value(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case fmt.Stringer:
		return v.String()
	case error:
		return v.Error()
	}
	switch reflect.ValueOf(v).Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return w.Number(v)
	}
	return fmt.Sprint(v)
}

// Number writes an integer or a float, rounded to two decimals, with the
// language's grouping and decimal sign: 12,345.67 or 12 345,67.
func (w *Words) Number(v any) string {
	s := w.numbers.Sprint(number.Decimal(v, number.MaxFractionDigits(2)))
	// Many monospace fonts have no narrow no-break space.
	return strings.ReplaceAll(s, "\u202f", "\u00a0")
}

// form chooses the plural form for n, by CLDR.
func (m Message) form(lang Lang, n any) string {
	if !m.Plural {
		return m.Other
	}
	switch f := formOf(lang, n); {
	case f == plural.One && m.One != "":
		return m.One
	case f == plural.Many && m.Many != "":
		return m.Many
	}
	return m.Other
}

func formOf(lang Lang, n any) plural.Form {
	digits := strings.TrimPrefix(fmt.Sprint(n), "-")
	if f, ok := n.(float64); ok {
		digits = strings.TrimPrefix(strconv.FormatFloat(f, 'f', -1, 64), "-")
	}
	whole, part, _ := strings.Cut(digits, ".")
	if len(whole) > 7 { // the rules look at the last seven digits at most
		if strings.Trim(whole[len(whole)-6:], "0") == "" && part == "" && lang == FR {
			return plural.Many
		}
		whole = "1" + whole[len(whole)-7:]
	}
	i, err := strconv.Atoi(whole)
	if err != nil {
		return plural.Other
	}
	// CLDR 38 gave French a "many" for whole millions ("1 000 000 de clés");
	// the tables of golang.org/x/text are older.
	if lang == FR && part == "" && i != 0 && i%1_000_000 == 0 {
		return plural.Many
	}
	f, _ := strconv.Atoi(part)
	return plural.Cardinal.MatchPlural(tags[lang], i, len(part), len(part), f, f)
}

// Ago says how long ago something was: "41 seconds ago". The future counts as
// now: clocks differ by seconds.
func (w *Words) Ago(d time.Duration) string { return w.spell("time.ago.", d) }

// In says how long until something is: "in 2 hours".
func (w *Words) In(d time.Duration) string { return w.spell("time.in.", d) }

// Span says how long something takes: "20 seconds".
func (w *Words) Span(d time.Duration) string { return w.spell("time.span.", d) }

// spell rounds down: what was 47 hours ago was not 2 days ago.
func (w *Words) spell(key string, d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < 2*time.Minute:
		return w.T(key+"seconds", "n", int(d/time.Second))
	case d < 2*time.Hour:
		return w.T(key+"minutes", "n", int(d/time.Minute))
	case d < 48*time.Hour:
		return w.T(key+"hours", "n", int(d/time.Hour))
	}
	return w.T(key+"days", "n", int(d/(24*time.Hour)))
}
