package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// server is a process that answers over HTTP: the exporter, or a Prometheus.
type server struct {
	url  string
	cmd  *exec.Cmd
	said bytes.Buffer
	done chan error // what the process ended with
}

// startServer serves a store and returns when it answers.
func startServer(program, store string, threads int) (*server, error) {
	return startProcess(threads, program, "serve", "--storage.path="+store)
}

// startProcess starts a server with an address in addition to its arguments, and returns when
// it is ready.
func startProcess(threads int, program string, args ...string) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	listener.Close()

	s := &server{url: "http://" + address, done: make(chan error, 1)}
	s.cmd = exec.Command(program, append(args, "--web.listen-address="+address)...)
	s.cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(threads))
	s.cmd.Stdout, s.cmd.Stderr = &s.said, &s.said
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.done <- s.cmd.Wait() }()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		response, err := http.Get(s.url + "/-/ready")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return s, nil
			}
			err = fmt.Errorf("status %s", response.Status)
		}
		if time.Now().After(deadline) {
			return nil, errors.Join(fmt.Errorf("the server is not ready: %w", err), s.stop())
		}
		select {
		case err := <-s.done:
			s.done <- err
			return nil, s.ended(err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop ends the process, at the second call too.
func (s *server) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // fails only if it has ended
	err := <-s.done
	s.done <- err
	if err != nil {
		return s.ended(err)
	}
	return nil
}

// ended describes the end of the process, where it is not the one expected.
func (s *server) ended(err error) error {
	if err == nil {
		err = errors.New("success")
	}
	return fmt.Errorf("the server ended with %w and said:\n%s", err, s.said.String())
}

// idle leaves the process alone for that long, so that its runtime can give
// back what it no longer needs, resets its peak and returns what it holds.
func (s *server) idle(settle time.Duration) (int64, error) {
	time.Sleep(settle)
	held, err := s.memory("VmRSS")
	if err != nil {
		return 0, err
	}
	// 5 resets the peak: proc(5), clear_refs.
	return held, os.WriteFile(s.proc("clear_refs"), []byte("5"), 0)
}

// memory returns a size in bytes from the status of the process.
func (s *server) memory(field string) (int64, error) {
	value := procField(s.proc("status"), field)
	var kb int64
	if _, err := fmt.Sscanf(value, "%d kB", &kb); err != nil {
		return 0, fmt.Errorf("expected a size in %s, field %s, got %q", s.proc("status"), field, value)
	}
	return kb << 10, nil
}

func (s *server) proc(file string) string {
	return filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), file)
}
