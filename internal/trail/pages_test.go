package trail

import "testing"

func TestPagesKeepWhatACopyHas(t *testing.T) {
	var p pages[int]
	for i := range pageLen + 1 {
		p.add(i)
	}
	was := p
	for i := was.len(); i < 3*pageLen; i++ {
		p.add(i)
	}
	for list, want := range map[*pages[int]]int{&was: pageLen + 1, &p: 3 * pageLen} {
		if list.len() != want {
			t.Errorf("%d elements, not %d", list.len(), want)
		}
		for i := range want {
			if got := *list.at(uint32(i)); got != i {
				t.Fatalf("element %d is %d", i, got)
			}
		}
	}
}
