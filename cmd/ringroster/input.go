package main

import "ringroster/cmd/ringroster/config"

// mostInput bounds a file that is given to read, in bytes: a roster or a plan of
// 100,000 people is a quarter of it.
const mostInput = 512 * mebibyte

// readInput reads a text file that was given; wanted says what belongs there.
func readInput(file, wanted string) ([]byte, error) {
	text, err := config.ReadText(file, mostInput)
	if err != nil {
		return nil, badInput(file, wanted, err)
	}
	return text, nil
}

// badInput says why a file that was given cannot be read, and what belongs there.
func badInput(file, wanted string, err error) error {
	return usagef("read %s: %w; give %s", file, err, wanted)
}
