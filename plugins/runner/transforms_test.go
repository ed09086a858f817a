package main

import (
	"errors"
	"image"
	"image/color"
	"image/draw"
	"reflect"
	"strings"
	"testing"
)

func negative(from image.Image, to draw.Image) {
	for y := from.Bounds().Min.Y; y < from.Bounds().Max.Y; y++ {
		for x := from.Bounds().Min.X; x < from.Bounds().Max.X; x++ {
			pixel := color.NRGBAModel.Convert(from.At(x, y)).(color.NRGBA)
			to.Set(x, y, color.NRGBA{255 - pixel.R, 255 - pixel.G, 255 - pixel.B, pixel.A})
		}
	}
}

func asNRGBA(from image.Image) *image.NRGBA {
	to := image.NewNRGBA(from.Bounds())
	negative(from, to)
	return to
}

func asRGBA(from image.Image) *image.RGBA {
	to := image.NewRGBA(from.Bounds())
	negative(from, to)
	return to
}

var transforms = map[string]any{
	"image":         func(from image.Image) image.Image { return asNRGBA(from) },
	"premultiplied": func(from image.Image) image.Image { return asRGBA(from) },
	"part":          func(from image.Image) image.Image { return inLarger(from) },
	"other model":   func(from image.Image) image.Image { return in64(from) },
	"may fail":      func(from image.Image) (image.Image, error) { return asNRGBA(from), nil },
	"NRGBA":         func(from *image.NRGBA) *image.NRGBA { return asNRGBA(from) },
	"RGBA":          func(from *image.RGBA) *image.RGBA { return asRGBA(from) },
	"drawn":         func(to draw.Image, from image.Image) { negative(from, to) },
	"drawn or not":  func(to draw.Image, from image.Image) error { negative(from, to); return nil },
	"into NRGBA":    func(to, from *image.NRGBA) { negative(from, to) },
	"NRGBA or not":  func(to, from *image.NRGBA) error { negative(from, to); return nil },
	"into RGBA":     func(to, from *image.RGBA) { negative(from, to) },
	"RGBA or not":   func(to, from *image.RGBA) error { negative(from, to); return nil },
	"over":          func(picture draw.Image) { negative(asCopy(picture), picture) },
	"over or not":   func(picture draw.Image) error { negative(asCopy(picture), picture); return nil },
}

// inLarger returns a picture that is a part of a larger one, and begins elsewhere than at zero.
func inLarger(from image.Image) image.Image {
	bounds := from.Bounds().Add(image.Pt(3, 5))
	larger := image.NewNRGBA(bounds.Inset(-2))
	draw.Draw(larger, bounds, asNRGBA(from), image.Point{}, draw.Src)
	return larger.SubImage(bounds)
}

func in64(from image.Image) image.Image {
	to := image.NewNRGBA64(from.Bounds())
	negative(from, to)
	return to
}

func asCopy(from image.Image) image.Image {
	to := image.NewNRGBA(from.Bounds())
	draw.Draw(to, to.Rect, from, from.Bounds().Min, draw.Src)
	return to
}

// framed is a picture as it lies in a frame: with some bytes behind each row.
func framed(width, height int, alpha func(x int) byte) *image.NRGBA {
	picture := &image.NRGBA{Pix: make([]byte, (4*width+8)*height), Stride: 4*width + 8, Rect: image.Rect(0, 0, width, height)}
	for y := 0; y < height; y++ {
		for x := 0; x < width; x++ {
			picture.SetNRGBA(x, y, color.NRGBA{byte(40 * x), byte(60 * y), 200, alpha(x)})
		}
	}
	return picture
}

func TestEveryKindOfTransformGivesTheSamePicture(t *testing.T) {
	alphas := map[string]func(int) byte{
		"opaque":      func(int) byte { return 255 },
		"see-through": func(x int) byte { return byte(255 * (x % 2)) },
	}
	for what, alpha := range alphas {
		from := framed(5, 4, alpha)
		for name, symbol := range transforms {
			to := framed(5, 4, func(int) byte { return 7 })
			if err := (&loaded{name: "test"}).adapted(symbol)(from, to); err != nil {
				t.Errorf("%s, %s: %v", name, what, err)
			}
			compare(t, name+", "+what, asNRGBA(from), to)
		}
	}
}

// compare passes over the colours of what cannot be seen: premultiplied pictures do not keep them.
func compare(t *testing.T, name string, expected, got *image.NRGBA) {
	for y := 0; y < expected.Rect.Dy(); y++ {
		for x := 0; x < expected.Rect.Dx(); x++ {
			want, is := expected.NRGBAAt(x, y), got.NRGBAAt(x, y)
			if want != is && (want.A != 0 || is.A != 0) {
				t.Fatalf("%s: pixel %d, %d is %v rather than %v", name, x, y, is, want)
			}
		}
	}
}

func TestOtherFunctionsAreNoTransforms(t *testing.T) {
	for _, symbol := range []any{func() {}, func(int) int { return 0 }, new(int), func(image.Image) {}} {
		if (&loaded{name: "test"}).adapted(symbol) != nil {
			t.Errorf("%T passed for a transform", symbol)
		}
	}
}

func TestWhatCannotBeShownIsAnError(t *testing.T) {
	wrong := map[string]any{
		"it returned no picture": func(image.Image) image.Image { return nil },
		"2 × 1 pixels":           func(image.Image) image.Image { return image.NewNRGBA(image.Rect(0, 0, 2, 1)) },
		"out of paint":           func(image.Image) (image.Image, error) { return nil, errors.New("out of paint") },
		"no picture":             func(*image.NRGBA) *image.NRGBA { return nil },
	}
	for expected, symbol := range wrong {
		from := framed(5, 4, func(int) byte { return 255 })
		err := (&loaded{name: "test"}).adapted(symbol)(from, framed(5, 4, func(int) byte { return 0 }))
		if err == nil || !strings.Contains(err.Error(), expected) {
			t.Errorf("expected %q, got %v", expected, err)
		}
	}
}

func TestNumbersAreWrittenExactlyOrNotAtAll(t *testing.T) {
	var small int8
	var count uint16
	var real32 float32
	var on bool
	for _, each := range []struct {
		variable any
		value    float64
		fits     bool
	}{
		{&small, 127, true}, {&small, 128, false}, {&small, 1.5, false}, {&count, -1, false}, {&count, 65535, true},
		{&real32, 0.25, true}, {&on, 1, true}, {&on, 2, false}, {new(int64), 1 << 63, false}, {new(uint64), 1 << 63, true},
	} {
		if assign(reflect.ValueOf(each.variable).Elem(), each.value) != each.fits {
			t.Errorf("%v for %T", each.value, each.variable)
		}
	}
	if small != 127 || count != 65535 || real32 != 0.25 || !on {
		t.Error("the variables do not have what was written", small, count, real32, on)
	}
}
