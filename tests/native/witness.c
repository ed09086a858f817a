/* A well-behaved transform whose picture tells when somebody changed how this process computes. */
#include <stdlib.h>

#include "plugdeck.h"

PD_PLUGIN("witness", "1.0.0", "Plugdeck's tests", "MIT", "Copies the picture, and notices what is wrong.")
PD_IMAGE_TRANSFORM(200, "pointwise")

static int is_as_it_should_be(void) {
  volatile double one = 1, three = 3, least = 2.2250738585072014e-308;
  const int rounds_to_nearest = one / three * three == one && -one / three * three == -one;
  const int keeps_small_numbers = least / 2 > 0;
  return rounds_to_nearest && keeps_small_numbers && strtod("0.5", NULL) == 0.5;
}

int Transform(const pd_image *in, pd_image *out) {
  const int wrong = !is_as_it_should_be();
  for (int32_t y = 0; y < in->height; y++)
    for (int32_t x = 0; x < in->width * 4; x++) pd_row(out, y)[x] = pd_row(in, y)[x] ^ wrong;
  return 0;
}
