package local

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// longestSocketDir is what a Unix socket's path (107 bytes) leaves for the folder.
const longestSocketDir = 93

// systemUsers are the users a server started by root runs as, the first that
// exists: our own, or PostgreSQL's where the set-up made none.
var systemUsers = []string{"yiping", "postgres"}

// Place is where a cluster lives and as whom it runs.
type Place struct {
	DataDir    string
	SocketDir  string
	Credential *syscall.Credential // nil: as we are
	Moved      string              // the folder asked for, where another had to be taken
}

// Prepare makes the data folder and the socket's, owned by the user that
// PostgreSQL will run as. PostgreSQL refuses root: started by root it runs as
// the sudoer who owns the place, or as a system user. A folder that user cannot
// reach (below a 0700 home) is replaced by one under /var/lib.
func Prepare(dataDir string) (Place, error) {
	p := Place{DataDir: dataDir}
	if os.Geteuid() != 0 {
		return p, p.prepareOwn()
	}
	who, err := runAs(dataDir)
	if err != nil {
		return p, err
	}
	p.Credential = who
	if !reachable(filepath.Dir(dataDir), who) {
		p.Moved = dataDir
		p.DataDir = Elsewhere(dataDir)
	}
	if err := ownedFolder(p.DataDir, 0o755, who); err != nil {
		return p, err
	}
	p.SocketDir = "/run/yiping-" + shortHash(p.DataDir)
	return p, ownedFolder(p.SocketDir, 0o755, who)
}

// Become turns the whole process into the place's user and leaves the folder it
// was started in, which that user may not be able to reach.
func (p *Place) Become() error {
	if p.Credential == nil {
		return nil
	}
	uid, gid := int(p.Credential.Uid), int(p.Credential.Gid)
	if err := os.Chdir(p.DataDir); err != nil {
		return fmt.Errorf("enter the data folder: %w", err)
	}
	if err := errors.Join(syscall.Setgroups([]int{gid}), syscall.Setgid(gid), syscall.Setuid(uid)); err != nil {
		return fmt.Errorf("become user %d: %w", uid, err)
	}
	p.Credential = nil
	return nil
}

func (p *Place) prepareOwn() error {
	if err := ownedFolder(p.DataDir, 0o755, nil); err != nil {
		return err
	}
	name := "yiping-" + shortHash(p.DataDir)
	for _, base := range []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir(), "/tmp"} {
		dir := filepath.Join(base, fmt.Sprintf("%s-%d", name, os.Getuid()))
		if base == "" || len(dir) > longestSocketDir {
			continue
		}
		if err := ownedFolder(dir, 0o700, nil); err != nil {
			continue
		}
		p.SocketDir = dir
		return nil
	}
	return errors.New("no folder for the database's socket can be made; set XDG_RUNTIME_DIR or TMPDIR to one of yours with a short path")
}

// ownedFolder makes a folder for a user (nil for ourselves) and refuses one
// that is somebody else's or no folder.
func ownedFolder(path string, mode os.FileMode, who *syscall.Credential) error {
	uid, gid := os.Geteuid(), os.Getegid()
	if who != nil {
		uid, gid = int(who.Uid), int(who.Gid)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return cannotMake(path, err)
	}
	made := os.Mkdir(path, mode)
	if made != nil && !errors.Is(made, os.ErrExist) {
		return cannotMake(path, made)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return cannotMake(path, err)
	}
	if info.Mode()&os.ModeSymlink != 0 {
		if info, err = os.Stat(path); err != nil {
			return cannotMake(path, err)
		}
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", path)
	}
	owner := int(info.Sys().(*syscall.Stat_t).Uid)
	if owner == uid {
		return nil
	}
	empty, err := isEmpty(path)
	if os.Geteuid() == 0 && err == nil && (made == nil || empty) {
		return os.Chown(path, uid, gid)
	}
	return fmt.Errorf("the folder %s belongs to %s, not to %s; run as that user or name another folder in YIPING_DATA", path, ownerName(path), userName(uid))
}

func cannotMake(path string, err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("the disk is full: %s cannot be made", path)
	}
	return fmt.Errorf("the folder %s cannot be made: %w", path, err)
}

func isEmpty(path string) (bool, error) {
	entries, err := os.ReadDir(path)
	return len(entries) == 0, err
}

// runAs gives the user that a server started by root runs as.
func runAs(dataDir string) (*syscall.Credential, error) {
	if id, err := strconv.Atoi(os.Getenv("SUDO_UID")); err == nil && id != 0 && ownerOf(existing(dataDir)) == id {
		if u, err := user.LookupId(strconv.Itoa(id)); err == nil {
			return credential(u)
		}
	}
	for _, name := range systemUsers {
		if u, err := user.Lookup(name); err == nil {
			return credential(u)
		}
	}
	return nil, errors.New("PostgreSQL does not run as root and there is no system user for it; make one: useradd --system --no-create-home --shell /usr/sbin/nologin yiping")
}

func credential(u *user.User) (*syscall.Credential, error) {
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// existing gives the nearest folder on the way to path that is there.
func existing(path string) string {
	for path != "/" && path != "." {
		if _, err := os.Stat(path); err == nil {
			return path
		}
		path = filepath.Dir(path)
	}
	return path
}

// reachable says whether a user may pass every folder on the way to path.
func reachable(path string, who *syscall.Credential) bool {
	for {
		if info, err := os.Stat(path); err == nil {
			s := info.Sys().(*syscall.Stat_t)
			pass := info.Mode()&0o001 != 0 || s.Uid == who.Uid && info.Mode()&0o100 != 0 || s.Gid == who.Gid && info.Mode()&0o010 != 0
			if !pass {
				return false
			}
		}
		if path == "/" || path == "." {
			return true
		}
		path = filepath.Dir(path)
	}
}

func ownerOf(path string) int {
	info, err := os.Stat(path)
	if err != nil {
		return -1
	}
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

func ownerName(path string) string { return userName(ownerOf(path)) }

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "user " + strconv.Itoa(uid)
}

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}

// Elsewhere gives the folder that Prepare takes instead of one that the system
// user cannot reach.
func Elsewhere(dataDir string) string { return "/var/lib/yiping-" + shortHash(dataDir) }
