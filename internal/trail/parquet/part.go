package parquet

import "slices"

// A part is one file while its rows are collected.
type part struct {
	folder  string
	schema  *schema
	columns []*column
	rows    int
	size    int64 // of memory, about
	used    int64 // when it last got a row
	sorted  int   // the leaf that its rows are sorted by

	cells   []cell // of the row at hand, one for each leaf
	present []int  // rows + 1 when the group is there in the row at hand
}

type cell struct {
	s     string
	n     int64
	known bool
}

func newPart(folder string, s *schema, sorted string) *part {
	p := &part{folder: folder, schema: s, cells: make([]cell, len(s.leaves)), present: make([]int, s.groups)}
	for i := range s.leaves {
		p.columns = append(p.columns, newColumn(&s.leaves[i]))
		if s.leaves[i].name == sorted {
			p.sorted = i
		}
	}
	return p
}

// add splits a record into its columns and returns how much memory it took.
func (p *part) add(r *record) (size int64) {
	row := p.rows + 1
	mark := func(groups []int) {
		for _, g := range groups {
			p.present[g] = row
		}
	}
	for i := range p.schema.leaves {
		l := &p.schema.leaves[i]
		if l.list >= 0 {
			continue
		}
		if p.cells[i] = l.cell(r, 0); p.cells[i].known {
			mark(l.parents)
		}
	}
	for _, l := range p.schema.lists {
		if l.size(r) > 0 {
			mark(l.parents)
		}
	}
	for i := range p.schema.leaves {
		l, c := &p.schema.leaves[i], p.columns[i]
		if l.list >= 0 {
			size += p.items(r, l, c, row)
			continue
		}
		def := l.def
		if !p.cells[i].known {
			def = p.depth(l, row)
		}
		size += int64(c.add(uint8(def), 0, p.cells[i].s, p.cells[i].n))
	}
	p.rows = row
	p.size += size
	return size
}

// depth is how many of the groups around a leaf without a value are there.
func (p *part) depth(l *leaf, row int) (def int) {
	for _, g := range l.parents {
		if p.present[g] == row {
			def++
		}
	}
	return def
}

func (p *part) items(r *record, l *leaf, c *column, row int) (size int64) {
	c.row()
	n := p.schema.lists[l.list].size(r)
	if n == 0 {
		return int64(c.add(uint8(p.depth(l, row)), 0, "", 0))
	}
	for i := range n {
		v, def := l.cell(r, i), l.def
		if !v.known {
			def--
		}
		size += int64(c.add(uint8(def), uint8(min(i, 1)), v.s, v.n))
	}
	return size
}

func (l *leaf) cell(r *record, i int) cell {
	if l.kind != kindText {
		n, known := l.number(r, i)
		return cell{n: n, known: known || l.required}
	}
	s := l.text(r, i)
	return cell{s: s, known: s != "" || l.required}
}

// encode is the file, its rows in order.
func (p *part) encode(out *pager, creator string) []byte {
	order := make([]uint32, p.rows)
	for i := range order {
		order[i] = uint32(i)
	}
	times := p.columns[p.sorted].numbers
	slices.SortStableFunc(order, func(a, b uint32) int {
		switch {
		case times[a] < times[b]:
			return -1
		case times[a] > times[b]:
			return 1
		}
		return 0
	})
	out.out = append(out.out[:0], magic...)
	chunks := make([]chunk, len(p.columns))
	for i, c := range p.columns {
		chunks[i] = out.column(c, order)
	}
	return footer(out.out, p.schema, chunks, int64(p.rows), p.sorted, creator)
}
