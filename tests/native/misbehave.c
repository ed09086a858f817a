/* A transform that misbehaves on command, for tests of what a host answers.
 *
 * `behaviour` selects what it does; -DBEHAVIOUR=n sets its default. -DWHEN=n says when: in the call (the default),
 * in a constructor, in Init, or in a destructor. The order of the behaviours is that of recipes.py. */
#define _GNU_SOURCE
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plugdeck.h"

#ifndef BEHAVIOUR
#define BEHAVIOUR 0
#endif
#ifndef WHEN
#define WHEN 0
#endif
enum { IN_CALL, IN_CONSTRUCTOR, IN_INIT, IN_DESTRUCTOR };

PD_PLUGIN("misbehave", "1.0.0", "Plugdeck's tests", "MIT", "Misbehaves on command.")
PD_IMAGE_TRANSFORM(100, "pointwise")
PD_INIT()
PD_CHOICE(behaviour, "Behaviour",
          "copy|segfault|abort|exit|quick-exit|spin|sleep|fail|fail-silently|flood-output|flood-log|overflow-stack|"
          "divide-by-zero|illegal-instruction|write-input|overrun-output|underrun-output|exhaust-memory|stop-process|"
          "close-descriptors|crash-later|change-locale|throw-away|catch-segfault|flush-to-zero",
          BEHAVIOUR)
PD_VARIABLE(int, Calls)
PD_FUNCTION(int, Do, (int what))

enum {
  COPY, SEGFAULT, ABORT, EXIT, QUICK_EXIT, SPIN, SLEEP, FAIL, FAIL_SILENTLY, FLOOD_OUTPUT, FLOOD_LOG, OVERFLOW_STACK,
  DIVIDE_BY_ZERO, ILLEGAL_INSTRUCTION, WRITE_INPUT, OVERRUN_OUTPUT, UNDERRUN_OUTPUT, EXHAUST_MEMORY, STOP_PROCESS,
  CLOSE_DESCRIPTORS, CRASH_LATER, CHANGE_LOCALE, THROW_AWAY, CATCH_SEGFAULT, FLUSH_TO_ZERO
};

int Calls = 0;
static const pd_host *host;
static volatile int *const nowhere = (volatile int *)8;
static volatile int zero = 0;
static volatile uint64_t sink;

static void swallow(int signal) { (void)signal; }

/* When it is told to behave otherwise, and then a little later: not while it is being told. */
static void *crash_later(void *unused) {
  (void)unused;
  while (behaviour == BEHAVIOUR) usleep(1000);
  usleep(50 * 1000);
  *nowhere = 1;
  return NULL;
}

__attribute__((noinline)) static uint64_t dig(uint64_t depth) {
  volatile char frame[4096];
  frame[depth % sizeof frame] = (char)depth;
  return dig(depth + 1) + (uint64_t)frame[0];
}

static void flood_output(void) {
  char line[1024];
  memset(line, 'x', sizeof line);
  line[0] = '\xff'; /* no UTF-8 */
  line[1] = '\0';
  line[1023] = '\n';
  for (int i = 0; i < 512; i++) {
    if (write(STDOUT_FILENO, line, sizeof line) < 0 || write(STDERR_FILENO, line, sizeof line) < 0) return;
  }
}

static void exhaust_memory(void) {
  for (;;) {
    const size_t size = (size_t)64 << 20;
    char *block = malloc(size);
    if (!block) abort();
    memset(block, 1, size);
  }
}

static int fail(const char *message) {
  if (host) host->fail(host, message);
  return 42;
}

/* What needs no picture. */
static int misbehave(int what) {
  switch (what) {
    case SEGFAULT: *nowhere = 1; break;
    case ABORT: abort();
    case EXIT: exit(0);
    case QUICK_EXIT: _exit(3);
    case SPIN: for (;;) sink++;
    case SLEEP: for (;;) pause();
    case FAIL: return fail("the moon is in the wrong place");
    case FAIL_SILENTLY: return 42;
    case FLOOD_OUTPUT: flood_output(); break;
    case FLOOD_LOG:
      for (int i = 0; host && i < 100000; i++) host->log(host, PD_LOG_INFO, "the same line, again and again");
      break;
    case OVERFLOW_STACK: sink = dig(0); break;
    case DIVIDE_BY_ZERO: sink = (uint64_t)(1000 / zero); raise(SIGFPE); break; /* Arm divides by 0 */
    case ILLEGAL_INSTRUCTION: __builtin_trap();
    case EXHAUST_MEMORY: exhaust_memory(); break;
    case STOP_PROCESS: raise(SIGSTOP); break;
    case CLOSE_DESCRIPTORS: for (int fd = 0; fd < 1024; fd++) close(fd); break;
    case CRASH_LATER: {
      pthread_t thread;
      pthread_create(&thread, NULL, crash_later, NULL);
      break;
    }
    case CHANGE_LOCALE: setlocale(LC_ALL, "C"); setenv("LC_ALL", "C", 1); break;
    case CATCH_SEGFAULT: signal(SIGSEGV, swallow); *nowhere = 1; break;
#if defined(__x86_64__)
    case FLUSH_TO_ZERO: __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040); break;
#endif
  }
  return 0;
}

int Do(int what) { return misbehave(what); }

int Init(const pd_host *given) {
  host = given;
  return WHEN == IN_INIT ? misbehave(behaviour) : 0;
}

__attribute__((constructor)) static void enter(void) {
  if (WHEN == IN_CONSTRUCTOR) misbehave(behaviour);
}

__attribute__((destructor)) static void leave(void) {
  if (WHEN == IN_DESTRUCTOR) misbehave(behaviour);
}

int Transform(const pd_image *in, pd_image *out) {
  Calls++;
  if (behaviour != THROW_AWAY) {
    for (int32_t y = 0; y < in->height; y++) memcpy(pd_row(out, y), pd_row(in, y), (size_t)in->width * 4);
  }
  const size_t end = (size_t)out->height * out->stride;
  if (WHEN != IN_CALL) return 0;
  switch (behaviour) {
    case WRITE_INPUT: in->data[0] ^= 255; return 0;
    case OVERRUN_OUTPUT: memset(out->data + end, 1, 64); return 0;
    case UNDERRUN_OUTPUT: memset(out->data - 64, 1, 64); return 0;
    default: return misbehave(behaviour);
  }
}
