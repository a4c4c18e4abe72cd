// Rewrites ../reference.jsonl with the answers of the YAML library that kubectl uses:
//
//	cd tests/manifest/reference && go run . < ../reference.jsonl > new && mv new ../reference.jsonl
//
// Each line is {"yaml": text} and gets "json" or "error".
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"

	"sigs.k8s.io/yaml"
)

type line struct {
	YAML  string          `json:"yaml"`
	JSON  json.RawMessage `json:"json,omitempty"`
	Error string          `json:"error,omitempty"`
}

func main() {
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var l line
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			log.Fatal(err)
		}
		answer, err := yaml.YAMLToJSON([]byte(l.YAML))
		l.JSON, l.Error = answer, ""
		if err != nil {
			l.JSON, l.Error = nil, err.Error()
		}
		if err := out.Encode(l); err != nil {
			log.Fatal(err)
		}
	}
	if err := in.Err(); err != nil {
		log.Fatal(err)
	}
}
