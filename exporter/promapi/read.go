package promapi

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"slices"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

const (
	// maxReadRequest bounds a request in bytes, unpacked.
	maxReadRequest = 1 << 20
	// chunkSamples is the number of samples of a chunk, as in Prometheus.
	chunkSamples = 120
)

// read is Prometheus' remote read, with chunks or samples, whichever the client prefers.
func (a *API) read(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "expected POST, got "+r.Method, http.StatusMethodNotAllowed)
		return
	}
	request, err := decodeRead(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, cancel, err := a.withTimeout(r.Context(), nil)
	if err == nil {
		defer cancel()
		err = a.enter(ctx)
	}
	if err == nil {
		defer a.leave()
		if slices.Contains(request.AcceptedResponseTypes, prompb.ReadRequest_STREAMED_XOR_CHUNKS) {
			err = a.readChunks(ctx, w, request)
		} else {
			err = a.readSamples(ctx, w, request)
		}
	}
	if err != nil {
		a.failRead(w, r, err)
	}
}

// errSent is what goes wrong after the first byte of an answer.
var errSent = errors.New("the response was aborted")

func (a *API) failRead(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errSent) {
		if r.Context().Err() == nil {
			a.Logger.Error("A remote read failed", "err", err)
		}
		panic(http.ErrAbortHandler) // half an answer is not to look like a whole one
	}
	f := faultOf(err)
	http.Error(w, a.text(r, f), f.status)
}

func decodeRead(body io.Reader) (*prompb.ReadRequest, error) {
	packed, err := io.ReadAll(io.LimitReader(body, maxReadRequest))
	if err != nil {
		return nil, fmt.Errorf("expected the body of a remote read: %w", err)
	}
	n, err := snappy.DecodedLen(packed)
	if err != nil || n > maxReadRequest {
		return nil, fmt.Errorf("expected a request of at most %d bytes, packed by snappy", maxReadRequest)
	}
	message, err := snappy.Decode(nil, packed)
	if err != nil {
		return nil, fmt.Errorf("expected a request packed by snappy: %w", err)
	}
	request := &prompb.ReadRequest{}
	if err := request.Unmarshal(message); err != nil {
		return nil, fmt.Errorf("expected a prometheus.ReadRequest: %w", err)
	}
	return request, nil
}

var matchTypes = map[prompb.LabelMatcher_Type]labels.MatchType{
	prompb.LabelMatcher_EQ: labels.MatchEqual, prompb.LabelMatcher_NEQ: labels.MatchNotEqual,
	prompb.LabelMatcher_RE: labels.MatchRegexp, prompb.LabelMatcher_NRE: labels.MatchNotRegexp,
}

// selectRead yields the series of a query, ordered by their labels.
func (q *querier) selectRead(ctx context.Context, asked *prompb.Query) (*seriesSet, error) {
	var matchers []*labels.Matcher
	for _, m := range asked.Matchers {
		kind, ok := matchTypes[m.Type]
		if !ok {
			return nil, badData("expected a matcher of a known type, got %d", m.Type)
		}
		matcher, err := labels.NewMatcher(kind, m.Name, m.Value)
		if err != nil {
			return nil, badData("matcher of %q: %w", m.Name, err)
		}
		matchers = append(matchers, matcher)
	}
	set, ok := q.Select(ctx, true, &storage.SelectHints{Start: asked.StartTimestampMs, End: asked.EndTimestampMs}, matchers...).(*seriesSet)
	if !ok {
		return nil, errors.New("the querier returned another set")
	}
	return set, set.err
}

func labelsProto(l labels.Labels) (out []prompb.Label) {
	l.Range(func(l labels.Label) { out = append(out, prompb.Label{Name: l.Name, Value: l.Value}) })
	return out
}

func (a *API) readSamples(ctx context.Context, w http.ResponseWriter, request *prompb.ReadRequest) error {
	response := &prompb.ReadResponse{}
	all := a.querier(0, 0) // the response is one, so that one limit is for all queries
	for _, q := range request.Queries {
		set, err := all.selectRead(ctx, q)
		if err != nil {
			return err
		}
		result := &prompb.QueryResult{}
		for _, s := range set.series {
			one := &prompb.TimeSeries{Labels: labelsProto(s.Metric), Samples: make([]prompb.Sample, len(s.Floats))}
			for i, p := range s.Floats {
				one.Samples[i] = prompb.Sample{Timestamp: p.T, Value: p.F}
			}
			result.Timeseries = append(result.Timeseries, one)
		}
		response.Results = append(response.Results, result)
	}
	message, err := response.Marshal()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.Header().Set("Content-Encoding", "snappy")
	if _, err := w.Write(snappy.Encode(nil, message)); err != nil {
		return fmt.Errorf("%w: %w", errSent, err)
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (a *API) readChunks(ctx context.Context, w http.ResponseWriter, request *prompb.ReadRequest) error {
	w.Header().Set("Content-Type", "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse")
	sent := false
	for index, q := range request.Queries {
		set, err := a.querier(0, 0).selectRead(ctx, q)
		for _, s := range set.seriesOrNone() {
			var chunks []prompb.Chunk
			if chunks, err = chunksOf(s.Floats); err != nil {
				break
			}
			response := prompb.ChunkedReadResponse{
				ChunkedSeries: []*prompb.ChunkedSeries{{Labels: labelsProto(s.Metric), Chunks: chunks}}, QueryIndex: int64(index),
			}
			var message []byte
			if message, err = response.Marshal(); err != nil {
				break
			}
			frame := binary.AppendUvarint(make([]byte, 0, len(message)+16), uint64(len(message)))
			frame = binary.BigEndian.AppendUint32(frame, crc32.Checksum(message, castagnoli))
			sent = true
			if _, err = w.Write(append(frame, message...)); err != nil {
				break
			}
		}
		switch {
		case err != nil && sent:
			return fmt.Errorf("%w: %w", errSent, err)
		case err != nil:
			return err
		}
	}
	return nil
}

// seriesOrNone are the series of a set, none of nil.
func (s *seriesSet) seriesOrNone() []promql.Series {
	if s == nil {
		return nil
	}
	return s.series
}

// chunksOf packs the samples of a series.
func chunksOf(points []promql.FPoint) (out []prompb.Chunk, err error) {
	for some := range slices.Chunk(points, chunkSamples) {
		chunk := chunkenc.NewXORChunk()
		app, err := chunk.Appender()
		if err != nil {
			return nil, err
		}
		for _, p := range some {
			app.Append(0, p.T, p.F)
		}
		out = append(out, prompb.Chunk{MinTimeMs: some[0].T, MaxTimeMs: some[len(some)-1].T, Type: prompb.Chunk_XOR, Data: chunk.Bytes()})
	}
	return out, nil
}
