// Command yiping is the whole of Yiping (一屏): it serves the pages, the API and
// the live feed of a district, and holds the tools to set one up.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"

	"yiping/server/config"
)

// version is set by the linker.
var version = "dev"

// cli is the command line; the fields' tags are its help.
type cli struct {
	config.Config
	ConfigFile kong.ConfigFlag `name:"config" help:"JSON file with these settings."`

	Serve    serveCmd    `cmd:"" help:"Serve the pages, the API and the live feed."`
	Migrate  migrateCmd  `cmd:"" help:"Bring the database up to this version."`
	Seed     seedCmd     `cmd:"" help:"Fill an empty database with the demonstration district."`
	Import   importCmd   `cmd:"" help:"Import a district's own files: areas, facilities, cameras, people ..."`
	Imports  importsCmd  `cmd:"" help:"List imports."`
	Undo     undoCmd     `cmd:"" help:"Take an import back."`
	Export   exportCmd   `cmd:"" help:"Write a register to a file that imports again unchanged."`
	Template templateCmd `cmd:"" help:"Write an empty table of a register to fill in, or list its fields."`
	Simulate simulateCmd `cmd:"" help:"Drive a running server as its users do."`
	User     userCmd     `cmd:"" help:"Accounts: list, add, disable, grant roles, reset what was lost."`
	Audit    auditCmd    `cmd:"" help:"The audit trail: verify, list, print the key of its checkpoints."`
	Keys     keysCmd     `cmd:"" help:"The keys that personal data is sealed with: list, rotate, reseal, retire."`
	Rights   rightsCmd   `cmd:"" help:"Print what each role sees and may do, and by what."`
	DataMap  dataMapCmd  `cmd:"" help:"Print what every column of the database holds: how delicate it is, how it is protected, why or for how long."`
	Database databaseCmd `cmd:"" help:"Run a command with DATABASE_URL set to the private PostgreSQL."`
	OpenAPI  openAPICmd  `cmd:"" name:"openapi" help:"Print the OpenAPI document."`
	AsyncAPI asyncAPICmd `cmd:"" name:"asyncapi" help:"Print the AsyncAPI document of the live feed."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// app is what every command is given.
type app struct {
	config.Config
	folder string // of the data and secrets, once the database is open
	ctx    context.Context
	log    zerolog.Logger
	out    io.Writer
}

func (a *app) now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// exitError ends the program with a code other than 1 and nothing to say.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func main() {
	var c cli
	parser, err := kong.New(&c, kong.Name("yiping"), kong.Configuration(kong.JSON),
		kong.Description("一屏: a district's communities, cameras, facilities, responders and incidents on one screen."),
		kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(os.Stderr, "yiping:", err)
		os.Exit(1)
	}
	args := os.Args[1:]
	k, err := parser.Parse(args)
	parser.FatalIfErrorf(err)
	if err := c.Check(); err != nil {
		fmt.Fprintln(os.Stderr, "yiping:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	a := &app{Config: c.Config, ctx: ctx, log: newLogger(c.Config), out: os.Stdout}
	err = k.Run(a)
	stop()
	var code exitError
	switch {
	case errors.As(err, &code):
		os.Exit(int(code))
	case err != nil && !errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "yiping:", err)
		os.Exit(1)
	}
}

func newLogger(c config.Config) zerolog.Logger {
	var w io.Writer = zerolog.ConsoleWriter{Out: os.Stderr, TimeFormat: time.DateTime}
	if c.LogJSON {
		w = os.Stderr
	}
	level, err := zerolog.ParseLevel(c.LogLevel)
	if err != nil {
		level = zerolog.InfoLevel
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger()
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(a *app) error {
	_, err := fmt.Fprintln(a.out, version)
	return err
}
