package athena

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"cordon/internal/trail/question"
)

// pageRows is the most that Athena gives at once.
const pageRows = 1000

// cellBytes is what a value takes in memory besides its text.
const cellBytes = 24

// results reads all pages. The first row of the first page repeats the names of
// the columns.
func (e *Engine) results(ctx context.Context, id string, columns []string) (question.Rows, error) {
	rows := question.Rows{Columns: columns}
	limit := e.Limit
	if limit <= 0 {
		limit = 256 << 20
	}
	size := int64(0)
	for token, first := (*string)(nil), true; ; first = false {
		page, err := e.API.GetQueryResults(ctx, &athena.GetQueryResultsInput{
			QueryExecutionId: aws.String(id), NextToken: token, MaxResults: aws.Int32(pageRows),
		})
		if err != nil {
			return question.Rows{}, err
		}
		if page.ResultSet == nil {
			return question.Rows{}, errors.New("a page of the answer is empty of everything")
		}
		list := page.ResultSet.Rows
		if first {
			if list, err = head(page.ResultSet, columns); err != nil {
				return question.Rows{}, err
			}
		}
		for _, row := range list {
			values, n, err := cells(row, len(columns))
			if err != nil {
				return question.Rows{}, err
			}
			if size += n; size > limit {
				return question.Rows{}, fmt.Errorf("the answer has more than %d bytes; ask for less time, or for fewer accounts", limit)
			}
			rows.Values = append(rows.Values, values)
		}
		next := aws.ToString(page.NextToken)
		if next == "" {
			return rows, nil
		}
		if next == aws.ToString(token) {
			return question.Rows{}, errors.New("the next page of the answer is the same again")
		}
		token = page.NextToken
	}
}

// head checks the columns and cuts their names off.
func head(set *types.ResultSet, columns []string) ([]types.Row, error) {
	if m := set.ResultSetMetadata; m != nil {
		var names []string
		for _, c := range m.ColumnInfo {
			names = append(names, aws.ToString(c.Name))
		}
		if !slices.Equal(names, columns) {
			return nil, fmt.Errorf("the answer has columns %q and not %q", names, columns)
		}
	}
	if len(set.Rows) == 0 {
		return nil, errors.New("the answer has no line with the names of its columns")
	}
	names, _, err := cells(set.Rows[0], len(columns))
	if err != nil {
		return nil, err
	}
	if !slices.Equal(names, columns) {
		return nil, fmt.Errorf("the answer begins with %q and not with its columns", names)
	}
	return set.Rows[1:], nil
}

func cells(row types.Row, want int) (values []string, size int64, err error) {
	if len(row.Data) != want {
		return nil, 0, fmt.Errorf("a row of the answer has %d values and not %d", len(row.Data), want)
	}
	values = make([]string, want)
	for i, d := range row.Data {
		values[i] = aws.ToString(d.VarCharValue)
		size += int64(len(values[i])) + cellBytes
	}
	return values, size, nil
}
