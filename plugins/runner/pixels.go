package main

// From the pixels of a frame (red, green, blue and alpha, not premultiplied) to those of Go's image types, and back.

import (
	"encoding/binary"
	"fmt"
	"image"
	"image/draw"
)

// place copies what a transform returned into the frame. There is no way around the copy: Go returns memory of its own.
func place(result image.Image, to *image.NRGBA) error {
	switch known := result.(type) {
	case nil:
		return failure{Kind: "CallError", Symbol: "Transform", Message: "it returned no picture"}
	case *image.NRGBA:
		return placeNRGBA(known, to)
	case *image.RGBA:
		return placeRGBA(known, to)
	}
	if err := checkSize(result.Bounds(), to); err != nil {
		return err
	}
	draw.Draw(to, to.Rect, result, result.Bounds().Min, draw.Src)
	return nil
}

func placeNRGBA(result, to *image.NRGBA) error {
	if result == nil {
		return place(nil, to)
	}
	if err := checkSize(result.Rect, to); err != nil {
		return err
	}
	copyRows(to, result.Pix[result.PixOffset(result.Rect.Min.X, result.Rect.Min.Y):], result.Stride)
	return nil
}

func placeRGBA(result *image.RGBA, to *image.NRGBA) error {
	if result == nil {
		return place(nil, to)
	}
	if err := checkSize(result.Rect, to); err != nil {
		return err
	}
	pixels := result.Pix[result.PixOffset(result.Rect.Min.X, result.Rect.Min.Y):]
	if isOpaque(pixels, result.Stride, to.Rect.Dx(), to.Rect.Dy()) {
		copyRows(to, pixels, result.Stride)
	} else {
		draw.Draw(to, to.Rect, result, result.Rect.Min, draw.Src)
	}
	return nil
}

func checkSize(bounds image.Rectangle, to *image.NRGBA) error {
	if bounds.Size() == to.Rect.Size() {
		return nil
	}
	message := fmt.Sprintf(
		"it returned a picture of %d × %d pixels where %d × %d are needed",
		bounds.Dx(), bounds.Dy(), to.Rect.Dx(), to.Rect.Dy(),
	)
	return failure{Kind: "CallError", Symbol: "Transform", Message: message}
}

// premultiplied is the picture as RGBA: the very memory when it is opaque, where both are the same, and else a copy.
func premultiplied(from *image.NRGBA) *image.RGBA {
	if isOpaque(from.Pix, from.Stride, from.Rect.Dx(), from.Rect.Dy()) {
		return &image.RGBA{Pix: from.Pix, Stride: from.Stride, Rect: from.Rect}
	}
	result := image.NewRGBA(from.Rect)
	draw.Draw(result, result.Rect, from, from.Rect.Min, draw.Src)
	return result
}

// drawRGBA lets a transform draw into the frame's own memory; only what is not opaque then has to be converted.
func drawRGBA(from, to *image.NRGBA, call func(to, from *image.RGBA) error) error {
	drawn := &image.RGBA{Pix: to.Pix, Stride: to.Stride, Rect: to.Rect}
	if err := call(drawn, premultiplied(from)); err != nil {
		return err
	}
	width, height := to.Rect.Dx(), to.Rect.Dy()
	if isOpaque(to.Pix, to.Stride, width, height) {
		return nil
	}
	for y := 0; y < height; y++ {
		row := image.Rect(0, y, width, y+1)
		copied := image.NewRGBA(row)
		copy(copied.Pix, drawn.Pix[y*drawn.Stride:])
		draw.Draw(to, row, copied, row.Min, draw.Src)
	}
	return nil
}

func copyRows(to *image.NRGBA, pixels []byte, stride int) {
	width, height := 4*to.Rect.Dx(), to.Rect.Dy()
	if stride == to.Stride && stride == width {
		copy(to.Pix, pixels[:width*height])
		return
	}
	for y := 0; y < height; y++ {
		copy(to.Pix[y*to.Stride:][:width], pixels[y*stride:])
	}
}

// isOpaque looks at the alpha of two pixels at a time; transparent pictures mostly are so from the first row on.
func isOpaque(pixels []byte, stride, width, height int) bool {
	const alphas = 0xFF000000_FF000000
	for y := 0; y < height; y++ {
		row := pixels[y*stride:][:4*width]
		all := ^uint64(0)
		for ; len(row) >= 16; row = row[16:] {
			all &= binary.LittleEndian.Uint64(row) & binary.LittleEndian.Uint64(row[8:])
		}
		for ; len(row) >= 4; row = row[4:] {
			all &= uint64(binary.LittleEndian.Uint32(row)) | ^uint64(0xFFFFFFFF)
		}
		if all&alphas != alphas {
			return false
		}
	}
	return true
}
