/* sharpen: adds what a small blur takes away (an unsharp mask of 3 x 3 pixels).
 * SPDX-License-Identifier: MIT */
#include "plugdeck.h"

PD_PLUGIN("sharpen", "1.0.0", "The Plugdeck authors", "MIT", "Brings out fine detail.")
PD_IMAGE_TRANSFORM(410, "neighbourhood:1")
PD_INTEGER(amount, "Amount", 0, 300, 80, "%")

typedef struct {
  const uint8_t *above, *row, *below; /* at the picture's border, a row is its own neighbour */
} rows;

/* One channel and the blur of it and its eight neighbours, with the weights 1 2 1 / 2 4 2 / 1 2 1. */
static inline uint8_t sharpened(rows r, size_t i, ptrdiff_t left, ptrdiff_t right, int32_t strength) {
  const uint8_t *above = r.above + i, *row = r.row + i, *below = r.below + i;
  const int32_t blur = above[left] + 2 * above[0] + above[right] + 2 * (row[left] + 2 * row[0] + row[right]) +
                       below[left] + 2 * below[0] + below[right];
  const int32_t detail = 16 * row[0] - blur; /* in 16ths, as strength is in 256ths */
  const int32_t value = row[0] + ((detail * strength + 2048) >> 12);
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* The pixels from `first` up to `end`, whose neighbours are `left` and `right` bytes away. */
static inline void sharpen(rows r, uint8_t *to, size_t first, size_t end, ptrdiff_t left, ptrdiff_t right,
                           int32_t strength) {
  for (size_t i = first * 4; i < end * 4; i++) to[i] = sharpened(r, i, left, right, strength);
  for (size_t i = first * 4 + 3; i < end * 4; i += 4) to[i] = r.row[i];
}

int Transform(const pd_image *in, pd_image *out) {
  const int32_t strength = (amount * 256 + 50) / 100, last = in->height - 1;
  const size_t width = (size_t)in->width;
  for (int32_t y = 0; y <= last; y++) {
    const rows r = {pd_row(in, y > 0 ? y - 1 : 0), pd_row(in, y), pd_row(in, y < last ? y + 1 : last)};
    uint8_t *to = pd_row(out, y);
    sharpen(r, to, 0, 1, 0, width > 1 ? 4 : 0, strength);
    if (width > 2) sharpen(r, to, 1, width - 1, -4, 4, strength);
    if (width > 1) sharpen(r, to, width - 1, width, -4, 0, strength);
  }
  return 0;
}
