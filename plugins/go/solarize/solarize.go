// solarize: what is brighter than a threshold is turned into its negative, as film does that sees too much light.
// A plugin of Go's own kind: built with -buildmode=plugin, and opened by the runner.
//
// SPDX-License-Identifier: MIT
package main

import (
	"image"
	"image/draw"
)

// Priority says when it runs among other transforms: the lowest first.
var Priority = 450

// Threshold is the brightest value, of 255, that stays as it is.
var Threshold = 128

// Transform is what the host calls.
func Transform(picture image.Image) image.Image {
	result := image.NewNRGBA(picture.Bounds())
	draw.Draw(result, result.Rect, picture, result.Rect.Min, draw.Src)
	table := curve(Threshold)
	for i := 0; i+4 <= len(result.Pix); i += 4 {
		pixel := result.Pix[i : i+3 : i+3]
		pixel[0], pixel[1], pixel[2] = table[pixel[0]], table[pixel[1]], table[pixel[2]]
	}
	return result
}

func curve(threshold int) (table [256]byte) {
	for value := range table {
		table[value] = byte(value)
		if value > threshold {
			table[value] = byte(255 - value)
		}
	}
	return table
}

func main() {}
