// edges: where the picture's lightness changes, by the Sobel operator. In C++, to show that the header is the same.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <new>
#include <vector>

#include "plugdeck.h"

PD_PLUGIN("edges", "1.0.0", "The Plugdeck authors", "MIT", "Draws the outlines of what is in the picture.")
PD_IMAGE_TRANSFORM(420, "neighbourhood:1")
PD_INTEGER(strength, "Strength", 0, 400, 150, "%")
PD_CHOICE(style, "Style", "White on black|Ink on paper|Over the picture", 1)

namespace {

enum Style { white_on_black, ink_on_paper, over_the_picture };

// The lightness of one row, with its first and last pixel repeated, so that every pixel has two neighbours.
class Row {
 public:
  explicit Row(int32_t width) : tones_(static_cast<size_t>(width) + 2) {}

  void read(const pd_image &image, int32_t y) {
    const uint8_t *from = pd_row(&image, std::clamp(y, 0, image.height - 1));
    for (int32_t x = 0; x < image.width; x++, from += 4)
      tones_[x + 1] = (54 * from[0] + 183 * from[1] + 19 * from[2]) * (1 / 256.0f);
    tones_.front() = tones_[1];
    tones_.back() = tones_[image.width];
  }

  const float *tones() const { return tones_.data(); }  // tones()[x + 1] is pixel x

 private:
  std::vector<float> tones_;
};

uint8_t tone(float value) { return static_cast<uint8_t>(std::clamp(value, 0.0f, 255.0f) + 0.5f); }

// How steep the lightness is between the rows a, b and c (x is the left neighbour's place in them).
float steepness(const float *a, const float *b, const float *c, int32_t x) {
  const float across = a[x + 2] + 2 * b[x + 2] + c[x + 2] - a[x] - 2 * b[x] - c[x];
  const float down = c[x] + 2 * c[x + 1] + c[x + 2] - a[x] - 2 * a[x + 1] - a[x + 2];
  return std::sqrt(across * across + down * down);
}

void draw(Style chosen, float edge, const uint8_t *from, uint8_t *to) {
  for (int c = 0; c < 3; c++) {
    if (chosen == white_on_black) to[c] = tone(edge);
    else if (chosen == over_the_picture) to[c] = tone(from[c] * (1 - std::min(edge, 255.0f) / 255));
    else to[c] = tone(255 - edge);
  }
  to[3] = from[3];
}

void draw_all(const pd_image &in, pd_image &out) {
  Row above(in.width), row(in.width), below(in.width);
  above.read(in, 0);
  row.read(in, 0);
  std::vector<float> edges(static_cast<size_t>(in.width));
  const float gain = strength / 400.0f;
  const Style chosen = static_cast<Style>(style);
  for (int32_t y = 0; y < in.height; y++) {
    below.read(in, y + 1);
    for (int32_t x = 0; x < in.width; x++)
      edges[x] = steepness(above.tones(), row.tones(), below.tones(), x) * gain;
    const uint8_t *from = pd_row(&in, y);
    uint8_t *to = pd_row(&out, y);
    for (int32_t x = 0; x < in.width; x++) draw(chosen, edges[x], from + x * 4, to + x * 4);
    std::swap(above, row);
    std::swap(row, below);
  }
}

}  // namespace

// An exception may not leave a C function: it would end the process.
int Transform(const pd_image *in, pd_image *out) try {
  draw_all(*in, *out);
  return 0;
} catch (const std::bad_alloc &) {
  return 1;
}
