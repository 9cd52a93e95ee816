//go:build torture

package postgres

import "testing"

// TestTortureEngineWalk is TestEngineWalk with two hundred walks.
func TestTortureEngineWalk(t *testing.T) { engineWalk(t, 200) }

// TestTortureFiveOfFiveHundred is TestFiveOfFifty with five hundred people.
func TestTortureFiveOfFiveHundred(t *testing.T) { fiveOf(t, 500) }
