package pattern_test

import (
	"reflect"
	"regexp"
	"sync"
	"testing"

	"cordon/internal/pattern"
)

// A pattern answers as the expression would, whoever asks first.
func TestAnswersAsRegexp(t *testing.T) {
	const source, text = `([a-z]+)-(\d+)`, "x-1, yy-22 and -3"
	want, p := regexp.MustCompile(source), pattern.New(source)
	var g sync.WaitGroup
	for range 8 {
		g.Go(func() {
			for _, c := range [][2]any{
				{p.MatchString(text), want.MatchString(text)}, {p.Match([]byte(text)), want.Match([]byte(text))}, {p.FindString(text), want.FindString(text)},
				{p.FindStringSubmatch(text), want.FindStringSubmatch(text)}, {p.FindAllString(text, -1), want.FindAllString(text, -1)},
				{p.FindAllStringIndex(text, -1), want.FindAllStringIndex(text, -1)},
				{p.FindAllStringSubmatch(text, -1), want.FindAllStringSubmatch(text, -1)},
				{p.FindAllStringSubmatchIndex(text, 1), want.FindAllStringSubmatchIndex(text, 1)},
				{p.ReplaceAllString(text, "$2"), want.ReplaceAllString(text, "$2")},
				{p.Split(text, -1), want.Split(text, -1)}, {p.String(), want.String()},
			} {
				if !reflect.DeepEqual(c[0], c[1]) {
					t.Errorf("%v, not %v", c[0], c[1])
				}
			}
		})
	}
	g.Wait()
}
