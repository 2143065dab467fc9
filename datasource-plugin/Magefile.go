//go:build mage

// The build of the plugin's backend: make plugin, or mage in this directory.
package main

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	//mage:import
	build "github.com/grafana/grafana-plugin-sdk-go/build"
	"github.com/grafana/grafana-plugin-sdk-go/build/buildinfo"
)

// Default is what mage builds if no target is named.
var Default = Platforms

// everywhere are the platforms that are shipped.
var everywhere = []string{
	"linux/amd64", "linux/arm64",
	"darwin/amd64", "darwin/arm64",
	"windows/amd64", "windows/arm64",
}

// Platforms builds the backend into dist for the platforms that the environment
// variable PLATFORMS lists ("linux/amd64 linux/arm64", or local), for all that
// are shipped if it is empty, and writes the manifest of its sources.
func Platforms() error {
	if err := build.SetBeforeBuildCallback(reproducible); err != nil {
		return err
	}
	platforms := everywhere
	if named := strings.Fields(os.Getenv("PLATFORMS")); len(named) > 0 {
		platforms = named
	}
	for _, p := range platforms {
		if p == "local" {
			p = runtime.GOOS + "/" + runtime.GOARCH
		}
		goos, goarch, ok := strings.Cut(p, "/")
		if !ok || goos == "" || goarch == "" {
			return fmt.Errorf("PLATFORMS: expected local or platforms like linux/amd64, got %q", p)
		}
		fmt.Printf("== building the backend for %s\n", p)
		if err := (build.Build{}).Custom(goos, goarch); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	return nil
}

// reproducible takes out of a binary what differs from one build to the next:
// the time, which becomes that of the sources, and the path of the checkout.
func reproducible(cfg build.Config) (build.Config, error) {
	if cfg.Env == nil {
		return cfg, nil // the manifest, which is no build
	}
	cfg.Env["GOFLAGS"] = strings.TrimSpace(os.Getenv("GOFLAGS") + " -trimpath -buildvcs=false")
	when, err := sourceTime()
	if err != nil {
		return cfg, err
	}
	id, version, err := identity()
	if err != nil {
		return cfg, err
	}
	info, err := json.Marshal(buildinfo.Info{Time: when.UnixMilli(), PluginID: id, Version: version})
	if err != nil {
		return cfg, err
	}
	if cfg.CustomVars == nil {
		cfg.CustomVars = make(map[string]string)
	}
	cfg.CustomVars["github.com/grafana/grafana-plugin-sdk-go/build/buildinfo.buildInfoJSON"] = string(info)
	return cfg, nil
}

// sourceTime is the age of the sources by SOURCE_DATE_EPOCH; without it the
// earliest time that a zip archive can name.
func sourceTime() (time.Time, error) {
	s := os.Getenv("SOURCE_DATE_EPOCH")
	if s == "" {
		return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH: expected seconds since 1970, got %q", s)
	}
	return time.Unix(n, 0).UTC(), nil
}

// identity reads id and version of the plugin from its sources.
func identity() (id, version string, err error) {
	if id, err = member(filepath.Join("src", "plugin.json"), "id"); err != nil {
		return "", "", err
	}
	version, err = member("package.json", "version")
	return id, version, err
}

// member returns a string of a JSON file.
func member(path, name string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	s, _ := members[name].(string)
	if s == "" {
		return "", fmt.Errorf("%s: expected a text as member %s, got %v", path, name, members[name])
	}
	return s, nil
}

// Package packs dist, as Grafana unpacks it, and the sources in the second
// directory into zip archives in the first one: the same bytes for the same files.
func Package(dir, source string) error {
	id, version, err := identity()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	name := id + "-" + version
	if err := packAll(filepath.Join(dir, name+".zip"), "dist", id); err != nil {
		return err
	}
	return packAll(filepath.Join(dir, name+"-source.zip"), source, name)
}

// packAll packs the files of a directory below a folder of a new archive.
func packAll(path, dir, folder string) (err error) {
	when, err := sourceTime()
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
		if err != nil {
			os.Remove(path)
		}
	}()
	z := zip.NewWriter(f)
	files := os.DirFS(dir)
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return pack(z, files, name, folder, when)
	})
	if err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	fmt.Printf("== packed %s\n", path)
	return nil
}

// pack adds a file below a folder of an archive.
func pack(z *zip.Writer, files fs.FS, name, folder string, when time.Time) error {
	h := &zip.FileHeader{Name: folder + "/" + name, Method: zip.Deflate, Modified: when}
	h.SetMode(0o644)
	if strings.HasPrefix(filepath.Base(name), "gpx_") {
		h.SetMode(0o755)
	}
	w, err := z.CreateHeader(h)
	if err != nil {
		return err
	}
	r, err := files.Open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(w, r)
	return err
}
