package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// compact has etcd forget every revision but the newest, so that whoever asks
// for what came after an older one is told that it is gone.
func (p *plane) compact(ctx context.Context, c *child) error {
	if c.name != etcd {
		return fmt.Errorf("`%s` has no revisions: only %s can be compacted", c.name, etcd)
	}
	ctx, cancel := p.bounded(ctx)
	defer cancel()
	var found struct {
		Header struct {
			Revision string `json:"revision"`
		} `json:"header"`
	}
	// The key is a single zero byte: what is asked for is the header.
	if err := p.askEtcd(ctx, "/v3/kv/range", map[string]any{"key": []byte{0}}, &found); err != nil {
		return err
	}
	compaction := map[string]any{"revision": found.Header.Revision, "physical": true}
	err := p.askEtcd(ctx, "/v3/kv/compaction", compaction, &struct{}{})
	if err != nil && strings.Contains(err.Error(), "has been compacted") {
		return nil // nothing was written since the last time
	}
	return err
}

// askEtcd asks by way of etcd's own JSON gateway.
func (p *plane) askEtcd(ctx context.Context, path string, question, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.ports.etcdURL()+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := p.admin.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("etcd answered %s to %s: %s", response.Status, path, text)
	}
	return json.Unmarshal(text, answer)
}
