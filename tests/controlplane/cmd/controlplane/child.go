package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// child is one server: how to start it, and its process while it runs.
type child struct {
	name      string
	program   string
	arguments []string
	logPath   string
	grace     time.Duration // how long it may take to end after SIGTERM
	logStart  int64         // where the log of this run begins

	process *os.Process
	exited  chan struct{} // closed when the process has ended
	failure error         // how it ended; read only after exited is closed
	paused  bool
}

// start must be called by the main goroutine: see the init function of main.go.
func (c *child) start() error {
	// Append: the log of a server that a test restarted tells the whole story.
	log, err := os.OpenFile(c.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	if c.logStart, err = log.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	command := exec.Command(c.program, c.arguments...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = ownGroupDyingWithParent()
	if err := command.Start(); err != nil {
		return fmt.Errorf("cannot start %s: %w", c.name, err)
	}
	exited := make(chan struct{})
	c.process, c.exited, c.failure, c.paused = command.Process, exited, nil, false
	go func() {
		c.failure = command.Wait()
		close(exited)
	}()
	return nil
}

func (c *child) running() bool {
	if c.process == nil {
		return false
	}
	select {
	case <-c.exited:
		return false
	default:
		return true
	}
}

// stop ends the process: SIGTERM, then SIGKILL when that takes too long.
func (c *child) stop() {
	if !c.running() {
		return
	}
	_ = c.process.Signal(syscall.SIGTERM) // it may have ended by itself meanwhile
	if c.paused {
		_ = c.process.Signal(syscall.SIGCONT) // a stopped process doesn't see SIGTERM
	}
	select {
	case <-c.exited:
	case <-time.After(c.grace):
		_ = c.process.Kill()
		<-c.exited
	}
}

// pause freezes the process, as a server that hangs with its connections open.
func (c *child) pause() error {
	c.paused = true
	return c.process.Signal(syscall.SIGSTOP)
}

func (c *child) resume() error {
	c.paused = false
	return c.process.Signal(syscall.SIGCONT)
}

// childError is the failure of a child; lostRace says that another process
// took its port, so that another try with other ports can succeed.
type childError struct {
	reason   string
	logPath  string
	logTail  string
	lostRace bool
}

func (e *childError) Error() string {
	return fmt.Sprintf("%s; the end of %s:\n%s", e.reason, e.logPath, e.logTail)
}

// failed tells what happened to a child, with the end of its log.
func (c *child) failed(reason string) error {
	text, err := os.ReadFile(c.logPath)
	if err != nil {
		return errors.Join(errors.New(reason), err)
	}
	text = text[min(c.logStart, int64(len(text))):]
	return &childError{
		reason:   reason,
		logPath:  c.logPath,
		logTail:  lastLines(string(text), 30),
		lostRace: bytes.Contains(text, []byte("address already in use")),
	}
}

// exitedEarly is failed for a process that has ended.
func (c *child) exitedEarly() error {
	return c.failed(fmt.Sprintf("%s ended: %v", c.name, c.failure))
}

func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}
