package inflate

import "testing"

func TestZStat(t *testing.T) {
	zs, _ := corpusFiles(t)
	d := new(decoder)
	lits, runs := 0, [10]int{}
	var lens, dists [64]int
	matches := 0
	longLit, longDist := 0, 0
	runlits := [20]int{}
	pair := 0
	for _, z := range zs[:300] {
		n, _ := header(z)
		d.in, d.i, d.bb, d.bn = z[n:], 0, 0, 0
		d.out = make([]byte, 1<<22)
		d.o, d.start, d.end = 0, 0, 1<<22
		for {
			head, _ := d.take(3)
			d.fixed = false
			if head>>1 == 1 { d.fixedCodes() } else if head>>1 != 2 { t.Fatal(head) } else {
			d.codes() }
			run := 0
			prev := uint(0)
			for {
				d.fill()
				e, ok := d.lookup(d.lit[:], litBits)
				if !ok { t.Fatal() }
				if c := e >> 8 & 15; false { _ = c }
				if e&isLiteral != 0 {
					lits++
					run++
					l := uint(e>>8&15)
					if run%2 == 0 && prev+l <= 11 { pair++ }
					prev = l
					d.out[d.o] = byte(e >> 16)
					d.o++
					continue
				}
				runlits[min(run, 19)]++
				run = 0
				if e&isEnd != 0 { break }
				length, _ := d.value(e)
				d.fill()
				e, ok = d.lookup(d.dist[:], distBits)
				dist, _ := d.value(e)
				matches++
				lens[min(length/8, 63)]++
				switch { case dist < 8: dists[0]++; case dist < 16: dists[1]++; case dist < 32: dists[2]++; default: dists[3]++ }
				for range length { d.out[d.o] = d.out[d.o-dist]; d.o++ }
			}
			if head&1 != 0 { break }
		}
	}
	t.Log(lits, matches, runs, longLit, longDist, "pairs", pair)
	t.Log(lens)
	t.Log(dists[:4], runlits)
}
