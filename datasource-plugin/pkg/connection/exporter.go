package connection

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"

	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/client"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/api/wire"
	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// exporterConnection is the connection to an exporter. It holds nothing but
// connections: each query is a request.
type exporterConnection struct {
	settings
	client    *client.Client
	transport *transport
}

func newExporter(s settings, around surroundings) (*exporterConnection, error) {
	t, err := newTransport(s, s.url, around)
	if err != nil {
		return nil, err
	}
	c := &exporterConnection{settings: s, transport: t}
	hc := &http.Client{Transport: idleTransport{t, s.timeout}, CheckRedirect: stayOn(s.url)}
	c.client, err = client.New(s.url.String(), hc, client.Options{UserAgent: userAgent(), Explain: c.explain})
	return c, err
}

// Reader implements Connection.
func (c *exporterConnection) Reader(context.Context) (history.Reader, string, error) {
	return c.client, "", nil
}

// Close implements Connection. Requests in flight go on: their contexts end them.
func (c *exporterConnection) Close() { c.transport.CloseIdleConnections() }

// Check implements Connection.
func (c *exporterConnection) Check(ctx context.Context) Health {
	d := Details{Connection: kindExporter, URL: c.url.String()}
	s, err := c.client.Status(ctx)
	if err != nil {
		return d.fails(err)
	}
	d.Version = s.Version
	if s.Revision != nil {
		d.Revision = *s.Revision
	}
	d.holds(s.Repos, s.Records, s.Recorded)
	switch {
	case s.API < 1:
		return d.fails(failure(KindNotExporter, nil, "%s responds, but not like an exporter: check the URL", d.URL))
	case s.API != wire.Version:
		return d.fails(c.wrongVersion(strconv.Itoa(s.API), s.Version, nil))
	}
	version := ""
	if s.Version != "" {
		version = ", version " + s.Version
	}
	return Health{OK: true, Message: sentence(fmt.Sprintf("reached the exporter at %s%s: %s", d.URL, version, d.size())), Details: d}
}

// explain makes an error of the client one for the user, in one sentence. ctx is
// that of the request.
func (c *exporterConnection) explain(ctx context.Context, err error) error {
	var (
		answer  *client.Error
		kind    *client.TypeError
		version *client.VersionError
		at      = c.url.String()
	)
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = failure(KindTimeout, err, "the exporter at %s did not respond within the timeout of Grafana: query less data, or check why the exporter is busy", at)
	case errors.As(err, &answer):
		err = c.explainStatus(answer, err)
	case errors.As(err, &version):
		err = c.wrongVersion(version.Got, "", err)
	case errors.As(err, &kind):
		mediaType, _, _ := mime.ParseMediaType(kind.Got)
		if mediaType == "text/html" {
			err = failure(KindNotExporter, err, "%s returns an HTML page, so it is not an exporter, or it requires a login: check the URL, user, and password", at)
			break
		}
		err = failure(KindNotExporter, err, "%s responds, but not like an exporter (the response has the type %q): check the URL", at, mediaType)
	case errors.Is(err, httpclient.ErrResponseBodyTooLarge):
		err = failure(KindMalformed, err, "the response of the exporter at %s exceeds Grafana's response_limit: query less data, or raise the limit", at)
	default:
		if w, ok := networkCause(err); ok {
			err = failure(w.kind, err, "cannot reach the exporter at %s: %s; %s", at, w.what, w.advice)
			break
		}
		err = failure(KindMalformed, err, "the exporter at %s sent an unexpected response, %s: check the URL, and that the versions of exporter and plugin match", at, oneLine(err))
	}
	return c.secrets.redactError(err)
}

// explainStatus makes an answer that is an error one for the user.
func (c *exporterConnection) explainStatus(e *client.Error, err error) error {
	at := c.url.String()
	// What is no error of an exporter's is of what stands before it, or in its place.
	foreign := e.Message == ""
	switch {
	case e.Status == http.StatusUnauthorized:
		return failure(KindAuth, err, "%s requires authentication (401): check user and password, or the header, in the settings of the data source", at)
	case e.Status == http.StatusForbidden:
		return failure(KindForbidden, err, "%s denies access to the user of this data source (403): grant that user access, or enter another", at)
	case e.Status == http.StatusProxyAuthRequired:
		return failure(KindAuth, err, "the proxy in front of %s requires authentication (407): check the proxy settings of Grafana", at)
	case e.Status == http.StatusNotFound && foreign:
		return failure(KindNotExporter, err, "there is no exporter at %s (404): check the URL, including its path", at)
	case e.Status == http.StatusNotFound:
		return failure(KindVersion, err, "the exporter at %s is older than this plugin and does not have %s: update the exporter", at, e.Route)
	case e.Status == http.StatusTooManyRequests:
		return failure(KindRateLimited, err, "%s has reached its limit of requests (429): refresh less often", at)
	case e.Status >= 500 && foreign:
		return failure(KindServer, err, "the exporter at %s cannot be reached through its proxy (%d): check that the exporter is running", at, e.Status)
	case e.Status == http.StatusServiceUnavailable:
		return failure(KindServer, err, "the exporter at %s is temporarily unavailable (503, %s)", at, e.Message)
	case e.Status >= 500:
		return failure(KindServer, err, "the exporter at %s failed (%d, %s): see its log", at, e.Status, e.Message)
	case foreign:
		return failure(KindNotExporter, err, "%s does not respond like an exporter (%s): check the URL, and whether it starts with https://", at, oneLine(err))
	}
	return failure(KindRefused, err, "the exporter at %s rejects the query: %s", at, oneLine(err))
}

// wrongVersion explains an exporter that speaks another version of the API. release
// is that of the exporter, "" if it is not known.
func (c *exporterConnection) wrongVersion(version, release string, err error) error {
	if release != "" {
		release = fmt.Sprintf(" (version %q)", release)
	}
	advice := "update the plugin"
	if n, e := strconv.Atoi(version); e == nil && n < wire.Version {
		advice = "update the exporter"
	}
	return failure(KindVersion, err, "the exporter at %s%s uses version %s of the API, but this plugin uses version %d: %s", c.url.String(), release, version, wire.Version, advice)
}
