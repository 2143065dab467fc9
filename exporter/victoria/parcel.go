package victoria

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/cenkalti/backoff/v5"
	"github.com/klauspost/compress/gzip"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/receiver"
)

// parcel is the lines of a request.
type parcel struct {
	text   []byte
	packed bytes.Buffer
	zip    *gzip.Writer
}

// insertParcel sends a parcel, again and again while the engine may still take it. The
// same sample sent twice is one.
func (s *Store) insertParcel(ctx context.Context, p *parcel) error {
	header := http.Header{"Content-Type": {"application/json"}}
	text := p.text
	if !s.uncompressed {
		header.Set("Content-Encoding", "gzip")
		text = p.pack()
	}
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := s.insert.Post(ctx, header, text)
		e := receiver.As(err)
		switch {
		case err == nil:
			return struct{}{}, nil
		case e == nil || !e.Temporary():
			return struct{}{}, backoff.Permanent(err)
		case e.RetryAfter > 0:
			return struct{}{}, errors.Join(e, &backoff.RetryAfterError{Duration: e.RetryAfter})
		}
		return struct{}{}, err
	}, backoff.WithBackOff(backoff.NewExponentialBackOff()), backoff.WithMaxElapsedTime(s.retryFor))
	if err != nil {
		return fmt.Errorf("writing to VictoriaMetrics: %w", err)
	}
	return nil
}

// pack returns the text, compressed.
func (p *parcel) pack() []byte {
	if p.zip == nil {
		p.zip, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails for unknown levels alone
	}
	p.packed.Reset()
	p.zip.Reset(&p.packed)
	// Writing into a bytes.Buffer does not fail.
	_, _ = p.zip.Write(p.text)
	_ = p.zip.Close()
	return p.packed.Bytes()
}
