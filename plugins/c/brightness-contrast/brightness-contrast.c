/* brightness-contrast: a straight line through the tones, looked up in a table.
 * SPDX-License-Identifier: MIT */
#include "plugdeck.h"

PD_PLUGIN("brightness-contrast", "1.0.0", "The Plugdeck authors", "MIT",
          "Makes the picture lighter or darker, and its tones harder or softer.")
PD_IMAGE_TRANSFORM(100, "pointwise")
PD_INTEGER(brightness, "Brightness", -100, 100, 5, "%")
PD_INTEGER(contrast, "Contrast", -100, 100, 15, "%")

/* Contrast turns the line around middle grey: -100 makes it flat, 100 four times as steep. */
static void fill(uint8_t table[256]) {
  const double slope = contrast < 0 ? 1 + contrast / 100.0 : 1 + contrast * 3 / 100.0;
  const double shift = brightness * 1.275; /* half of the whole range at 100 % */
  for (int tone = 0; tone < 256; tone++) {
    const double value = (tone - 127.5) * slope + 127.5 + shift;
    table[tone] = (uint8_t)(value <= 0 ? 0 : value >= 255 ? 255 : value + 0.5);
  }
}

int Transform(const pd_image *in, pd_image *out) {
  uint8_t table[256];
  fill(table);
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
