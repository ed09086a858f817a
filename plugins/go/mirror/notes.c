/* What mirror.go promises. cgo compiles every .c file beside the Go files; the notes go into the library.
 * SPDX-License-Identifier: MIT */
#include "plugdeck.h"

PD_PLUGIN("mirror", "1.0.0", "The Plugdeck authors", "MIT", "Turns the picture around, as a mirror does.")
PD_IMAGE_TRANSFORM(600, "whole")
PD_INIT()
PD_CHOICE(direction, "Direction", "Left to right|Top to bottom|Both", 0)
