// Package shape reads CloudTrail records out of every shape they are kept in:
// log files, LookupEvents answers of either AWS CLI, JSON Lines, results of
// CloudTrail Lake and Athena, EventBridge, CloudWatch Logs, Elastic and OCSF.
// It streams with bounded memory, tells all damage, and hands out each record
// as CloudTrail would have written it, so that the shape changes no verdict.
package shape

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
)

// A Shape names how records lie in a file. The names are kept on disk.
type Shape string

// Log, Array and Lines hold bare records, which need no rewriting: the bytes at
// an offset are the record. All others go through Reader and At.
const (
	Log   Shape = "log"   // {"Records":[…]}, whatever else the object holds
	Array Shape = "array" // [record, …]
	Lines Shape = "lines" // records one after another: JSON Lines, pretty-printed, or just one

	Lookup      Shape = "lookup"      // answers of LookupEvents, or its events alone
	LakeJSON    Shape = "lake-json"   // get-query-results of CloudTrail Lake; Logs Insights results
	AthenaJSON  Shape = "athena-json" // get-query-results of Athena
	CSV         Shape = "csv"         // results of CloudTrail Lake or Athena, or the console's download
	EventBridge Shape = "eventbridge" // {"detail-type":…,"detail":record}
	CloudWatch  Shape = "cloudwatch"  // filter-log-events, subscriptions, exports
	Wrapped     Shape = "wrapped"     // {…,"event":record} and the like, or records as text in JSON strings
	ECS         Shape = "ecs"         // Elastic Common Schema
	OCSF        Shape = "ocsf"        // Open Cybersecurity Schema Framework, as in Security Lake
	Digest      Shape = "digest"      // a digest file: hashes of log files, no events
	Empty       Shape = "empty"       // nothing but space, as far as was looked
)

// Limits that no input can move.
const (
	MaxRecord = 16 << 20  // bytes of one record
	MaxIdle   = 256 << 20 // bytes without any record, after which the rest is not read
	maxDepth  = 256       // nesting of one record
	maxDamage = 100_000   // damages without a record between them
	window    = 64 << 10  // how far ahead an object is looked into
	HeadSize  = window    // how much of a file Sniff wants to see
)

// An Item is one record, or one damage.
type Item struct {
	// Record is a CloudTrail record. It holds until the next call.
	Record []byte
	// Offset is where the record, or what it was made from, begins in the
	// decompressed stream: what At takes.
	Offset int64
	// Damage says what could not be read from Offset on; Record is then nil. It
	// wraps io.ErrUnexpectedEOF where the stream ends within a record, and is a
	// *Skipped where all is well but nothing is there to import.
	Damage error
	// Lost says what the shape does not carry of this record; "": all is there.
	Lost string
}

// Skipped is what was left out on purpose, such as an Insight record.
type Skipped struct{ Why string }

func (s *Skipped) Error() string { return s.Why }

// ErrShape says that a file holds no shape that cordon reads.
var ErrShape = errors.New("not CloudTrail records in a form that cordon reads")

var (
	errLarge = fmt.Errorf("record of more than %d MB skipped", MaxRecord>>20)
	errDeep  = fmt.Errorf("record nested more than %d levels deep skipped", maxDepth)
	errIdle  = fmt.Errorf("%d MB without a record: the rest was not read", MaxIdle>>20)
	errMany  = fmt.Errorf("%d damages without a record: the rest was not read", maxDamage)
	errAlien = errors.New("not a CloudTrail record")
)

// Open returns the stream behind r: inflated where it is gzip, whatever its
// name, member after member.
func Open(r io.Reader) (plain io.Reader, gz bool, err error) {
	b := bufio.NewReaderSize(r, 64<<10)
	magic, err := b.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, fmt.Errorf("cannot open the file: %w", err)
	}
	if !isGzip(magic) {
		return b, false, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, true, fmt.Errorf("cannot inflate: %w", broken(err))
	}
	return inflating{z}, true, nil
}

func isGzip(head []byte) bool { return len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b }

// inflating marks what is wrong with the gzip stream itself, to be told from
// what is wrong with reading it.
type inflating struct{ z *gzip.Reader }

func (i inflating) Read(p []byte) (int, error) {
	n, err := i.z.Read(p)
	if err != nil && err != io.EOF {
		err = broken(err)
	}
	return n, err
}

// A brokenStream is damage of the file and no failure to read it.
type brokenStream struct{ cause error }

func (b *brokenStream) Error() string { return "damaged gzip: " + b.cause.Error() }
func (b *brokenStream) Unwrap() error { return b.cause }

func broken(err error) error {
	var corrupt flate.CorruptInputError
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt) {
		return &brokenStream{err}
	}
	return err
}
