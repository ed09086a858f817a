/* A transform that misbehaves on command, for tests of what a host answers.
 *
 * `behaviour` selects what it does; -DBEHAVIOUR=n sets its default. -DWHEN=n says when: in the call (the default),
 * in a constructor, in Init, or in a destructor. `With` takes what the behaviour needs to know: a path, a number. */
#include "misbehave.h"

#include <stdio.h>

#ifndef BEHAVIOUR
#define BEHAVIOUR 0
#endif
#ifndef WHEN
#define WHEN 0
#endif
enum { IN_CALL, IN_CONSTRUCTOR, IN_INIT, IN_DESTRUCTOR };

#define FUNCTION(name, text) do_##name,

PD_PLUGIN("misbehave", "1.0.0", "Plugdeck's tests", "MIT", "Misbehaves on command.")
PD_IMAGE_TRANSFORM(100, "pointwise")
PD_INIT()
PD_INTEGER(behaviour, "Behaviour", 0, 999, BEHAVIOUR, "")
PD_VARIABLE(int, Calls)
PD_VARIABLE(int, Result)
PD_VARIABLE(double, Real)
PD_FUNCTION(int, Do, (int what))
PD_FUNCTION(int, With, (const char *what))
PD_FUNCTION(const char *, Text, (int what))

int Calls = 0;
int Result = -1;
double Real = 0;
static const pd_host *host;
static char with[4096];

static int do_copy(const scene *at) { return (void)at, 0; }
static int (*const deeds[])(const scene *) = {do_copy, BEHAVIOURS(FUNCTION)};

static int misbehave(int what, const pd_image *in, pd_image *out) {
  const scene at = {in, out, host, with};
  return deeds[what](&at);
}

int Do(int what) { return misbehave(what, NULL, NULL); }

int With(const char *what) { return snprintf(with, sizeof with, "%s", what); }

/* Absurd: more than a message may have, no UTF-8, none at all, and memory that is not there. */
const char *Text(int what) {
  static char large[1 << 20];
  memset(large, 'x', sizeof large - 1);
  return what == 0 ? large : what == 1 ? "\xff\xfe<b>" : what == 2 ? NULL : (const char *)8;
}

int Init(const pd_host *given) {
  host = given;
  return WHEN == IN_INIT ? misbehave(behaviour, NULL, NULL) : 0;
}

__attribute__((constructor)) static void enter(void) {
  if (WHEN == IN_CONSTRUCTOR) misbehave(behaviour, NULL, NULL);
}

__attribute__((destructor)) static void leave(void) {
  if (WHEN == IN_DESTRUCTOR) misbehave(behaviour, NULL, NULL);
}

int Transform(const pd_image *in, pd_image *out) {
  Calls++;
  if (deeds[behaviour] != do_throw_away)
    for (int32_t y = 0; y < in->height; y++) memcpy(pd_row(out, y), pd_row(in, y), (size_t)in->width * 4);
  return WHEN == IN_CALL ? misbehave(behaviour, in, out) : 0;
}
