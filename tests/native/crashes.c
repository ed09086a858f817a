/* Ways to crash. */
#define _FORTIFY_SOURCE 2 /* longjmp to a frame that is gone is found out, rather than anything at all */
#include "misbehave.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>

PD_EXTERN PD_EXPORT int behaviour;

static volatile int *const nowhere = (volatile int *)8;
static volatile int zero = 0;
static volatile uint64_t sink;
static jmp_buf gone;

int do_segfault(const scene *at) { return (void)at, *nowhere = 1; }

int do_bus_error(const scene *at) {
  (void)at;
  volatile char *beyond_the_end = mmap(NULL, 4096, PROT_READ, MAP_SHARED, memfd_create("empty", 0), 0);
  return *beyond_the_end;
}

int do_abort(const scene *at) { (void)at, abort(); }

int do_divide_by_zero(const scene *at) {
  (void)at;
  sink = (uint64_t)(1000 / zero);
  return raise(SIGFPE); /* Arm divides by 0 */
}

int do_illegal_instruction(const scene *at) { (void)at, __builtin_trap(); }

__attribute__((noinline)) static uint64_t dig(uint64_t depth) {
  volatile char frame[4096];
  frame[depth % sizeof frame] = (char)depth;
  return dig(depth + 1) + (uint64_t)frame[0];
}

int do_overflow_stack(const scene *at) { return (void)at, sink = dig(0), 0; }

static void *crash(void *unused) { return *nowhere = 1, unused; }

int do_crash_in_thread(const scene *at) {
  pthread_t thread;
  (void)at;
  return pthread_create(&thread, NULL, crash, NULL) || pthread_join(thread, NULL);
}

/* When it is told to behave otherwise, and then a little later: not while it is being told. */
static void *crash_later(void *begin) {
  while (behaviour == (int)(intptr_t)begin) usleep(1000);
  usleep(50 * 1000);
  return crash(NULL);
}

int do_crash_later(const scene *at) {
  pthread_t thread;
  (void)at;
  return pthread_create(&thread, NULL, crash_later, (void *)(intptr_t)behaviour);
}

/* The size that stands before the next block is overwritten: free notices. */
int do_overflow_heap(const scene *at) {
  char *volatile block = malloc(2048), *volatile next = malloc(2048);
  (void)at;
  memset(block, 0xff, (size_t)(next - block));
  free(next);
  free(block);
  abort(); /* a C library that does not notice */
}

int do_free_twice(const scene *at) {
  char *volatile block = malloc(64);
  (void)at;
  free(block);
  free(block);
  abort();
}

__attribute__((noinline)) static int leave_frame(void) {
  volatile char deep[512];
  deep[0] = 0;
  return setjmp(gone) + deep[0];
}

int do_jump_far(const scene *at) {
  (void)at;
  leave_frame();
  longjmp(gone, 1);
}

int do_call_nothing(const scene *at) {
  int (*volatile missing)(void) = NULL;
  return (void)at, missing();
}

int do_kill_itself(const scene *at) { return (void)at, raise(SIGKILL); }

int do_alarm(const scene *at) {
  const struct itimerval soon = {.it_value = {0, 1000}};
  (void)at;
  signal(SIGALRM, SIG_DFL);
  setitimer(ITIMER_REAL, &soon, NULL);
  for (;;) pause();
}
