package main

import (
	"context"
	"fmt"
	"time"

	"yiping/server/bench/fanout"
)

const (
	listeners    = 1000
	publishes    = 100 // a second: 100,000 deliveries
	liveWhile    = 3 * time.Second
	idle         = 5000
	movingPeople = 1000
	movesASecond = 2000
	moveScreens  = 200
)

// measured gathers a crowd of a kind, measures it and sends it home.
func measured(kind string, clients int, deflates bool, measure func(*fanout.Crowd) (fanout.Run, error)) (fanout.Run, error) {
	c, err := fanout.Gather(kind, clients, deflates)
	if err != nil {
		return fanout.Run{}, err
	}
	defer func() { _ = c.Leave() }()
	if _, err := c.Resident(); err != nil { // it has cleaned up after the connecting
		return fanout.Run{}, err
	}
	return measure(c)
}

func steady(c *fanout.Crowd) (fanout.Run, error) { return c.Rate(publishes, liveWhile) }

func flooded(c *fanout.Crowd) (fanout.Run, error) { return c.Flood(liveWhile) }

// heard makes one side of a comparison of runs.
func heard(kind string, clients int, deflates bool, measure func(*fanout.Crowd) (fanout.Run, error), figure func(fanout.Run) float64) func() (float64, error) {
	return func() (float64, error) {
		r, err := measured(kind, clients, deflates, measure)
		if err == nil && r.Delivered == 0 && r.Bytes == 0 {
			err = fmt.Errorf("%s: nothing was delivered", kind)
		}
		return figure(r), err
	}
}

// liveCPU compares what a delivery costs the server.
func liveCPU(context.Context, string) (result, error) {
	ours, other, err := compare(heard(fanout.Ours, listeners, true, steady, fanout.Run.PerDelivery), heard(fanout.Raw, listeners, false, steady, fanout.Run.PerDelivery))
	ratio := ours / other
	return result{"server's microseconds a delivery at 100,000 a second to 1,000, against a write() each", ours, other, ratio, "<= 1.8", ratio <= 1.8}, err
}

func deliveries(r fanout.Run) float64 { return perSecond(r.InTime, r.Took) }

// liveFlood compares how many a second are delivered at the most with sixteen in a
// write without a protocol.
func liveFlood(context.Context, string) (result, error) {
	ours, other, err := compare(heard(fanout.Ours, listeners, true, flooded, deliveries), heard(fanout.Raw16, listeners, false, flooded, deliveries))
	ratio := ours / other
	return result{"deliveries a second at the most to 1,000, against write() of 16 at a time", ours, other, ratio, ">= 0.5", ratio >= 0.5}, err
}

// liveCentrifuge compares the same with centrifuge.
func liveCentrifuge(context.Context, string) (result, error) {
	ours, other, err := compare(heard(fanout.Ours, listeners, true, flooded, deliveries), heard(fanout.Centrifuge, listeners, false, flooded, deliveries))
	ratio := ours / other
	return result{"the same, against centrifuge", ours, other, ratio, ">= 2.5", ratio >= 2.5}, err
}

// liveGorilla compares the same with a plain broadcast of the library's.
func liveGorilla(context.Context, string) (result, error) {
	ours, other, err := compare(heard(fanout.Ours, listeners, true, flooded, deliveries), heard(fanout.Gorilla, listeners, false, flooded, deliveries))
	ratio := ours / other
	return result{"the same, against a prepared message through a channel to each", ours, other, ratio, ">= 1", ratio >= 1}, err
}

// liveLatency compares how late the latest in a hundred come.
func liveLatency(context.Context, string) (result, error) {
	p99 := func(r fanout.Run) float64 { return float64(r.P99.Microseconds()) / 1e3 }
	ours, other, err := compare(heard(fanout.Ours, listeners, true, steady, p99), heard(fanout.Raw, listeners, false, steady, p99))
	ratio := ours / other
	return result{"p99 ms from published to read at 100,000 deliveries a second, against a write() each", ours, other, ratio, "<= 2", ratio <= 2}, err
}

// moving has people move before screens that see all of them.
func moving(c *fanout.Crowd) (fanout.Run, error) {
	return c.Move(movingPeople, movesASecond, liveWhile)
}

// updates is how many moves a run has delivered.
func updates(r fanout.Run) float64 { return float64(r.Published * moveScreens) }

func cpuAnUpdate(r fanout.Run) float64 { return float64(r.CPU.Nanoseconds()) / 1e3 / updates(r) }

// liveCoalesced compares what a move costs the server with a message for each.
func liveCoalesced(context.Context, string) (result, error) {
	ours, other, err := compare(heard(fanout.Ours, moveScreens, true, moving, cpuAnUpdate), heard(fanout.OursEach, moveScreens, true, moving, cpuAnUpdate))
	ratio := ours / other
	return result{"server's microseconds for a move before a screen, by ticks of 100 ms, against a message each", ours, other, ratio, "<= 0.2", ratio <= 0.2}, err
}

// liveDeflated compares the bytes of a move with those that go by ticks as they are,
// and what deflating costs the server. A plain message for each move is measured
// beside it.
func liveDeflated(context.Context, string) (result, error) {
	var cpu [2][]float64
	one := func(side int, deflates bool) func() (float64, error) {
		return func() (float64, error) {
			r, err := measured(fanout.Ours, moveScreens, deflates, moving)
			cpu[side] = append(cpu[side], cpuAnUpdate(r))
			return float64(r.Bytes) / updates(r), err
		}
	}
	ours, other, err := compare(one(0, true), one(1, false))
	if err != nil {
		return result{}, err
	}
	single, err := measured(fanout.OursEach, moveScreens, false, moving)
	if err != nil {
		return result{}, err
	}
	ratio, cost, each := ours/other, median(cpu[0])/median(cpu[1]), ours*updates(single)/float64(single.Bytes)
	return result{fmt.Sprintf("bytes of a move, by ticks and deflated once for all who see it, against by ticks as they are; at %.2f of the CPU (<= 1.3), and %.2f of the bytes of a message each", cost, each),
		ours, other, ratio, "<= 0.25", ratio <= 0.25 && cost <= 1.3}, nil
}

// liveMemory compares the memory of a connection on which nothing happens.
func liveMemory(context.Context, string) (result, error) {
	one := func(kind string) func() (float64, error) {
		return func() (float64, error) {
			few, err := residentWith(kind, 10)
			if err != nil {
				return 0, err
			}
			many, err := residentWith(kind, idle+10)
			return float64(many-few) / idle / 1024, err
		}
	}
	ours, other, err := compare(one(fanout.Ours), one(fanout.GorillaOld))
	ratio := ours / other
	return result{"KiB resident a connection at 5,000, against a handler that reads in a loop", ours, other, ratio, "<= 0.5", ratio <= 0.5}, err
}

func residentWith(kind string, clients int) (int, error) {
	c, err := fanout.Gather(kind, clients, true)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Leave() }()
	time.Sleep(3 * time.Second) // heartbeats have come by then
	return c.Resident()
}
