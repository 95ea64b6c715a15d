package source

// PlaceOf reads the account and the region that a file's path names; empty where
// it does not.
func PlaceOf(name string) (account, region string) {
	_, rest := split(name)
	p := placeOf(rest)
	return p.account, p.region
}
