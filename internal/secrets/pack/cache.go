package pack

// cache stub
type cache struct{}

func openCache(dir, rules string) *cache                            { return &cache{} }
func (c *cache) pack(p *packFile, before []*packFile) *found        { return nil }
func (c *cache) keepPack(p *packFile, before []*packFile, v *found) {}
func (c *cache) loose(n *numbers) *looseVerdict                     { return &looseVerdict{} }
func (c *cache) keepLoose(n *numbers, old *looseVerdict, v *found)  {}

// A looseVerdict is what was found in loose objects before.
type looseVerdict struct {
	found
	known []bool
	n     int
}

func (v *looseVerdict) count() int     { return v.n }
func (v *looseVerdict) has(i int) bool { return i < len(v.known) && v.known[i] }
