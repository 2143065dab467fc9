package deploy_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/huggingface-exporter/huggingface_exporter/exporter/config"
)

// The containers of the cluster find each other, keep every sample twice and for good,
// and are newer than the version that loses series.
func TestComposeCluster(t *testing.T) {
	compose := testCompose(t, "compose.cluster.yaml", "demo", "exporter")
	services := at(compose, "services").(map[string]any)
	of := func(kind string) (names []string) {
		for name := range services {
			if strings.HasPrefix(name, kind+"-") {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return names
	}
	command := func(name string) string { return " " + strings.Join(texts(at(services, name, "command")), " ") + " " }
	want := func(name string, flags ...string) {
		t.Helper()
		for _, f := range flags {
			if !strings.Contains(command(name), " "+f+" ") {
				t.Errorf("%s: expected %s in%s", name, f, command(name))
			}
		}
	}
	storages := of("vmstorage")
	if len(storages) != 3 || len(of("vminsert")) != 2 || len(of("vmselect")) != 2 {
		t.Fatalf("expected three vmstorage, two vminsert and two vmselect, got %v", services)
	}
	for _, kind := range []struct{ name, port string }{{"vminsert", "8400"}, {"vmselect", "8401"}} {
		var nodes []string
		for _, s := range storages {
			nodes = append(nodes, s+":"+kind.port)
		}
		for _, name := range of(kind.name) {
			want(name, "--storageNode="+strings.Join(nodes, ","), "--replicationFactor=2")
		}
	}
	for _, name := range append(of("vmselect"), storages...) {
		want(name, "--dedup.minScrapeInterval=1ms")
	}
	for _, name := range storages {
		want(name, "--retentionPeriod=100y", "--disablePerDayIndex")
	}
	version := regexp.MustCompile(`^victoriametrics/\w+:v1\.(\d+)\.\d+(-cluster)?$`)
	for name := range services {
		image, _ := at(services, name, "image").(string)
		m := version.FindStringSubmatch(image)
		if strings.HasPrefix(name, "vm") && m == nil {
			t.Errorf("%s: expected a release of VictoriaMetrics, got %q", name, image)
		}
		if m == nil {
			continue
		}
		if minor, _ := strconv.Atoi(m[1]); minor <= 112 || (m[2] == "") != (name == "vmauth") {
			t.Errorf("%s: expected a release after v1.112, of the cluster but for vmauth, got %q", name, image)
		}
	}
	exporters := of("exporter")
	for i, name := range exporters {
		want(name, fmt.Sprintf("--shard.count=%d", len(exporters)), fmt.Sprintf("--shard.index=%d", i))
	}

	// Whom the exporters and vmauth ask is there.
	c, err := config.Load(filepath.Join(root, "deploy/cluster/exporter.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	v := c.Storage.VictoriaMetrics
	asked := v.InsertURL + " " + v.SelectURL + " " + c.Hub.Endpoint + " " + strings.Join(v.FlushURLs, " ") + " " + read(t, "deploy/cluster/vmauth.yaml")
	hosts := make(map[string]bool)
	for _, m := range regexp.MustCompile(`http://([\w-]+):\d+`).FindAllStringSubmatch(asked, -1) {
		hosts[m[1]] = true
	}
	for host := range hosts {
		if services[host] == nil {
			t.Errorf("nobody is called %q", host)
		}
	}
	for _, name := range slices.Concat(storages, of("vminsert"), of("vmselect"), []string{"hub", "vmauth"}) {
		if !hosts[name] {
			t.Errorf("nobody asks %s", name)
		}
	}
	for _, o := range c.Hub.Organizations {
		want("hub", "--org="+o.Name)
	}
}

// The exporters of the StatefulSet each have a shard, and one place more in what is over
// a cluster than in what is not.
func TestKubernetesCluster(t *testing.T) {
	var set, patch map[string]any
	decode(t, "deploy/kubernetes/statefulset.yaml", &set)
	decode(t, "deploy/kubernetes-cluster/shards.yaml", &patch)
	if at(patch, "metadata", "name") != at(set, "metadata", "name") {
		t.Errorf("the patch is of %v", at(patch, "metadata", "name"))
	}
	container := at(patch, "spec", "template", "spec", "containers", 0)
	if at(container, "name") != at(set, "spec", "template", "spec", "containers", 0, "name") {
		t.Errorf("the patch is of the container %v", at(container, "name"))
	}
	args := texts(at(container, "args"))
	base := texts(at(set, "spec", "template", "spec", "containers", 0, "args"))
	if len(args) != len(base)+2 || !slices.Equal(args[:len(base)], base) {
		t.Errorf("expected the arguments %q and a shard, got %q", base, args)
	}
	for _, want := range []string{fmt.Sprintf("--shard.count=%v", at(patch, "spec", "replicas")), fmt.Sprintf("--shard.index=$(%v)", at(container, "env", 0, "name"))} {
		if !slices.Contains(args, want) {
			t.Errorf("expected %s in %q", want, args)
		}
	}
	c, err := config.Load(filepath.Join(root, "deploy/kubernetes-cluster/config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Storage.Engine != config.EngineVictoriaMetrics || !strings.HasPrefix(c.Storage.QueuePath, "/data/") {
		t.Errorf("expected VictoriaMetrics and a queue on the volume, got %+v", c.Storage)
	}
}
