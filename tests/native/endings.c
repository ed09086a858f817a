/* Ways to end one's own process, and ways to never return. */
#include "misbehave.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>

static volatile uint64_t sink;
static volatile int *const nowhere = (volatile int *)8;

int do_exit(const scene *at) { (void)at, exit(0); }
int do_exit_at_once(const scene *at) { (void)at, _exit(4); }
int do_quick_exit(const scene *at) { (void)at, quick_exit(3); }
int do_end_thread(const scene *at) { (void)at, pthread_exit(NULL); }

static void *leave(void *unused) { return exit(5), unused; }

int do_exit_in_thread(const scene *at) {
  pthread_t thread;
  (void)at;
  return pthread_create(&thread, NULL, leave, NULL) || pthread_join(thread, NULL);
}

static void crash(void) { *nowhere = 1; }

int do_crash_at_exit(const scene *at) {
  (void)at;
  atexit(crash);
  exit(0);
}

int do_spin(const scene *at) {
  (void)at;
  for (;;) sink++;
}

int do_sleep(const scene *at) {
  (void)at;
  for (;;) pause();
}

int do_deadlock(const scene *at) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  (void)at;
  pthread_mutex_lock(&lock);
  return pthread_mutex_lock(&lock);
}

int do_stop_process(const scene *at) { return (void)at, raise(SIGSTOP); }

int do_ignore_signals(const scene *at) {
  for (int number = 1; number < NSIG; number++) signal(number, SIG_IGN);
  return do_spin(at);
}

static void swallow(int number) { (void)number; }

/* The instruction that failed is tried again, for ever. */
int do_catch_segfault(const scene *at) {
  (void)at;
  signal(SIGSEGV, swallow);
  return *nowhere = 1;
}

static void leave_quietly(int number) { _exit(number); }

int do_replace_handlers(const scene *at) {
  (void)at;
  for (int number = 1; number < NSIG; number++) signal(number, leave_quietly);
  return *nowhere = 1;
}

/* Asks without end whether the result is still wanted. */
int do_cancel_never(const scene *at) {
  for (;;) sink += (uint64_t)at->host->cancelled(at->host);
}
