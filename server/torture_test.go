//go:build torture

package main

import "testing"

// TestTortureKills is TestNothingAcknowledgedIsLost with five hundred kills.
func TestTortureKills(t *testing.T) { killUnderLoad(t, 500) }
