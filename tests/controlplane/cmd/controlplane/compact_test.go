package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// store stands in for etcd, and gives a plane that knows it.
func store(t *testing.T, answer func(path string, question map[string]any) (int, string)) *plane {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var question map[string]any
		if err := json.Unmarshal(body, &question); err != nil {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		code, text := answer(r.URL.Path, question)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(address.Port())
	if err != nil {
		t.Fatal(err)
	}
	return &plane{options: options{timeout: time.Minute}, ports: ports{etcd: port}, admin: server.Client()}
}

func TestCompactionForgetsAllButTheNewestRevision(t *testing.T) {
	var forgotten []any
	p := store(t, func(path string, question map[string]any) (int, string) {
		if path == "/v3/kv/compaction" {
			forgotten = append(forgotten, question["revision"])
		}
		return http.StatusOK, `{"header": {"revision": "42"}}`
	})
	if err := p.compact(context.Background(), &child{name: etcd}); err != nil {
		t.Fatal(err)
	}
	if len(forgotten) != 1 || forgotten[0] != "42" {
		t.Errorf("want revision 42 forgotten, got %v", forgotten)
	}
	if err := p.compact(context.Background(), &child{name: kubeAPIServer}); err == nil {
		t.Error("an API server was compacted")
	}
}

func TestWhatIsCompactedAlreadyIsNoFailureAndAnythingElseIs(t *testing.T) {
	said := `{"code": 11, "message": "etcdserver: mvcc: required revision has been compacted"}`
	p := store(t, func(path string, _ map[string]any) (int, string) {
		if path == "/v3/kv/compaction" {
			return http.StatusBadRequest, said
		}
		return http.StatusOK, `{"header": {"revision": "42"}}`
	})
	if err := p.compact(context.Background(), &child{name: etcd}); err != nil {
		t.Error(err)
	}
	said = "no space"
	if err := p.compact(context.Background(), &child{name: etcd}); err == nil || !strings.Contains(err.Error(), "no space") {
		t.Errorf("want what etcd said, got: %v", err)
	}
}
