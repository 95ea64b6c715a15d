// Command cordon gives a compromised AWS account back to its owner.
package main

import (
	"os"

	"cordon/internal/engine"
	_ "cordon/internal/face/ballast"
	"cordon/internal/face/cli"
	"cordon/internal/face/gitsecrets"
	"cordon/internal/secrets/history"
)

func main() {
	if gitsecrets.Called() {
		os.Exit(gitsecrets.Main(history.Find))
	}
	// Only here may a session be armed; archtest sees to it.
	arm := func(s *engine.Session) {
		s.Write = s.Account.Writer().Write
		if s.Org != nil {
			s.WriteOrg = s.Org.Writer().Write
		}
	}
	os.Exit(cli.Run(cli.Host(arm)))
}
