// Package backendtest runs the program of the plugin's backend as Grafana does: as
// a process of its own that is spoken to over gRPC. Its tests are those of the
// whole backend, with a real exporter.
package backendtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
)

// Host is a running plugin. It may be used from several goroutines.
type Host struct {
	cmd         *exec.Cmd
	client      *goplugin.Client
	data        grpcplugin.DataClient
	resource    grpcplugin.ResourceClient
	diagnostics grpcplugin.DiagnosticsClient
}

// Start starts the program and waits until it answers. What it logs goes to
// stderr, one JSON object a line; env is added to the environment.
func Start(program string, stderr io.Writer, env ...string) (*Host, error) {
	cmd := exec.Command(program)
	cmd.Env = env
	h := &Host{cmd: cmd}
	h.client = goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion:  grpcplugin.ProtocolVersion,
			MagicCookieKey:   grpcplugin.MagicCookieKey,
			MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{grpcplugin.ProtocolVersion: {
			"diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{},
			"resource":    &grpcplugin.ResourceGRPCPlugin{},
			"data":        &grpcplugin.DataGRPCPlugin{},
		}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Cmd:              cmd,
		Stderr:           stderr,
		Logger:           hclog.NewNullLogger(),
	})
	if err := h.dispense(); err != nil {
		h.Close()
		return nil, fmt.Errorf("starting %s: %w", program, err)
	}
	return h, nil
}

func (h *Host) dispense() error {
	rpc, err := h.client.Client()
	if err != nil {
		return err
	}
	return errors.Join(
		dispense(rpc, "data", &h.data),
		dispense(rpc, "resource", &h.resource),
		dispense(rpc, "diagnostics", &h.diagnostics),
	)
}

func dispense[T any](rpc goplugin.ClientProtocol, name string, to *T) error {
	raw, err := rpc.Dispense(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	client, ok := raw.(T)
	if !ok {
		return fmt.Errorf("%s: expected %T, got %T", name, to, raw)
	}
	*to = client
	return nil
}

// PID returns the id of the process.
func (h *Host) PID() int { return h.cmd.Process.Pid }

// Close ends the process and waits for it.
func (h *Host) Close() { h.client.Kill() }

// Settings are those of a data source as Grafana hands them to the plugin.
type Settings = backend.DataSourceInstanceSettings

func pluginContext(s Settings) backend.PluginContext {
	return backend.PluginContext{Namespace: "default", PluginID: s.Type, DataSourceInstanceSettings: &s}
}

// QueryData asks queries of a data source.
func (h *Host) QueryData(ctx context.Context, s Settings, queries ...backend.DataQuery) (*backend.QueryDataResponse, error) {
	resp, err := h.data.QueryData(ctx, backend.ToProto().QueryDataRequest(&backend.QueryDataRequest{
		PluginContext: pluginContext(s), Queries: queries,
	}))
	if err != nil {
		return nil, err
	}
	return backend.FromProto().QueryDataResponse(resp)
}

// CheckHealth checks a data source.
func (h *Host) CheckHealth(ctx context.Context, s Settings) (*backend.CheckHealthResult, error) {
	resp, err := h.diagnostics.CheckHealth(ctx, &pluginv2.CheckHealthRequest{
		PluginContext: backend.ToProto().PluginContext(pluginContext(s)),
	})
	if err != nil {
		return nil, err
	}
	return backend.FromProto().CheckHealthResponse(resp), nil
}

// CollectMetrics returns the plugin's own metrics as text.
func (h *Host) CollectMetrics(ctx context.Context) (string, error) {
	resp, err := h.diagnostics.CollectMetrics(ctx, backend.ToProto().CollectMetricsRequest(&backend.CollectMetricsRequest{}))
	if err != nil {
		return "", err
	}
	return string(resp.GetMetrics().GetPrometheus()), nil
}

// CallResource asks for a resource of a data source, a path with its query, and
// hands each part of the response to send as it comes.
func (h *Host) CallResource(ctx context.Context, s Settings, method, url string, headers map[string][]string, send func(*backend.CallResourceResponse) error) error {
	path, _, _ := strings.Cut(url, "?")
	// Ends the stream if send does not want more of it.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := h.resource.CallResource(ctx, backend.ToProto().CallResourceRequest(&backend.CallResourceRequest{
		PluginContext: pluginContext(s), Method: method, Path: path, URL: url, Headers: headers,
	}))
	if err != nil {
		return err
	}
	for {
		part, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := send(backend.FromProto().CallResourceResponse(part)); err != nil {
			return err
		}
	}
}
