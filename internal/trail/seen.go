package trail

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"sync"
)

// AWS delivers at least once, and sometimes under two regions' folders. The
// same id at the same time is the same event, and the first one counts.

// seenLimit is how much memory the ids take before those of the hours that were
// not asked for longest are dropped. They are read from the segments again when
// an event of such an hour comes.
const seenLimit = 24 << 20

// A seen knows the ids that the store has, hour by hour.
type seen struct {
	mu      sync.Mutex
	hours   map[uint32]*hourIDs
	dropped map[uint32]bool
	tick    uint64
	bytes   int
	limit   int

	base   []*segment // what was there when the import began
	sealed []*segment // what it has sealed
	parts  []uint64   // of every worker, the number of the part that it fills
}

// hourIDs are the ids of one hour.
type hourIDs struct {
	mu    sync.Mutex
	gone  bool // dropped: ask again
	table []idKey
	count int
	zero  bool // the key of zeros is there, which in the table means free

	used uint64   // guarded by seen.mu, as is pins
	pins []uint64 // of every worker, the part that it last put an id of this hour into, plus one
}

type idKey [2]uint64

// salt keeps a forged log from choosing ids that collide.
var salt = maphash.String(seed, "ids")

func newSeen(base []*segment, workers, limit int) *seen {
	return &seen{hours: map[uint32]*hourIDs{}, dropped: map[uint32]bool{}, base: base, parts: make([]uint64, workers), limit: limit}
}

// keyOf joins id and time, so that equal keys are equal pairs.
func keyOf(id []byte, t uint32) idKey {
	return idKey{binary.LittleEndian.Uint64(id) ^ uint64(t)*0x9E3779B97F4A7C15, binary.LittleEndian.Uint64(id[8:])}
}

// A claimer is one worker's way to the ids.
type claimer struct {
	*seen
	worker int
	hour   uint32
	ids    *hourIDs
	pinned uint64 // the part for which ids are pinned, plus one
}

// claim says whether nobody had this event before, and takes it.
func (c *claimer) claim(key idKey, t uint32) bool {
	part := c.parts[c.worker] + 1 // only this worker changes it
	for {
		if c.ids == nil || c.hour != t/3600 || c.pinned != part {
			c.hour, c.pinned = t/3600, part
			c.ids = c.of(c.hour, c.worker, part)
		}
		c.ids.mu.Lock()
		if c.ids.gone {
			c.ids.mu.Unlock()
			c.ids = nil
			continue
		}
		before := cap(c.ids.table)
		fresh := c.ids.add(key)
		grown := cap(c.ids.table) - before
		c.ids.mu.Unlock()
		if grown > 0 {
			c.account(16 * grown)
		}
		return fresh
	}
}

// of finds or reads the ids of an hour and pins them for a part.
func (s *seen) of(hour uint32, worker int, part uint64) *hourIDs {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hours[hour]
	if h == nil {
		h = &hourIDs{pins: make([]uint64, len(s.parts))}
		h.read(hour, s.base)
		if s.dropped[hour] {
			h.read(hour, s.sealed)
			delete(s.dropped, hour)
		}
		s.hours[hour] = h
		s.bytes += 16 * cap(h.table)
	}
	s.tick++
	h.used = s.tick
	h.pins[worker] = part
	return h
}

// read adds what segments have of an hour.
func (h *hourIDs) read(hour uint32, segments []*segment) {
	for _, seg := range segments {
		if seg.first/3600 > hour || seg.last/3600 < hour {
			continue
		}
		for i := range seg.rows {
			if t := seg.time.at(i); t/3600 == hour {
				h.add(keyOf(seg.id(uint32(i)), t))
			}
		}
		seg.rest()
	}
}

// account counts memory, and drops hours until it fits; those of which a part
// that is not sealed has rows must stay.
func (s *seen) account(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += n
	for s.bytes > s.limit {
		var oldest uint32
		used := uint64(math.MaxUint64)
		for hour, h := range s.hours {
			if h.used < used && !s.pinned(h) {
				oldest, used = hour, h.used
			}
		}
		if used == math.MaxUint64 {
			return
		}
		h := s.hours[oldest]
		h.mu.Lock()
		h.gone = true
		s.bytes -= 16 * cap(h.table)
		h.table = nil
		h.mu.Unlock()
		delete(s.hours, oldest)
		s.dropped[oldest] = true
	}
}

func (s *seen) pinned(h *hourIDs) bool {
	for w, part := range h.pins {
		if part > s.parts[w] {
			return true
		}
	}
	return false
}

// sealedBy notes that a worker's part lies in a segment now. Rows that it kept
// back belong to the next part: keep says so, and the hours stay pinned.
func (s *seen) sealedBy(worker int, seg *segment, keep bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sealed = append(s.sealed, seg)
	was := s.parts[worker] + 1
	s.parts[worker]++
	if !keep {
		return
	}
	for _, h := range s.hours {
		if h.pins[worker] == was {
			h.pins[worker]++
		}
	}
}

// add says whether the key is new.
func (h *hourIDs) add(k idKey) bool {
	if k == (idKey{}) {
		fresh := !h.zero
		h.zero = true
		return fresh
	}
	if 4*(h.count+1) > 3*len(h.table) {
		h.grow()
	}
	mask := uint64(len(h.table) - 1)
	at := k.hash() & mask
	for ; h.table[at] != (idKey{}); at = (at + 1) & mask {
		if h.table[at] == k {
			return false
		}
	}
	h.table[at] = k
	h.count++
	return true
}

func (k idKey) hash() uint64 {
	h := (k[0] ^ salt ^ k[1]*0xC2B2AE3D27D4EB4F) * 0x9E3779B97F4A7C15
	return h ^ h>>32
}

func (h *hourIDs) grow() {
	old := h.table
	h.table = make([]idKey, max(64, 2*len(old)))
	mask := uint64(len(h.table) - 1)
	for _, k := range old {
		if k == (idKey{}) {
			continue
		}
		at := k.hash() & mask
		for h.table[at] != (idKey{}) {
			at = (at + 1) & mask
		}
		h.table[at] = k
	}
}
