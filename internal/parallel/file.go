package parallel

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sync/singleflight"
)

// Await returns what work returns, or the cause of the end of ctx if that comes first. Work
// that hangs, as reading a pipe or a file of the network may, is then left to itself.
func Await[T any](ctx context.Context, work func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := work()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// fileTimeout bounds how long a file of the configuration may take to be read. It is less
// than what requests have to end in when the process is to stop.
const fileTimeout = 5 * time.Second

// readings are those under way, one of each file: what hangs does not pile up.
var readings singleflight.Group

// ReadFile returns the text of a file, or its first most bytes. It waits some seconds at
// most: the file may be a pipe that nobody writes to, or on a server that does not answer.
func ReadFile(name string, most int64) ([]byte, error) { return readFile(name, most, fileTimeout) }

func readFile(name string, most int64, limit time.Duration) ([]byte, error) {
	done := readings.DoChan(name, func() (any, error) {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, most))
	})
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case r := <-done:
		text, _ := r.Val.([]byte)
		return text, r.Err
	case <-timer.C:
		return nil, fmt.Errorf("expected to read %s within %s, got a timeout: "+
			"is it a pipe without a writer, or on a file system that does not respond?", name, limit)
	}
}
