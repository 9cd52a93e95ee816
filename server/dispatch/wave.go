package dispatch

import "math"

// waveRule gives the rule of the round to come: the last one holds for all behind
// it. A plan without rules has no waves.
func (p Plan) waveRule(round int) (WaveRule, bool) {
	if len(p.Waves) == 0 {
		return WaveRule{}, false
	}
	return p.Waves[min(round, len(p.Waves)-1)], true
}

// lastWave says whether a round is behind the plan's last.
func (p Plan) lastWave(round int) bool { return round >= len(p.Waves) }

// toAsk gives how many more people are asked where so many places are free and so
// many have been asked and have not answered.
func (p Plan) toAsk(missing, asked int) int {
	return max(0, int(math.Ceil(float64(missing)*max(1, p.OverOffer)-1e-9))-asked)
}
