package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	kubejson "sigs.k8s.io/json"
)

// failure is the answer to a question that has none.
type failure struct {
	Error string `json:"error"`
}

// answerLines answers every line, whatever the lines before it were.
func answerLines[Q, A any](in io.Reader, out io.Writer, judge func(*Q) (A, error)) error {
	// A bufio.Reader, because a Scanner refuses lines that are longer than its buffer.
	reader := bufio.NewReader(in)
	writer := bufio.NewWriter(out)
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	for {
		text, readError := reader.ReadBytes('\n')
		if len(bytes.TrimSpace(text)) > 0 {
			if err := encoder.Encode(answer(text, judge)); err != nil {
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

func answer[Q, A any](text []byte, judge func(*Q) (A, error)) (reply any) {
	// Upstream's code takes what the API server has validated; a line can hold anything.
	defer func() {
		if panicked := recover(); panicked != nil {
			reply = failure{fmt.Sprintf("upstream gives up: %v", panicked)}
		}
	}()
	var question Q
	if err := decode(text, &question); err != nil {
		return failure{err.Error()}
	}
	answer, err := judge(&question)
	if err != nil {
		return failure{err.Error()}
	}
	return answer
}

// decode reads names and null as the API server does. But a field that isn't
// known is refused: dropped, it would be a typing mistake that nobody sees.
func decode(text []byte, into any) error {
	mistakes, err := kubejson.UnmarshalStrict(text, into)
	if err != nil {
		return fmt.Errorf("no question: %w", err)
	}
	if err := errors.Join(mistakes...); err != nil {
		return fmt.Errorf("no question: %w", err)
	}
	return nil
}
