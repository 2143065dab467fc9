package export

import (
	"strconv"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// jsonLines is a JSON object a line:
//
//	{"repoType":"model","repoName":"org/name","total":7,"timestamp":"2021-01-22T00:00:00.000Z","downloads":4}
//
// total is null where it is unknown.
var jsonLines = layout{
	head:   appendJSONHead,
	middle: `T00:00:00.000Z","downloads":`,
	tail:   func(b []byte, _ history.Version) []byte { return append(b, "}\n"...) },
}

// jsonLinesVersions has the version of each record as well:
//
//	..."downloads":4,"source":"published","asOf":"2024-05-01T06:00:00.000000Z"}
var jsonLinesVersions = layout{
	head:   appendJSONHead,
	middle: jsonLines.middle,
	tail: func(b []byte, v history.Version) []byte {
		b = append(b, `,"source":"`...)
		b = append(b, v.Source.String()...)
		b = append(b, `","asOf":"`...)
		b = appendAsOf(b, v.AsOf)
		return append(b, "\"}\n"...)
	},
}

func appendJSONHead(b []byte, r *history.RepoTotal) []byte {
	b = append(b, `{"repoType":`...)
	b = appendJSONString(b, string(r.Repo.Type))
	b = append(b, `,"repoName":`...)
	b = appendJSONString(b, r.Repo.Name)
	b = append(b, `,"total":`...)
	if r.Total == history.Unknown {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, r.Total, 10)
	}
	return append(b, `,"timestamp":"`...)
}
