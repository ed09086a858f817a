/* posterize: few tones for each colour, evenly spaced from black to full.
 * SPDX-License-Identifier: MIT */
#include "plugdeck.h"

PD_PLUGIN("posterize", "1.0.0", "The Plugdeck authors", "MIT", "Reduces each colour to a few tones, like a poster.")
PD_IMAGE_TRANSFORM(300, "pointwise")
PD_INTEGER(levels, "Tones per colour", 2, 32, 5, "")

int Transform(const pd_image *in, pd_image *out) {
  const int steps = levels < 2 ? 1 : levels - 1; /* a host may write anything: never divide by 0 */
  uint8_t table[256];
  for (int tone = 0; tone < 256; tone++) {
    const int step = (tone * steps + 127) / 255;
    table[tone] = (uint8_t)((step * 255 + steps / 2) / steps);
  }
  for (int32_t y = 0; y < in->height; y++) {
    const uint8_t *from = pd_row(in, y);
    uint8_t *to = pd_row(out, y);
    for (int32_t x = 0; x < in->width; x++, from += 4, to += 4) {
      to[0] = table[from[0]];
      to[1] = table[from[1]];
      to[2] = table[from[2]];
      to[3] = from[3];
    }
  }
  return 0;
}
