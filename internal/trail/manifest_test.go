package trail

import "testing"

// FuzzManifest reads any bytes as manifest and as names.
func FuzzManifest(f *testing.F) {
	c := commit{names: 5, segments: []segmentRef{{1, 2, 3}}}
	f.Add(append(headRecord(), c.record([]source{{name: "a/b", version: "v", size: 7, shape: "log", gz: true, unread: true, damage: []Damage{{Offset: 1, Count: 2, Why: "x"}}}, {name: "a/c"}})...))
	f.Fuzz(func(t *testing.T, b []byte) {
		commits, whole, err := readManifest(b)
		if err == nil && whole > len(b) {
			t.Fatal("longer than the file")
		}
		for i := range commits {
			alike(t, &commits[i])
		}
		readNames(b)
		new := newNames()
		new.load(b)
		c := commit{}
		c.decode(&decoder{b: b})
		alike(t, &c)
	})
}

// alike says that both ways to read a commit's files agree.
func alike(t *testing.T, c *commit) {
	all, err := c.sources()
	n := 0
	eachErr := c.eachFile(func(name, version []byte, size int64, unread bool) {
		if err == nil && (string(name) != all[n].name || string(version) != all[n].version || size != all[n].size || unread != all[n].unread) {
			t.Fatalf("%q %q %d %v, want %+v", name, version, size, unread, all[n])
		}
		n++
	})
	if (err == nil) != (eachErr == nil) || err == nil && n != len(all) {
		t.Fatalf("%v after %d, want %v and %d", eachErr, n, err, len(all))
	}
}
