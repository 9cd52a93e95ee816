package config

// Identity says how people sign in.
type Identity struct {
	Passwords string `help:"What is asked of passwords: mlps3 (complexity, change every 90 days, as assessors of level 3 look for) or asvs (12 characters or more, no regular change). Without it, asvs in a demonstration and mlps3 in a real district." env:"YIPING_PASSWORDS" enum:",mlps3,asvs" default:""`
}
