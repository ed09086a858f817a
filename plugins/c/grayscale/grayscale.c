/* grayscale: the colours' luma (Rec. 709 weights), mixed with the original by strength.
 * SPDX-License-Identifier: MIT */
#include "plugdeck.h"

PD_PLUGIN("grayscale", "1.0.0", "The Plugdeck authors", "MIT", "Takes the colour out, wholly or in part.")
PD_IMAGE_TRANSFORM(200, "pointwise")
PD_INTEGER(strength, "Strength", 0, 100, 100, "%")

/* Integer arithmetic in 65536ths: the three weights add up to exactly one, so that white stays white. */
enum { RED = 13933, GREEN = 46871, BLUE = 4732, ONE = 65536 };

static uint8_t mix(int32_t colour, int32_t grey, int32_t amount) {
  return (uint8_t)((colour * (256 - amount) + grey * amount + 128) >> 8);
}

int Transform(const pd_image *in, pd_image *out) {
  const int32_t amount = (strength * 256 + 50) / 100;
  for (int32_t y = 0; y < in->height; y++) {
    const uint8_t *from = pd_row(in, y);
    uint8_t *to = pd_row(out, y);
    for (int32_t x = 0; x < in->width; x++, from += 4, to += 4) {
      const int32_t grey = (RED * from[0] + GREEN * from[1] + BLUE * from[2] + ONE / 2) >> 16;
      to[0] = mix(from[0], grey, amount);
      to[1] = mix(from[1], grey, amount);
      to[2] = mix(from[2], grey, amount);
      to[3] = from[3];
    }
  }
  return 0;
}
