package words

import (
	"bytes"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

// source is where Words finds its texts.
type source interface {
	message(key string) (Message, bool)
	keys() []string
}

func (c Catalogue) message(key string) (Message, bool) { m, ok := c[key]; return m, ok }

func (c Catalogue) keys() []string { return slices.Sorted(maps.Keys(c)) }

// index is one built-in language with its texts still unread: every program start
// needs a few dozen of some thousand, and reading them all was a third of the start.
// It trusts its files: Load, which does not, has read them in the tests, and a test
// holds the two to the same answers.
type index struct {
	raw map[string][]byte // key to the JSON of its text

	mu   sync.Mutex
	read Catalogue
}

func indexed(fsys fs.FS, lang Lang) (*index, error) {
	names, err := fs.Glob(fsys, string(lang)+"/*.json")
	if err != nil {
		return nil, err
	}
	x := &index{raw: make(map[string][]byte, 5000), read: Catalogue{}}
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		x.add(data)
	}
	return x, nil
}

// add notes where the texts of one file stand: {"key": "text", "key": {forms}, …}.
func (x *index) add(data []byte) {
	for {
		from := bytes.IndexByte(data, '"')
		if from < 0 {
			return
		}
		data = data[from:]
		end := quoted(data)
		key := string(data[1 : end-1])
		data = data[end:]
		data = bytes.TrimLeft(data[bytes.IndexByte(data, ':')+1:], " \t\r\n")
		end = value(data)
		x.raw[key], data = data[:end:end], data[end:]
	}
}

// value is the length of the text or the object of forms that data begins with.
func value(data []byte) int {
	if data[0] == '"' {
		return quoted(data)
	}
	for i := 0; ; {
		switch data[i] {
		case '"':
			i += quoted(data[i:])
		case '}':
			return i + 1
		default:
			i++
		}
	}
}

// quoted is the length of the JSON string that data begins with, quotes included.
func quoted(data []byte) int {
	for i := 1; ; i++ {
		i += bytes.IndexByte(data[i:], '"')
		escapes := 0
		for data[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
}

func (x *index) message(key string) (Message, bool) {
	raw, ok := x.raw[key]
	if !ok {
		return Message{}, false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	m, ok := x.read[key]
	if !ok {
		var err error
		if m, err = parseMessage(raw); err != nil {
			panic("words: " + key + ": " + err.Error())
		}
		x.read[key] = m
	}
	return m, true
}

func (x *index) keys() []string { return slices.Sorted(maps.Keys(x.raw)) }
