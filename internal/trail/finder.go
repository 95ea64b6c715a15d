package trail

import "hash/maphash"

// A finder finds files by their names, in less time than it takes to make a map
// of them: most listings are of files that the store has.
type finder struct {
	files []File
	chain []entry  // of every file
	heads []uint32 // by hash: the first file of a chain, plus one
}

// An entry stands for a file in the chain of those with a hash like its own.
type entry struct {
	hash uint32
	next uint32 // plus one
}

func newFinder(files []File) finder {
	size := 64
	for size < len(files) {
		size *= 2
	}
	f := finder{files, make([]entry, len(files)), make([]uint32, size)}
	for i := range files {
		hash := uint32(maphash.String(seed, files[i].Name))
		head := &f.heads[hash&uint32(size-1)]
		f.chain[i] = entry{hash, *head}
		*head = uint32(i) + 1
	}
	return f
}

// each calls is with the number of every file of this name.
func (f *finder) each(name []byte, is func(file int)) {
	hash := uint32(maphash.Bytes(seed, name))
	for at := f.heads[hash&uint32(len(f.heads)-1)]; at != 0; at = f.chain[at-1].next {
		if e := &f.chain[at-1]; e.hash == hash && f.files[at-1].Name == string(name) {
			is(int(at - 1))
		}
	}
}
