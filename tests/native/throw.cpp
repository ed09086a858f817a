// C++ that lets its exceptions out: through the caller, which is C, and out of a thread.
#include <stdexcept>
#include <thread>

#include "plugdeck.h"

PD_PLUGIN("throw", "1.0.0", "Plugdeck's tests", "MIT", "Throws on command.")
PD_IMAGE_TRANSFORM(100, "pointwise")
PD_INTEGER(behaviour, "Behaviour", 0, 3, 0, "")

namespace {

void fail() { throw std::runtime_error("<b>thrown</b>"); }

struct Careless {
  ~Careless() { fail(); }
};

}  // namespace

int Transform(const pd_image *in, pd_image *out) {
  for (int32_t y = 0; y < in->height; y++)
    for (int32_t x = 0; x < in->width * 4; x++) pd_row(out, y)[x] = pd_row(in, y)[x];
  if (behaviour == 1) fail();
  if (behaviour == 2) std::thread(fail).join();
  if (behaviour == 3) Careless careless;
  return 0;
}
