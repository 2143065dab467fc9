package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// The resources, below /api/datasources/uid/<uid>/resources/.
const (
	exportPath    = "export.csv"
	groupsPath    = "groups"
	orgsPath      = "organizations"
	reposPath     = "repos"
	repoTypesPath = "repo-types"
)

// CallResource answers the CSV link and the editors' look-ups. What it returns as
// an error is of a response that was begun and could not be finished.
func (d *Datasource) CallResource(ctx context.Context, req *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	send := sender.Send
	if req.Method != http.MethodGet {
		return send(errorResponse(&fault{
			status: http.StatusMethodNotAllowed, text: "expected GET, got " + textenc.Quote(req.Method),
		}, "Allow", "GET"))
	}
	_, rawQuery, _ := strings.Cut(req.URL, "?")
	switch path := strings.Trim(req.Path, "/"); path {
	case exportPath:
		return d.exportCSV(ctx, rawQuery, req.GetHTTPHeader("Accept-Encoding"), send)
	case groupsPath:
		return send(d.lookUp(ctx, groupsPath, rawQuery, groupNames))
	case orgsPath:
		return send(d.lookUp(ctx, orgsPath, rawQuery, organizations))
	case reposPath:
		return send(d.lookUp(ctx, reposPath, rawQuery, repositories))
	case repoTypesPath:
		return send(d.lookUp(ctx, repoTypesPath, rawQuery, repoTypes))
	default:
		paths := []string{exportPath, groupsPath, orgsPath, reposPath, repoTypesPath}
		return send(errorResponse(&fault{
			status: http.StatusNotFound,
			text:   "expected one of the resources " + strings.Join(slices.Sorted(slices.Values(paths)), ", ") + ", got " + textenc.Quote(path),
		}))
	}
}

// errorJSON is the body of an answer that is an error, as in the exporter's API.
type errorJSON struct {
	Error string `json:"error"`
	Field string `json:"field,omitempty"`
}

// errorResponse answers with a fault; headers are names and values by turns.
func errorResponse(f *fault, headers ...string) *backend.CallResourceResponse {
	return jsonResponse(int(f.status), errorJSON{Error: f.text, Field: f.field}, headers...)
}

func jsonResponse(status int, v any, headers ...string) *backend.CallResourceResponse {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // only our own types come here, and all of them can be encoded
	}
	return &backend.CallResourceResponse{
		Status:  status,
		Headers: headersOf("application/json", headers...),
		Body:    b.Bytes(),
	}
}

// headersOf returns the headers of every answer, and others: names and values
// by turns.
func headersOf(contentType string, others ...string) map[string][]string {
	h := http.Header{}
	h.Set("Content-Type", contentType)
	// Who may ask for it is Grafana's matter, each time anew.
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	for i := 0; i+1 < len(others); i += 2 {
		h.Set(others[i], others[i+1])
	}
	return h
}
