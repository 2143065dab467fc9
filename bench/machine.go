package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// machine says where a measurement was made.
type machine struct {
	date, processor, memory, system, goVersion, duckdb string
	threads                                            int
}

// thisMachine describes this one.
func thisMachine(duckdb string) machine {
	m := machine{
		date:      time.Now().UTC().Format(time.DateOnly),
		processor: strings.TrimSpace(procField("/proc/cpuinfo", "model name")),
		memory:    "unknown",
		system:    runtime.GOOS + "/" + runtime.GOARCH,
		goVersion: runtime.Version(),
		duckdb:    duckdb,
		threads:   runtime.GOMAXPROCS(0),
	}
	var kb int64
	if _, err := fmt.Sscanf(procField("/proc/meminfo", "MemTotal"), "%d kB", &kb); err == nil {
		m.memory = fmt.Sprintf("%.0f GB", float64(kb)/(1<<20))
	}
	return m
}

func (m machine) lines() []string {
	return []string{
		fmt.Sprintf("machine: %s, %d threads for everybody, %s of memory, %s", m.processor, m.threads, m.memory, m.system),
		fmt.Sprintf("versions: %s, DuckDB %s", m.goVersion, m.duckdb),
	}
}

// procField returns the value of the first line "key : value" of a file of
// /proc, "" if there is none.
func procField(file, key string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if k, v, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
