package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

// defaultTestdata is where build.sh copies upstream's fixtures: beside the
// folder of this program.
func defaultTestdata() string {
	own, err := os.Executable()
	if err != nil {
		return "testdata"
	}
	return filepath.Join(filepath.Dir(filepath.Dir(own)), "testdata")
}

func runFixtures(arguments []string) error {
	flags := flag.NewFlagSet("fixtures", flag.ContinueOnError)
	testdata := flags.String("testdata", defaultTestdata(), "folder test/testdata of k8s.io/pod-security-admission")
	if err := parse(flags, arguments); err != nil {
		return err
	}
	writer := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	count := 0
	err := fs.WalkDir(os.DirFS(*testdata), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(filepath.Join(*testdata, path))
		if err != nil {
			return err
		}
		line := podLine{}
		if err := yaml.Unmarshal(text, &line); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		line.ID = path // restricted/v1.37/fail/hostports0.yaml: level, version, outcome, check
		count++
		return encoder.Encode(line)
	})
	if err != nil {
		return err
	}
	if count == 0 {
		return fmt.Errorf("no fixtures in `%s`: build with tests/controlplane/build.sh or name the folder with --testdata", *testdata)
	}
	return writer.Flush()
}
