package soak

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/history"
)

// TestPowerLoss is TestKill with the power lost in place of the process: the file system, an
// ext4 in a file, is told to stop and to write nothing of what it still has in memory. An
// import runs beside serve, of which nothing is lost either once it has ended well. It needs
// root.
func TestPowerLoss(t *testing.T) {
	begin := time.Now()
	p := &power{killing: newKilling(t, 8)}
	p.image = p.path("disk")
	p.cut = p.lose
	if os.Geteuid() != 0 {
		t.Skip("needs root, to mount a file system")
	}
	if err := os.Mkdir(p.path("data"), 0o755); err != nil {
		t.Fatal(err)
	}
	p.write("disk", "")
	if err := os.Truncate(p.image, 64<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", p.image).CombinedOutput(); err != nil {
		t.Skipf("needs mkfs.ext4: %v %s", err, out)
	}
	if out, err := p.mount(); err != nil {
		t.Skipf("needs a loop device: %v %s", err, out)
	}
	t.Cleanup(func() { _ = syscall.Unmount(p.path("data"), syscall.MNT_DETACH) })
	rounds := size(8, 100)
	for round := range rounds {
		p.round(round)
	}
	p.heals()
	if p.confirmed == 0 {
		t.Error("no import ended well before the power was lost")
	}
	figures(t, begin, "power lost %d times: %s; %d of %d concurrent imports had succeeded, and none of these was missing",
		rounds, p.killing, p.confirmed, rounds)
}

// power is the campaign.
type power struct {
	*killing
	image     string
	confirmed int
	total     int64 // of the last import that ended well
}

// mount mounts the file system, which brings it to the state at the loss of the power.
func (p *power) mount() ([]byte, error) {
	return exec.Command("mount", "-t", "ext4", "-o", "loop,commit=300", p.image, p.path("data")).CombinedOutput()
}

// lose takes the power away, from a serve and from an import that has just begun.
func (p *power) lose(e *exporter) {
	p.Helper()
	p.write("new.csv", p.export("imported"))
	cmd := command(nil, "import", "--storage.path="+p.path("data"), p.path("new.csv"))
	if err := cmd.Start(); err != nil {
		p.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	// Half of the imports have the time to end.
	select {
	case err := <-ended:
		ended <- err
	case <-time.After(time.Duration(p.random.Int64N(int64(120 * time.Millisecond)))):
	}
	time.Sleep(time.Duration(p.random.Int64N(int64(3 * time.Millisecond))))
	p.shutdown()
	// What is shown now has to be there, too.
	time.Sleep(time.Duration(p.random.Int64N(int64(30 * time.Millisecond))))
	e.kill()
	if err := <-ended; err == nil {
		p.confirmed++
		p.total = int64(1000 * p.made)
	}
	if err := syscall.Unmount(p.path("data"), 0); err != nil {
		p.Fatal(err)
	}
	if out, err := p.mount(); err != nil {
		p.Fatalf("mounting it again: %v %s", err, out)
	}
	if p.total == 0 {
		return
	}
	l := openStore(p.T, p.path("data"))
	defer l.Close()
	for m, err := range l.Meta(context.Background(), history.MetaQuery{Org: "o"}) {
		if err != nil {
			p.Fatal(err)
		}
		if m.Total < p.total {
			p.Fatalf("an import confirmed the total %d, after a loss of power it is %d", p.total, m.Total)
		}
		return
	}
	p.Fatalf("an import confirmed the total %d, after a loss of power it is gone", p.total)
}

// shutdown stops the file system, without a word to its disk: EXT4_IOC_SHUTDOWN.
func (p *power) shutdown() {
	p.Helper()
	const (
		request    = 0x8004587d
		noLogFlush = 2
	)
	f, err := os.Open(p.path("data"))
	if err != nil {
		p.Fatal(err)
	}
	defer f.Close()
	if err := unix.IoctlSetPointerInt(int(f.Fd()), request, noLogFlush); err != nil {
		p.Fatal(fmt.Errorf("stopping the file system: %w", err))
	}
}
