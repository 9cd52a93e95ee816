package feedtorture

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"yiping/server/screen"
)

// crowd is screens that follow one address until the test ends.
type crowd struct {
	t       *testing.T
	ctx     context.Context
	going   sync.WaitGroup
	reader  screen.Reader
	screens []*screen.Screen
	people  []person // of each screen
}

func newCrowd(t *testing.T) *crowd {
	ctx, cancel := context.WithCancel(context.Background())
	c := &crowd{t: t, ctx: ctx}
	t.Cleanup(func() { cancel(); c.going.Wait() })
	return c
}

// follow lets people follow, each on so many screens.
func follow(t *testing.T, address string, people []person, each int) *crowd {
	c := newCrowd(t)
	for _, p := range people {
		for range each {
			c.join(p, p.follow(address, &c.reader))
		}
	}
	return c
}

// join lets one more screen follow.
func (c *crowd) join(p person, cfg screen.Config) {
	s := screen.New(cfg)
	c.screens, c.people = append(c.screens, s), append(c.people, p)
	c.going.Go(func() {
		if err := s.Follow(c.ctx); err != nil {
			c.t.Errorf("a screen of account %d: %v", p.account, err)
		}
	})
}

// await waits until each screen is as is asked.
func (c *crowd) await(what string, within time.Duration, so func(*screen.Picture, *screen.Count) bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), within)
	defer cancel()
	failed := 0
	for _, s := range c.screens {
		if s.Await(ctx, so) != nil {
			failed++
		}
	}
	if failed > 0 {
		c.t.Fatalf("%d of %d screens: not %s within %v: %s", failed, len(c.screens), what, within, c.count())
	}
}

func live(_ *screen.Picture, c *screen.Count) bool { return c.Live }

// reached says that a screen has been told everything up to an offset.
func reached(offset int64) func(*screen.Picture, *screen.Count) bool {
	return func(p *screen.Picture, c *screen.Count) bool { return c.Live && p.Offset >= offset }
}

// same looks that each screen shows what the database holds, and was told each
// event of the log since it began, once; it began once.
func (c *crowd) same(d *district) {
	c.t.Helper()
	ctx := context.Background()
	var holds *holding
	for {
		holds = d.settled(ctx)
		c.await("told everything", time.Minute, reached(holds.offset))
		if d.head(ctx) == holds.offset { // no clock has stepped meanwhile
			break
		}
	}
	wrong := 0
	for k, s := range c.screens {
		want := holds.of(d, c.people[k])
		s.Look(func(p *screen.Picture, count *screen.Count) {
			said := ""
			if p.Offset == holds.offset {
				if said = want.differs(p); said == "" {
					said = want.told(holds, count)
				}
			}
			if said == "" && (count.Snapshots["first"] != 1 || len(count.Snapshots) != 1) {
				said = fmt.Sprintf("snapshots %v", count.Snapshots)
			}
			if said == "" {
				return
			}
			if wrong++; wrong <= 5 {
				c.t.Errorf("screen %d: %s", k, said)
			}
		})
	}
	if wrong > 0 {
		c.t.Errorf("%d of %d screens are wrong", wrong, len(c.screens))
	}
}

// count gives what all screens have lived through, in a line.
func (c *crowd) count() string {
	snapshots, refused, closed := map[string]int{}, map[int]int{}, map[int]int{}
	resumed, up := 0, 0
	for _, s := range c.screens {
		s.Look(func(_ *screen.Picture, n *screen.Count) {
			for k, v := range n.Snapshots {
				snapshots[k] += v
			}
			for k, v := range n.Refused {
				refused[k] += v
			}
			for k, v := range n.Closed {
				closed[k] += v
			}
			resumed += n.Resumed
			if n.Live {
				up++
			}
		})
	}
	return fmt.Sprintf("%d live, snapshots %v, resumed %d, refused %v, closed %v", up, snapshots, resumed, refused, closed)
}

// onTheOtherNode: two servers of one database, of which one is killed and
// then the other. Who followed it goes on at the one that is left where they were:
// no event is missing, none comes twice, nobody is sent the whole again.
func onTheOtherNode(t *testing.T, d *district) {
	a, b := d.serve(), d.serve()
	p := newProxy(t, a, b)
	c := follow(t, p.address(), d.people(2), 10)
	c.await("live", 30*time.Second, live)
	desk := d.desk(p.address())
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	working.Go(func() { desk.work(ctx, 50*time.Millisecond) })
	more := func(n int64) {
		for target := desk.done.Load() + n; desk.done.Load() < target; {
			time.Sleep(20 * time.Millisecond) // the load's own pace is the signal
		}
	}
	more(20)
	a.kill()
	more(20)
	c.await("live", 30*time.Second, live)
	a.start()
	b.kill()
	more(20)
	stop()
	working.Wait()
	c.await("live", 30*time.Second, live)
	c.same(d)
	for _, s := range c.screens {
		s.Look(func(_ *screen.Picture, n *screen.Count) {
			if n.Resumed < 2 {
				t.Errorf("went on %d times, want 2: %v", n.Resumed, n.Closed)
			}
		})
	}
	t.Logf("%d commands; %s", desk.done.Load(), c.count())
}
