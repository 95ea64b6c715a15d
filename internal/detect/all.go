package detect

import "slices"

// All is every detection, in the order in which an intrusion runs: in, rights,
// blinding, machines, data, money, and looking around last, since everybody
// looks around.
func All() []Detection {
	return slices.Concat(sessions, identities, grants, trusts, credentials, blinding, compute, functions, sharing, destruction, accounts, abuse, recon)
}
