package export

import (
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/hubcsv"
)

// VersionsHeader is the first line of CSV with versions, without its line end:
// that of the record format and two columns more.
const VersionsHeader = hubcsv.Header + ",source,asOf"

// csvVersions is the record format with the version of each record behind it:
//
//	model,org/name,7,2021-01-22T00:00:00.000Z,4,published,2024-05-01T06:00:00.000000Z
var csvVersions = layout{
	title: VersionsHeader + "\n",
	head: func(b []byte, r *history.RepoTotal) []byte {
		b = append(appendCSVField(b, string(r.Repo.Type)), ',')
		b = append(appendCSVField(b, r.Repo.Name), ',')
		if r.Total != history.Unknown {
			b = strconv.AppendInt(b, r.Total, 10)
		}
		return append(b, ',')
	},
	middle: "T00:00:00.000Z,",
	tail: func(b []byte, v history.Version) []byte {
		b = append(b, ',')
		b = append(b, v.Source.String()...)
		b = append(b, ',')
		return append(appendAsOf(b, v.AsOf), '\n')
	},
}

// appendCSVField appends s, in quotes where RFC 4180 requires it.
func appendCSVField(b []byte, s string) []byte {
	if !strings.ContainsAny(s, "\",\r\n") {
		return append(b, s...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(s, `"`, `""`)...)
	return append(b, '"')
}
