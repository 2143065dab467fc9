package packagetest_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	unit   = "/usr/lib/systemd/system/huggingface_exporter.service"
	config = "/etc/huggingface_exporter/config.yaml"
	flags  = "/etc/default/huggingface_exporter"
	token  = "/etc/huggingface_exporter/hub.token"
	data   = "/var/lib/huggingface_exporter"
	user   = "huggingface_exporter"
)

// patience bounds every wait: for what should come at once, on a busy machine.
const patience = 2 * time.Minute

// service is the exporter, running as its unit says: there is no systemd to do it.
type service struct {
	*machine
	address string
	cmd     *exec.Cmd
	output  lockedBuffer
}

// lockedBuffer keeps what a process prints meanwhile.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// setting returns that of the unit.
func (m *machine) setting(name string) string {
	m.Helper()
	found := regexp.MustCompile(`(?m)^` + name + `=(.+)$`).FindStringSubmatch(m.read(unit))
	if found == nil {
		m.Fatalf("expected %s in %s", name, unit)
	}
	return found[1]
}

// listenOn puts a free address among the flags of the service, as an administrator
// would, and returns it.
func (m *machine) listenOn() string {
	m.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		m.Fatal(err)
	}
	defer l.Close()
	address := l.Addr().String()
	m.write(flags, `ARGS="--web.listen-address=`+address+`"`+"\n")
	return address
}

// start starts the service as the unit says and waits until it is ready.
func (m *machine) start(address string) *service {
	m.Helper()
	s := &service{machine: m, address: address}
	environment := strings.TrimPrefix(m.setting("EnvironmentFile"), "-")
	line := ". " + environment + "; umask " + m.setting("UMask") + "; cd /; exec setpriv --reuid=" + m.setting("User") +
		" --regid=" + m.setting("Group") + " --clear-groups --no-new-privs --bounding-set=-all " + m.setting("ExecStart")
	s.cmd = m.command("sh", "-c", line)
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	// It hears SIGTERM through nsenter, which is in a group with it.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		m.Fatal(err)
	}
	m.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
			_ = s.cmd.Wait() // it was killed
		}
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if _, err := s.ask("/-/ready"); err == nil {
			return s
		} else if time.Now().After(deadline) {
			m.Fatalf("the service did not get ready: %v\n%s", err, s.output.String())
		}
	}
}

// stop ends the service as systemd does; it has to end by itself and well.
func (s *service) stop() {
	s.Helper()
	if err := syscall.Kill(-s.cmd.Process.Pid, syscall.SIGTERM); err != nil {
		s.Fatal(err)
	}
	// nsenter and the program both got it; what counts is what the program says.
	_ = s.cmd.Wait()
	if out := s.output.String(); !strings.Contains(out, "msg=Stopped") {
		s.Errorf("expected the service to say Stopped, got\n%s", out)
	}
}

// ask asks the service.
func (s *service) ask(path string) (string, error) {
	response, err := http.Get("http://" + s.address + path)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = &os.PathError{Op: "GET", Path: path, Err: os.ErrInvalid}
	}
	return string(body), err
}

// answers waits until the service answers with a text.
func (s *service) answers(path, want string) {
	s.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		got, err := s.ask(path)
		if err == nil && strings.Contains(got, want) {
			return
		}
		if time.Now().After(deadline) {
			s.Fatalf("GET %s: expected %q, got %q (%v)", path, want, got, err)
		}
	}
}
