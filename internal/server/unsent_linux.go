package server

import (
	"net"

	"golang.org/x/sys/unix"
)

// maxUnsent is how much of an answer the kernel keeps that cannot be sent yet, in bytes: by
// itself it takes some MiB of each client that reads slowly.
const maxUnsent = 128 << 10

// limitUnsent bounds the memory that the kernel takes for a connection. What is on its way
// is not bounded, so that a client far away is sent as much as it takes.
func limitUnsent(c *net.TCPConn) {
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, maxUnsent)
	})
}
