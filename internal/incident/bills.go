package incident

import (
	"fmt"

	"cordon/internal/durable"
)

const billsFolder = "bills"

// SaveBill keeps one comparison of the bill, and returns the name of its file.
// Cases that were opened before there were bills have no folder for them yet.
func (c *Case) SaveBill(data []byte) (string, error) {
	if err := durable.MkdirAll(c.Path(billsFolder)); err != nil {
		return "", err
	}
	n, err := c.saveNext(billsFolder, ".json", data)
	return c.Path(billsFolder, fmt.Sprintf("%04d.json", n)), err
}

// LoadBill returns the last comparison; without one the error is ErrNotThere.
func (c *Case) LoadBill() ([]byte, error) {
	data, _, err := c.loadNumber(billsFolder, ".json", 0)
	return data, err
}
