package outfile

import (
	"errors"
	"io/fs"
	"path/filepath"
	"runtime"
	"testing"
)

func TestSync(t *testing.T) {
	dir := t.TempDir()
	if err := SyncDir(dir); err != nil {
		t.Error(err)
	}
	if runtime.GOOS == "linux" {
		// A file system that knows no syncing keeps nothing back.
		if err := SyncDir("/proc"); err != nil {
			t.Error(err)
		}
	}
	if err := SyncFile(filepath.Join(dir, "none")); runtime.GOOS != "windows" && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
