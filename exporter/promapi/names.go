package promapi

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

func (a *API) series(ctx context.Context, params url.Values, _ *http.Request) (answer, error) {
	sets, err := a.matcherSets(params)
	if err != nil {
		return answer{}, err
	}
	if len(sets) == 0 {
		return answer{}, badData("match[]: expected at least one selector, got none")
	}
	q, _ := a.Querier(math.MinInt64, math.MaxInt64)
	seen := make(map[string]bool)
	out := []labels.Labels{}
	for _, matchers := range sets {
		set := q.Select(ctx, true, &storage.SelectHints{Func: "series"}, matchers...)
		for set.Next() {
			l := set.At().Labels()
			if key := l.String(); !seen[key] {
				seen[key] = true
				out = append(out, l)
			}
		}
		if err := set.Err(); err != nil {
			return answer{}, err
		}
	}
	limit, err := parseLimit(params)
	if err == nil && limit > 0 && len(out) > limit {
		return answer{data: out[:limit], warnings: []string{"results truncated due to limit"}}, nil
	}
	return answer{data: out}, err
}

// matcherSets reads match[].
func (a *API) matcherSets(params url.Values) (sets [][]*labels.Matcher, err error) {
	for _, s := range params["match[]"] {
		matchers, err := a.parser.ParseMetricSelector(s)
		if err != nil {
			return nil, badData("match[]: %w", err)
		}
		sets = append(sets, matchers)
	}
	return sets, nil
}

func (a *API) labelNames(ctx context.Context, params url.Values, _ *http.Request) (answer, error) {
	return a.strings(params, func(q storage.Querier, matchers []*labels.Matcher) ([]string, error) {
		names, _, err := q.LabelNames(ctx, nil, matchers...)
		return names, err
	})
}

func (a *API) labelValues(ctx context.Context, params url.Values, r *http.Request) (answer, error) {
	name := r.PathValue("name")
	if !model.UTF8Validation.IsValidLabelName(name) {
		return answer{}, badData("expected the name of a label, got %s", textenc.Quote(name))
	}
	return a.strings(params, func(q storage.Querier, matchers []*labels.Matcher) ([]string, error) {
		values, _, err := q.LabelValues(ctx, name, nil, matchers...)
		return values, err
	})
}

// strings unites what f returns for each selector, sorted.
func (a *API) strings(params url.Values, f func(storage.Querier, []*labels.Matcher) ([]string, error)) (answer, error) {
	sets, err := a.matcherSets(params)
	if err != nil {
		return answer{}, err
	}
	if len(sets) == 0 {
		sets = [][]*labels.Matcher{nil}
	}
	q, _ := a.Querier(math.MinInt64, math.MaxInt64)
	out := []string{}
	for _, matchers := range sets {
		some, err := f(q, matchers)
		if err != nil {
			return answer{}, err
		}
		out = append(out, some...)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	limit, err := parseLimit(params)
	if err == nil && limit > 0 && len(out) > limit {
		return answer{data: out[:limit], warnings: []string{"results truncated due to limit"}}, nil
	}
	return answer{data: out}, err
}
