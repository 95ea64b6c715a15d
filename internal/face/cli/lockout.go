package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// The addresses that work without a sign-in.
const (
	accountForm = "https://support.aws.amazon.com/#/contacts/aws-account-support/"
	mfaForm     = "https://support.aws.amazon.com/#/contacts/aws-mfa-support/"
	signIn      = "https://console.aws.amazon.com/"
)

func newLockout(a *app) *cobra.Command {
	var account string
	c := a.leaf("lockout [--account ID]", "lockout", between(0, 0), func(*cobra.Command, []string) error { return runLockout(a, account) })
	c.Flags().StringVar(&account, "account", "", "")
	return c
}

// runLockout prints one page for who cannot sign in. It reads nothing: no
// credentials, no case, no network.
func runLockout(a *app, account string) error {
	id := strings.ReplaceAll(account, "-", "")
	switch {
	case id == "":
		id = "____-____-____"
	case len(id) != 12 || strings.Trim(id, "0123456789") != "":
		return usage("usage.flag-invalid", "name", "account", "value", safe(account))
	default:
		id = id[:4] + "-" + id[4:8] + "-" + id[8:]
	}
	data := map[string]any{"account": account, "account_form": accountForm, "mfa_form": mfaForm, "sign_in": signIn}
	return a.record("lockout", data, func() {
		for i, part := range []string{"title", "first", "which", "at-hand", "asked", "letter", "meanwhile", "never"} {
			if i > 0 {
				fmt.Fprintln(a.sys.Out)
			}
			for _, line := range strings.Split(a.words.T("prose.lockout."+part, "account", id, "account_form", accountForm, "mfa_form", mfaForm, "sign_in", signIn), "\n") {
				indent := ""
				if strings.HasPrefix(line, "- ") {
					indent, line = "  ", line[2:]
				}
				a.print(indent, line)
			}
		}
	})
}
