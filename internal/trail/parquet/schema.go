package parquet

// A kind is what a leaf holds.
type kind uint8

const (
	kindText    kind = iota // UTF-8
	kindLong                // 64 bits
	kindInt                 // 32 bits
	kindBool                //
	kindInstant             // milliseconds since 1970, UTC
)

// A node is one field of a schema and where its value comes from. A layout is a
// literal of nodes, to be read from top to bottom. In a list, i is the number
// of the item; elsewhere it is 0.
type node struct {
	name     string
	kind     kind
	text     func(r *record, i int) string // "" is null
	number   func(r *record, i int) (v int64, known bool)
	required bool

	fields []node              // of a group or of what a list holds
	size   func(r *record) int // of a list or map: how many items; 0 is null
	pairs  bool                // a map: its fields are key and value
}

func text(name string, of func(r *record, i int) string) node {
	return node{name: name, kind: kindText, text: of}
}

func long(name string, of func(r *record, i int) (int64, bool)) node {
	return node{name: name, kind: kindLong, number: of}
}

func whole(name string, of func(r *record, i int) (int64, bool)) node {
	return node{name: name, kind: kindInt, number: of}
}

func yesno(name string, of func(r *record, i int) (yes, known bool)) node {
	return node{name: name, kind: kindBool, number: func(r *record, i int) (int64, bool) {
		if yes, known := of(r, i); yes {
			return 1, known
		} else {
			return 0, known
		}
	}}
}

func instant(name string, of func(r *record, i int) (int64, bool)) node {
	return node{name: name, kind: kindInstant, number: of}
}

func constant(name, value string) node {
	return text(name, func(*record, int) string { return value })
}

// group is null where all its fields are; inside a list it is always there.
func group(name string, fields ...node) node { return node{name: name, fields: fields} }

// list holds groups of fields, or plain values where there is one field without
// a name.
func list(name string, size func(r *record) int, fields ...node) node {
	return node{name: name, size: size, fields: fields}
}

func dictionary(name string, size func(r *record) int, key, value func(r *record, i int) string) node {
	k := text("key", key)
	k.required = true
	return node{name: name, size: size, fields: []node{k, text("value", value)}, pairs: true}
}

func required(n node) node {
	n.required = true
	return n
}

// A leaf is a column.
type leaf struct {
	node
	path    []string
	def     int   // definition level of a value
	rep     int   // 1 inside a list
	list    int   // number of its list, or -1
	parents []int // the optional groups it lies in, from outside
}

// An element is one line of the schema in a file's footer.
type element struct {
	name       string
	leaf       bool
	kind       kind
	repetition int
	children   int
	converted  int // 0: none; Parquet's number + 1
}

const (
	repRequired = 0
	repOptional = 1
	repRepeated = 2
)

// A schema is a layout's nodes made flat.
type schema struct {
	elements []element
	leaves   []leaf
	groups   int
	lists    []listing
}

type listing struct {
	size    func(r *record) int
	parents []int // its own group is the last
}

func compile(fields []node) *schema {
	s := &schema{elements: []element{{name: "schema", repetition: repRequired, children: len(fields)}}}
	for _, f := range fields {
		s.add(f, place{list: -1})
	}
	return s
}

// A place is where in the tree a node stands.
type place struct {
	path     []string
	parents  []int
	def, rep int
	list     int
}

func (p place) below(name string) place {
	p.path = append(p.path[:len(p.path):len(p.path)], name)
	return p
}

// optional enters a new optional group.
func (p place) optional(s *schema) place {
	p.parents = append(p.parents[:len(p.parents):len(p.parents)], s.groups)
	s.groups++
	p.def++
	return p
}

func (s *schema) add(n node, at place) {
	switch {
	case n.size != nil:
		s.addList(n, at)
	case n.fields != nil:
		at = at.below(n.name)
		e := element{name: n.name, repetition: repRequired, children: len(n.fields)}
		if at.list < 0 {
			e.repetition = repOptional
			at = at.optional(s)
		}
		s.elements = append(s.elements, e)
		for _, f := range n.fields {
			s.add(f, at)
		}
	default:
		at = at.below(n.name)
		e := element{name: n.name, leaf: true, kind: n.kind, repetition: repRequired}
		if !n.required {
			e.repetition = repOptional
			at.def++
		}
		s.elements = append(s.elements, e)
		s.leaves = append(s.leaves, leaf{node: n, path: at.path, def: at.def, rep: at.rep, list: at.list, parents: at.parents})
	}
}

// addList writes the three levels that Parquet wants for lists and maps.
func (s *schema) addList(n node, at place) {
	at = at.below(n.name).optional(s)
	at.list = len(s.lists)
	s.lists = append(s.lists, listing{n.size, at.parents})
	at.def++
	at.rep++
	if n.pairs {
		s.elements = append(s.elements,
			element{name: n.name, repetition: repOptional, children: 1, converted: convertedMap + 1},
			element{name: "key_value", repetition: repRepeated, children: 2})
		at = at.below("key_value")
		for _, f := range n.fields {
			s.add(f, at)
		}
		return
	}
	s.elements = append(s.elements,
		element{name: n.name, repetition: repOptional, children: 1, converted: convertedList + 1},
		element{name: "list", repetition: repRepeated, children: 1})
	at = at.below("list")
	if len(n.fields) == 1 && n.fields[0].name == "" {
		item := n.fields[0]
		item.name, item.required = "element", true
		s.add(item, at)
		return
	}
	s.add(group("element", n.fields...), at)
}
