/* gaussian-blur: three box blurs in a row come so close to a Gaussian that the eye sees no difference, and cost
 * the same for every radius. Works in bands of rows, so that memory stays small and a host can cancel.
 * SPDX-License-Identifier: MIT */
#include "plugdeck.h"

#include <stdlib.h>
#include <string.h>

PD_PLUGIN("gaussian-blur", "1.0.0", "The Plugdeck authors", "MIT", "Softens the picture.")
PD_IMAGE_TRANSFORM(400, "neighbourhood:radius")
PD_REAL(radius, "Radius", 0, 100, 12, "px")
PD_INIT()

static const pd_host *host;

int Init(const pd_host *given) {
  host = given;
  return 0;
}

enum { BAND = 256, COLUMNS = 16 }; /* rows at a time; columns at a time: 64 channels, what vector units like */

/* Colours are held as colour x alpha and alpha as alpha x 255: exact in 16 bits, and a clear pixel gives nothing. */
static void weigh(const uint8_t *from, uint16_t *to, int32_t pixels) {
  for (int32_t i = 0; i < pixels; i++, from += 4, to += 4) {
    const uint16_t alpha = from[3];
    to[0] = (uint16_t)(from[0] * alpha);
    to[1] = (uint16_t)(from[1] * alpha);
    to[2] = (uint16_t)(from[2] * alpha);
    to[3] = (uint16_t)(255 * alpha);
  }
}

static void unweigh(const uint16_t *from, uint8_t *to, int32_t pixels) {
  for (int32_t i = 0; i < pixels; i++, from += 4, to += 4) {
    const float factor = from[3] ? 255.0f / from[3] : 0;
    for (int c = 0; c < 3; c++) {
      const float colour = from[c] * factor + 0.5f;
      to[c] = (uint8_t)(colour < 255 ? colour : 255);
    }
    to[3] = (uint8_t)((from[3] + 127) / 255);
  }
}

static size_t at_most(int32_t i, int32_t last) { return (size_t)(i < last ? i : last); }

/* The mean of each item and `reach` on both sides. An item is `lanes` numbers beside each other; ends repeat. */
static inline void box(const uint16_t *from, uint16_t *to, int32_t count, size_t lanes, int32_t reach) {
  uint32_t sum[COLUMNS * 4];
  const float share = 1.0f / (float)(2 * reach + 1);
  for (size_t k = 0; k < lanes; k++) sum[k] = from[k] * (uint32_t)(reach + 1);
  for (int32_t i = 1; i <= reach; i++)
    for (size_t k = 0; k < lanes; k++) sum[k] += from[at_most(i, count - 1) * lanes + k];
  for (int32_t i = 0; i < count; i++, to += lanes) {
    const uint16_t *enters = from + at_most(i + reach + 1, count - 1) * lanes;
    const uint16_t *leaves = from + at_most(i > reach ? i - reach : 0, count - 1) * lanes;
    for (size_t k = 0; k < lanes; k++) {
      to[k] = (uint16_t)(int32_t)((float)(int32_t)sum[k] * share + 0.5f);
      sum[k] += (uint32_t)enters[k] - leaves[k];
    }
  }
}

/* Three boxes whose reaches add up to the whole: exactly `reach` pixels on each side count. */
static inline void smooth(uint16_t *line, uint16_t *spare, int32_t count, size_t lanes, int32_t reach) {
  box(line, spare, count, lanes, (reach + 2) / 3);
  box(spare, line, count, lanes, (reach + 1) / 3);
  box(line, spare, count, lanes, reach / 3);
}

typedef struct {
  uint16_t *rows;        /* the band and `reach` rows around it, blurred along x */
  uint16_t *line, *spare; /* one row, or one strip of columns, and its copy */
} buffers;

static void blur_rows(const pd_image *in, buffers *b, int32_t first, int32_t end, int32_t reach) {
  const size_t row = (size_t)in->width * 4;
  for (int32_t y = first; y < end; y++) {
    weigh(pd_row(in, y), b->line, in->width);
    smooth(b->line, b->spare, in->width, 4, reach);
    memcpy(b->rows + (size_t)(y - first) * row, b->spare, row * sizeof *b->rows);
  }
}

/* Blurs columns of the buffered rows `first` to `end`, and writes those from `top` to `bottom`. */
static void blur_columns(pd_image *out, buffers *b, int32_t first, int32_t end, int32_t top, int32_t bottom,
                         int32_t reach) {
  const size_t row = (size_t)out->width * 4, lanes = COLUMNS * 4;
  for (int32_t x = 0; x < out->width; x += COLUMNS) {
    const int32_t pixels = out->width - x < COLUMNS ? out->width - x : COLUMNS;
    for (int32_t y = 0; y < end - first; y++)
      memcpy(b->line + (size_t)y * lanes, b->rows + (size_t)y * row + (size_t)x * 4, (size_t)pixels * 8);
    smooth(b->line, b->spare, end - first, lanes, reach);
    for (int32_t y = top; y < bottom; y++)
      unweigh(b->spare + (size_t)(y - first) * lanes, pd_row(out, y) + (size_t)x * 4, pixels);
  }
}

static void blur(const pd_image *in, pd_image *out, buffers *b, int32_t reach) {
  for (int32_t top = 0; top < in->height; top += BAND) {
    if (host && host->cancelled(host)) return;
    const int32_t bottom = in->height - top < BAND ? in->height : top + BAND;
    const int32_t first = top > reach ? top - reach : 0;
    const int32_t end = in->height - bottom < reach ? in->height : bottom + reach;
    blur_rows(in, b, first, end, reach);
    blur_columns(out, b, first, end, top, bottom, reach);
    if (host) host->progress(host, (double)bottom / in->height);
  }
}

int Transform(const pd_image *in, pd_image *out) {
  const double wanted = radius * in->scale;
  const int32_t reach = (int32_t)((wanted > 0 ? wanted < 1000 ? wanted : 1000 : 0) + 0.5);
  const size_t rows = (size_t)BAND + 2 * (size_t)reach, width = (size_t)in->width;
  const size_t line = 4 * (rows * COLUMNS > width ? rows * COLUMNS : width);
  uint16_t *memory = calloc(rows * width * 4 + 2 * line, sizeof *memory);
  if (!memory) {
    if (host) host->fail(host, "there is not enough memory for a picture of this size");
    return 1;
  }
  buffers b = {memory, memory + rows * width * 4, memory + rows * width * 4 + line};
  blur(in, out, &b, reach);
  free(memory);
  return 0;
}
