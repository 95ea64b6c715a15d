package kinds

import (
	"testing"

	"cordon/internal/kind/kindtest"
)

func TestMain(m *testing.M) { kindtest.Main(m) }
