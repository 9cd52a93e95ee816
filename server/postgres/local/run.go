package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/rs/zerolog"
)

// The variables beside DATABASE_URL in which RunWith gives the other two users'
// addresses: for tests, which connect as a server does.
const (
	AppVariable    = "YIPING_TEST_APP_URL"
	SystemVariable = "YIPING_TEST_SYSTEM_URL"
)

// RunWith runs a command with DATABASE_URL set to the private PostgreSQL of a
// folder, or with dataDir "" of a throw-away one, and gives its exit code. A
// server that is running on the folder is shared, else one is started for it. A
// throw-away one that is durable writes as safely as a real one.
func RunWith(ctx context.Context, dataDir string, durable bool, log zerolog.Logger, command []string) (int, error) {
	if dataDir != "" {
		if a := Attach(dataDir); a.Owner != "" {
			return run(ctx, a, command)
		}
	}
	ephemeral := dataDir == ""
	if ephemeral {
		folder, err := throwAway()
		if err != nil {
			return 0, err
		}
		defer func() { _ = os.RemoveAll(folder) }()
		dataDir = filepath.Join(folder, "data")
	}
	place, err := Prepare(dataDir)
	if err != nil {
		return 0, err
	}
	if ephemeral {
		defer func() { _ = os.RemoveAll(place.SocketDir) }()
	}
	c, err := Open(ctx, Config{Place: place, Ephemeral: ephemeral && !durable, Log: log})
	if err != nil {
		return 0, err
	}
	var env []string
	if ephemeral { // keys and checkpoints of a database that is gone fit no other
		env = append(env, "YIPING_DATA="+filepath.Join(filepath.Dir(dataDir), "served"))
	}
	code, err := run(ctx, c.Addresses(), command, env...)
	return code, errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
}

// throwAway makes a folder that a system user can pass: 0755, not a 0700 one.
func throwAway() (string, error) {
	base := os.TempDir()
	if os.Geteuid() == 0 {
		base = "/var/lib"
	}
	folder, err := os.MkdirTemp(base, "yiping-test-")
	if err != nil {
		return "", fmt.Errorf("make a throw-away folder: %w", err)
	}
	return folder, os.Chmod(folder, 0o755)
}

// run runs the command; signals that reach us reach it by the terminal's group
// or are passed on, and it decides when to end.
func run(ctx context.Context, a Addresses, command []string, env ...string) (int, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = slices.Concat(os.Environ(), []string{"DATABASE_URL=" + a.Owner, AppVariable + "=" + a.App, SystemVariable + "=" + a.System}, env)
	cmd.Args = append([]string{command[0]}, command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if filepath.Base(command[0]) == "psql" && len(command) == 1 {
		cmd.Args = append(cmd.Args, a.Owner)
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("run %s: %w", command[0], err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			_ = cmd.Process.Signal(s)
		case err := <-ended:
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				return max(1, exit.ExitCode()), nil
			}
			return 0, err
		case <-ctx.Done(): // Ctrl-C reached the command too; wait for it
			err := <-ended
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				return max(1, exit.ExitCode()), nil
			}
			return 0, err
		}
	}
}
