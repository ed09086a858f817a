/* pixelate: squares of one colour each, on a grid that belongs to the picture and not to the tile.
 * SPDX-License-Identifier: MIT */
#include "plugdeck.h"

PD_PLUGIN("pixelate", "1.0.0", "The Plugdeck authors", "MIT", "Paints the picture in squares of one colour each.")
PD_IMAGE_TRANSFORM(500, "neighbourhood:size")
PD_INTEGER(size, "Size of a square", 1, 200, 16, "px")

typedef struct {
  int32_t left, top, right, bottom; /* right and bottom are the first outside */
} area;

static int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

/* The mean colour, each pixel weighed by its alpha: what is clear has no colour to give. */
static void mean(const pd_image *in, area a, uint8_t colour[4]) {
  uint64_t sum[3] = {0, 0, 0}, alpha = 0;
  for (int32_t y = a.top; y < a.bottom; y++) {
    const uint8_t *from = pd_row(in, y) + (size_t)a.left * 4;
    for (int32_t x = a.left; x < a.right; x++, from += 4) {
      for (int c = 0; c < 3; c++) sum[c] += (uint64_t)(from[c] * from[3]);
      alpha += from[3];
    }
  }
  const uint64_t count = (uint64_t)(a.right - a.left) * (uint64_t)(a.bottom - a.top);
  for (int c = 0; c < 3; c++) colour[c] = (uint8_t)(alpha ? (sum[c] + alpha / 2) / alpha : 0);
  colour[3] = (uint8_t)((alpha + count / 2) / count);
}

static void paint(pd_image *out, area a, const uint8_t colour[4]) {
  for (int32_t y = a.top; y < a.bottom; y++) {
    uint8_t *to = pd_row(out, y) + (size_t)a.left * 4;
    for (int32_t x = a.left; x < a.right; x++, to += 4)
      for (int c = 0; c < 4; c++) to[c] = colour[c];
  }
}

int Transform(const pd_image *in, pd_image *out) {
  const double wanted = size * in->scale + 0.5;
  const int32_t side = wanted < 1 ? 1 : (int32_t)wanted;
  for (int32_t y = 0, next_y; y < in->height; y = next_y) {
    next_y = smaller(y + side - (in->y + y) % side, in->height);
    for (int32_t x = 0, next_x; x < in->width; x = next_x) {
      next_x = smaller(x + side - (in->x + x) % side, in->width);
      const area square = {x, y, next_x, next_y};
      uint8_t colour[4];
      mean(in, square, colour);
      paint(out, square, colour);
    }
  }
  return 0;
}
