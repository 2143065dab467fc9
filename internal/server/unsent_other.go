//go:build !linux

package server

import "net"

// limitUnsent leaves to the kernel what it keeps for a connection.
func limitUnsent(*net.TCPConn) {}
