/* sepia: the brown of old photographs.
 * SPDX-License-Identifier: MIT */
#include "plugdeck.h"

PD_PLUGIN("sepia", "1.0.0", "The Plugdeck authors", "MIT", "Gives the warm brown of an old photograph.")
PD_IMAGE_TRANSFORM(210, "pointwise")
PD_INTEGER(strength, "Strength", 0, 100, 85, "%")

/* The usual sepia matrix, in 4096ths: a row for each of red, green and blue. */
static const int32_t sepia[3][3] = {{1610, 3150, 774}, {1430, 2810, 688}, {1114, 2187, 537}};

int Transform(const pd_image *in, pd_image *out) {
  const int32_t amount = (strength * 256 + 50) / 100;
  for (int32_t y = 0; y < in->height; y++) {
    const uint8_t *from = pd_row(in, y);
    uint8_t *to = pd_row(out, y);
    for (int32_t x = 0; x < in->width; x++, from += 4, to += 4) {
      for (int c = 0; c < 3; c++) {
        const int32_t sum = sepia[c][0] * from[0] + sepia[c][1] * from[1] + sepia[c][2] * from[2];
        const int32_t brown = (sum + 2048) >> 12;
        const int32_t toned = brown > 255 ? 255 : brown;
        to[c] = (uint8_t)((from[c] * (256 - amount) + toned * amount + 128) >> 8);
      }
      to[3] = from[3];
    }
  }
  return 0;
}
