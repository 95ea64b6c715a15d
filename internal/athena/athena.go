// Package athena asks questions of Amazon Athena where the logs are too many to
// be carried away: it says first what an answer will cost, starts the query,
// waits, reads all of the answer, and stops what nobody waits for any more.
//
// It was tested against a server on the loopback that speaks Athena's protocol,
// and its text against DuckDB and Trino's grammar; not against AWS.
package athena

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"cordon/internal/trail/question"
)

// API is what is called of Athena. StartQueryExecution costs money and writes
// the answer into the output folder; nothing here changes anything else.
type API interface {
	StartQueryExecution(context.Context, *athena.StartQueryExecutionInput, ...func(*athena.Options)) (*athena.StartQueryExecutionOutput, error)
	GetQueryExecution(context.Context, *athena.GetQueryExecutionInput, ...func(*athena.Options)) (*athena.GetQueryExecutionOutput, error)
	GetQueryResults(context.Context, *athena.GetQueryResultsInput, ...func(*athena.Options)) (*athena.GetQueryResultsOutput, error)
	StopQueryExecution(context.Context, *athena.StopQueryExecutionInput, ...func(*athena.Options)) (*athena.StopQueryExecutionOutput, error)
}

// Needs are the calls, as awsapi.Need writes them, with the permissions that
// Athena uses in the caller's name.
var Needs = []string{
	"athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults", "athena:StopQueryExecution",
	"=glue:GetTable,glue:GetDatabase,glue:GetPartitions",
	"=s3:GetObject,s3:ListBucket,s3:GetBucketLocation,s3:PutObject",
}

// An Engine runs queries in one workgroup.
type Engine struct {
	API       API
	Database  string // of tables that are named without one
	Workgroup string // "": primary
	Output    string // s3://bucket/folder/ for answers; "": the workgroup's
	// Wait sleeps, and returns early with the context's error. nil: a timer.
	Wait func(ctx context.Context, d time.Duration) error
	// Limit is how many bytes an answer may have in memory; 0: 256 MB. A larger
	// one is an error.
	Limit int64
}

// An Answer is complete.
type Answer struct {
	ID      string // of the query, as Athena's console and CloudTrail show it
	Rows    question.Rows
	Scanned int64         // bytes that were read, and are charged
	Took    time.Duration // as Athena says
}

// Failed is a query that ended without an answer.
type Failed struct {
	ID        string
	State     string // FAILED, CANCELLED, or what else Athena said
	Reason    string // AWS's
	Scanned   int64  // charged all the same
	Retryable bool   // by Athena's word
}

func (f *Failed) Error() string {
	return fmt.Sprintf("query %s ended as %s: %s", f.ID, f.State, f.Reason)
}

// The pauses between looks at a running query.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 5 * time.Second
)

// stopping is how long the call that stops a query may take after its caller
// has gone.
const stopping = 10 * time.Second

// Run asks, and waits for all of the answer. When ctx ends, or the query cannot
// be watched any more, it is stopped; an error says so where that failed too,
// because the query then goes on and is charged.
func (e *Engine) Run(ctx context.Context, q question.Query) (Answer, error) {
	a, err := e.run(ctx, q)
	if err != nil {
		return Answer{}, fmt.Errorf("cannot answer %q on Athena: %w", q.Question, err)
	}
	return a, nil
}

func (e *Engine) run(ctx context.Context, q question.Query) (Answer, error) {
	in := &athena.StartQueryExecutionInput{QueryString: aws.String(q.SQL)}
	if e.Workgroup != "" {
		in.WorkGroup = aws.String(e.Workgroup)
	}
	if e.Database != "" {
		in.QueryExecutionContext = &types.QueryExecutionContext{Database: aws.String(e.Database)}
	}
	if e.Output != "" {
		in.ResultConfiguration = &types.ResultConfiguration{OutputLocation: aws.String(e.Output)}
	}
	started, err := e.API.StartQueryExecution(ctx, in)
	if err != nil {
		return Answer{}, err
	}
	id := aws.ToString(started.QueryExecutionId)
	if id == "" {
		return Answer{}, errors.New("no id came back: whether it was started is not known")
	}
	a, err := e.watch(ctx, id)
	if err != nil {
		return Answer{}, err
	}
	a.Rows, err = e.results(ctx, id, q.Columns)
	return a, err
}

// watch waits until the query has ended, and stops it where waiting does not
// come to an end.
func (e *Engine) watch(ctx context.Context, id string) (Answer, error) {
	for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
		out, err := e.API.GetQueryExecution(ctx, &athena.GetQueryExecutionInput{QueryExecutionId: aws.String(id)})
		if err != nil {
			return Answer{}, e.stop(ctx, id, err)
		}
		a, over, err := ended(id, out.QueryExecution)
		if err != nil || over {
			return a, err
		}
		if err := e.wait(ctx, pause); err != nil {
			return Answer{}, e.stop(ctx, id, err)
		}
	}
}

// ended reads the state of a query. A state that is not known is an error: to
// wait for ever is no answer.
func ended(id string, x *types.QueryExecution) (a Answer, over bool, err error) {
	if x == nil || x.Status == nil {
		return a, false, &Failed{ID: id, State: "unknown", Reason: "Athena says nothing of it"}
	}
	a.ID = id
	if s := x.Statistics; s != nil {
		a.Scanned = aws.ToInt64(s.DataScannedInBytes)
		a.Took = time.Duration(aws.ToInt64(s.TotalExecutionTimeInMillis)) * time.Millisecond
	}
	switch x.Status.State {
	case types.QueryExecutionStateQueued, types.QueryExecutionStateRunning:
		return a, false, nil
	case types.QueryExecutionStateSucceeded:
		return a, true, nil
	}
	f := &Failed{ID: id, State: string(x.Status.State), Reason: aws.ToString(x.Status.StateChangeReason), Scanned: a.Scanned}
	if w := x.Status.AthenaError; w != nil {
		f.Retryable = w.Retryable
		if f.Reason == "" {
			f.Reason = aws.ToString(w.ErrorMessage)
		}
	}
	if f.Reason == "" {
		f.Reason = "Athena gives no reason"
	}
	return a, false, f
}

// stop ends a query that nobody waits for, and returns why, joined by why it
// could not be stopped.
func (e *Engine) stop(ctx context.Context, id string, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopping)
	defer cancel()
	if _, err := e.API.StopQueryExecution(ctx, &athena.StopQueryExecutionInput{QueryExecutionId: aws.String(id)}); err != nil {
		return fmt.Errorf("%w; query %s goes on, and is charged: cannot stop it: %w", why, id, err)
	}
	return fmt.Errorf("%w; query %s was stopped", why, id)
}

func (e *Engine) wait(ctx context.Context, d time.Duration) error {
	if e.Wait != nil {
		return e.Wait(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
