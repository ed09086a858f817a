/* invert: every colour becomes its opposite; alpha stays.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "plugdeck.h"

PD_PLUGIN("invert", "1.0.0", "The Plugdeck authors", "MIT", "Turns every colour into its opposite, like a negative.")
PD_IMAGE_TRANSFORM(230, "pointwise")

int Transform(const pd_image *in, pd_image *out) {
  static const uint8_t colours[4] = {255, 255, 255, 0};
  uint32_t flip, pixel;
  memcpy(&flip, colours, 4);
  for (int32_t y = 0; y < in->height; y++) {
    const uint8_t *from = pd_row(in, y);
    uint8_t *to = pd_row(out, y);
    for (int32_t x = 0; x < in->width; x++, from += 4, to += 4) {
      memcpy(&pixel, from, 4); /* a whole pixel at once, wherever it lies: compilers make one instruction of it */
      pixel ^= flip;
      memcpy(to, &pixel, 4);
    }
  }
  return 0;
}
