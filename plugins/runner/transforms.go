package main

// Transforms: the kinds of functions that can be one, and how each gets its picture.

import (
	"encoding/binary"
	"errors"
	"image"
	"image/draw"
)

// transformer runs a plugin's transform from one picture to another of the same size.
type transformer func(from, to *image.NRGBA) error

const (
	expectedTransform = "func(image.Image) image.Image"
	// slot, source, target, width, height, stride, pixel format, scale: see TransformRequest in wire.py.
	transformBytes = 40
)

func (r *runner) transform(body []byte) ([]byte, error) {
	if len(body) != transformBytes {
		return nil, errors.New("a transform came with another length than expected")
	}
	from, err := r.plugin(int(binary.LittleEndian.Uint16(body)))
	if err != nil {
		return nil, err
	}
	source := r.inputs[binary.LittleEndian.Uint64(body[2:])]
	target := r.outputs[binary.LittleEndian.Uint64(body[10:])]
	width, height := int(binary.LittleEndian.Uint32(body[18:])), int(binary.LittleEndian.Uint32(body[22:]))
	stride := int(binary.LittleEndian.Uint32(body[26:]))
	if stride < 4*width || stride*height > min(len(source.pixels), len(target.pixels)) {
		return nil, errors.New("a picture is larger than its frame")
	}
	run, err := from.transformer()
	if err != nil {
		return nil, err
	}
	target.markEnd(stride * height)
	to := picture(target, width, height, stride)
	return nil, from.guarded("Transform", func() error { return run(picture(source, width, height, stride), to) })
}

// picture is the frame's memory itself. Behind its last byte a slice of it cannot grow into the rest of the frame.
func picture(frame frame, width, height, stride int) *image.NRGBA {
	size := stride * height
	return &image.NRGBA{Pix: frame.pixels[:size:size], Stride: stride, Rect: image.Rect(0, 0, width, height)}
}

func (p *loaded) transformer() (transformer, error) {
	if p.transform != nil {
		return p.transform, nil
	}
	symbol, err := p.lookup("Transform")
	if err != nil {
		return nil, err
	}
	p.transform = p.adapted(symbol.Interface())
	if p.transform == nil {
		return nil, p.wrongType("Transform", symbol, expectedTransform)
	}
	return p.transform, nil
}

// adapted is Go's typed assertion, for each type that a transform may have; nil for any other.
func (p *loaded) adapted(symbol any) transformer {
	switch call := symbol.(type) {
	case func(image.Image) image.Image:
		return func(from, to *image.NRGBA) error { return place(call(from), to) }
	case func(image.Image) (image.Image, error):
		return func(from, to *image.NRGBA) error { return p.placeOr(to)(call(from)) }
	case func(*image.NRGBA) *image.NRGBA:
		return func(from, to *image.NRGBA) error { return placeNRGBA(call(from), to) }
	case func(*image.RGBA) *image.RGBA:
		return func(from, to *image.NRGBA) error { return placeRGBA(call(premultiplied(from)), to) }
	case func(draw.Image, image.Image):
		return func(from, to *image.NRGBA) error { call(to, from); return nil }
	case func(draw.Image, image.Image) error:
		return func(from, to *image.NRGBA) error { return p.said(call(to, from)) }
	case func(*image.NRGBA, *image.NRGBA):
		return func(from, to *image.NRGBA) error { call(to, from); return nil }
	case func(*image.NRGBA, *image.NRGBA) error:
		return func(from, to *image.NRGBA) error { return p.said(call(to, from)) }
	case func(*image.RGBA, *image.RGBA):
		return func(from, to *image.NRGBA) error {
			return drawRGBA(from, to, func(a, b *image.RGBA) error { call(a, b); return nil })
		}
	case func(*image.RGBA, *image.RGBA) error:
		return func(from, to *image.NRGBA) error {
			return drawRGBA(from, to, func(a, b *image.RGBA) error { return p.said(call(a, b)) })
		}
	case func(draw.Image):
		return func(from, to *image.NRGBA) error { copyRows(to, from.Pix, from.Stride); call(to); return nil }
	case func(draw.Image) error:
		return func(from, to *image.NRGBA) error { copyRows(to, from.Pix, from.Stride); return p.said(call(to)) }
	}
	return nil
}

// placeOr takes what a transform returned that may also fail.
func (p *loaded) placeOr(to *image.NRGBA) func(image.Image, error) error {
	return func(result image.Image, err error) error {
		if err != nil {
			return p.said(err)
		}
		return place(result, to)
	}
}

// said makes an error that the plugin returned one of its call.
func (p *loaded) said(err error) error {
	if err == nil {
		return nil
	}
	return p.failed("Transform", err)
}
