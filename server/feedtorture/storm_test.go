package feedtorture

import (
	"context"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"yiping/server/screen"
)

// storm: so many desks of all areas and so many phones follow one server, which is
// killed and started again while dispatchers' commands go on. All come back by
// themselves and go on where they were: no event is missing, none comes twice,
// nobody is sent the whole again, and each shows what the database holds.
func storm(t *testing.T, d *district, desks, phones int, pace time.Duration) {
	most := affordable(t, desks+phones)
	phones = min(phones, most/2)
	people := d.spread(min(desks, most-phones))
	if phones > 0 {
		for k, p := range d.phones(phones) { // desks and phones come in turns
			people = slices.Insert(people, min(2*k, len(people)), p.person)
		}
	}
	n := d.serve()
	began := time.Now()
	crowd := gather(t, n.address, people)
	gathered := time.Since(began)
	dispatchers := []*desk{d.desk(n.address), d.desk(n.address), d.desk(n.address)}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var working sync.WaitGroup
	for _, k := range dispatchers {
		working.Go(func() { k.work(ctx, pace) })
	}
	done := func() (sum int64) {
		for _, k := range dispatchers {
			sum += k.done.Load()
		}
		return sum
	}
	more := func(n int64) {
		for target := done() + n; done() < target; {
			time.Sleep(20 * time.Millisecond) // the load's own pace is the signal
		}
	}
	more(30)
	before := d.head(ctx)
	killed := time.Now()
	n.kill()
	crowd.await("gone", time.Minute, func(_ *screen.Picture, c *screen.Count) bool { return !c.Live })
	listening := listens(ctx, n.address)
	n.start()
	ready, heard := time.Now(), <-listening
	crowd.await("back", 3*time.Minute, func(_ *screen.Picture, c *screen.Count) bool { return c.Live && c.Resumed > 0 })
	back := time.Now()
	crowd.await("caught up", time.Minute, reached(before))
	caught := time.Now()
	more(30)
	stop()
	working.Wait()
	crowd.same(d)
	tell(t, "storm", map[string]any{
		"desks": len(people) - phones, "phones": phones, "commands": done(), "first_s": seconds(gathered),
		"down_s": seconds(heard.Sub(killed)), "listening_to_ready_s": seconds(ready.Sub(heard)),
		"listening_to_all_back_s": seconds(back.Sub(heard)), "listening_to_all_caught_up_s": seconds(caught.Sub(heard)),
	})
	t.Log(crowd.count())
	for _, s := range crowd.screens {
		s.Look(func(_ *screen.Picture, n *screen.Count) {
			if n.Resumed < 1 {
				t.Errorf("went on %d times, want 1 or more: closed %v", n.Resumed, n.Closed)
			}
		})
	}
}

// affordable bounds sockets by the files that a process may open: here each is one
// in this process and one in the server's. Go has raised the soft limit to the hard one.
func affordable(t *testing.T, sockets int) int {
	t.Helper()
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	const spare = 1000                                              // the server keeps 512 for itself
	if most := int(min(files.Cur, 1<<20)) - spare; most < sockets { //nolint:gosec // bounded
		t.Logf("only %d files may be open (ulimit -n): %d sockets instead of %d", files.Cur, most, sockets)
		return most
	}
	return sockets
}

// gather lets people follow, a few connecting at a time, and waits until all are live.
func gather(t *testing.T, address string, people []person) *crowd {
	t.Helper()
	const step = 100
	c := newCrowd(t)
	for k, p := range people {
		c.join(p, p.follow(address, &c.reader))
		if k%step == step-1 || k == len(people)-1 {
			c.await("live", time.Minute, live)
		}
	}
	return c
}

// listens says when a connection is first taken at an address.
func listens(ctx context.Context, address string) <-chan time.Time {
	at := make(chan time.Time, 1)
	go func() {
		for ctx.Err() == nil {
			if conn, err := net.Dial("tcp", address); err == nil {
				at <- time.Now()
				_ = conn.Close()
				return
			}
			time.Sleep(2 * time.Millisecond) // how exactly it is known
		}
		at <- time.Now()
	}()
	return at
}
