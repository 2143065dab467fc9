package api

import (
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

// compress answers with gzip those who accept it. Short answers stay as they
// are, and so do Parquet files, whose pages are compressed already.
var compress = func() func(http.Handler) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(
		// Of text like ours the default level leaves one part in twenty less,
		// and takes half as long again.
		gzhttp.CompressionLevel(gzip.BestSpeed),
		gzhttp.EnableZstd(false),
		gzhttp.SuffixETag(encodingSuffix),
		gzhttp.ContentTypeFilter(func(contentType string) bool {
			return strings.HasPrefix(contentType, "text/") || strings.Contains(contentType, "json")
		}),
	)
	if err != nil {
		panic(err) // the options above are wrong
	}
	return wrap
}()
