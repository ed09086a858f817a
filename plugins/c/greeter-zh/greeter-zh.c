/* greeter-zh: a function that takes and gives text. Its sister, greeter-en, has the same symbols.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "plugdeck.h"

PD_PLUGIN("greeter-zh", "1.0.0", "The Plugdeck authors", "MIT", "Greets somebody in Chinese.")
PD_FUNCTION(const char *, Greet, (const char *name))
PD_FUNCTION(const char *, Language, (void))

/* How many bytes of a long name to take: a UTF-8 character is never cut in two. */
static int fitting(const char *name, size_t limit) {
  size_t length = strlen(name);
  if (length <= limit) return (int)length;
  for (length = limit; length && ((unsigned char)name[length] & 0xC0) == 0x80;) length--;
  return (int)length;
}

/* The text belongs to the plugin, and holds until the same thread greets again. */
const char *Greet(const char *name) {
  static _Thread_local char greeting[256];
  if (!name || !*name) name = "世界";
  snprintf(greeting, sizeof greeting, "你好，%.*s！", fitting(name, 200), name);
  return greeting;
}

const char *Language(void) { return "中文"; }
