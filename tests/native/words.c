/* What a plugin says and returns: too much of it, markup, text that hides, and absurd numbers. */
#include "misbehave.h"

#include <limits.h>
#include <stdio.h>

PD_EXTERN PD_EXPORT double Real;
PD_EXTERN PD_EXPORT int Priority;

#define MARKUP "<b>Trust</b> <img src='file:///etc/passwd'> <a href='x:y'>&amp;click</a>"
#define BIDI "harmless\xe2\x80\xaegnp.exe\xe2\x81\xa6 \x1b[2J\x07\r\xff\n"

enum { LINE = 1024 };

static void flood(int descriptor, int line_count) {
  char line[LINE];
  memset(line, 'x', sizeof line);
  line[0] = '\xff'; /* no UTF-8 */
  line[1] = '\0';
  line[LINE - 1] = '\n';
  for (int i = 0; i < line_count; i++)
    if (write(descriptor, line, sizeof line) < 0) return;
}

int do_flood_output(const scene *at) {
  (void)at;
  for (int i = 0; i < 512; i++) flood(STDOUT_FILENO, 1), flood(STDERR_FILENO, 1);
  return 0;
}

int do_flood_stdout(const scene *at) { return (void)at, flood(STDOUT_FILENO, 100 * 1024), 0; }
int do_flood_stderr(const scene *at) { return (void)at, flood(STDERR_FILENO, 100 * 1024), 0; }

int do_flood_log(const scene *at) {
  for (int i = 0; at->host && i < 100000; i++) at->host->log(at->host, PD_LOG_INFO, "the same line, again and again");
  return 0;
}

static int say(const scene *at, const char *text) {
  fprintf(stderr, "%s\n", text);
  puts(text);
  fflush(stdout);
  if (at->host) at->host->log(at->host, PD_LOG_ERROR, text);
  return 0;
}

static int fail(const scene *at, const char *message) {
  if (at->host) at->host->fail(at->host, message);
  return 42;
}

int do_print_markup(const scene *at) { return say(at, MARKUP); }
int do_print_bidi(const scene *at) { return say(at, BIDI); }
int do_fail(const scene *at) { return fail(at, "the moon is in the wrong place"); }
int do_fail_silently(const scene *at) { return (void)at, 42; }
int do_fail_with_markup(const scene *at) { return fail(at, MARKUP BIDI); }
int do_return_absurd(const scene *at) { return (void)at, INT_MIN; }

int do_resize_image(const scene *at) {
  if (at->out) *at->out = (pd_image){NULL, SIZE_MAX, INT_MAX, INT_MIN, 99, INT_MIN, INT_MAX, -1, -1, -0.0};
  return 0;
}

int do_set_absurd(const scene *at) { return (void)at, Priority = INT_MIN, Real = __builtin_nan(""), 0; }
