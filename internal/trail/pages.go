package trail

const (
	pageBits = 10
	pageLen  = 1 << pageBits
)

// pages are a list that grows without moving what it has: no growth holds it
// twice. A copy is what the list was; elements never change, so one goroutine
// may read a copy while another adds.
type pages[T any] struct {
	of   [][]T // pageLen each
	size int
}

func (p *pages[T]) len() int { return p.size }

func (p *pages[T]) at(i uint32) *T { return &p.of[i>>pageBits][i&(pageLen-1)] }

func (p *pages[T]) add(v T) {
	if p.size>>pageBits == len(p.of) {
		p.of = append(p.of, make([]T, pageLen))
	}
	*p.at(uint32(p.size)) = v
	p.size++
}
