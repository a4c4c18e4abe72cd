package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// evaluation is one line of output: results, or why the pod can't be decoded.
type evaluation struct {
	ID     string                    `json:"id"`
	Checks map[policy.CheckID]result `json:"checks,omitempty"`
	Levels map[api.Level]result      `json:"levels,omitempty"`
	Error  string                    `json:"error,omitempty"`
}

func runEvaluate(arguments []string) error {
	flags := flag.NewFlagSet("evaluate", flag.ContinueOnError)
	defaults := flags.Bool("defaults", false, "apply the API server's defaults to the pod first")
	withStats := flags.Bool("stats", false, "print passes and fails of every check to stderr")
	if err := parse(flags, arguments); err != nil {
		return err
	}
	e, err := newEvaluator()
	if err != nil {
		return err
	}
	prepare := func(*corev1.Pod) {}
	if *defaults {
		prepare = v1.SetObjectDefaults_Pod
	}
	counts := newStats()
	if err := evaluateLines(os.Stdin, os.Stdout, e, prepare, counts); err != nil {
		return err
	}
	if *withStats {
		counts.print(os.Stderr, e)
	}
	return nil
}

func evaluateLines(in io.Reader, out io.Writer, e *evaluator, prepare func(*corev1.Pod), counts *stats) error {
	// A bufio.Reader, because a Scanner refuses lines that are longer than its buffer.
	reader := bufio.NewReader(in)
	writer := bufio.NewWriter(out)
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	for number := 1; ; number++ {
		text, readError := reader.ReadBytes('\n')
		if len(text) > 1 {
			var line podLine
			if err := json.Unmarshal(text, &line); err != nil {
				return fmt.Errorf("line %d is no pod: %w", number, err)
			}
			if err := encoder.Encode(evaluate(e, line, prepare, counts)); err != nil {
				return err
			}
		}
		// Whoever talks line by line gets an answer before the next question.
		if reader.Buffered() == 0 {
			if err := writer.Flush(); err != nil {
				return err
			}
		}
		if errors.Is(readError, io.EOF) {
			return writer.Flush()
		}
		if readError != nil {
			return readError
		}
	}
}

func evaluate(e *evaluator, line podLine, prepare func(*corev1.Pod), counts *stats) evaluation {
	pod, err := line.decode()
	if err != nil {
		return evaluation{ID: line.ID, Error: err.Error()}
	}
	prepare(pod)
	answer := evaluation{ID: line.ID, Checks: e.evaluateChecks(pod), Levels: e.evaluateLevels(pod)}
	counts.add(answer)
	return answer
}
