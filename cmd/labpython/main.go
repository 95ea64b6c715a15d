// Command labpython prints the Python that can run the lab, installing moto
// into a virtual environment of its own when none has it. For the project's
// scripts.
package main

import (
	"context"
	"fmt"
	"os"

	"cordon/internal/lab"
)

func main() {
	python, err := lab.FindPython(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(python)
}
