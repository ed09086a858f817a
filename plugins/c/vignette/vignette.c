/* vignette: darker towards the corners. Knows where its tile lies in the picture.
 * SPDX-License-Identifier: MIT */
#include "plugdeck.h"

PD_PLUGIN("vignette", "1.0.0", "The Plugdeck authors", "MIT", "Darkens the picture towards its corners.")
PD_IMAGE_TRANSFORM(900, "pointwise")
PD_INTEGER(strength, "Strength", 0, 100, 60, "%")
PD_INTEGER(size, "Clear area", 0, 99, 35, "%")

typedef struct {
  float clear, width, amount; /* of squared distances, where the corners are at 1 */
} shade;

/* The brightness left, in 256ths. A smooth step: no ring shows where the shade begins. */
static inline int32_t light(shade s, float squared) {
  float t = (squared - s.clear) * s.width;
  t = t < 0 ? 0 : t > 1 ? 1 : t;
  return (int32_t)(256.5f - s.amount * (t * t * (3 - 2 * t)));
}

int Transform(const pd_image *in, pd_image *out) {
  const float clear = (float)size / 100 * ((float)size / 100);
  const shade s = {clear, clear < 1 ? 1 / (1 - clear) : 1e6f, 2.56f * (float)strength};
  const float middle_x = (float)in->full_width / 2, middle_y = (float)in->full_height / 2;
  for (int32_t y = 0; y < in->height; y++) {
    const uint8_t *from = pd_row(in, y);
    uint8_t *to = pd_row(out, y);
    const float v = ((float)(in->y + y) + 0.5f - middle_y) / middle_y;
    for (int32_t x = 0; x < in->width; x++, from += 4, to += 4) {
      const float u = ((float)(in->x + x) + 0.5f - middle_x) / middle_x;
      const int32_t left = light(s, (u * u + v * v) / 2);
      to[0] = (uint8_t)((from[0] * left + 128) >> 8);
      to[1] = (uint8_t)((from[1] * left + 128) >> 8);
      to[2] = (uint8_t)((from[2] * left + 128) >> 8);
      to[3] = from[3];
    }
  }
  return 0;
}
