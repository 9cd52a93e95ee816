package main

import "context"

func firstView(context.Context, string) (result, error) { return result{}, nil }
