package victoria

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/cenkalti/backoff/v5"
	"github.com/klauspost/compress/gzip"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/pushclient"
)

// parcel is the lines of a request. packed is them compressed, once that was asked for.
type parcel struct {
	text   []byte
	packed bytes.Buffer
	zip    *gzip.Writer
}

// insertParcel sends a parcel, once or again and again while the engine may still take it.
// The same sample sent twice is one. retried tells that it was not taken at first: an engine
// that started anew meanwhile may have lost what it had taken before.
func (s *Store) insertParcel(ctx context.Context, p *parcel, once bool) (retried bool, err error) {
	tries := 0
	_, err = backoff.Retry(ctx, func() (struct{}, error) {
		tries++
		err := s.postParcel(ctx, p)
		e := pushclient.As(err)
		switch {
		case err == nil:
			return struct{}{}, nil
		case e == nil || !e.Temporary() || once:
			return struct{}{}, backoff.Permanent(err)
		case e.RetryAfter > 0:
			return struct{}{}, errors.Join(e, &backoff.RetryAfterError{Duration: e.RetryAfter})
		}
		return struct{}{}, err
	}, backoff.WithBackOff(backoff.NewExponentialBackOff()), backoff.WithMaxElapsedTime(s.retryFor))
	if err != nil {
		return tries > 1, fmt.Errorf("writing to VictoriaMetrics: %w", err)
	}
	return tries > 1, nil
}

// postParcel sends a parcel once.
func (s *Store) postParcel(ctx context.Context, p *parcel) error {
	header := http.Header{"Content-Type": {"application/json"}}
	if s.uncompressed {
		return s.insert.Post(ctx, header, p.text)
	}
	header.Set("Content-Encoding", "gzip")
	return s.insert.Post(ctx, header, p.pack())
}

// pack returns the text, compressed.
func (p *parcel) pack() []byte {
	if p.packed.Len() > 0 {
		return p.packed.Bytes()
	}
	if p.zip == nil {
		p.zip, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails for unknown levels alone
	}
	p.zip.Reset(&p.packed)
	// Writing into a bytes.Buffer does not fail.
	_, _ = p.zip.Write(p.text)
	_ = p.zip.Close()
	return p.packed.Bytes()
}
