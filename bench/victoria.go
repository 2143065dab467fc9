package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// engine is a VictoriaMetrics as a process of its own.
type engine struct {
	url  string
	cmd  *exec.Cmd
	said bytes.Buffer
}

// startEngine starts one that keeps its data in dir. It has no index by day, as its
// makers advise for long histories.
func startEngine(dir string, threads int) (*engine, error) {
	const program = "../bin/tools/victoria-metrics"
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("expected VictoriaMetrics as scripts/need-victoria.sh builds it: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	listener.Close()
	e := &engine{url: "http://" + address}
	e.cmd = exec.Command(program, "-storageDataPath="+dir, "-httpListenAddr="+address, "-retentionPeriod=100y",
		"-disablePerDayIndex", "-search.disableCache", "-search.latencyOffset=0s", "-search.maxExportDuration=1h")
	e.cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(threads))
	e.cmd.Stdout, e.cmd.Stderr = &e.said, &e.said
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		_, err := e.get("/health")
		if err == nil {
			return e, nil
		}
		if time.Now().After(deadline) {
			return nil, errors.Join(fmt.Errorf("VictoriaMetrics does not answer: %w", err), e.stop())
		}
	}
}

// stop ends the process.
func (e *engine) stop() error {
	if e.cmd.ProcessState != nil {
		return nil
	}
	_ = e.cmd.Process.Signal(syscall.SIGTERM) // fails only if it has ended
	if err := e.cmd.Wait(); err != nil {
		return fmt.Errorf("VictoriaMetrics ended with %w and said:\n%s", err, e.said.String())
	}
	return nil
}

func (e *engine) get(path string) ([]byte, error) {
	resp, err := http.Get(e.url + path)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s: status %s: %s", path, resp.Status, body)
	}
	return body, err
}

// flush makes what was written visible.
func (e *engine) flush() error {
	_, err := e.get("/internal/force_flush")
	return err
}

// curl runs curl; what it writes goes nowhere.
func curl(args ...string) error {
	cmd := exec.Command("curl", append([]string{"--silent", "--show-error", "--fail"}, args...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("curl: %w\n%s", err, said.String())
	}
	return nil
}

// configFor writes a configuration whose storage is a history in the engine, and returns
// its name.
func (e *engine) configFor(dir, history string) (string, error) {
	name := filepath.Join(dir, history+".yaml")
	text := fmt.Sprintf("storage:\n  engine: victoriametrics\n  victoriametrics: {insert_url: %q, flush_url: %q, history: %q}\n", e.url, e.url, history)
	return name, os.WriteFile(name, []byte(text), 0o666)
}
