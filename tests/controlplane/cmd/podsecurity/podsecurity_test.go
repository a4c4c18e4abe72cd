package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/pod-security-admission/api"
	kubejson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

func evaluated(t *testing.T, spec string) evaluation {
	t.Helper()
	e, err := newEvaluator()
	if err != nil {
		t.Fatal(err)
	}
	return evaluate(e, podLine{Spec: json.RawMessage(spec)}, func(*corev1.Pod) {}, newStats())
}

func TestFieldNamesAreCaseSensitive(t *testing.T) {
	if !evaluated(t, `{"hostnetwork": true}`).Checks["hostNamespaces"].Allowed {
		t.Error("`hostnetwork` is no field of a pod, but was taken for `hostNetwork`")
	}
	if evaluated(t, `{"hostNetwork": true}`).Checks["hostNamespaces"].Allowed {
		t.Error("`hostNetwork: true` was allowed")
	}
}

func TestReplacedChecksAreReportedToo(t *testing.T) {
	pod := evaluated(t, `{"volumes": [{"name": "both", "emptyDir": {}, "hostPath": {"path": "/"}}]}`)
	if !pod.Checks["restrictedVolumes"].Allowed || pod.Checks["hostPathVolumes"].Allowed {
		t.Errorf("restrictedVolumes sees the emptyDir, hostPathVolumes the hostPath: got %+v", pod.Checks)
	}
	if pod.Levels[api.LevelBaseline].Allowed {
		t.Error("baseline allowed a hostPath")
	}
}

func TestUndecodablePodIsALineOfItsOwn(t *testing.T) {
	e, err := newEvaluator()
	if err != nil {
		t.Fatal(err)
	}
	in := strings.NewReader(`{"id":"a","spec":{"hostNetwork":"yes"}}` + "\n" + `{"id":"b","spec":{}}`)
	var out bytes.Buffer
	if err := evaluateLines(in, &out, e, func(*corev1.Pod) {}, newStats()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `"error"`) || !strings.Contains(lines[1], `"checks"`) {
		t.Errorf("want an error line and a result line, got:\n%s", out.String())
	}
}

func TestDefaultsGiveHostNetworkPodsHostPorts(t *testing.T) {
	line := podLine{Spec: json.RawMessage(`{"hostNetwork":true,"containers":[{"name":"c","ports":[{"containerPort":80}]}]}`)}
	e, err := newEvaluator()
	if err != nil {
		t.Fatal(err)
	}
	plain := evaluate(e, line, func(*corev1.Pod) {}, newStats())
	defaulted := evaluate(e, line, v1.SetObjectDefaults_Pod, newStats())
	if !plain.Checks["hostPorts"].Allowed || defaulted.Checks["hostPorts"].Allowed {
		t.Error("want hostPorts allowed without and refused with defaults")
	}
}

// The fixtures of the newest version are what their folder says, once defaults
// are applied: one that passes restricted has a volume without a source.
func TestFixturesAreAsUpstreamSays(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/pod-security-admission").Output()
	if err != nil {
		t.Fatal(err)
	}
	e, err := newEvaluator()
	if err != nil {
		t.Fatal(err)
	}
	newestVersion := api.Version{}
	for _, check := range e.checks {
		if version := newest(check).MinimumVersion; newestVersion.Older(version) {
			newestVersion = version
		}
	}
	seen := 0
	for _, level := range []api.Level{api.LevelBaseline, api.LevelRestricted} {
		for _, outcome := range []string{"pass", "fail"} {
			files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "test/testdata", string(level), newestVersion.String(), outcome, "*.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				var line podLine
				if err := yaml.Unmarshal(text, &line); err != nil {
					t.Fatal(err)
				}
				seen++
				if got := evaluate(e, line, v1.SetObjectDefaults_Pod, newStats()).Levels[level].Allowed; got != (outcome == "pass") {
					t.Errorf("%s: allowed is %v", file, got)
				}
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d fixtures of %s", seen, newestVersion)
	}
}

func TestGeneratedPodsReachBothOutcomesOfEveryCheck(t *testing.T) {
	e, err := newEvaluator()
	if err != nil {
		t.Fatal(err)
	}
	counts := newStats()
	for index := range 5000 {
		line, err := generate(1, index)
		if err != nil {
			t.Fatal(err)
		}
		if answer := evaluate(e, line, func(*corev1.Pod) {}, counts); answer.Error != "" {
			t.Fatal(answer.Error)
		}
	}
	for _, check := range e.checks {
		id := string(check.ID)
		if counts.passes[id] < 200 || counts.fails[id] < 200 {
			t.Errorf("%s: %d passes and %d fails, want 200 of each", id, counts.passes[id], counts.fails[id])
		}
	}
}

// A field the API doesn't know would be dropped unseen: a typing mistake here.
func TestGeneratedPodsHaveNoUnknownField(t *testing.T) {
	for index := range 2000 {
		line, err := generate(2, index)
		if err != nil {
			t.Fatal(err)
		}
		var spec corev1.PodSpec
		mistakes, err := kubejson.UnmarshalStrict(line.Spec, &spec)
		if err != nil || len(mistakes) > 0 {
			t.Fatalf("%s: %v %v", line.ID, mistakes, err)
		}
		text, err := json.Marshal(spec)
		if err != nil {
			t.Fatal(err)
		}
		var again corev1.PodSpec
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		second, err := json.Marshal(again)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text, second) {
			t.Fatalf("%s changes on its way through the API's types", line.ID)
		}
	}
}

func TestSameSeedGivesSamePods(t *testing.T) {
	one, _ := generate(7, 3)
	two, _ := generate(7, 3)
	other, _ := generate(8, 3)
	if !reflect.DeepEqual(one, two) || bytes.Equal(one.Spec, other.Spec) {
		t.Error("the seed and nothing else must decide")
	}
}

// A new kind of volume in the API has to be generated too.
func TestEveryVolumeSourceIsGenerated(t *testing.T) {
	var api []string
	for field := range reflect.TypeFor[corev1.VolumeSource]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		api = append(api, name)
	}
	ours := []string{"hostPath"}
	ours = slices.AppendSeq(ours, maps.Keys(allowedSources))
	ours = slices.AppendSeq(ours, maps.Keys(otherSources))
	slices.Sort(api)
	slices.Sort(ours)
	if fmt.Sprint(api) != fmt.Sprint(ours) {
		t.Errorf("the API has %v\nwe have    %v", api, ours)
	}
}
